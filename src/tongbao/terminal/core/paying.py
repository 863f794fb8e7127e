"""A payment from its card to its outcome or its doubt, the same way for every kind.

Spec: UnionPay terminal dialect, 3.0 to 3.6, 4 and 7.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tongbao.crypto.errors import CryptoError
from tongbao.domain.ids import OperatorNo
from tongbao.terminal.core.closing import (
    close_payment,
    closing_record,
    drop_payment,
    silent_record,
)
from tongbao.terminal.core.downloading import is_blacklisted
from tongbao.terminal.core.kinds import RULE_OF, PinUse
from tongbao.terminal.core.messages import Answer, Parts
from tongbao.terminal.core.records import CancelRequested, PaymentIntended
from tongbao.terminal.core.reversing import open_doubt
from tongbao.terminal.core.signing_in import begin_sign_in
from tongbao.terminal.core.state import CardRead, ExchangeKind, PaymentDraft
from tongbao.terminal.core.stored_advices import can_be_stored, store_advice
from tongbao.terminal.core.verdicts import SIGN_IN_CODES, why_unsettled
from tongbao.terminal.core.vocabulary import Cue, Phase, ReversalReason, TimerKind
from tongbao.terminal.core.wording import (
    ASK_AGAIN,
    BAD_CARD_NUMBER,
    BLACKLISTED,
    CARD_EXPIRED,
    CARD_LATE,
    CARD_UNUSABLE,
    NOT_KEYED,
    NOT_THE_SAME_CARD,
    OTHER_CARD,
    PIN_LATE,
    PIN_NEEDED,
    SWIPE_NOT_HERE,
)
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from tongbao.domain.secrets import Pan, Pin
    from tongbao.terminal.core.events import (
        Cancel,
        CardEntered,
        CardSwiped,
        PinEntered,
        PinSkipped,
        Timeout,
    )
    from tongbao.terminal.core.kinds import PaymentRule
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.terminal.settings import TerminalSettings


def begin_payment(equipment: Equipment, turn: Turn, draft: PaymentDraft) -> None:
    """Wait for the card of a payment, or send it at once when the card is known."""
    turn.change(draft=draft, result=None, found=None, cancel_requested=False)
    if RULE_OF[draft.payment_kind].needs_card(equipment.settings):
        turn.go(Phase.CARD)
        turn.start_timer(TimerKind.CARD, equipment.settings.card_timeout_ms)
    else:
        _send_or_drop(equipment, turn, draft, None)


def card_entries(settings: TerminalSettings, payment_kind: str) -> tuple[str, ...]:
    """Return how the card of a payment may be read: "swipe", "keyed" or both."""
    keyed = ("keyed",) if settings.on_screen_card_entry else ()
    return keyed if RULE_OF[payment_kind].is_keyed_only else ("swipe", *keyed)


def card_swiped(equipment: Equipment, turn: Turn, event: CardSwiped) -> None:
    """Keep the track in memory until the PIN is there."""
    if "swipe" not in card_entries(equipment.settings, _draft(turn).payment_kind):
        turn.refuse(SWIPE_NOT_HERE)
        return
    _card_read(equipment, turn, CardRead(event.track.pan, event.track))


def card_entered(equipment: Equipment, turn: Turn, event: CardEntered) -> None:
    """Take a keyed card number after its check digit and its expiry fit."""
    if "keyed" not in card_entries(equipment.settings, _draft(turn).payment_kind):
        turn.refuse(NOT_KEYED)
    elif not event.pan.luhn_valid:
        turn.refuse(BAD_CARD_NUMBER)
    elif _is_expired(turn, event.expiry):
        turn.refuse(CARD_EXPIRED)
    else:
        _card_read(equipment, turn, CardRead(event.pan, None, event.expiry))


def pin_entered(equipment: Equipment, turn: Turn, event: PinEntered) -> None:
    """Put the intent on record and send the payment; PIN and track end here."""
    turn.stop_timer(TimerKind.PIN)
    _send_or_drop(equipment, turn, _draft(turn), event.pin)


def pin_skipped(equipment: Equipment, turn: Turn, _event: PinSkipped) -> None:
    """Send the payment without a PIN where its kind allows that."""
    draft = _draft(turn)
    if RULE_OF[draft.payment_kind].pin_use(equipment.settings) is not PinUse.OPTIONAL:
        turn.refuse(PIN_NEEDED)
        return
    turn.stop_timer(TimerKind.PIN)
    _send_or_drop(equipment, turn, draft, None)


def cancel_payment(_equipment: Equipment, turn: Turn, _event: Cancel) -> None:
    """Break off a payment that was not sent."""
    turn.stop_timer(TimerKind.CARD)
    turn.stop_timer(TimerKind.PIN)
    turn.go(Phase.IDLE, draft=None)


def request_cancel(_equipment: Equipment, turn: Turn, _event: Cancel) -> None:
    """Put on record that the operator wants to cancel what is on its way; the answer decides."""
    intent = open_intent(turn)
    if not turn.state.cancel_requested:
        turn.persist(CancelRequested(trace=intent.trace, batch=intent.batch))
        turn.change(cancel_requested=True)


def card_timeout(_equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """No card came."""
    drop_payment(turn, CARD_LATE, ASK_AGAIN)


def pin_timeout(_equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """No PIN came; the track is forgotten."""
    drop_payment(turn, PIN_LATE, ASK_AGAIN)


def take_payment_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Decide what the answer says: approved, declined, or nobody knows."""
    code = answer.text(39)
    unsettled = why_unsettled(equipment, answer)
    if code in SIGN_IN_CODES:
        turn.change(signed_in=False)
    if unsettled is not None:
        no_result(equipment, turn, *unsettled)
        return
    intent = open_intent(turn)
    close_payment(equipment, turn, intent, closing_record(equipment, turn, answer, intent), answer)
    if code in SIGN_IN_CODES or answer.wants_sign_in:
        begin_sign_in(equipment, turn)


