"""What terminals ask: payments of every kind, their repetitions and their reversals.

Applies the tables of `payment_rules` to what arrives and to what is known; `outcomes` does the same
for what the issuer, the clock and the link do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.secrets import Purpose
from tongbao.host.core.events import LoadPayment, LoadPayments, Persist
from tongbao.host.core.forms import FORMS, NamedBy
from tongbao.host.core.originals import Circumstances, Member, Verdict, judge
from tongbao.host.core.outcomes import Outcomes, rules_of
from tongbao.host.core.payment_ids import rrn_of
from tongbao.host.core.payment_rules import (
    TABLES,
    Answer,
    PaymentInput,
    PaymentState,
    Upstream,
    stand_of,
)
from tongbao.host.core.recording import ROUTE, EventFacts, record_events
from tongbao.host.core.replies import Outcome
from tongbao.host.core.requests import CURRENCY, RefusalError
from tongbao.host.core.state import Pending
from tongbao.host.lookups import ByAuthCode, ByRrn
from tongbao.host.records import PaymentRecord, TraceKey
from tongbao.wire.unionpay.transactions import BALANCE, MAIL_ORDER, REFUND, SALE, Resolution

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.domain.secrets import Pan
    from tongbao.host.core.events import Effect, IntentRefused, PaymentsLoaded
    from tongbao.host.core.issuer_messages import IssuerMessages
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import PaymentFacts, Request
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.host.lookups import Query
    from tongbao.host.records import StoredPayment
    from tongbao.host.settings import HostSettings
    from tongbao.wire.iso8583.codec import Message

_SWITCHED_OFF: Final = "58"
_OTHER_BATCH: Final = "77"
_PREFIXES_MAX: Final = 10_000
_NO_VERDICT: Final = Verdict(None)
# Looking up an enum member costs as much as reading a field.
_REPEAT: Final = Resolution.REPEAT
_WIRE: Final = Purpose.WIRE


class Payments:
    """Every decision about what a terminal asks; `out` collects the effects in order."""

    __slots__ = (
        "_issuer",
        "_organisations",
        "_pending_max",
        "_prefix_digits",
        "_profile",
        "_replies",
        "_state",
        "_timeout_ms",
        "outcomes",
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
        self._profile = settings.profile
        self._pending_max = settings.pending_max
        self._timeout_ms = settings.issuer_timeout_ms
        # As many digits as decide on the organisation; there are few prefixes in use.
        self._prefix_digits = max(map(len, settings.profile.organisations), default=0)
        self._organisations: dict[str, str] = {}
        self.outcomes = Outcomes(state, replies, issuer, settings)

    def request(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Take a 0100, 0200 or 0220 whose MAC was right; RefusalError when its form is wrong."""
        facts = _facts_of(request)
        key = facts.key
        batch_no = key.batch_no
        if batch_no != terminal.record.batch_no or batch_no == terminal.totals_batch_no:
            if key.batch_no != terminal.record.batch_no and (
                facts.transaction.resolution is not _REPEAT
            ):
                raise RefusalError(_OTHER_BATCH)
            # A batch whose totals were taken gets its first answers again and nothing new.
            out.append(LoadPayment(key, request))
            return
        rrn = terminal.recent.get((batch_no, key.stan))
        if rrn is None:
            self._first(request, facts, terminal, now_us, out)
            return
        pending = self._state.pending.get(rrn)
        if pending is None:
            # Answered or in doubt. Another host process may have acted since: ask the store.
            out.append(LoadPayment(key, request))
            return
        # Silence: the first message is answered when the issuer has spoken.
        _check_same(request, facts, pending.payment)
        self._state.counters["repeated_while_pending"] += 1

    def again(
        self,
        request: Request,
        terminal: Terminal,
        stored: StoredPayment | None,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Take a repeated request with what the store knows of its first arrival."""
        facts = _facts_of(request)
        key = facts.key
        if stored is None:
            if (key.batch_no, key.stan) in terminal.recent:
                # Made by this very group after the store was asked: ask again behind its flush.
                out.append(LoadPayment(key, request))
                return
            if not _is_open(key.batch_no, terminal, facts):
                raise RefusalError(_OTHER_BATCH)
            self._first(request, facts, terminal, now_us, out)
            return
        payment = stored.payment
        _check_same(request, facts, payment)
        standing = stand_of(stored.events)
        item = PaymentInput.REQUEST if self._state.link_up else PaymentInput.REQUEST_WITHOUT_LINK
        rule = rules_of(payment.kind)[self._state.state_of(payment, standing.state), item]
        if rule.next is PaymentState.DELIVERING or rule.upstream is Upstream.REQUEST:
            self._deliver(request, facts, terminal, payment, now_us, out)
            return
        if rule.answer is Answer.NOTHING:
            self._state.counters["repeated_while_pending"] += 1
            return
        outcome = Outcome(rule.answer.value, "", now_us)
        if rule.answer is Answer.OUTCOME:
            outcome = Outcome(standing.response_code, standing.auth_code, standing.answered_at_us)
        facts_told = EventFacts(outcome.code)
        record_events(self._state, rule, payment.payment_id, facts_told, now_us, out)
        pending = self._pending(request, facts, terminal, payment)
        self._replies.outcome(out, pending, request.verified, outcome)

    def originals(
        self, event: PaymentsLoaded, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """Take a request with what the store knows of the original that it names."""
        request = event.request
        facts = _facts_of(request)
        key = facts.key
        if (key.batch_no, key.stan) in terminal.recent:
            # A copy of it was faster.
            self.request(request, terminal, now_us, out)
            return
        if any(stored.key == key for stored in event.payments):
            # It came before, at another process or before the start of this one.
            out.append(LoadPayment(key, request))
            return
        if not _is_open(key.batch_no, terminal, facts):
            raise RefusalError(_OTHER_BATCH)
        roots, family = self._members(event.query, event.payments)
        around = Circumstances(terminal.record, request.token, now_us, self._profile)
        verdict = judge(facts, around, roots, family)
        if not verdict.is_final:
            raise RefusalError(verdict.code)
        self._begin(request, facts, terminal, verdict, now_us, out)

    def refuse_intent(self, refused: IntentRefused) -> None:
        """Take back an intent that the store did not accept; its key is known to be stored."""
        state = self._state
        rrn = rrn_of(refused.payment_id)
        pending = state.pending.get(rrn)
        if pending is not None:
            self.outcomes.drop(pending)
            state.release(pending.payment)
        # Its doubt may have begun while the store was being asked.
        for backlog in (state.reversing, state.delivering):
            item = backlog.remove(rrn)
            if item is not None:
                state.release(item.payment)
        state.counters["intents_refused"] += 1

    # Steps shared by the above.

    def _first(
        self,
        request: Request,
        facts: PaymentFacts,
        terminal: Terminal,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Begin with a request that has not come before, as far as this process knows."""
        transaction = facts.transaction
        if transaction is SALE and terminal.may_trade:
            self._begin(request, facts, terminal, _NO_VERDICT, now_us, out)
        elif not terminal.may_trade:
            if transaction is BALANCE:
                raise RefusalError(_SWITCHED_OFF)
            verdict = Verdict(None, _SWITCHED_OFF)
            self._begin(request, facts, terminal, verdict, now_us, out)
        elif transaction is BALANCE:
            self._ask_balance(request, facts, terminal, now_us, out)
        elif facts.original is not None:
            out.append(LoadPayments(_query(request, facts, terminal), request))
        else:
            is_refused = transaction is MAIL_ORDER and not terminal.record.mail_order_allowed
            verdict = Verdict(None, _SWITCHED_OFF) if is_refused else _NO_VERDICT
            self._begin(request, facts, terminal, verdict, now_us, out)

    def _begin(
        self,
        request: Request,
        facts: PaymentFacts,
        terminal: Terminal,
        verdict: Verdict,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Write the intent of a new payment and ask the issuer, or decline it without."""
        state = self._state
        if len(state.pending) >= self._pending_max:
            raise RefusalError("96")
        payment = self._intent(request, facts, terminal, verdict.original, now_us)
        transaction = facts.transaction
        rrn = payment.rrn
        out.append(Persist(payment))
        terminal.remember(payment.batch_no, payment.stan, rrn)
        if state.link_up and not verdict.code:
            message = self._issuer.compose(request, facts, payment, terminal)
            repeatable = None
            if transaction.resolution is _REPEAT:
                repeatable = self._issuer.repeatable(message, facts)
            self._issuer.send(out, message, payment, request, facts)
            state.pending[rrn] = self._pending(request, facts, terminal, payment, repeatable)
            state.deadlines.append((state.uptime_ms + self._timeout_ms, rrn))
            terminal.pending += 1
            if payment.original_id:
                state.claim(payment)
            return
        item = PaymentInput.NOT_ALLOWED if verdict.code else PaymentInput.REQUEST_WITHOUT_LINK
        rule = TABLES[transaction.resolution][PaymentState.ABSENT, item]
        if rule.next is PaymentState.DELIVERING:
            message = self._issuer.compose(request, facts, payment, terminal)
            repeatable = self._issuer.repeatable(message, facts)
            self.outcomes.deliveries.keep(payment, repeatable)
        code = verdict.code or rule.answer.value
        told = EventFacts(code, detail="no link to the issuer")
        record_events(state, rule, payment.payment_id, told, now_us, out)
        told_at_once = self._pending(request, facts, terminal, payment)
        self._replies.outcome(out, told_at_once, request.verified, Outcome(code, "", now_us))

    def _pending(
        self,
        request: Request,
        facts: PaymentFacts,
        terminal: Terminal,
        payment: PaymentRecord,
        repeatable: Message | None = None,
    ) -> Pending:
        """Prepare the answer to a request."""
        address = self._replies.address_of(request)
        echo = self._replies.echo(request, payment, facts.pan)
        return Pending(payment, terminal, address, echo, facts.transaction, repeatable)

    def _intent(
        self,
        request: Request,
        facts: PaymentFacts,
        terminal: Terminal,
        original: PaymentRecord | None,
        now_us: int,
    ) -> PaymentRecord:
        ids = self._state.ids
        is_written = facts.transaction is not BALANCE
        payment_id = ids.next(now_us) if is_written else ids.unwritten(now_us)
        key = facts.key
        return PaymentRecord(
            payment_id,
            key.terminal_id,
            terminal.record.merchant_id,
            key.batch_no,
            key.stan,
            facts.transaction.kind,
            facts.amount_minor,
            CURRENCY,
            facts.pan.masked,
            request.token,
            str(request.fields[22]),
            rrn_of(payment_id),
            self._replies.clock.at(now_us).date,
            ROUTE,
            now_us,
            0 if original is None else original.payment_id,
            self._organisation_of(facts.pan),
        )

    def _organisation_of(self, pan: Pan) -> str:
        """Look up the card's organisation; cards of one prefix are of one organisation."""
        prefix = pan.reveal(_WIRE)[: self._prefix_digits]
        known = self._organisations.get(prefix)
        if known is None:
            known = self._organisations[prefix] = self._profile.organisation_of(pan)
            if len(self._organisations) > _PREFIXES_MAX:
                del self._organisations[next(iter(self._organisations))]
        return known

    def _deliver(
        self,
        request: Request,
        facts: PaymentFacts,
        terminal: Terminal,
        payment: PaymentRecord,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Send a repeatable message to the issuer again, or keep it until there is a link."""
        state = self._state
        message = self._issuer.compose(request, facts, payment, terminal)
        repeatable = self._issuer.repeatable(message, facts)
        self.outcomes.deliveries.keep(payment, repeatable)
        if not state.link_up:
            outcome = Outcome(Answer.IN_DOUBT.value, "", now_us)
            pending = self._pending(request, facts, terminal, payment)
            self._replies.outcome(out, pending, request.verified, outcome)
            return
        rule = rules_of(payment.kind)[PaymentState.DELIVERING, PaymentInput.REQUEST]
        told = EventFacts(detail="the terminal repeats it")
        record_events(state, rule, payment.payment_id, told, now_us, out)
        self._issuer.send_again(out, repeatable, payment)
        pending = self._pending(request, facts, terminal, payment, repeatable)
        state.pending[payment.rrn] = pending
        state.deadlines.append((state.uptime_ms + self._timeout_ms, payment.rrn))
        terminal.pending += 1

    def _ask_balance(
        self,
        request: Request,
        facts: PaymentFacts,
        terminal: Terminal,
        now_us: int,
        out: list[Effect],
    ) -> None:
        state = self._state
        balances = self.outcomes.balances
        if balances.is_asked(facts.key):
            state.counters["repeated_while_pending"] += 1
            return
        if len(state.asking) >= self._pending_max:
            raise RefusalError("96")
        if not state.link_up:
            raise RefusalError(Answer.NO_LINK.value)
        # Never written: it only carries the numbers of the messages, which are about no payment.
        payment = self._intent(request, facts, terminal, None, now_us)._replace(payment_id=0)
        message = self._issuer.compose(request, facts, payment, terminal)
        self._issuer.send(out, message, payment, request, facts)
        balances.wait(self._pending(request, facts, terminal, payment))
        state.deadlines.append((state.uptime_ms + self._timeout_ms, payment.rrn))

    def _members(
        self, query: Query, payments: Sequence[StoredPayment]
    ) -> tuple[list[Member], list[Member]]:
        """Return who may be meant, and all that names one of them, in flight or done."""
        roots = [self._member(stored) for stored in payments if _is_root(query, stored)]
        family = [self._member(stored) for stored in payments if not _is_root(query, stored)]
        known = {one.payment.payment_id for one in family}
        for root in roots:
            for payment in self._state.claims.get(root.payment.payment_id, {}).values():
                if payment.payment_id not in known:
                    state = self._state.state_of(payment, PaymentState.PENDING)
                    family.append(Member(payment, state, frozenset()))
        return roots, family

    def _member(self, stored: StoredPayment) -> Member:
        payment = stored.payment
        standing = stand_of(stored.events)
        date = payment.business_date
        answered = self._replies.clock.at(standing.answered_at_us or payment.received_at_us)
        days = frozenset({date[5:7] + date[8:], answered.mmdd})
        return Member(payment, self._state.state_of(payment, standing.state), days)


def _facts_of(request: Request) -> PaymentFacts:
    """Return what the request says; raises RefusalError for its form."""
    facts = request.facts
    if isinstance(facts, str):
        raise RefusalError(facts)
    return facts


def _is_open(batch_no: int, terminal: Terminal, facts: PaymentFacts) -> bool:
    """Whether this new payment may enter this batch of the terminal's.

    An advice tells of what was agreed before the totals; a refund is a new act.
    """
    transaction = facts.transaction
    is_before_totals = batch_no != terminal.totals_batch_no
    is_advice = transaction.resolution is Resolution.REPEAT and transaction is not REFUND
    return batch_no == terminal.record.batch_no and (is_before_totals or is_advice)


def _query(request: Request, facts: PaymentFacts, terminal: Terminal) -> Query:
    """Return what finds the original that a request names."""
    named = facts.original
    if named is None:
        raise RefusalError("30")
    by = FORMS[facts.transaction.kind].named_by
    if by is NamedBy.TRACE:
        return TraceKey(request.terminal_id, named.batch_no, named.stan)
    if by is NamedBy.RRN:
        return ByRrn(named.rrn)
    return ByAuthCode(terminal.record.merchant_id, request.token, named.auth_code)


def _is_root(query: Query, stored: StoredPayment) -> bool:
    if isinstance(query, TraceKey):
        return stored.key == query
    if isinstance(query, ByRrn):
        return stored.payment.rrn == query.rrn
    return not stored.payment.original_id


def _check_same(request: Request, facts: PaymentFacts, payment: PaymentRecord) -> None:
    """Raise RefusalError("94") when a used trace comes with another kind, amount or card.

    The tombstone of a reversal without F2 knows no card: the rest is all there is.
    """
    other_card = payment.card_token and bytes(payment.card_token) != request.token
    if (
        facts.amount_minor != payment.amount_minor
        or facts.transaction.kind != payment.kind
        or other_card
    ):
        raise RefusalError("94")
