"""Tells a merchant's own systems what happened to a terminal, through the API's outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tongbao.platform.fleet.models import Device


@dataclass(frozen=True, slots=True)
class Standing:
    """Whose a device is, under which number and in which state; taken before a step is."""

    merchant_id: str
    terminal_id: str
    state: str

    @classmethod
    def of(cls, device: Device) -> Standing:
        """Return where a device stands now."""
        return cls(device.merchant_id or "", device.terminal_id or "", device.state)


def tell(device: Device, event: str, *, now_us: int, **data: Any) -> None:
    """Put one event into the outbox, in the caller's transaction; nothing without a merchant."""
    _emit(Standing.of(device), device, event, now_us, data)


def tell_step(device: Device, before: Standing, step: str, *, now_us: int) -> None:
    """Tell that a step brought a device from one state to another: `terminal.` and the new state.

    Told to the merchant it is with now, or, when the step took it away, whom it was with.
    """
    now = Standing.of(device)
    if now.state == before.state:
        return
    data = {"state": now.state, "previous_state": before.state, "step": step}
    _emit(now if now.merchant_id else before, device, f"terminal.{now.state}", now_us, data)


def _emit(whose: Standing, device: Device, event: str, now_us: int, data: dict[str, Any]) -> None:
    from tongbao.platform.api.outbox import emit  # noqa: PLC0415 - the API's rooms import the fleet

    if whose.merchant_id:
        facts = {"terminal_id": whose.terminal_id, "serial_number": device.pk, **data}
        emit(whose.merchant_id, event, facts, now_us)
