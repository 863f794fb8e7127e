"""What a cashier keys in to start a payment: exactly what the terminal says that its kind needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from tongbao.app.setup import SANDBOX_OPERATORS

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUPERVISOR: Final = "00"


class Original(Protocol):
    """What a slip says of an earlier payment; `day` is MMDD."""

    @property
    def trace(self) -> int:
        """Its trace number."""

    @property
    def rrn(self) -> str:
        """The host's reference number of it."""

    @property
    def day(self) -> str:
        """The day of it."""

    @property
    def auth_code(self) -> str:
        """The issuer's authorisation code."""


def needs_of(state: Mapping[str, Any], kind: str) -> list[str]:
    """Return what a kind needs, as the till's state lists it."""
    return next(list(one["needs"]) for one in state["kinds"] if one["kind"] == kind)


def start_arguments(
    state: Mapping[str, Any], kind: str, amount_minor: int, original: Original | None
) -> dict[str, object]:
    """Return the arguments of the command `start`, with the sandbox's supervisor where needed."""
    needs = needs_of(state, kind)
    arguments: dict[str, object] = {"kind": kind}
    if "amount" in needs:
        arguments["amount_minor"] = amount_minor
    if "supervisor" in needs:
        password = SANDBOX_OPERATORS[_SUPERVISOR]
        arguments["supervisor"] = {"operator": _SUPERVISOR, "password": password}
    if original is not None:
        known = {
            "original_trace": ("trace", original.trace),
            "original_rrn": ("rrn", original.rrn),
            "original_date": ("date", original.day),
            "auth_code": ("auth_code", original.auth_code),
        }
        arguments["original"] = dict(known[need] for need in needs if need in known)
    return arguments


def day_of(state: Mapping[str, Any]) -> str:
    """Return MMDD by the terminal's clock, as a slip shows it and a refund asks for it."""
    clock = str(state["clock"])
    return clock[5:7] + clock[8:10]
