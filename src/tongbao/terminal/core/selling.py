"""A sale by stripe with PIN, up to its outcome or its doubt.

Spec: UnionPay terminal dialect, 3.5, 4 and 7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.domain.ids import OperatorNo, Stan
from tongbao.domain.money import Currency
from tongbao.terminal.core.messages import SWIPE_WITH_PIN, MacCheck
from tongbao.terminal.core.records import SaleClosed, SaleIntended
from tongbao.terminal.core.responses import ResponseKind, response_kind, response_words
from tongbao.terminal.core.reversing import SIGN_IN_CODES, begin_row, open_doubt
from tongbao.terminal.core.signing_in import begin_sign_in, local_moment
from tongbao.terminal.core.slips import print_jobs, sale_slips
from tongbao.terminal.core.state import (
    RECENT_MAX,
    ExchangeKind,
    Notice,
    RecentSale,
    Result,
    SaleDraft,
)
from tongbao.terminal.core.vocabulary import (
    Cue,
    Outcome,
    Part,
    Phase,
    ReversalReason,
    TimerKind,
)
from tongbao.terminal.core.wording import (
    ASK_AGAIN,
    BAD_AMOUNT,
    CARD_LATE,
    CARD_UNUSABLE,
    CHECK_NETWORK,
    DOUBT_OPEN,
    NOT_SENT,
    NOT_SIGNED_IN,
    OTHER_CARD,
    PIN_LATE,
    READER_BROKEN,
)
from tongbao.wire.unionpay.transactions import SALE

if TYPE_CHECKING:
    from tongbao.domain.secrets import Pin, Track2
    from tongbao.terminal.core.events import Cancel, CardSwiped, PinEntered, StartSale, Timeout
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.turn import Equipment, Turn

_MAC_REFUSED: Final = "A0"


def start_sale(equipment: Equipment, turn: Turn, event: StartSale) -> None:
    """Take the amount and wait for the card, unless something stands in the way."""
    state = turn.state
    if state.doubt is not None:
        turn.refuse(DOUBT_OPEN)
        if state.exchange is None:
            # A sale is an online act: the reversal goes first.
            begin_row(equipment, turn)
        return
    refusal = _why_not(equipment, turn, event)
    if refusal is not None:
        turn.refuse(refusal)
        return
    turn.go(Phase.CARD, sale=SaleDraft(event.command_id, event.amount), result=None)
    turn.start_timer(TimerKind.CARD, equipment.settings.card_timeout_ms)


def card_swiped(equipment: Equipment, turn: Turn, event: CardSwiped) -> None:
    """Keep the track in memory until the PIN is there."""
    sale = _draft(turn)
    turn.stop_timer(TimerKind.CARD)
    turn.go(Phase.PIN, sale=replace(sale, track=event.track))
    turn.start_timer(TimerKind.PIN, equipment.settings.pin_timeout_ms)
    turn.sound(Cue.KEY)


def pin_entered(equipment: Equipment, turn: Turn, event: PinEntered) -> None:
    """Put the intent on record and send the sale; PIN and track end here."""
    sale = _draft(turn)
    assert sale.track is not None  # noqa: S101 - the phase PIN begins with the track
    turn.stop_timer(TimerKind.PIN)
    if not _send_sale(equipment, turn, sale, sale.track, event.pin):
        _drop_sale(turn, CARD_UNUSABLE, OTHER_CARD)


def cancel_sale(_equipment: Equipment, turn: Turn, _event: Cancel) -> None:
    """Break off a sale that was not sent."""
    turn.stop_timer(TimerKind.CARD)
    turn.stop_timer(TimerKind.PIN)
    turn.go(Phase.IDLE, sale=None)


def card_timeout(_equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """No card came."""
    _drop_sale(turn, CARD_LATE, ASK_AGAIN)


def pin_timeout(_equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """No PIN came; the track is forgotten."""
    _drop_sale(turn, PIN_LATE, ASK_AGAIN)


def take_sale_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Decide what the answer says: approved, declined, or nobody knows.

    Only an authentic 00 is an approval. Other codes of the approved class, 98 and 68, an unknown
    code that nobody signed, and a wrong MAC leave the sale in doubt, on either side (A0). Any other
    decline may lack its MAC only where the host's profile says that its declines have none: else
    somebody in the line made it, or the host speaks of a copy that it never looked into.

    Spec: UnionPay terminal dialect, 3.0.2 and 4.
    """
    intent = sale_intent(turn)
    code = answer.text(39)
    mac = equipment.messages.check_mac(answer)
    kind = response_kind(code)
    if mac is MacCheck.WRONG:
        open_doubt(equipment, turn, intent, ReversalReason.WRONG_MAC)
    elif code == _MAC_REFUSED:
        # The host speaks of one copy of the message. Another may have come before the keys were
        # replaced and be approved: reversed under new keys, and not taken for a decline.
        turn.change(signed_in=False)
        open_doubt(equipment, turn, intent, ReversalReason.OTHER, code)
    elif kind is ResponseKind.NO_ANSWER:
        open_doubt(equipment, turn, intent, ReversalReason.NO_ANSWER, code)
    elif mac is MacCheck.MISSING and (
        kind is not ResponseKind.DECLINED or equipment.settings.profile.mac_in_declines
    ):
        open_doubt(equipment, turn, intent, ReversalReason.WRONG_MAC, code)
    elif kind is ResponseKind.UNCERTAIN:
        open_doubt(equipment, turn, intent, ReversalReason.OTHER, code)
    else:
        _close_sale(equipment, turn, intent, _closing(turn, answer, intent, code))
        if code in SIGN_IN_CODES or answer.wants_sign_in:
            begin_sign_in(equipment, turn)