def no_result(equipment: Equipment, turn: Turn, reason: ReversalReason, code: str = "") -> None:
    """Nobody knows what became of the payment; a mere question is closed, all else is a doubt."""
    intent = open_intent(turn)
    if can_be_stored(intent):
        store_advice(equipment, turn, intent)
    elif RULE_OF[intent.payment_kind].resolution is Resolution.NONE:
        close_payment(equipment, turn, intent, silent_record(turn, intent, code))
    else:
        open_doubt(equipment, turn, intent, reason, code)


def open_intent(turn: Turn) -> PaymentIntended:
    """Return the payment in flight."""
    intent = turn.state.intent
    assert intent is not None  # noqa: S101 - the phase AUTHORISING begins with the intent
    return intent


def _card_read(equipment: Equipment, turn: Turn, card: CardRead) -> None:
    draft = _draft(turn)
    expected = draft.original.card_masked
    if expected and card.pan.masked != expected:
        turn.refuse(NOT_THE_SAME_CARD)
        turn.sound(Cue.ERROR)
        return
    turn.stop_timer(TimerKind.CARD)
    if RULE_OF[draft.payment_kind].refuses_blacklisted and is_blacklisted(
        equipment, turn, card.pan
    ):
        drop_payment(turn, BLACKLISTED, OTHER_CARD)
        return
    turn.sound(Cue.KEY)
    draft = replace(draft, card=card)
    turn.change(draft=draft)
    if RULE_OF[draft.payment_kind].pin_use(equipment.settings) is PinUse.NEVER:
        _send_or_drop(equipment, turn, draft, None)
        return
    turn.go(Phase.PIN)
    turn.start_timer(TimerKind.PIN, equipment.settings.pin_timeout_ms)


def _is_expired(turn: Turn, expiry: str) -> bool:
    today = turn.host_now.local()
    return expiry < f"{today:%y%m}"


def _send_or_drop(equipment: Equipment, turn: Turn, draft: PaymentDraft, pin: Pin | None) -> None:
    if not _send_payment(equipment, turn, draft, pin):
        drop_payment(turn, CARD_UNUSABLE, OTHER_CARD)


def _send_payment(equipment: Equipment, turn: Turn, draft: PaymentDraft, pin: Pin | None) -> bool:
    trace = turn.state.next_trace
    try:
        known = _known_card(equipment, draft)
        intent = _intent(equipment, turn, draft, has_pin=pin is not None, known=known)
        frame = equipment.messages.payment(intent, Parts(draft.card, pin, known))
    except CryptoError:
        return False
    turn.take_trace()
    turn.persist(intent)
    turn.go(Phase.AUTHORISING, draft=None, intent=intent)
    turn.send(ExchangeKind.PAYMENT, trace, frame)
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)
    return True


def _intent(
    equipment: Equipment, turn: Turn, draft: PaymentDraft, *, has_pin: bool, known: Pan | None
) -> PaymentIntended:
    state, messages = turn.state, equipment.messages
    rule, card, original = RULE_OF[draft.payment_kind], draft.card, draft.original
    pan = card.pan if card else known
    trace = state.next_trace
    return PaymentIntended(
        command_id=draft.command_id,
        trace=trace.value,
        batch=state.batch.value,
        payment_kind=rule.kind,
        amount_minor=draft.amount.minor,
        tip_minor=draft.tip.minor,
        currency=draft.amount.currency.number,
        card_masked=card.pan.masked if card else original.card_masked,
        entry_mode=messages.entry_mode(card, has_pin=has_pin),
        processing_code=rule.transaction.processing_code or "",
        condition_code=rule.transaction.condition or "",
        field60=messages.field60(rule, state.batch),
        field61=messages.field61(rule, original),
        field63=messages.field63(rule, original),
        operator=(state.operator or OperatorNo("00")).value,
        approver=draft.approver,
        merchant_id=equipment.settings.merchant_id.value,
        sealed_card=_sealed_card(equipment, state, rule, pan),
        original_batch=original.batch,
        original_trace=original.trace,
        original_date=original.date,
        original_rrn=original.rrn,
        original_auth_code=original.auth_code,
    )


def _known_card(equipment: Equipment, draft: PaymentDraft) -> Pan | None:
    """Return the number of a card that is not read again.

    Raises: CryptoError when it was not kept: the message would name no card.
    """
    if draft.card is not None:
        return None
    original = draft.original
    pan = equipment.seal.open_from(original.batch, original.trace, original.sealed_card)
    if pan is None:
        raise CryptoError("the card number of the original was not kept")
    return pan


def _sealed_card(
    equipment: Equipment, state: TerminalState, rule: PaymentRule, pan: Pan | None
) -> str:
    """Return the card number sealed for this payment, of which a question keeps none."""
    if pan is None or rule.resolution is Resolution.NONE:
        return ""
    return equipment.seal.seal(state.batch.value, state.next_trace.value, pan)


def _draft(turn: Turn) -> PaymentDraft:
    draft = turn.state.draft
    assert draft is not None  # noqa: S101 - callers stand in the phases CARD and PIN
    return draft
