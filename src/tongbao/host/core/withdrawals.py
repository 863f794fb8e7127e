"""What terminals take back: their 0400, before, while and after the issuer decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.secrets import Pan, Purpose, SecretText
from tongbao.host.core.events import LoadPayment, Persist
from tongbao.host.core.forms import reversed_transaction
from tongbao.host.core.outcomes import rules_of
from tongbao.host.core.payment_ids import rrn_of
from tongbao.host.core.payment_rules import (
    RULES,
    Answer,
    PaymentInput,
    PaymentState,
    Upstream,
    stand_of,
)
from tongbao.host.core.reading import TOKEN_KEY
from tongbao.host.core.recording import ROUTE, EventFacts, record_events
from tongbao.host.core.requests import CURRENCY, RefusalError, amount_of, trace_key_of
from tongbao.host.records import PaymentRecord
from tongbao.wire.unionpay.profile import DOMESTIC

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.events import Effect
    from tongbao.host.core.outcomes import Outcomes
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.host.records import StoredPayment
    from tongbao.wire.unionpay.profile import HostProfile

_TOMBSTONE: Final = RULES[PaymentState.ABSENT, PaymentInput.REVERSAL]


class Withdrawals:
    """Every decision about a terminal's reversal; `out` collects the effects in order."""

    __slots__ = ("_keys", "_outcomes", "_profile", "_replies", "_state")

    def __init__(
        self,
        state: HostState,
        replies: Replies,
        outcomes: Outcomes,
        keys: KeyStore,
        profile: HostProfile,
    ) -> None:
        self._state = state
        self._replies = replies
        self._outcomes = outcomes
        self._keys = keys
        self._profile = profile

    def reversal(
        self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """Take a 0400 whose MAC was right; raises RefusalError when its form is wrong."""
        key = trace_key_of(request)
        amount_of(request)
        reversed_transaction(request.fields)
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
        self._reverse(request, stored.payment, stand_of(stored.events).state, now_us, out)

    def _reverse(
        self,
        request: Request,
        payment: PaymentRecord,
        stored: PaymentState,
        now_us: int,
        out: list[Effect],
    ) -> None:
        if amount_of(request) != payment.amount_minor:
            raise RefusalError("64")
        rule = rules_of(payment.kind)[self._state.state_of(payment, stored), PaymentInput.REVERSAL]
        if rule.answer is Answer.NOT_REVERSIBLE:
            raise RefusalError(rule.answer.value)
        if reversed_transaction(request.fields).kind != payment.kind:
            # Not "12", which would tell the terminal that its payment is dead.
            raise RefusalError("22")
        pending = self._state.pending.get(payment.rrn)
        if pending is not None:
            self._outcomes.drop(pending)
        reason = request.fields.get(39)
        detail = (
            f"terminal {reason}" if isinstance(reason, str) and reason.isalnum() else "terminal"
        )
        facts = EventFacts(detail=detail)
        record_events(self._state, rule, payment.payment_id, facts, now_us, out)
        self._replies.reversal_outcome(out, request, rule.answer.value, payment, now_us)
        if rule.upstream is Upstream.REVERSAL:
            self._outcomes.reversals.start(payment, now_us, out)

    def _bury(self, request: Request, terminal: Terminal, now_us: int, out: list[Effect]) -> None:
        """Record the reversal of a payment that never came, so that it cannot come any more."""
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
        masked, token, organisation = "", b"", DOMESTIC
        sent = fields.get(2)
        if isinstance(sent, SecretText):
            try:
                pan = Pan(sent.reveal(Purpose.WIRE))
            except ValueError:
                raise RefusalError("14") from None
            masked, token = pan.masked, self._keys.token(TOKEN_KEY, pan)
            organisation = self._profile.organisation_of(pan)
        entry_mode = fields.get(22)
        payment_id = self._state.ids.next(now_us)
        return PaymentRecord(
            payment_id,
            key.terminal_id,
            terminal.record.merchant_id,
            key.batch_no,
            key.stan,
            reversed_transaction(fields).kind,
            amount_of(request),
            CURRENCY,
            masked,
            token,
            entry_mode if isinstance(entry_mode, str) else "",
            rrn_of(payment_id),
            self._replies.clock.at(now_us).date,
            ROUTE,
            now_us,
            0,
            organisation,
        )
