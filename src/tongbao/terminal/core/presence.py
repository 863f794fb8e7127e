"""Who is at the till, and for how long: the idle lock, the sign-in policy, signing in by itself.

Looked at after every step. A locked till is a till without an operator that keeps the place of the
last one: what the person left is not shown, and only that person or a supervisor opens it.

Spec: our own, docs/operators.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tongbao.domain.dates import CHINA_TIME
from tongbao.domain.ids import OperatorNo
from tongbao.terminal.core.records import LoggedOut, ScreenLocked
from tongbao.terminal.core.roles import Role, may_approve, role_of
from tongbao.terminal.core.vocabulary import COMMANDS, Part, Phase, TimerKind
from tongbao.terminal.core.wording import ANOTHER_DAY, OPERATOR_GONE, locked_for
from tongbao.wire.device.settings import SignInPolicy

if TYPE_CHECKING:
    from tongbao.terminal.core.events import Event, KeepAwake, Timeout
    from tongbao.terminal.core.state import Notice, TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.terminal.settings import TerminalSettings

# How long a first PIN that was given waits for one of the person's own.
_NEWCOMER_MS: Final = 120_000
_DAY_S: Final = 86_400
_ATTENDED: Final = frozenset({Phase.IDLE, Phase.RESULT})


def look_after(equipment: Equipment, turn: Turn, before: TerminalState, event: Event) -> None:
    """After a step: end what the policy ends, and have the clock run that locks the till."""
    settings = equipment.settings
    if before.operator is None and turn.state.operator is not None:
        _change(turn, day="", is_over=False, locked_for=None, wants_person=False, opened="")
    if turn.state.presence.opened and turn.state.phase is not Phase.IDLE:
        _change(turn, opened="")
    if settings.has_presence_rules:
        _note_end(settings, turn, before)
    operator = turn.state.operator
    is_over = _is_gone(settings, operator) or turn.state.presence.is_over
    if turn.state.phase is Phase.IDLE and operator is not None and is_over:
        leave(turn)
    _run_clock(settings, turn, before, event)


def leave(turn: Turn) -> None:
    """End the time of whoever is at the till; the keys stay valid for the next one."""
    operator = turn.state.operator
    if operator is not None:
        turn.persist(LoggedOut(operator=operator.value))
    turn.go(Phase.LOGGED_OUT, operator=None, result=None, found=None)


def keep_awake(_equipment: Equipment, _turn: Turn, _event: KeepAwake) -> None:
    """Somebody touches the till; the clock that locks it begins anew with every command."""


def nobody_there(_equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """Nobody has touched the till for a while: lock it; a first PIN is forgotten."""
    state = turn.state
    if state.phase is Phase.LOGGED_OUT:
        turn.change(newcomer=None)
        return
    if state.operator is None or state.exchange is not None:
        # What is under way comes to its end first.
        return
    operator = state.operator
    turn.persist(ScreenLocked(operator=operator.value))
    turn.go(Phase.LOGGED_OUT, operator=None, result=None, found=None)
    _change(turn, locked_for=operator)


def why_shut(equipment: Equipment, state: TerminalState, operator: OperatorNo) -> Notice | None:
    """Return why this operator does not open a locked till; None when it is not locked for them."""
    held = state.presence.locked_for
    if held is None or held == operator or may_approve(equipment.settings, operator.value):
        return None
    return locked_for(held.value)


def why_over(equipment: Equipment, turn: Turn) -> Notice | None:
    """Return why whoever is at the till begins nothing any more; None when they may."""
    settings, operator = equipment.settings, turn.state.operator
    if _is_gone(settings, operator):
        return OPERATOR_GONE
    is_daily = settings.sign_in_policy == SignInPolicy.PER_DAY
    is_over = is_daily and turn.state.presence.day not in {"", _today(turn)}
    return ANOTHER_DAY if is_over else None


def _is_gone(settings: TerminalSettings, operator: OperatorNo | None) -> bool:
    is_known = operator is None or operator.value in settings.operators
    return bool(settings.operators) and not is_known


def operator_by_itself(equipment: Equipment, turn: Turn) -> OperatorNo | None:
    """Return the cashier whom a till without log-in serves, once after it was switched on."""
    state, settings = turn.state, equipment.settings
    is_wanted = settings.sign_in_policy == SignInPolicy.NONE and state.presence.wants_person
    if not is_wanted or state.phase is not Phase.LOGGED_OUT or not state.link_up:
        return None
    if state.operator is not None or not state.works(Part.JOURNAL):
        return None
    cashiers = [one for one in settings.operators if role_of(settings, one) is Role.CASHIER]
    _change(turn, wants_person=False)
    return OperatorNo(min(cashiers)) if cashiers else None


def note_keys(equipment: Equipment, turn: Turn, before: TerminalState) -> None:
    """Know from which day the keys are; on another one, or with a new line, want them again."""
    state, settings = turn.state, equipment.settings
    if state.signed_in and not before.signed_in:
        _change(turn, keys_day=_today(turn), wants_keys=False)
        return
    if not settings.auto_sign_in:
        return
    is_old = state.signed_in and state.presence.keys_day not in {"", _today(turn)}
    has_line_again = state.link_up and not before.link_up and not state.signed_in
    if is_old or has_line_again:
        _change(turn, wants_keys=True)


def _note_end(settings: TerminalSettings, turn: Turn, before: TerminalState) -> None:
    """Note that the PIN is to be given again: after a trade, a shift or a day."""
    state = turn.state
    if state.operator is None:
        return
    match settings.sign_in_policy:
        case SignInPolicy.PER_TRADE:
            is_over = state.phase is Phase.RESULT and before.phase is not Phase.RESULT
        case SignInPolicy.PER_SHIFT:
            # A shift ends with its batch.
            is_over = before.phase is Phase.SETTLING and before.batch != state.batch
        case SignInPolicy.PER_DAY:
            today = _today(turn)
            if state.presence.day == "" and state.signed_in:
                _change(turn, day=today)
            is_over = turn.state.presence.day not in {"", today}
        case _:
            is_over = False
    if is_over:
        _change(turn, is_over=True)


def _run_clock(settings: TerminalSettings, turn: Turn, before: TerminalState, event: Event) -> None:
    wait_ms = _wait_ms(settings, turn)
    if wait_ms is None:
        if _is_watched(settings, before):
            turn.stop_timer(TimerKind.IDLE)
        return
    came = turn.state.phase is not before.phase or turn.state.newcomer != before.newcomer
    by_hand = event.kind in COMMANDS
    ran_out = getattr(event, "timer", None) is TimerKind.IDLE
    if came or by_hand or ran_out or not _is_watched(settings, before):
        turn.start_timer(TimerKind.IDLE, wait_ms)


def _is_watched(settings: TerminalSettings, state: TerminalState) -> bool:
    if state.phase is Phase.LOGGED_OUT:
        return state.newcomer is not None or settings.auto_sign_in
    has_clock = settings.idle_lock_s > 0 or _ends_with_day(settings)
    return state.phase in _ATTENDED and state.operator is not None and has_clock


def _wait_ms(settings: TerminalSettings, turn: Turn) -> int | None:
    """Return how long the till may stay untouched as it is now; None when it may for ever."""
    state = turn.state
    if not _is_watched(settings, state):
        return None
    waits = [_until_midnight_ms(turn)] if _ends_with_day(settings) else []
    if state.phase is Phase.LOGGED_OUT:
        waits += [] if state.newcomer is None else [_NEWCOMER_MS]
    elif settings.idle_lock_s > 0:
        waits.append(settings.idle_lock_s * 1000)
    return min(waits)


def _ends_with_day(settings: TerminalSettings) -> bool:
    return settings.auto_sign_in or settings.sign_in_policy == SignInPolicy.PER_DAY


def _until_midnight_ms(turn: Turn) -> int:
    now = turn.host_now.local().astimezone(CHINA_TIME)
    gone_s = now.hour * 3600 + now.minute * 60 + now.second
    return (_DAY_S - gone_s + 1) * 1000


def _today(turn: Turn) -> str:
    return f"{turn.host_now.local():%Y%m%d}"


def _change(turn: Turn, **changes: Any) -> None:
    turn.change(presence=replace(turn.state.presence, **changes))
