"""Reversals towards the issuer: sent until they are confirmed, whatever happens in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.host.core.backlog import Sender, Undelivered, pause_ms
from tongbao.host.core.payment_rules import RULES, PaymentInput, PaymentState
from tongbao.host.core.recording import EventFacts, record_events
from tongbao.host.records import ExceptionKind

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.core.issuer_messages import IssuerAnswer
    from tongbao.host.records import PaymentRecord

_CLOSED_MAX: Final = 10_000
# 25: the issuer never saw the payment and will refuse it should it still arrive.
_CONFIRMING: Final = frozenset({"00", "25"})


class Reversals(Sender):
    """The payments whose reversal is under way, and those just reversed."""

    __slots__ = ()

    def start(
        self, payment: PaymentRecord, now_us: int, out: list[Effect], exception_id: int = 0
    ) -> None:
        """Send the first 0420 of a payment whose request for a reversal is recorded."""
        item = Undelivered(payment, 0, self._state.uptime_ms, exception_id)
        self._state.claim(payment)
        if self._state.link_up:
            self._send(item, now_us, out)
        else:
            # `link_found` schedules it.
            self._state.reversing.put(item)

    def repeat(self, now_us: int, out: list[Effect]) -> None:
        """Send again what is due, a bounded number at a time, and forget old closed payments."""
        state = self._state
        if state.link_up:
            rule = RULES[PaymentState.REVERSING, PaymentInput.TIMEOUT]
            for item in state.reversing.take_due(state.uptime_ms):
                if item.attempts:
                    facts = EventFacts(detail=f"attempt {item.attempts + 1}")
                    record_events(state, rule, item.payment.payment_id, facts, now_us, out)
                self._send(item, now_us, out)
        while state.closed and next(iter(state.closed.values()))[1] <= state.uptime_ms:
            state.closed.popitem(last=False)

    def link_found(self) -> None:
        """Let every open reversal be sent again with the next ticks."""
        self._state.reversing.make_due(self._state.uptime_ms)

    def answered(self, answer: IssuerAnswer, now_us: int, out: list[Effect]) -> None:
        """Take a 0430 whose MAC was right."""
        state = self._state
        item = state.reversing.get(answer.rrn)
        if item is None:
            state.counters["unexpected_answers"] += 1
            return
        if answer.code not in _CONFIRMING:
            state.counters["reversals_refused"] += 1
            return
        payment = item.payment
        rule = RULES[PaymentState.REVERSING, PaymentInput.REVERSAL_DONE]
        state.reversing.remove(answer.rrn)
        state.release(payment)
        record_events(state, rule, payment.payment_id, EventFacts(), now_us, out)
        self._exceptions.close(item.exception_id, "the issuer confirmed", now_us, out)
        forget_at_ms = state.uptime_ms + self._settings.late_answer_window_ms
        state.closed[answer.rrn] = (payment, forget_at_ms)
        if len(state.closed) > _CLOSED_MAX:
            state.closed.popitem(last=False)

    def late(
        self, answer: IssuerAnswer, item: PaymentInput, now_us: int, out: list[Effect]
    ) -> None:
        """Take an answer to a payment that does not wait for it any more."""
        state = self._state
        reversing = state.reversing.get(answer.rrn)
        closed = state.closed.get(answer.rrn)
        if reversing is not None:
            payment, standing = reversing.payment, PaymentState.REVERSING
        elif closed is not None:
            payment, standing = closed[0], PaymentState.REVERSED
        else:
            # Settled, or older than the window: the payment has its end either way.
            state.counters["unexpected_answers"] += 1
            return
        rule = RULES[standing, item]
        facts = EventFacts(answer.code, answer.auth_code)
        record_events(state, rule, payment.payment_id, facts, now_us, out)
        if standing is PaymentState.REVERSED and rule.next is PaymentState.REVERSING:
            del state.closed[answer.rrn]
            detail = f"{payment.kind}: approved after its reversal was confirmed"
            kind = ExceptionKind.LATE_APPROVAL
            exception_id = self._exceptions.open(payment, kind, detail, now_us, out)
            self.start(payment, now_us, out, exception_id)

    def _send(self, item: Undelivered, now_us: int, out: list[Effect]) -> None:
        state = self._state
        self._issuer.send_reversal(out, item.payment)
        due_ms = state.uptime_ms + pause_ms(self._settings, item.attempts)
        sent = item._replace(attempts=item.attempts + 1, due_ms=due_ms)
        kind = ExceptionKind.REVERSAL_UNDELIVERED
        state.reversing.put(self._exceptions.open_when_stuck(sent, kind, now_us, out))
