"""Balance inquiries: asked and told, never written. Spec: UnionPay terminal dialect, 3.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.host.core.payment_rules import Answer, PaymentInput
from tongbao.host.core.replies import Outcome
from tongbao.host.records import TraceKey

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.core.issuer_messages import IssuerAnswer
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.state import HostState, Pending

# No money is in doubt: the cashier may ask again.
_NO_ANSWER: Final = Answer.IN_DOUBT.value


class Balances:
    """The balance inquiries that wait for the issuer."""

    __slots__ = ("_keys", "_replies", "_state")

    def __init__(self, state: HostState, replies: Replies) -> None:
        self._state = state
        self._replies = replies
        # What is under way, so that a copy of it is not asked again.
        self._keys: set[TraceKey] = set()

    def wait(self, pending: Pending) -> None:
        """Note that a terminal waits for this balance."""
        self._state.asking[pending.payment.rrn] = pending
        self._keys.add(_key_of(pending))
        pending.terminal.pending += 1

    def answer(
        self, answer: IssuerAnswer, meaning: PaymentInput, now_us: int, out: list[Effect]
    ) -> None:
        """Tell what the issuer says; an unclear answer is told as none."""
        pending = self._state.asking[answer.rrn]
        if answer.terminal_id != pending.payment.terminal_id:
            meaning = PaymentInput.UNCLEAR_ANSWER
        if meaning is PaymentInput.APPROVAL:
            outcome = Outcome(answer.code, "", now_us, answer.chip, answer.balances)
        elif meaning is PaymentInput.DECLINE:
            outcome = Outcome(answer.code, "", now_us, answer.chip)
        else:
            outcome = Outcome(_NO_ANSWER, "", now_us)
        self._tell(pending, outcome, out)

    def give_up(self, rrn: str, now_us: int, out: list[Effect]) -> None:
        """Tell a terminal that there was no answer, if it waits for this one."""
        pending = self._state.asking.get(rrn)
        if pending is not None:
            self._tell(pending, Outcome(_NO_ANSWER, "", now_us), out)

    def is_asked(self, key: TraceKey) -> bool:
        """Whether this very inquiry is under way."""
        return key in self._keys

    def _tell(self, pending: Pending, outcome: Outcome, out: list[Effect]) -> None:
        del self._state.asking[pending.payment.rrn]
        self._keys.discard(_key_of(pending))
        pending.terminal.pending -= 1
        self._state.counters["balances"] += 1
        self._replies.outcome(out, pending, pending.terminal.session, outcome)


def _key_of(pending: Pending) -> TraceKey:
    payment = pending.payment
    return TraceKey(payment.terminal_id, payment.batch_no, payment.stan)