def sale_not_sent(equipment: Equipment, turn: Turn) -> None:
    """Not a byte went out: the sale is closed, nothing is in doubt."""
    intent = sale_intent(turn)
    now = turn.host_now.local()
    closed = SaleClosed(
        trace=intent.trace,
        batch=intent.batch,
        outcome="not_sent",
        code="",
        local_date=f"{now:%Y%m%d}",
        local_time=f"{now:%H%M%S}",
    )
    _close_sale(equipment, turn, intent, closed)


def sale_intent(turn: Turn) -> SaleIntended:
    """Return the sale in flight."""
    intent = turn.state.intent
    assert intent is not None  # noqa: S101 - the phase AUTHORISING begins with the intent
    return intent


def _why_not(equipment: Equipment, turn: Turn, event: StartSale) -> Notice | None:
    amount = event.amount
    if not turn.state.works(Part.READER):
        return READER_BROKEN
    if not turn.state.signed_in:
        return NOT_SIGNED_IN
    if amount.currency is not Currency.CNY:
        return BAD_AMOUNT
    if not 1 <= amount.minor <= equipment.settings.sale_limit_minor:
        return BAD_AMOUNT
    return None


def _send_sale(equipment: Equipment, turn: Turn, sale: SaleDraft, track: Track2, pin: Pin) -> bool:
    state = turn.state
    operator = state.operator or OperatorNo("00")
    trace = state.next_trace
    intent = SaleIntended(
        command_id=sale.command_id,
        trace=trace.value,
        batch=state.batch.value,
        amount_minor=sale.amount.minor,
        currency=sale.amount.currency.number,
        card_masked=track.pan.masked,
        entry_mode=SWIPE_WITH_PIN,
        processing_code=SALE.processing_code or "",
        condition_code=SALE.condition or "",
        field60=equipment.messages.sale_field60(state.batch),
        operator=operator.value,
        merchant_id=equipment.settings.merchant_id.value,
    )
    try:
        frame = equipment.messages.sale(intent, track, pin)
    except CryptoError:
        return False
    turn.take_trace()
    turn.persist(intent)
    turn.go(Phase.AUTHORISING, sale=None, intent=intent)
    turn.send(ExchangeKind.SALE, trace, frame)
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)
    return True


def _closing(turn: Turn, answer: Answer, intent: SaleIntended, code: str) -> SaleClosed:
    moment = local_moment(answer, turn.host_now) or turn.host_now.local()
    institutions = answer.exact(44) or ""
    last_field = answer.exact(63) or ""
    return SaleClosed(
        trace=intent.trace,
        batch=intent.batch,
        outcome="approved" if code == "00" else "declined",
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


def _close_sale(equipment: Equipment, turn: Turn, intent: SaleIntended, closed: SaleClosed) -> None:
    turn.persist(closed)
    turn.stop_timer(TimerKind.HOST)
    outcome, words, action, cue = _verdict(closed)
    state = turn.state
    today = state.today
    if outcome is Outcome.APPROVED:
        today = today.plus(closed.local_date, intent.amount_minor)
    line = RecentSale(
        intent.batch,
        intent.trace,
        intent.amount_minor,
        intent.card_masked,
        outcome,
        turn.host_now,
    )
    result = Result(
        outcome=outcome,
        words=words,
        action=action,
        amount=intent.amount,
        card_masked=intent.card_masked,
        trace=Stan(intent.trace),
        auth_code=closed.auth_code or None,
        rrn=closed.rrn or None,
    )
    turn.go(
        Phase.RESULT,
        intent=None,
        exchange=None,
        today=today,
        recent=(line, *state.recent)[:RECENT_MAX],
        result=result,
    )
    if outcome is Outcome.APPROVED:
        print_jobs(turn, sale_slips(equipment.settings, intent, closed))
    turn.sound(cue)


def _verdict(closed: SaleClosed) -> tuple[Outcome, Notice, Notice, Cue]:
    if closed.outcome == "not_sent":
        return Outcome.CANCELLED, NOT_SENT, CHECK_NETWORK, Cue.ERROR
    words, action = response_words(closed.code)
    if closed.remark:
        # The host's own text replaces the table's, see F63.2.
        words = Notice(words.code, closed.remark, words.en)
    if closed.outcome == "approved":
        return Outcome.APPROVED, words, action, Cue.APPROVED
    return Outcome.DECLINED, words, action, Cue.DECLINED


def _drop_sale(turn: Turn, words: Notice, action: Notice) -> None:
    sale = _draft(turn)
    turn.go(
        Phase.RESULT,
        sale=None,
        result=Result(outcome=Outcome.CANCELLED, words=words, action=action, amount=sale.amount),
    )
    turn.sound(Cue.ERROR)


def _draft(turn: Turn) -> SaleDraft:
    sale = turn.state.sale
    assert sale is not None  # noqa: S101 - callers stand in the phases CARD and PIN
    return sale
