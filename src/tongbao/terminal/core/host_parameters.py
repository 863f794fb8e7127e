"""What the acquirer has set for this terminal: the parameters of a download, as values.

Spec: UnionPay terminal dialect, 2.8 (0800 360 reply).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from tongbao.wire.unionpay.structured import MagneticParameters

if TYPE_CHECKING:
    from tongbao.terminal.settings import TerminalSettings

# Bit 1 is the first of the bitmap.
_KIND_BITS: Final = {
    1: "balance",
    2: "pre_authorisation",
    3: "pre_authorisation_void",
    4: "completion",
    5: "completion_void",
    6: "sale",
    7: "void",
    8: "refund",
    9: "offline_sale",
    10: "adjustment",
    11: "completion_advice",
    13: "chip_offline_sale",
}
_TIP: Final = "tip"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostParameters:
    """Parameters by meaning; None where the host has said nothing.

    `refused_kinds` are the kinds of payment that the bitmap switches off.
    """

    timeout_ms: int | None = None
    tip_allowed: bool | None = None
    tip_percent_max: int | None = None
    keyed_entry: bool | None = None
    auto_sign_off: bool | None = None
    merchant_name: str | None = None
    resend_count: int | None = None
    refused_kinds: frozenset[str] = frozenset()

    @classmethod
    def read(cls, values: MagneticParameters) -> HostParameters:
        """Read downloaded parameters; one that makes no sense counts as not sent.

        Spec: UnionPay terminal dialect, 2.8.
        """
        timeout_s = _number(values.find("12"))
        tip_allowed = _flag(values.find("18"))
        refused = _refused_kinds(values.find("26"))
        if tip_allowed is False:
            refused |= {_TIP}
        return cls(
            timeout_ms=timeout_s * 1_000 if timeout_s else None,
            tip_allowed=tip_allowed,
            tip_percent_max=_number(values.find("19")),
            keyed_entry=_flag(values.find("20")),
            auto_sign_off=_flag(values.find("21")),
            merchant_name=_text(values.find("22")),
            resend_count=_number(values.find("23")),
            refused_kinds=refused,
        )

    def allows(self, kind: str) -> bool:
        """Whether the acquirer lets this terminal make payments of a kind."""
        return kind not in self.refused_kinds


def effective_settings(settings: TerminalSettings, found: HostParameters) -> TerminalSettings:
    """Return the settings with what the acquirer has set in their place.

    Keyed entry can be switched off, never on: that is for the device to say.
    """
    changes: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    if found.timeout_ms is not None:
        changes["host_timeout_ms"] = found.timeout_ms
    if found.merchant_name is not None:
        changes["merchant_name"] = found.merchant_name
    if found.resend_count is not None:
        changes["reversal_repeats"] = found.resend_count
    if found.keyed_entry is False:
        changes["on_screen_card_entry"] = False
    if found.tip_percent_max is not None:
        profile["tip_percent_max"] = found.tip_percent_max
    if found.auto_sign_off is not None:
        profile["auto_sign_off"] = found.auto_sign_off
    if found.refused_kinds:
        changes["refused_kinds"] = settings.refused_kinds | found.refused_kinds
    if profile:
        changes["profile"] = replace(settings.profile, **profile)
    return replace(settings, **changes) if changes else settings


def _number(value: bytes | None) -> int | None:
    return int(value) if value is not None and value.isdigit() else None


def _flag(value: bytes | None) -> bool | None:
    return {b"0": False, b"1": True}.get(value) if value is not None else None


def _text(value: bytes | None) -> str | None:
    text = "" if value is None else value.decode("gbk", "replace").strip(" \0")
    return text if text and text.isprintable() else None


def _refused_kinds(value: bytes | None) -> frozenset[str]:
    """Read the bitmap: four hex digits, as most hosts write it, or four bytes."""
    if value is None or len(value) != 4:
        return frozenset()
    is_hex = re.fullmatch(rb"[0-9A-Fa-f]{4}", value) is not None
    bits, width = (int(value, 16), 16) if is_hex else (int.from_bytes(value, "big"), 32)
    return frozenset(kind for bit, kind in _KIND_BITS.items() if not bits >> (width - bit) & 1)
