"""Matters for a person: opened when tries run out, closed by the host itself when it succeeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.host.core.events import Note, Persist
from tongbao.host.records import ExceptionEventRecord, ExceptionRecord

if TYPE_CHECKING:
    from tongbao.host.core.backlog import Undelivered
    from tongbao.host.core.events import Effect
    from tongbao.host.core.state import HostState
    from tongbao.host.records import ExceptionKind, PaymentRecord

# Who closes what came right by itself.
SYSTEM: Final = "system"
_CLOSED: Final = "closed"


class Exceptions:
    """Opens and closes rows of the exception queue."""

    __slots__ = ("_attempts_max", "_state")

    def __init__(self, state: HostState, attempts_max: int) -> None:
        self._state = state
        self._attempts_max = attempts_max

    def open(
        self,
        payment: PaymentRecord,
        kind: ExceptionKind,
        detail: str,
        now_us: int,
        out: list[Effect],
    ) -> int:
        """Record a matter about a payment and return its id; a line for the log goes with it."""
        exception_id = self._state.ids.next(now_us)
        record = ExceptionRecord(
            exception_id,
            payment.payment_id,
            payment.terminal_id,
            payment.merchant_id,
            kind.value,
            now_us,
            detail,
        )
        out.append(Persist(record))
        out.append(Note(kind.value, {"rrn": payment.rrn, "detail": detail}))
        self._state.counters["exceptions_opened"] += 1
        return exception_id

    def open_when_stuck(
        self, item: Undelivered, kind: ExceptionKind, now_us: int, out: list[Effect]
    ) -> Undelivered:
        """Open one for a message that was sent too often, once."""
        if item.exception_id or item.attempts < self._attempts_max:
            return item
        detail = f"{item.payment.kind}: not confirmed in {item.attempts} attempts"
        return item._replace(exception_id=self.open(item.payment, kind, detail, now_us, out))

    def close(self, exception_id: int, note: str, now_us: int, out: list[Effect]) -> None:
        """Close what came right by itself; nothing for 0."""
        if not exception_id:
            return
        out.append(Persist(ExceptionEventRecord(exception_id, _CLOSED, now_us, SYSTEM, note)))
        self._state.counters["exceptions_closed"] += 1
