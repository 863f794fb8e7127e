"""Advices that could not be told at once: stored, and told when the line allows it.

An offline sale was authorised by phone, a tip, an adjustment or a completion advice only tells what
is agreed: the customer need not wait for the host. So when the host does not answer, the advice
stands in the journal as stored and goes into the queue of pending work; what the host says later is
its end.

Spec: UnionPay terminal dialect, 3.15 and 7.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.closing import OUTCOMES, close_payment, closing_record, own_record
from tongbao.terminal.core.items import day_change, find_item
from tongbao.terminal.core.pending_work import Work, WorkKind
from tongbao.terminal.core.vocabulary import Cue, Outcome
from tongbao.wire.unionpay.transactions import ADJUSTMENT, COMPLETION_ADVICE, OFFLINE_SALE, TIP

if TYPE_CHECKING:
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.records import PaymentIntended
    from tongbao.terminal.core.turn import Equipment, Turn

_REMARK: Final = "已存储，待上送 STORED, TO BE SENT"
_STORED_KINDS: Final = frozenset(
    one.kind for one in (OFFLINE_SALE, ADJUSTMENT, TIP, COMPLETION_ADVICE)
)


def can_be_stored(intent: PaymentIntended) -> bool:
    """Whether a payment is an advice that may be told later."""
    return intent.payment_kind in _STORED_KINDS


def store_advice(equipment: Equipment, turn: Turn, intent: PaymentIntended) -> None:
    """Put an advice on record that nobody has answered, and into the queue."""
    stored = replace(own_record(turn, intent, "stored", ""), remark=_REMARK)
    close_payment(equipment, turn, intent, stored)
    item = find_item(turn.state.items, intent.batch, intent.trace)
    assert item is not None  # noqa: S101 - it was just closed
    work = Work(kind=WorkKind.ADVICE, item=item, since=turn.host_now)
    turn.change(work=turn.state.work.added(work))


def advice_delivered(equipment: Equipment, turn: Turn, work: Work, answer: Answer) -> None:
    """Put the host's answer to a stored advice on record; a refusal takes it out of the totals."""
    intent = work.item.intent
    closed = closing_record(equipment, turn, answer, intent)
    outcome = OUTCOMES[closed.outcome]
    turn.persist(closed)
    state = turn.state
    today = state.today
    if outcome is not Outcome.APPROVED:
        count, amount_minor = day_change(state.items, intent)
        today = today.plus(work.item.closed.local_date, -count, -amount_minor)
        turn.sound(Cue.ERROR)
    turn.change(
        today=today,
        work=state.work.removed(work.identity),
        items=tuple(
            replace(item, outcome=outcome, closed=closed) if item.key == work.item.key else item
            for item in state.items
        ),
        recent=tuple(
            replace(line, outcome=outcome)
            if (line.batch, line.trace) == (work.batch, work.trace)
            else line
            for line in state.recent
        ),
    )
