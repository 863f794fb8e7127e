"""Where the operators' room is connected: who works at a terminal is not the fleet's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.wire.device.health import OperatorChange


class ChangePin(Protocol):
    """Keeps an operator's new PIN hash; returns False when the terminal has no such operator."""

    def __call__(
        self, actor: Actor, serial_number: str, message: OperatorChange, *, now_us: int
    ) -> bool:
        """Keep the change."""


_change: list[ChangePin] = []


def connect_pin_change(change: ChangePin) -> None:
    """Name the function that keeps a PIN changed on a terminal."""
    _change[:] = [change]


def change_pin(actor: Actor, serial_number: str, message: OperatorChange, *, now_us: int) -> bool:
    """Keep a PIN that an operator changed on the terminal; False when nobody takes it."""
    return bool(_change) and _change[0](actor, serial_number, message, now_us=now_us)
