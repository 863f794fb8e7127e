"""Tells the platform what was done about operators here, in its order, and goes by its answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from tongbao.terminal.device.gateway import GatewayError
from tongbao.terminal.device.quiet import is_quiet
from tongbao.wire.device.health import Refusal
from tongbao.wire.device.operators import OperatorAnswer, OperatorOutcome

if TYPE_CHECKING:
    from tongbao.terminal.device.gateway import Gateway
    from tongbao.terminal.process import Terminal
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.terminal.staff_book import StaffLine as Line

_log = structlog.get_logger("tongbao.terminal.device")
# What no repeat of the same message can mend.
_FINAL: Final = frozenset({Refusal.MALFORMED, Refusal.NOT_FOUND, Refusal.CONFLICT})


class StaffLine:
    """One device's side of what is said about operators."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._is_changed = False
        self._last_seen = 0

    async def tell(self, terminal: Terminal) -> None:
        """Tell what the platform has not heard yet. Raises GatewayError when it cannot be asked."""
        book = terminal.staff
        if book is None:
            return
        for line in book.waiting:
            answer = await asyncio.to_thread(self._ask, line)
            await asyncio.to_thread(book.answered, line.number, answer)
            if answer.outcome is not OperatorOutcome.KEPT:
                _log.warning(
                    "a change of an operator does not stand",
                    number=line.change.number,
                    act=line.change.act.value,
                    outcome=answer.outcome.value,
                    reason=answer.reason,
                )
                self._is_changed = True

    def look(self, terminal: Terminal | None, live: TerminalSettings, hurry: asyncio.Event) -> None:
        """Hurry when something is to be told; at a quiet moment drop what the platform refused."""
        if terminal is None or terminal.staff is None:
            return
        if any(not self._was_tried(line) for line in terminal.staff.waiting):
            hurry.set()
        if self._is_changed and is_quiet(terminal.shell.state):
            self._is_changed = False
            terminal.take_settings(live)

    def _was_tried(self, line: Line) -> bool:
        """Whether a line was seen before: what could not be told waits for the next heartbeat."""
        seen = line.number <= self._last_seen
        self._last_seen = max(self._last_seen, line.number)
        return seen

    def _ask(self, line: Line) -> OperatorAnswer:
        change = line.change
        try:
            return self._gateway.operator_change(change)
        except GatewayError as error:
            refusal = error.refusal
            if refusal is None or refusal.code not in _FINAL:
                raise
            return OperatorAnswer(
                outcome=OperatorOutcome.REFUSED,
                reason=refusal.code.value,
                server_time_ms=refusal.server_time_ms,
            )
