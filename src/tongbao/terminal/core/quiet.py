"""What the terminal does by itself at a quiet moment: pending work, the host's wishes, downloads.

It is looked at after every step. At most one exchange runs, only while nobody takes a payment, and
whatever a person starts goes first: the exchange is let go and its work stays where it was.

Spec: UnionPay terminal dialect, 1.1 (digit 6) and 7.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.download_steps import Download
from tongbao.terminal.core.downloading import begin_loading
from tongbao.terminal.core.effects import StartTimer
from tongbao.terminal.core.exchanges import enter_sign_in
from tongbao.terminal.core.services import begin_status
from tongbao.terminal.core.state import ExchangeKind, TerminalState
from tongbao.terminal.core.vocabulary import Phase, TimerKind
from tongbao.terminal.core.working import send_work

if TYPE_CHECKING:
    from tongbao.terminal.core.turn import Equipment, Turn

_QUIET: Final = frozenset({Phase.IDLE, Phase.LOGGED_OUT})
# Where an exchange of these kinds may run.
_AT_HOME: Final = _QUIET | {Phase.SETTLING, Phase.LOADING}
_BESIDE: Final = frozenset(
    {
        ExchangeKind.WORK,
        ExchangeKind.SIGN_OFF,
        ExchangeKind.ECHO,
        ExchangeKind.STATUS,
        ExchangeKind.DOWNLOAD,
    }
)
_STATUS: Final = "status"
_SIGN_IN: Final = "sign_in"
_DOWNLOADS: Final = {what.value: what for what in Download}


def look_around(equipment: Equipment, turn: Turn, before: TerminalState) -> None:
    """Let go what a person has pushed aside, then begin what is due if the moment is quiet."""
    _let_go(turn, before)
    if turn.state.link_up and not before.link_up:
        # A new line is worth a try at once.
        turn.change(work=turn.state.work.pause_over(), work_paused=False)
    state = turn.state
    if state.phase not in _QUIET or state.exchange is not None or not state.link_up:
        return
    if state.doubt is not None or (state.settlement is not None and state.settlement.is_binding):
        return
    work = state.work.next_work()
    if work is not None and not state.signed_in:
        _sign_in_for_work(equipment, turn)
    elif work is not None:
        send_work(equipment, turn, work)
    elif _wants_keys(equipment, state):
        turn.change(presence=replace(state.presence, wants_keys=False))
        enter_sign_in(equipment, turn)
    elif state.acts:
        _act(equipment, turn, state.acts[0])
    elif state.loaded.pending and not state.work_paused:
        begin_loading(equipment, turn, next(iter(state.loaded.pending)))


def _wants_keys(equipment: Equipment, state: TerminalState) -> bool:
    """Whether the terminal signs in by itself now: at its start, on a new day, with a new line."""
    is_allowed = equipment.settings.auto_sign_in and equipment.messages.has_master_key()
    return is_allowed and state.presence.wants_keys and state.newcomer is None


def _let_go(turn: Turn, before: TerminalState) -> None:
    exchange = before.exchange
    if exchange is None or exchange.kind not in _BESIDE:
        return
    is_home = turn.state.phase in _AT_HOME
    if turn.state.exchange is exchange:
        if is_home:
            return
        turn.change(exchange=None)
    present = turn.state.exchange
    is_pushed_aside = not is_home or (present is not None and present.kind not in _BESIDE)
    if is_pushed_aside:
        turn.change(loading=None)
    started = any(
        isinstance(effect, StartTimer) and effect.timer is TimerKind.HOST for effect in turn.effects
    )
    if not started:
        turn.stop_timer(TimerKind.HOST)


def _sign_in_for_work(equipment: Equipment, turn: Turn) -> None:
    """Fetch keys for what waits, now and then; without an operator it waits for one."""
    if turn.state.phase is Phase.IDLE and not turn.state.work_paused:
        turn.change(work_paused=True)
        enter_sign_in(equipment, turn)
        turn.start_timer(TimerKind.WORK, equipment.settings.retry_max_ms)


def _act(equipment: Equipment, turn: Turn, act: str) -> None:
    """Do what the host has asked for in the header of an answer."""
    state = turn.state
    if act == _SIGN_IN and state.phase is not Phase.IDLE:
        return
    turn.change(acts=state.acts[1:])
    if act == _SIGN_IN:
        enter_sign_in(equipment, turn)
    elif act == _STATUS:
        begin_status(equipment, turn)
    elif act in _DOWNLOADS:
        begin_loading(equipment, turn, _DOWNLOADS[act])
