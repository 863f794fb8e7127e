"""Reversals towards the issuer: sent until they are confirmed, whatever happens in between."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from tongbao.host.core.events import Note
from tongbao.host.core.payment_rules import RULES, PaymentInput, PaymentState
from tongbao.host.core.recording import EventFacts, record_events
from tongbao.host.core.state import Reversing

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.core.issuer_messages import IssuerAnswer, IssuerMessages
    from tongbao.host.core.state import HostState
    from tongbao.host.records import PaymentRecord
    from tongbao.host.settings import HostSettings

# Enough for a burst after an outage without a burst of its own.
_PER_TICK: Final = 200
_CLOSED_MAX: Final = 10_000
# A person should look when the issuer has not confirmed a reversal after this many sends.
_STUCK_AFTER: Final = 10
# 25: the issuer never saw the sale and will refuse it should it still arrive.
_CONFIRMING: Final = frozenset({"00", "25"})


class Reversals:
    """The payments whose reversal is under way, and those just reversed."""

    __slots__ = ("_issuer", "_settings", "_state")

    def __init__(self, state: HostState, issuer: IssuerMessages, settings: HostSettings) -> None:
        self._state = state
        self._issuer = issuer
        self._settings = settings

    def start(self, payment: PaymentRecord, out: list[Effect]) -> None:
        """Send the first 0420 of a payment whose request for a reversal is recorded."""
        reversing = Reversing(payment, 0, self._state.uptime_ms)
        self._state.reversing[payment.rrn] = reversing
        self._send(reversing, out)

    def repeat(self, out: list[Effect]) -> None:
        """Send again what is due, a bounded number at a time, and forget old closed payments."""
        state = self._state
        due = state.reversals_due
        budget = _PER_TICK
        while budget and due and due[0][0] <= state.uptime_ms:
            due_ms, rrn = heapq.heappop(due)
            reversing = state.reversing.get(rrn)
            # An entry that another send has overtaken is void.
            if reversing is not None and reversing.due_ms == due_ms:
                self._send(reversing, out)
                budget -= 1
        while state.closed and next(iter(state.closed.values()))[1] <= state.uptime_ms:
            state.closed.popitem(last=False)

    def link_found(self) -> None:
        """Let every open reversal be sent again with the next ticks."""
        state = self._state
        now_ms = state.uptime_ms
        for rrn, reversing in state.reversing.items():
            state.reversing[rrn] = reversing._replace(due_ms=now_ms)
        state.reversals_due = [(now_ms, rrn) for rrn in state.reversing]

    def answered(self, answer: IssuerAnswer, now_us: int, out: list[Effect]) -> None:
        """Take a 0430 whose MAC was right."""
        state = self._state
        reversing = state.reversing.get(answer.rrn)
        if reversing is None:
            state.counters["unexpected_answers"] += 1
            return
        if answer.code not in _CONFIRMING:
            state.counters["reversals_refused"] += 1
            return
        payment = reversing.payment
        rule = RULES[PaymentState.REVERSING, PaymentInput.REVERSAL_DONE]
        del state.reversing[answer.rrn]
        record_events(state, rule, payment.payment_id, EventFacts(), now_us, out)
        forget_at_ms = state.uptime_ms + self._settings.late_answer_window_ms
        state.closed[answer.rrn] = (payment, forget_at_ms)
        if len(state.closed) > _CLOSED_MAX:
            state.closed.popitem(last=False)

    def late(
        self, answer: IssuerAnswer, item: PaymentInput, now_us: int, out: list[Effect]
    ) -> None:
        """Take a 0210 of a payment that does not wait for it any more."""
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
        facts = EventFacts(answer.code, answer.auth_code, "late approval")
        record_events(state, rule, payment.payment_id, facts, now_us, out)
        if standing is PaymentState.REVERSED and rule.next is PaymentState.REVERSING:
            del state.closed[answer.rrn]
            self.start(payment, out)

    def _send(self, reversing: Reversing, out: list[Effect]) -> None:
        state, settings = self._state, self._settings
        if not state.link_up:
            # `link_found` schedules it.
            return
        payment, attempts = reversing.payment, reversing.attempts + 1
        self._issuer.send_reversal(out, payment)
        wait_ms = min(
            settings.reversal_retry_ms << min(attempts - 1, 16), settings.reversal_retry_max_ms
        )
        due_ms = state.uptime_ms + wait_ms
        state.reversing[payment.rrn] = Reversing(payment, attempts, due_ms)
        heapq.heappush(state.reversals_due, (due_ms, payment.rrn))
        if attempts == _STUCK_AFTER:
            out.append(Note("reversal_unconfirmed", {"rrn": payment.rrn, "sends": attempts}))
