"""What the issuer, the clock and the link do to payments: every way to an outcome or into doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.host.core.balances import Balances
from tongbao.host.core.deliveries import Deliveries
from tongbao.host.core.events import Persist
from tongbao.host.core.exceptions import Exceptions
from tongbao.host.core.issuer_messages import REPLY_MTI, AnswerKind, classify, find
from tongbao.host.core.payment_rules import (
    RULES,
    TABLES,
    Answer,
    PaymentInput,
    PaymentState,
    Upstream,
    stand_of,
)
from tongbao.host.core.recording import EventFacts, record_events
from tongbao.host.core.replies import Outcome
from tongbao.host.core.reversals import Reversals
from tongbao.host.records import EventRecord
from tongbao.wire.unionpay.transactions import KINDS, SALE, Resolution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.host.core.events import Effect, Recovered
    from tongbao.host.core.issuer_messages import IssuerAnswer, IssuerMessages
    from tongbao.host.core.payment_rules import Rule
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.state import HostState, Pending
    from tongbao.host.settings import HostSettings

# The issuer remembers by F37 for ever, and ours are unique: this speaks of a message that differs
# from the first one under its number, not of what became of that.
_DIFFERS: Final = "94"
_SETTLED: Final = frozenset({PaymentState.APPROVED, PaymentState.DECLINED})
_PENDING: Final = PaymentState.PENDING
_APPROVED: Final = PaymentState.APPROVED
_SALE_ANSWER: Final = "0210"


def rules_of(kind: str) -> Mapping[tuple[PaymentState, PaymentInput], Rule]:
    """Return the table for a kind of payment that is written down."""
    return TABLES[KINDS[kind].resolution]


class Outcomes:
    """Settles payments, or puts them in doubt and has the doubt resolved."""

    __slots__ = (
        "_issuer",
        "_replies",
        "_settings",
        "_state",
        "balances",
        "deliveries",
        "reversals",
    )

    def __init__(
        self,
        state: HostState,
        replies: Replies,
        issuer: IssuerMessages,
        settings: HostSettings,
    ) -> None:
        self._state = state
        self._replies = replies
        self._issuer = issuer
        self._settings = settings
        exceptions = Exceptions(state, settings.reversal_exception_after)
        self.reversals = Reversals(state, issuer, exceptions, settings)
        self.deliveries = Deliveries(state, issuer, exceptions, settings)
        self.balances = Balances(state, replies)

    def answer(self, answer: IssuerAnswer, now_us: int, out: list[Effect]) -> None:
        """Take an answer of the issuer's whose MAC was right."""
        pending = self._state.pending.get(answer.rrn)
        if (
            pending is not None
            and pending.transaction is SALE
            and self._settle_sale(pending, answer, now_us, out)
        ):
            return
        if answer.kind is AnswerKind.REVERSAL:
            self.reversals.answered(answer, now_us, out)
            return
        is_inquiry = answer.kind is AnswerKind.INQUIRY
        meaning = find(answer) if is_inquiry else classify(answer.code)
        if pending is not None:
            self._answer_pending(pending, answer, meaning, now_us, out)
        elif answer.rrn in self._state.asking:
            self.balances.answer(answer, meaning, now_us, out)
        elif answer.rrn in self._state.delivering:
            self._answer_delivering(answer, meaning, now_us, out)
        elif is_inquiry:
            self._state.counters["unexpected_answers"] += 1
        else:
            self.reversals.late(answer, meaning, now_us, out)

    def time_out(self, now_us: int, out: list[Effect]) -> None:
        """Give up on payments past their deadlines and send due messages again."""
        state = self._state
        now_ms = state.uptime_ms
        deadlines = state.inquiry_deadlines
        while deadlines and deadlines[0][0] <= now_ms:
            pending = state.pending.get(deadlines.popleft()[1])
            if pending is not None and pending.payment.rrn in state.inquiring:
                self._give_up(pending, PaymentInput.TIMEOUT, "issuer timeout", now_us, out)
        deadlines = state.deadlines
        while deadlines and deadlines[0][0] <= now_ms:
            rrn = deadlines.popleft()[1]
            pending = state.pending.get(rrn)
            if pending is not None and rrn not in state.inquiring:
                self._give_up(pending, PaymentInput.TIMEOUT, "issuer timeout", now_us, out)
            self.balances.give_up(rrn, now_us, out)
        self.reversals.repeat(now_us, out)
        self.deliveries.repeat(now_us, out)

    def link_found(self) -> None:
        """Let everything undelivered be sent again with the next ticks."""
        self.reversals.link_found()
        self.deliveries.link_found()

    def link_lost(self, now_us: int, out: list[Effect]) -> None:
        """Put every payment in doubt that the issuer could not answer any more."""
        for pending in list(self._state.pending.values()):
            self._give_up(pending, PaymentInput.LINK_LOST, "issuer link lost", now_us, out)
        for rrn in list(self._state.asking):
            self.balances.give_up(rrn, now_us, out)
        self._state.deadlines.clear()
        self._state.inquiry_deadlines.clear()

    def recover(self, event: Recovered, now_us: int, out: list[Effect]) -> None:
        """Take over what the last run left without an end."""
        exceptions = dict(event.exceptions)
        for stored in event.payments:
            payment = stored.payment
            standing = stand_of(stored.events)
            rule = rules_of(payment.kind)[standing.state, PaymentInput.RESTART]
            facts = EventFacts(detail="host restart")
            record_events(self._state, rule, payment.payment_id, facts, now_us, out)
            exception_id = exceptions.get(payment.payment_id, 0)
            if rule.upstream is Upstream.REVERSAL:
                self.reversals.start(payment, now_us, out, exception_id)
            else:
                self.deliveries.keep(payment, None, exception_id=exception_id)
                self.deliveries.inquire(payment, out)
            self._state.counters["recovered"] += 1

    def drop(self, pending: Pending) -> None:
        """Let go of a payment that the terminal waits for; its claim on an original stays."""
        rrn = pending.payment.rrn
        del self._state.pending[rrn]
        self._state.inquiring.discard(rrn)
        pending.terminal.pending -= 1

    def tell(self, pending: Pending, outcome: Outcome, out: list[Effect]) -> None:
        """Answer the terminal that waits."""
        self._replies.outcome(out, pending, pending.terminal.session, outcome)

    def _settle_sale(
        self, pending: Pending, answer: IssuerAnswer, now_us: int, out: list[Effect]
    ) -> bool:
        """Settle a sale that was answered in time and clearly, which is nearly every payment.

        Return False, with nothing done, for everything else.
        """
        state, payment = self._state, pending.payment
        rrn, code = answer.rrn, answer.code
        if (
            answer.mti != _SALE_ANSWER
            or int(answer.amount or 0) != payment.amount_minor
            or answer.terminal_id != payment.terminal_id
            or rrn in state.inquiring
        ):
            return False
        rule = RULES[_PENDING, classify(code)]
        if rule.next not in _SETTLED:
            return False
        auth_code = answer.auth_code if rule.next is _APPROVED else ""
        del state.pending[rrn]
        pending.terminal.pending -= 1
        (kind,) = rule.records
        record = EventRecord(payment.payment_id, kind, now_us, code, auth_code, "")
        out.append(Persist(record))
        state.counters[kind] += 1
        self.tell(pending, Outcome(code, auth_code, now_us, answer.chip), out)
        return True

    def _answer_pending(
        self,
        pending: Pending,
        answer: IssuerAnswer,
        meaning: PaymentInput,
        now_us: int,
        out: list[Effect],
    ) -> None:
        payment, rrn = pending.payment, answer.rrn
        if not _is_about(answer, pending):
            # Right MAC, right reference, other content: it proves nothing about this payment.
            meaning = _unclear(answer)
        is_inquiring = rrn in self._state.inquiring
        if pending.transaction.resolution is Resolution.REPEAT and answer.code == _DIFFERS:
            meaning = _unclear(answer)
        state = PaymentState.INQUIRING if is_inquiring else PaymentState.PENDING
        rule = TABLES[pending.transaction.resolution][state, meaning]
        if rule.next in _SETTLED:
            auth_code = answer.auth_code if rule.next is PaymentState.APPROVED else ""
            self.drop(pending)
            self._state.release(payment)
            facts = EventFacts(answer.code, auth_code, inquiry=_found(answer, meaning))
            record_events(self._state, rule, payment.payment_id, facts, now_us, out)
            if pending.message is not None:
                self.deliveries.settled(rrn, now_us, out)
            self.tell(pending, Outcome(answer.code, auth_code, now_us, answer.chip), out)
        elif rule.answer is not Answer.NOTHING:
            detail = f"issuer answer {answer.code} unclear"
            if answer.kind is AnswerKind.INQUIRY:
                detail = f"issuer asked: {_found(answer, meaning)}"
            facts = EventFacts(detail=detail, inquiry=_found(answer, meaning))
            self._doubt(pending, rule, facts, now_us, out)

    def _answer_delivering(
        self, answer: IssuerAnswer, meaning: PaymentInput, now_us: int, out: list[Effect]
    ) -> None:
        """Take an answer that no terminal waits for."""
        state = self._state
        item = state.delivering.get(answer.rrn)
        if item is None:
            return
        payment = item.payment
        is_about = answer.terminal_id == payment.terminal_id and (
            int(answer.amount or 0) == payment.amount_minor or not answer.processing_code
        )
        if answer.code == _DIFFERS or not is_about:
            meaning = _unclear(answer)
        rule = rules_of(payment.kind)[PaymentState.DELIVERING, meaning]
        if rule.next in _SETTLED:
            auth_code = answer.auth_code if rule.next is PaymentState.APPROVED else ""
            facts = EventFacts(answer.code, auth_code, inquiry=_found(answer, meaning))
            record_events(state, rule, payment.payment_id, facts, now_us, out)
            state.release(payment)
            self.deliveries.settled(answer.rrn, now_us, out)
        elif rule.upstream is Upstream.INQUIRY:
            self.deliveries.inquire(payment, out)

    def _give_up(
        self,
        pending: Pending,
        item: PaymentInput,
        detail: str,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Apply what follows when the issuer did not answer, or cannot any more."""
        rrn = pending.payment.rrn
        state = PaymentState.INQUIRING if rrn in self._state.inquiring else PaymentState.PENDING
        rule = TABLES[pending.transaction.resolution][state, item]
        if rule.next is PaymentState.INQUIRING:
            self._state.inquiring.add(rrn)
            deadline_ms = self._state.uptime_ms + self._settings.inquiry_timeout_ms
            self._state.inquiry_deadlines.append((deadline_ms, rrn))
            self._issuer.send_inquiry(out, pending.payment)
            return
        facts = EventFacts(detail=detail, inquiry="no answer")
        self._doubt(pending, rule, facts, now_us, out)

    def _doubt(
        self, pending: Pending, rule: Rule, facts: EventFacts, now_us: int, out: list[Effect]
    ) -> None:
        """Record the doubt, tell it, and begin to resolve it."""
        payment = pending.payment
        self.drop(pending)
        record_events(self._state, rule, payment.payment_id, facts, now_us, out)
        self.tell(pending, Outcome(rule.answer.value, "", now_us), out)
        if rule.upstream is Upstream.REVERSAL:
            self.reversals.start(payment, now_us, out)
            return
        self.deliveries.keep(payment, pending.message)
        if rule.upstream is Upstream.INQUIRY:
            self.deliveries.inquire(payment, out)


def _is_about(answer: IssuerAnswer, pending: Pending) -> bool:
    """Whether the rest of an answer fits the payment whose reference number it names."""
    payment = pending.payment
    if answer.terminal_id != payment.terminal_id:
        return False
    if answer.kind is AnswerKind.INQUIRY:
        # An inquiry that found nothing has nothing to say of the amount.
        return not answer.processing_code or int(answer.amount or 0) == payment.amount_minor
    return (
        int(answer.amount or 0) == payment.amount_minor
        and answer.mti == REPLY_MTI[pending.transaction.kind]
    )


def _unclear(answer: IssuerAnswer) -> PaymentInput:
    if answer.kind is AnswerKind.INQUIRY:
        return PaymentInput.FOUND_NOTHING
    return PaymentInput.UNCLEAR_ANSWER


def _found(answer: IssuerAnswer, meaning: PaymentInput) -> str:
    """Say in the books what an inquiry found; nothing when there was none."""
    if answer.kind is not AnswerKind.INQUIRY:
        return ""
    return f"{meaning.value} ({answer.code})"
