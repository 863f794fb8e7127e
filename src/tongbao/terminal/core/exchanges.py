"""What comes from the line: answers, failures and silence, handed to whoever waits for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core import settling
from tongbao.terminal.core.closing import payment_not_sent
from tongbao.terminal.core.downloading import (
    belongs_to_download,
    loading_silent,
    take_loading_answer,
)
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
from tongbao.terminal.core.services import (
    belongs_to_service,
    service_failed,
    take_service_answer,
)
from tongbao.terminal.core.signing_in import (
    begin_sign_in,
    end_sign_in,
    is_settling,
    take_sign_in_answer,
)
from tongbao.terminal.core.state import Exchange, ExchangeKind, Notice, TerminalState
from tongbao.terminal.core.stored_advices import can_be_stored
from tongbao.terminal.core.vocabulary import Cue, Phase, ReversalReason, Silence
from tongbao.terminal.core.wording import CONNECTION_LOST, NO_ANSWER, NO_CONNECTION, STOPPED
from tongbao.terminal.core.working import belongs_to_work, take_work_answer, work_failed

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
        turn.go_home()
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
        return
    _note_act(turn, exchange, answer)
    _TAKERS[exchange.kind](equipment, turn, answer)


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
    kind = exchange.kind
    if kind is ExchangeKind.SIGN_IN:
        _sign_in_failed(equipment, turn, _SILENCE_WORDS[silence], silence)
    elif kind in _SETTLEMENT:
        settling.no_answer(equipment, turn, silence)
    elif kind is ExchangeKind.WORK:
        work_failed(equipment, turn, exchange.subject, silence.value)
        if turn.state.phase is Phase.SETTLING:
            settling.work_silent(turn, silence)
    elif kind is ExchangeKind.DOWNLOAD:
        loading_silent(equipment, turn, _SILENCE_WORDS[silence])
    elif kind in _SERVICES:
        service_failed(turn, _SILENCE_WORDS[silence])
        _after_service(equipment, turn)
    elif kind is not ExchangeKind.PAYMENT:
        attempt_failed(equipment, turn, silence.value, silence)
    elif silence is Silence.NOT_SENT and not can_be_stored(open_intent(turn)):
        payment_not_sent(equipment, turn, open_intent(turn))
    else:
        no_result(equipment, turn, ReversalReason.NO_ANSWER)


def _take_sign_in(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    if take_sign_in_answer(equipment, turn, answer):
        _signed_in(equipment, turn)
    else:
        _after_failed_sign_in(equipment, turn, None)


def _take_work(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    take_work_answer(equipment, turn, answer)
    if turn.state.phase is Phase.SETTLING:
        settling.advance(equipment, turn)


def _take_service(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    take_service_answer(turn, answer)
    _after_service(equipment, turn)


def _after_service(equipment: Equipment, turn: Turn) -> None:
    if turn.state.phase is Phase.SETTLING:
        # Only the sign-off that ends a settlement runs in this phase.
        begin_sign_in(equipment, turn)


_TAKERS: Final = {
    ExchangeKind.SIGN_IN: _take_sign_in,
    ExchangeKind.PAYMENT: take_payment_answer,
    ExchangeKind.REVERSAL: take_reversal_answer,
    ExchangeKind.REPEAT: take_repeat_answer,
    ExchangeKind.WORK: _take_work,
    ExchangeKind.TOTALS: settling.take_totals_answer,
    ExchangeKind.UPLOAD: settling.take_upload_answer,
    ExchangeKind.UPLOAD_END: settling.take_end_answer,
    ExchangeKind.SIGN_OFF: _take_service,
    ExchangeKind.ECHO: _take_service,
    ExchangeKind.STATUS: _take_service,
    ExchangeKind.DOWNLOAD: take_loading_answer,
}
_SETTLEMENT: Final = {
    ExchangeKind.TOTALS: "0510",
    ExchangeKind.UPLOAD: "0330",
    ExchangeKind.UPLOAD_END: "0330",
}
_SERVICES: Final = frozenset({ExchangeKind.SIGN_OFF, ExchangeKind.ECHO, ExchangeKind.STATUS})
# What the host asks for in these answers is what was just done, or would never end.
_DEAF: Final = {ExchangeKind.SIGN_IN: "sign_in", ExchangeKind.STATUS: "status"}


def _note_act(turn: Turn, exchange: Exchange, answer: Answer) -> None:
    """Remember what the host wants done at a quiet moment; each wish once."""
    act = answer.act
    if act is None or exchange.kind is ExchangeKind.DOWNLOAD or _DEAF.get(exchange.kind) == act:
        return
    if act == "sign_in" and exchange.kind is ExchangeKind.PAYMENT:
        # Done at once, under the result.
        return
    if act not in turn.state.acts:
        turn.change(acts=(*turn.state.acts, act))


def _belongs(equipment: Equipment, turn: Turn, answer: Answer) -> bool:
    exchange = turn.state.exchange
    if exchange is None:
        return False
    kind = exchange.kind
    if kind is ExchangeKind.WORK:
        return belongs_to_work(equipment, turn.state, answer)
    if kind in _SERVICES:
        return belongs_to_service(equipment, turn.state, answer)
    if kind is ExchangeKind.DOWNLOAD:
        return belongs_to_download(equipment, turn, answer)
    if kind in _SETTLEMENT or kind is ExchangeKind.SIGN_IN:
        mti = _SETTLEMENT.get(kind, "0810")
        return exchange.trace is not None and equipment.messages.is_for(answer, mti, exchange.trace)
    return _is_about_payment(equipment, turn.state, kind, answer)


def _is_about_payment(
    equipment: Equipment, state: TerminalState, kind: ExchangeKind, answer: Answer
) -> bool:
    doubt, messages = state.doubt, equipment.messages
    if kind is ExchangeKind.PAYMENT:
        return state.intent is not None and messages.is_for_payment(answer, state.intent)
    if doubt is None:
        return False
    if kind is ExchangeKind.REVERSAL:
        return messages.is_for_reversal(answer, doubt.intent)
    return messages.is_for_payment(answer, doubt.intent)


def _note_stray(turn: Turn, answer: Answer) -> None:
    if turn.state.strays >= _STRAYS_MAX:
        return
    turn.change(strays=turn.state.strays + 1)
    turn.persist(StrayAnswer(mti=answer.message.mti, trace=answer.text(11), code=answer.text(39)))


def _signed_in(equipment: Equipment, turn: Turn) -> None:
    phase = turn.state.phase
    if turn.state.doubt is None and phase is Phase.SIGNING_IN and is_settling(turn.state):
        settling.resume(equipment, turn)
    elif turn.state.doubt is None:
        if phase is Phase.SIGNING_IN:
            turn.go_home()
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
        turn.go_home()
        turn.sound(Cue.ERROR)
        rest(equipment, turn)
