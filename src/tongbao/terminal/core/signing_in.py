"""Sign-in 签到: working keys, batch number and clock from the host."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Final

from tongbao.domain.dates import CHINA_TIME, BusinessDate, Instant
from tongbao.domain.ids import BatchNo, OperatorNo
from tongbao.terminal.core.records import SignedIn, SignInFailed, SignInStarted
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.core.settlement import Settlement, SettlementStage
from tongbao.terminal.core.state import ExchangeKind, Notice
from tongbao.terminal.core.vocabulary import TimerKind
from tongbao.terminal.core.wording import BAD_ANSWER, KEYS_REFUSED, NO_KEYS, NOTHING_TO_SETTLE

if TYPE_CHECKING:
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn

# Field 12 counts whole seconds, and the answer was on its way for a while.
_CLOCK_TOLERANCE_MS: Final = 2_000
_SUPERVISOR: Final = OperatorNo("00")


def begin_sign_in(equipment: Equipment, turn: Turn) -> bool:
    """Send a sign-in; False, with the reason in the state, when there is no master key."""
    turn.change(signed_in=False, sign_in_error=None, exchange=None, strays=0)
    if not equipment.messages.has_master_key():
        turn.change(sign_in_error=NO_KEYS)
        return False
    state = turn.state
    operator = state.operator or _SUPERVISOR
    trace = turn.take_trace()
    turn.persist(SignInStarted(trace=trace.value, batch=state.batch.value, operator=operator.value))
    frame = equipment.messages.sign_in(trace, state.batch, operator)
    turn.send(ExchangeKind.SIGN_IN, trace, frame)
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)
    return True


def end_sign_in(turn: Turn, error: Notice, code: str) -> None:
    """Close a sign-in that came to nothing; the terminal stays signed out."""
    exchange = turn.state.exchange
    if exchange is not None and exchange.trace is not None:
        turn.persist(SignInFailed(trace=exchange.trace.value, code=code))
    turn.stop_timer(TimerKind.HOST)
    turn.change(signed_in=False, sign_in_error=error, exchange=None)


def take_sign_in_answer(equipment: Equipment, turn: Turn, answer: Answer) -> bool:
    """Act on the answer to the sign-in under way; True when the terminal is signed in now.

    Spec: UnionPay terminal dialect, 3.1: code, length and check values, then clock and batch.
    """
    exchange = turn.state.exchange
    code = answer.text(39)
    if code != "00":
        words, _ = response_words(code)
        end_sign_in(turn, words if code else BAD_ANSWER, code or "no_code")
        return False
    batch = _batch_of(answer)
    if batch is None or exchange is None or exchange.trace is None:
        end_sign_in(turn, BAD_ANSWER, "no_batch")
        return False
    if not equipment.messages.load_working_keys(answer):
        end_sign_in(turn, KEYS_REFUSED, "keys_refused")
        return False
    offset_ms = _clock_offset_ms(answer, turn.now)
    operator = turn.state.operator or _SUPERVISOR
    turn.persist(
        SignedIn(
            trace=exchange.trace.value,
            batch=batch.value,
            operator=operator.value,
            clock_offset_ms=offset_ms,
        )
    )
    turn.stop_timer(TimerKind.HOST)
    if batch != turn.state.batch and not is_settling(turn.state):
        # The host has gone on to another batch: what it has closed is not settled here.
        turn.change(items=(), found=None, signed={}, settlement=_cut_off(turn.state.settlement))
    turn.change(
        signed_in=True,
        sign_in_error=None,
        exchange=None,
        batch=batch,
        clock_offset_ms=offset_ms,
    )
    return True


def is_settling(state: TerminalState) -> bool:
    """Whether a settlement has begun that no other batch may cut off."""
    return state.settlement is not None and state.settlement.is_binding


def _cut_off(settlement: Settlement | None) -> Settlement | None:
    """Stop a settlement that does not bind yet: its batch is not open any more, so none is sent."""
    if settlement is None or settlement.stage is SettlementStage.DONE:
        return settlement
    return replace(settlement, error=NOTHING_TO_SETTLE)


def local_moment(answer: Answer, now: Instant) -> datetime | None:
    """Return the host's date and time (F13, F12), the year nearest to ours; None when not sane."""
    clock = answer.text(12)
    try:
        day = BusinessDate.nearest(answer.text(13), BusinessDate(now.local().date()))
        moment = time(int(clock[:2]), int(clock[2:4]), int(clock[4:6]), tzinfo=CHINA_TIME)
    except ValueError:
        return None
    return datetime.combine(day.value, moment)


def _clock_offset_ms(answer: Answer, now: Instant) -> int:
    moment = local_moment(answer, now)
    if moment is None:
        return 0
    offset_ms = Instant.from_datetime(moment).us_since(now) // 1000
    return 0 if abs(offset_ms) < _CLOCK_TOLERANCE_MS else offset_ms


def _batch_of(answer: Answer) -> BatchNo | None:
    try:
        return BatchNo.parse(answer.text(60)[2:8])
    except ValueError:
        return None
