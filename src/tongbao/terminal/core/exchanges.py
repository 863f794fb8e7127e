"""What comes from the line: answers, failures and silence, handed to whoever waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.closing import payment_not_sent
from tongbao.terminal.core.effects import RenewLink
from tongbao.terminal.core.paying import no_result, open_intent, take_payment_answer
from tongbao.terminal.core.records import StrayAnswer
from tongbao.terminal.core.reversing import (
    attempt_failed,
    begin_row,
    rest,
    send_reversal,
    take_repeat_answer,
    take_reversal_answer,
)
from tongbao.terminal.core.signing_in import begin_sign_in, end_sign_in, take_sign_in_answer
from tongbao.terminal.core.state import ExchangeKind, Notice
from tongbao.terminal.core.vocabulary import Cue, Phase, ReversalReason, Silence
from tongbao.terminal.core.wording import CONNECTION_LOST, NO_ANSWER, NO_CONNECTION, STOPPED

if TYPE_CHECKING:
    from tongbao.terminal.core.events import (
        Cancel,
        FrameReceived,
        LinkDown,
        LinkUp,
        SendFailed,
        SignIn,
        Timeout,
    )
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.turn import Equipment, Turn

# A host that has gone mad must not fill the journal with stray answers.
_STRAYS_MAX: Final = 20
_SILENCE_WORDS: Final = {
    Silence.NOT_SENT: NO_CONNECTION,
    Silence.LINE_BROKE: CONNECTION_LOST,
    Silence.TIMEOUT: NO_ANSWER,
}


def sign_in(equipment: Equipment, turn: Turn, _event: SignIn) -> None:
    """Sign in by an operator's wish."""
    enter_sign_in(equipment, turn)


def enter_sign_in(equipment: Equipment, turn: Turn) -> None:
    """Show the sign-in while it runs; back to the till at once when it cannot even begin."""
    turn.go(Phase.SIGNING_IN, result=None)
    if not begin_sign_in(equipment, turn):
        turn.go(Phase.IDLE)
        turn.sound(Cue.ERROR)
        rest(equipment, turn)


def cancel_sign_in(equipment: Equipment, turn: Turn, _event: Cancel) -> None:
    """Stop waiting for the sign-in."""
    _sign_in_failed(equipment, turn, STOPPED, None)


def frame_received(equipment: Equipment, turn: Turn, event: FrameReceived) -> None:
    """Give an answer to the exchange that waits for it; everything else is only put on record."""
    answer = equipment.messages.read(event.frame)
    if answer is None:
        return
    exchange = turn.state.exchange
    if exchange is None or not _belongs(equipment, turn, answer):
        _note_stray(turn, answer)
    elif exchange.kind is ExchangeKind.PAYMENT:
        take_payment_answer(equipment, turn, answer)
    elif exchange.kind is ExchangeKind.REVERSAL:
        take_reversal_answer(equipment, turn, answer)
    elif exchange.kind is ExchangeKind.REPEAT:
        take_repeat_answer(equipment, turn, answer)
    elif take_sign_in_answer(equipment, turn, answer):
        _signed_in(equipment, turn)
    else:
        _after_failed_sign_in(equipment, turn, None)


def stray_frame(equipment: Equipment, turn: Turn, event: FrameReceived) -> None:
    """Put an answer on record that nobody waits for."""
    answer = equipment.messages.read(event.frame)
    if answer is not None:
        _note_stray(turn, answer)


def send_failed(equipment: Equipment, turn: Turn, event: SendFailed) -> None:
    """A message did not go out, or nobody knows; news of an earlier message is ignored."""
    exchange = turn.state.exchange
    if exchange is None or exchange.ticket != event.ticket:
        return
    turn.change(link_up=False)
    _no_answer_will_come(equipment, turn, Silence.LINE_BROKE if event.sent else Silence.NOT_SENT)


def link_down(equipment: Equipment, turn: Turn, event: LinkDown) -> None:
    """The connection is gone; an answer that was to come over it will not come."""
    turn.change(link_up=False)
    exchange = turn.state.exchange
    if exchange is not None and exchange.ticket in event.tickets:
        _no_answer_will_come(equipment, turn, Silence.LINE_BROKE)


def host_timeout(equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """No answer in time: the connection is silent, so it is made anew."""
    turn.do(RenewLink())
    _no_answer_will_come(equipment, turn, Silence.TIMEOUT)


def note_link_up(_equipment: Equipment, turn: Turn, _event: LinkUp) -> None:
    """Remember that the host can be reached."""
    turn.change(link_up=True)


def note_link_down(_equipment: Equipment, turn: Turn, _event: LinkDown) -> None:
    """Remember that the host cannot be reached."""
    turn.change(link_up=False)


def _no_answer_will_come(equipment: Equipment, turn: Turn, silence: Silence) -> None:
    exchange = turn.state.exchange
    assert exchange is not None  # noqa: S101 - callers have found the exchange
    if exchange.kind is ExchangeKind.SIGN_IN:
        _sign_in_failed(equipment, turn, _SILENCE_WORDS[silence], silence)
    elif exchange.kind is not ExchangeKind.PAYMENT:
        attempt_failed(equipment, turn, silence.value, silence)
    elif silence is Silence.NOT_SENT:
        payment_not_sent(equipment, turn, open_intent(turn))
    else:
        no_result(equipment, turn, ReversalReason.NO_ANSWER)


def _belongs(equipment: Equipment, turn: Turn, answer: Answer) -> bool:
    state = turn.state
    exchange, doubt = state.exchange, state.doubt
    messages = equipment.messages
    if exchange is None:
        return False
    if exchange.kind is ExchangeKind.PAYMENT:
        return state.intent is not None and messages.is_for_payment(answer, state.intent)
    if exchange.kind is ExchangeKind.REVERSAL:
        return doubt is not None and messages.is_for_reversal(answer, doubt.intent)
    if exchange.kind is ExchangeKind.REPEAT:
        return doubt is not None and messages.is_for_payment(answer, doubt.intent)
    return messages.is_for(answer, "0810", exchange.trace)


def _note_stray(turn: Turn, answer: Answer) -> None:
    if turn.state.strays >= _STRAYS_MAX:
        return
    turn.change(strays=turn.state.strays + 1)
    turn.persist(StrayAnswer(mti=answer.message.mti, trace=answer.text(11), code=answer.text(39)))


def _signed_in(equipment: Equipment, turn: Turn) -> None:
    phase = turn.state.phase
    if turn.state.doubt is None:
        turn.go(Phase.IDLE if phase is Phase.SIGNING_IN else phase)
    elif phase is Phase.REVERSING:
        send_reversal(equipment, turn)
    else:
        # The first online act after a sign-in is the reversal.
        begin_row(equipment, turn)


def _sign_in_failed(
    equipment: Equipment, turn: Turn, notice: Notice, silence: Silence | None
) -> None:
    end_sign_in(turn, notice, notice.code)
    _after_failed_sign_in(equipment, turn, silence)


def _after_failed_sign_in(equipment: Equipment, turn: Turn, silence: Silence | None) -> None:
    phase = turn.state.phase
    if phase is Phase.REVERSING:
        attempt_failed(equipment, turn, "sign_in", silence)
    elif phase is Phase.SIGNING_IN:
        turn.go(Phase.IDLE)
        turn.sound(Cue.ERROR)
        rest(equipment, turn)
