"""The end of a payment: put on record, then shown, printed and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import BatchNo, Stan
from tongbao.terminal.core.items import BatchItem, day_change
from tongbao.terminal.core.records import PaymentClosed, PaymentIntended
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.core.scripts import note_script
from tongbao.terminal.core.signing_in import local_moment
from tongbao.terminal.core.slips import payment_slips, print_jobs
from tongbao.terminal.core.state import RECENT_MAX, Notice, RecentPayment, Result
from tongbao.terminal.core.vocabulary import Cue, Outcome, Phase, TimerKind
from tongbao.terminal.core.wording import (
    CHECK_NETWORK,
    NO_ANSWER,
    NOT_SENT,
    STORED,
    TRY_AGAIN,
    WILL_BE_SENT,
    with_code,
)
from tongbao.wire.unionpay.structured.field54 import AdditionalAmounts

if TYPE_CHECKING:
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.turn import Equipment, Turn

OUTCOMES: Final = {
    "approved": Outcome.APPROVED,
    "declined": Outcome.DECLINED,
    "stored": Outcome.APPROVED,
    "not_sent": Outcome.CANCELLED,
    "no_answer": Outcome.CANCELLED,
}
_LEDGER_BALANCE: Final = "01"
_AVAILABLE_BALANCE: Final = "02"


def closing_record(
    equipment: Equipment, turn: Turn, answer: Answer, intent: PaymentIntended
) -> PaymentClosed:
    """Return the record of an answer that settles a payment."""
    code = answer.text(39)
    moment = local_moment(answer, turn.host_now) or turn.host_now.local()
    institutions = answer.exact(44) or ""
    last_field = answer.exact(63) or ""
    return PaymentClosed(
        trace=intent.trace,
        batch=intent.batch,
        outcome="approved" if equipment.settings.profile.is_approval(code) else "declined",
        code=code,
        auth_code=answer.text(38),
        rrn=answer.text(37),
        local_date=f"{moment:%Y%m%d}",
        local_time=f"{moment:%H%M%S}",
        issuer=institutions[:11].strip(),
        acquirer=institutions[11:22].strip(),
        organisation=last_field[:3],
        remark=" ".join(last_field[3:].split()),
    )


def silent_record(turn: Turn, intent: PaymentIntended, code: str = "") -> PaymentClosed:
    """Return the record of a question that got no answer to rely on; no money has moved."""
    return own_record(turn, intent, "no_answer", code)


def payment_not_sent(equipment: Equipment, turn: Turn, intent: PaymentIntended) -> None:
    """Not a byte went out: the payment is closed, nothing is in doubt."""
    close_payment(equipment, turn, intent, own_record(turn, intent, "not_sent", ""))


def close_payment(
    equipment: Equipment,
    turn: Turn,
    intent: PaymentIntended,
    closed: PaymentClosed,
    answer: Answer | None = None,
) -> None:
    """Put the end of a payment on record, then show and print it."""
    turn.persist(closed)
    turn.stop_timer(TimerKind.HOST)
    outcome, words, action, cue = _verdict(closed)
    state = turn.state
    today = state.today
    if outcome is Outcome.APPROVED:
        today = today.plus(closed.local_date, *day_change(state.items, intent))
    ledger_minor, available_minor = _balances(answer)
    result = Result(
        outcome=outcome,
        words=words,
        action=action,
        amount=intent.amount,
        card_masked=intent.card_masked,
        trace=Stan(intent.trace),
        auth_code=closed.auth_code or None,
        rrn=closed.rrn or None,
        payment_kind=intent.payment_kind,
        batch=intent.batch,
        tip_minor=intent.tip_minor,
        original_trace=intent.original_trace or None,
        balance_minor=ledger_minor if outcome is Outcome.APPROVED else None,
        available_minor=available_minor if outcome is Outcome.APPROVED else None,
    )
    turn.go(
        Phase.RESULT,
        intent=None,
        exchange=None,
        doubt=None,
        today=today,
        result=result,
    )
    item = BatchItem(intent, outcome, closed, turn.now)
    add_item(turn, item)
    if answer is not None:
        note_script(turn, item, answer)
    if outcome is Outcome.APPROVED:
        print_jobs(turn, payment_slips(equipment.settings, intent, closed))
    turn.sound(cue)


def add_item(turn: Turn, item: BatchItem) -> None:
    """Put a closed payment among the items of the open batch and on top of the last payments."""
    state, intent = turn.state, item.intent
    line = RecentPayment(
        intent.batch,
        intent.trace,
        intent.amount_minor,
        intent.card_masked,
        item.outcome,
        turn.host_now,
        payment_kind=intent.payment_kind,
    )
    items = state.items
    if BatchNo(intent.batch) == state.batch:
        items = (*items, item)
    turn.change(recent=(line, *state.recent)[:RECENT_MAX], items=items)


def drop_payment(turn: Turn, words: Notice, action: Notice) -> None:
    """End a payment that was never put on record, in words."""
    draft = turn.state.draft
    assert draft is not None  # noqa: S101 - a payment that was not sent is a draft
    turn.go(
        Phase.RESULT,
        draft=None,
        result=Result(
            outcome=Outcome.CANCELLED,
            words=words,
            action=action,
            amount=draft.amount,
            payment_kind=draft.payment_kind,
        ),
    )
    turn.sound(Cue.ERROR)


def own_record(turn: Turn, intent: PaymentIntended, outcome: str, code: str) -> PaymentClosed:
    """Return the record of an end that the terminal itself knows."""
    now = turn.host_now.local()
    return PaymentClosed(
        trace=intent.trace,
        batch=intent.batch,
        outcome=outcome,
        code=code,
        local_date=f"{now:%Y%m%d}",
        local_time=f"{now:%H%M%S}",
    )


def _verdict(closed: PaymentClosed) -> tuple[Outcome, Notice, Notice, Cue]:
    outcome = OUTCOMES[closed.outcome]
    if closed.outcome == "stored":
        return outcome, STORED, WILL_BE_SENT, Cue.APPROVED
    if closed.outcome == "not_sent":
        return outcome, NOT_SENT, CHECK_NETWORK, Cue.ERROR
    if closed.outcome == "no_answer":
        words = with_code(NO_ANSWER, closed.code) if closed.code else NO_ANSWER
        return outcome, words, TRY_AGAIN, Cue.ERROR
    words, action = response_words(closed.code)
    if closed.remark:
        # The host's own text replaces the table's, see F63.2.
        words = Notice(words.code, closed.remark, words.en)
    cue = Cue.APPROVED if outcome is Outcome.APPROVED else Cue.DECLINED
    return outcome, words, action, cue


def _balances(answer: Answer | None) -> tuple[int | None, int | None]:
    """Return ledger and available balance of field 54; a field that makes no sense has neither."""
    if answer is None:
        return None, None
    try:
        amounts = AdditionalAmounts.parse(answer.exact(54) or "").amounts
    except ProtocolError:
        return None, None
    found = {amount.amount_type: amount.amount_minor for amount in amounts}
    return found.get(_LEDGER_BALANCE), found.get(_AVAILABLE_BALANCE)
