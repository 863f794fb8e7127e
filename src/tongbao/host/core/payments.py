"""Sales and reversals: applies the table of `payment_rules` to what arrives and what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.secrets import Pan, Purpose, SecretText
from tongbao.host.core.events import LoadPayment, Persist
from tongbao.host.core.issuer_messages import AnswerKind, classify
from tongbao.host.core.payment_ids import rrn_of
from tongbao.host.core.payment_rules import (
    RULES,
    Answer,
    PaymentInput,
    PaymentState,
    Rule,
    Upstream,
    stand_of,
)
from tongbao.host.core.reading import TOKEN_KEY
from tongbao.host.core.recording import EventFacts, record_events
from tongbao.host.core.replies import Outcome
from tongbao.host.core.requests import CURRENCY, RefusalError, amount_of, trace_key_of
from tongbao.host.core.reversals import Reversals
from tongbao.host.core.state import Pending
from tongbao.host.records import EventRecord, PaymentRecord

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.events import Effect, IntentRefused
    from tongbao.host.core.issuer_messages import IssuerAnswer, IssuerMessages
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request, SaleFacts
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.host.records import StoredPayment
    from tongbao.host.settings import HostSettings

KIND_SALE: Final = "sale"
ROUTE: Final = "issuer"

_SWITCHED_OFF: Final = "58"
_WITHOUT_LINK: Final = RULES[PaymentState.ABSENT, PaymentInput.SALE_WITHOUT_LINK]
_TOMBSTONE: Final = RULES[PaymentState.ABSENT, PaymentInput.REVERSAL]


class Payments:
    """Every decision about a payment; `out` collects the effects in order."""

    __slots__ = (
        "_issuer",
        "_keys",
        "_pending_max",
        "_replies",
        "_reversals",
        "_state",
        "_timeout_ms",
    )

    def __init__(
        self,
        state: HostState,
        replies: Replies,
        issuer: IssuerMessages,
        keys: KeyStore,
        settings: HostSettings,
    ) -> None:
        self._state = state
        self._replies = replies
        self._issuer = issuer
        self._keys = keys
        self._reversals = Reversals(state, issuer, settings)
        self._pending_max = settings.pending_max
        self._timeout_ms = settings.issuer_timeout_ms

    # The terminal's messages.

    def sale(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Take a 0200 whose MAC was right; raises RefusalError when it is no proper sale."""
        facts = _facts_of(request, terminal)
        key = facts.key
        rrn = terminal.recent.get((key.batch_no, key.stan))
        if rrn is None and key.batch_no != terminal.totals_batch_no:
            self._begin(request, facts, terminal, now_us, out)
            return
        if rrn is None:
            # A batch whose totals were taken gets its first answers again and nothing new.
            out.append(LoadPayment(key, request))
            return
        pending = self._state.pending.get(rrn)
        if pending is None:
            # Answered or being reversed. Another host process may have acted since: ask the store.
            out.append(LoadPayment(key, request))
            return
        # Silence: the first message is answered when the issuer has spoken.
        _check_same(request, facts, pending.payment)
        self._state.counters["repeated_while_pending"] += 1

    def sale_again(
        self,
        request: Request,
        terminal: Terminal,
        stored: StoredPayment | None,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Take a repeated 0200 with what the store knows of its first arrival."""
        facts = _facts_of(request, terminal)
        if stored is None:
            if (facts.key.batch_no, facts.key.stan) in terminal.recent:
                # Made by this very group after the store was asked: ask again behind its flush.
                out.append(LoadPayment(facts.key, request))
                return
            self._begin(request, facts, terminal, now_us, out)
            return
        payment = stored.payment
        _check_same(request, facts, payment)
        standing = stand_of(stored.events)
        rule = RULES[self._state_now(payment, standing.state), PaymentInput.SALE]
        if rule.answer is Answer.NOTHING:
            self._state.counters["repeated_while_pending"] += 1
            return
        outcome = Outcome(rule.answer.value, "", now_us)
        if rule.answer is Answer.OUTCOME:
            outcome = Outcome(standing.response_code, standing.auth_code, standing.answered_at_us)
        facts_told = EventFacts(outcome.code)
        record_events(self._state, rule, payment.payment_id, facts_told, now_us, out)
        echo = self._replies.sale_echo(request, payment, facts.pan_text)
        self._replies.sale_outcome(
            out,
            self._replies.address_of(request),
            echo,
            request.verified,
            outcome,
            payment.payment_id,
        )

    def reversal(
        self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """Take a 0400 whose MAC was right; raises RefusalError when its form is wrong."""
        key = trace_key_of(request)
        amount_of(request)
        rrn = terminal.recent.get((key.batch_no, key.stan))
        pending = self._state.pending.get(rrn) if rrn else None
        if pending is None:
            out.append(LoadPayment(key, request))
            return
        self._reverse(request, pending.payment, PaymentState.PENDING, now_us, out)

    def reversal_of(
        self,
        request: Request,
        terminal: Terminal,
        stored: StoredPayment | None,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Take a 0400 with what the store knows of its original."""
        if stored is None:
            key = trace_key_of(request)
            if (key.batch_no, key.stan) in terminal.recent:
                # Two copies in one group: the first has just been buried, not flushed yet.
                out.append(LoadPayment(key, request))
                return
            self._bury(request, terminal, now_us, out)
            return
        payment = stored.payment
        state = self._state_now(payment, stand_of(stored.events).state)
        self._reverse(request, payment, state, now_us, out)

    def refuse_intent(self, refused: IntentRefused) -> None:
        """Take back an intent that the store did not accept; its key is known to be stored."""
        rrn = rrn_of(refused.payment_id)
        pending = self._state.pending.pop(rrn, None)
        if pending is not None:
            pending.terminal.pending -= 1
        # Its doubt may have begun while the store was being asked.
        self._state.reversing.pop(rrn, None)
        self._state.counters["intents_refused"] += 1

    # The issuer's messages, the clock and the link.

    def answer(self, answer: IssuerAnswer, now_us: int, out: list[Effect]) -> None:
        """Take a 0210 or 0430 whose MAC was right."""
        if answer.kind is AnswerKind.REVERSAL:
            self._reversals.answered(answer, now_us, out)
            return
        pending = self._state.pending.get(answer.rrn)
        item = classify(answer.code)
        if pending is None:
            self._reversals.late(answer, item, now_us, out)
            return
        payment = pending.payment
        if (
            int(answer.amount or 0) != payment.amount_minor
            or answer.terminal_id != payment.terminal_id
        ):
            # Right MAC, right reference, other content: it proves nothing about this payment.
            item = PaymentInput.UNCLEAR_ANSWER
        rule = RULES[PaymentState.PENDING, item]
        if rule.upstream is Upstream.REVERSAL:
            self._doubt(pending, rule, f"issuer answer {answer.code} unclear", now_us, out)
        else:
            self._settle(pending, rule, answer, now_us, out)

    def time_out(self, now_us: int, out: list[Effect]) -> None:
        """Give up on payments past their deadline and send due reversals again."""
        state = self._state
        deadlines = state.deadlines
        rule = RULES[PaymentState.PENDING, PaymentInput.TIMEOUT]
        while deadlines and deadlines[0][0] <= state.uptime_ms:
            pending = state.pending.get(deadlines.popleft()[1])
            if pending is not None:
                self._doubt(pending, rule, "issuer timeout", now_us, out)
        self._reversals.repeat(out)

    def link_found(self) -> None:
        """Let every open reversal be sent again with the next ticks."""
        self._reversals.link_found()

    def link_lost(self, now_us: int, out: list[Effect]) -> None:
        """Put every payment in doubt that the issuer could not answer any more."""
        rule = RULES[PaymentState.PENDING, PaymentInput.LINK_LOST]
        for pending in list(self._state.pending.values()):
            self._doubt(pending, rule, "issuer link lost", now_us, out)
        self._state.deadlines.clear()

    def recover(self, payments: tuple[StoredPayment, ...], now_us: int, out: list[Effect]) -> None:
        """Take over what the last run left without an end."""
        for stored in payments:
            rule = RULES[stand_of(stored.events).state, PaymentInput.RESTART]
            payment = stored.payment
            facts = EventFacts(detail="host restart")
            record_events(self._state, rule, payment.payment_id, facts, now_us, out)
            self._reversals.start(payment, out)
            self._state.counters["recovered"] += 1

    # Steps shared by the above.

    def _begin(
        self,
        request: Request,
        facts: SaleFacts,
        terminal: Terminal,
        now_us: int,
        out: list[Effect],
    ) -> None:
        """Write the intent of a new sale and ask the issuer, or decline it without a link."""
        state = self._state
        if facts.key.batch_no == terminal.totals_batch_no:
            raise RefusalError("77")
        if len(state.pending) >= self._pending_max:
            raise RefusalError("96")
        payment_id = state.ids.next(now_us)
        rrn = rrn_of(payment_id)
        key = facts.key
        payment = PaymentRecord(
            payment_id,
            key.terminal_id,
            terminal.record.merchant_id,
            key.batch_no,
            key.stan,
            KIND_SALE,
            facts.amount_minor,
            CURRENCY,
            facts.pan.masked,
            request.token,
            str(request.fields[22]),
            rrn,
            self._replies.clock.at(now_us).date,
            ROUTE,
            now_us,
        )
        out.append(Persist(payment))
        terminal.remember(key.batch_no, key.stan, rrn)
        address = self._replies.address_of(request)
        echo = self._replies.sale_echo(request, payment, facts.pan_text)
        refusal = "" if terminal.may_trade else _SWITCHED_OFF
        if state.link_up and not refusal:
            self._issuer.send_sale(out, request, facts, payment, terminal)
            state.pending[rrn] = Pending(payment, terminal, address, echo)
            state.deadlines.append((state.uptime_ms + self._timeout_ms, rrn))
            terminal.pending += 1
            return
        # On record, so that a copy that comes when the terminal may trade again is answered alike.
        code = refusal or _WITHOUT_LINK.answer.value
        record_events(state, _WITHOUT_LINK, payment_id, EventFacts(code), now_us, out)
        outcome = Outcome(code, "", now_us)
        self._replies.sale_outcome(out, address, echo, request.verified, outcome, payment_id)

    def _settle(
        self, pending: Pending, rule: Rule, answer: IssuerAnswer, now_us: int, out: list[Effect]
    ) -> None:
        """Record the issuer's decision and tell it."""
        payment_id = pending.payment.payment_id
        auth_code = answer.auth_code if rule.next is PaymentState.APPROVED else ""
        self._drop(pending)
        (kind,) = rule.records
        out.append(Persist(EventRecord(payment_id, kind, now_us, answer.code, auth_code, "")))
        self._state.counters[kind] += 1
        self._tell(pending, Outcome(answer.code, auth_code, now_us), out)

    def _doubt(
        self, pending: Pending, rule: Rule, detail: str, now_us: int, out: list[Effect]
    ) -> None:
        """Record the doubt, tell it, and begin to reverse."""
        payment = pending.payment
        self._drop(pending)
        facts = EventFacts(detail=detail)
        record_events(self._state, rule, payment.payment_id, facts, now_us, out)
        self._tell(pending, Outcome(rule.answer.value, "", now_us), out)
        self._reversals.start(payment, out)

    def _tell(self, pending: Pending, outcome: Outcome, out: list[Effect]) -> None:
        self._replies.sale_outcome(
            out,
            pending.address,
            pending.echo,
            pending.terminal.session,
            outcome,
            pending.payment.payment_id,
        )

    def _reverse(
        self,
        request: Request,
        payment: PaymentRecord,
        state: PaymentState,
        now_us: int,
        out: list[Effect],
    ) -> None:
        if amount_of(request) != payment.amount_minor:
            raise RefusalError("64")
        rule = RULES[state, PaymentInput.REVERSAL]
        pending = self._state.pending.get(payment.rrn)
        if pending is not None:
            self._drop(pending)
        reason = request.fields.get(39)
        detail = (
            f"terminal {reason}" if isinstance(reason, str) and reason.isalnum() else "terminal"
        )
        facts = EventFacts(detail=detail)
        record_events(self._state, rule, payment.payment_id, facts, now_us, out)
        self._replies.reversal_outcome(out, request, rule.answer.value, payment, now_us)
        if rule.upstream is Upstream.REVERSAL:
            self._reversals.start(payment, out)

    def _bury(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Record the reversal of a sale that never came, so that it cannot come any more."""
        payment = self._tombstone(request, terminal, now_us)
        out.append(Persist(payment))
        facts = EventFacts(detail="reversal before original")
        record_events(self._state, _TOMBSTONE, payment.payment_id, facts, now_us, out)
        code = _TOMBSTONE.answer.value
        self._replies.reversal_outcome(out, request, code, payment, now_us)
        terminal.remember(payment.batch_no, payment.stan, payment.rrn)

    def _tombstone(self, request: Request, terminal: Terminal, now_us: int) -> PaymentRecord:
        fields = request.fields
        key = trace_key_of(request)
        masked, token = "", b""
        sent = fields.get(2)
        if isinstance(sent, SecretText):
            try:
                pan = Pan(sent.reveal(Purpose.WIRE))
            except ValueError:
                raise RefusalError("14") from None
            masked, token = pan.masked, self._keys.token(TOKEN_KEY, pan)
        entry_mode = fields.get(22)
        payment_id = self._state.ids.next(now_us)
        return PaymentRecord(
            payment_id,
            key.terminal_id,
            terminal.record.merchant_id,
            key.batch_no,
            key.stan,
            KIND_SALE,
            amount_of(request),
            CURRENCY,
            masked,
            token,
            entry_mode if isinstance(entry_mode, str) else "",
            rrn_of(payment_id),
            self._replies.clock.at(now_us).date,
            ROUTE,
            now_us,
        )

    def _state_now(self, payment: PaymentRecord, stored: PaymentState) -> PaymentState:
        """Prefer what this process knows and has not written yet to what the store says."""
        if payment.rrn in self._state.pending:
            return PaymentState.PENDING
        if payment.rrn in self._state.reversing:
            return PaymentState.REVERSING
        return stored

    def _drop(self, pending: Pending) -> None:
        del self._state.pending[pending.payment.rrn]
        pending.terminal.pending -= 1


def _facts_of(request: Request, terminal: Terminal) -> SaleFacts:
    """Return what the sale says; raises RefusalError for its form, or "77" for its batch."""
    facts = request.sale
    if isinstance(facts, str):
        raise RefusalError(facts)
    if facts.key.batch_no != terminal.record.batch_no:
        raise RefusalError("77")
    return facts


def _check_same(request: Request, facts: SaleFacts, payment: PaymentRecord) -> None:
    """Raise RefusalError("94") when a used trace comes with another amount or card.

    The tombstone of a reversal without F2 knows no card: amount and trace are all there is.
    """
    other_card = payment.card_token and bytes(payment.card_token) != request.token
    if facts.amount_minor != payment.amount_minor or other_card:
        raise RefusalError("94")
