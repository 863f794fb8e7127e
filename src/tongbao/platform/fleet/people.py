"""Where the operators' room is connected: who works at a terminal is not the fleet's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.wire.device.operators import OperatorAnswer, OperatorChange


class TakeChange(Protocol):
    """Takes what was done about an operator at a terminal, or says why not."""

    def __call__(
        self, actor: Actor, serial_number: str, message: OperatorChange, *, now_us: int
    ) -> OperatorAnswer:
        """Take the change."""


_take: list[TakeChange] = []


def connect_operator_changes(take: TakeChange) -> None:
    """Name the function that takes what was done about operators at terminals."""
    _take[:] = [take]


def take_operator_change(
    actor: Actor, serial_number: str, message: OperatorChange, *, now_us: int
) -> OperatorAnswer | None:
    """Take what was done about an operator at a terminal; None when nobody takes it."""
    return _take[0](actor, serial_number, message, now_us=now_us) if _take else None
