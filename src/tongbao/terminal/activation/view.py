"""What a screen sees of an activation: one state of the same form as a terminal's, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.terminal.activation.machine import Activation, Stage
from tongbao.terminal.activation.self_test import picture_url, self_test_view

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.activation.testing import FunctionTest
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.device.settings import DeviceSettings

PHASE: Final = "activation"
# What a page expects of every state; a device that is not activated has none of it.
_NOTHING: Final[dict[str, Any]] = {
    "merchant_id": "",
    "merchant_name_en": "",
    "operator": None,
    "role": None,
    "link": "down",
    "signed_in": False,
    "sign_in_error": None,
    "batch_no": 1,
    "next_trace": 1,
    "self_check": [],
    "kinds": [],
    "kind": None,
    "card_entry": [],
    "pin_optional": False,
    "cancel_requested": False,
    "amount_minor": 0,
    "currency": "CNY",
    "card": None,
    "deadline": None,
    "result": None,
    "doubt": None,
    "today": {"count": 0, "amount_minor": 0},
    "recent": [],
    "totals": None,
    "pending": [],
    "settlement": None,
    "loading": None,
    "service": None,
    "last_loaded": {},
    "found": None,
    "sandbox": None,
    "sound": None,
    "training": False,
    "locked": None,
    "platform_message": None,
}


def activation_view(
    settings: DeviceSettings, state: Activation, test: FunctionTest | None, now: Instant
) -> dict[str, Any]:
    """Return all that a screen draws of a device that is being activated."""
    shows_test = state.stage is Stage.SELF_TEST
    return {
        **_NOTHING,
        "phase": PHASE,
        "terminal_id": state.terminal_id or "",
        "merchant_name": state.merchant_name or "",
        "clock": now.local().isoformat(timespec="seconds"),
        "self_test": self_test_view(test) if shows_test else None,
        "activation": {
            "stage": state.stage.value,
            "stages": [stage.value for stage in Stage],
            "serial_number": settings.serial_number,
            "model": settings.model,
            "standing": None if state.standing is None else state.standing.value,
            "is_busy": state.is_busy,
            "trouble": _notice(state.trouble),
            "invitation": _invitation(state),
        },
    }


def _invitation(state: Activation) -> dict[str, Any] | None:
    invitation = state.invitation
    if invitation is None:
        return None
    return {
        "code": invitation.code,
        "picture": picture_url(invitation.qr_text),
        "expires_at_ms": invitation.expires_at_ms,
    }


def _notice(notice: Notice | None) -> dict[str, str] | None:
    return None if notice is None else {"code": notice.code, "zh": notice.zh, "en": notice.en}
