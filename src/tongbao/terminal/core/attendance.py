"""People at the terminal: power, self-check, log-in and log-out, leaving a result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tongbao.terminal.core.approval import password_refusal
from tongbao.terminal.core.effects import (
    CloseLink,
    KeepStorageKeys,
    OpenLink,
    RunSelfCheck,
)
from tongbao.terminal.core.exchanges import enter_sign_in
from tongbao.terminal.core.own_pin import change_pin, must_change
from tongbao.terminal.core.presence import leave, operator_by_itself, why_shut
from tongbao.terminal.core.records import LoggedIn, LoggedOut, SlipDone
from tongbao.terminal.core.reversing import begin_by_itself, begin_row
from tongbao.terminal.core.settlement_paper import settlement_slip_name
from tongbao.terminal.core.settling import resume
from tongbao.terminal.core.signing_in import is_settling
from tongbao.terminal.core.slips import print_jobs, slip_name
from tongbao.terminal.core.state import PartCheck, Presence, TerminalState
from tongbao.terminal.core.storage_keys import needed_batches
from tongbao.terminal.core.vocabulary import (
    CheckResult,
    Cue,
    DoubtStage,
    Part,
    Phase,
    TimerKind,
)
from tongbao.terminal.core.wording import (
    BUSY_PAYMENT,
    JOURNAL_BROKEN,
    NOT_NOW,
    SETTLEMENT_STOPPED,
)

if TYPE_CHECKING:
    from tongbao.domain.ids import OperatorNo
    from tongbao.terminal.core.events import (
        ChangePin,
        Dismiss,
        LogIn,
        LogOut,
        PowerOff,
        PowerOn,
        SelfCheckDone,
        SelfCheckPart,
        SlipPrinted,
    )
    from tongbao.terminal.core.settlement import Settlement
    from tongbao.terminal.core.turn import Equipment, Turn


def power_on(_equipment: Equipment, turn: Turn, _event: PowerOn) -> None:
    """Start up: connect, sound, check every part."""
    turn.go(
        Phase.SELF_CHECK,
        self_check=TerminalState().self_check,
        presence=Presence(wants_keys=True, wants_person=True),
    )
    # A power cut may have come between a record that ended the need for a key and its end.
    turn.do(KeepStorageKeys(needed_batches(turn.state)))
    turn.do(OpenLink())
    turn.sound(Cue.POWER_ON)
    turn.do(RunSelfCheck())


def power_off(_equipment: Equipment, turn: Turn, _event: PowerOff) -> None:
    """Go off: nothing of a sale or of the keys' validity is kept, but the doubt is."""
    for timer in TimerKind:
        turn.stop_timer(timer)
    turn.do(CloseLink())
    doubt = turn.state.doubt
    if doubt is not None:
        doubt = replace(doubt, stage=DoubtStage.NEEDS_PERSON, unanswered=0, failures=0)
    turn.go(
        Phase.OFF,
        operator=None,
        newcomer=None,
        presence=Presence(),
        link_up=False,
        signed_in=False,
        sign_in_error=None,
        self_check=TerminalState().self_check,
        draft=None,
        exchange=None,
        doubt=doubt,
        result=None,
        settlement=_stopped_settlement(turn.state),
        loading=None,
        acts=(),
    )


def _stopped_settlement(state: TerminalState) -> Settlement | None:
    settlement = state.settlement
    if settlement is None or not settlement.is_binding:
        return None
    return replace(settlement, error=SETTLEMENT_STOPPED)


def refuse_power_off(_equipment: Equipment, turn: Turn, _event: PowerOff) -> None:
    """A payment under way is not switched off by a button."""
    turn.refuse(BUSY_PAYMENT)


def self_check_part(_equipment: Equipment, turn: Turn, event: SelfCheckPart) -> None:
    """Show one result of the self-check."""
    found = event.check
    turn.change(
        self_check=tuple(
            found if check.part is found.part else check for check in turn.state.self_check
        )
    )


def self_check_done(equipment: Equipment, turn: Turn, event: SelfCheckDone) -> None:
    """Let people in; what a power cut has left, a slip or a doubt, is dealt with now."""
    found = {check.part: check for check in event.results}
    checks = tuple(found.get(part, PartCheck(part)) for part in Part)
    failed = any(check.result is CheckResult.FAIL for check in checks)
    jobs = turn.state.unprinted
    turn.go(Phase.LOGGED_OUT, self_check=checks)
    if turn.state.works(Part.PRINTER) and turn.state.works(Part.JOURNAL):
        turn.change(unprinted=())
        print_jobs(turn, jobs)
    if failed:
        turn.sound(Cue.ERROR)
    begin_by_itself(equipment, turn)


def log_in(equipment: Equipment, turn: Turn, event: LogIn) -> None:
    """Check operator and PIN; wrong tries are counted in the journal and slow the next one down."""
    state = turn.state
    if not state.works(Part.JOURNAL):
        turn.refuse(JOURNAL_BROKEN)
        return
    operator = event.operator
    turn.change(newcomer=None)
    shut = why_shut(equipment, state, operator)
    if shut is not None:
        turn.refuse(shut)
        return
    refusal = password_refusal(equipment, turn, operator, event.password)
    if refusal is not None:
        turn.refuse(refusal)
        return
    turn.change(log_in_failures=0, log_in_blocked_until=None)
    if must_change(equipment, operator):
        turn.change(newcomer=operator)
        return
    _enter(equipment, turn, operator)


def take_first_pin(equipment: Equipment, turn: Turn, event: ChangePin) -> None:
    """Let in who has just put a PIN of their own in the place of the first one."""
    if turn.state.newcomer is None:
        turn.refuse(NOT_NOW)
        return
    operator = change_pin(equipment, turn, event)
    if operator is not None:
        _enter(equipment, turn, operator)


def take_new_pin(equipment: Equipment, turn: Turn, event: ChangePin) -> None:
    """Give the operator at the till another PIN, who gives the present one for it."""
    change_pin(equipment, turn, event)


def go_away(_equipment: Equipment, turn: Turn, _event: LogOut) -> None:
    """Somebody who was asked for a PIN of their own goes away instead."""
    turn.change(newcomer=None)


def come_by_itself(equipment: Equipment, turn: Turn) -> None:
    """Serve a cashier without log-in, where nobody gives a PIN."""
    operator = operator_by_itself(equipment, turn)
    if operator is not None:
        _enter(equipment, turn, operator)


def _enter(equipment: Equipment, turn: Turn, operator: OperatorNo) -> None:
    """Somebody is at the till: what waits for a person goes on, or the till is free."""
    state = turn.state
    held = state.presence.locked_for
    if held is not None and held != operator:
        # A supervisor has opened a locked till: the place that it kept is free.
        turn.persist(LoggedOut(operator=held.value))
    turn.persist(LoggedIn(operator=operator.value))
    turn.change(operator=operator, newcomer=None)
    if not state.signed_in:
        enter_sign_in(equipment, turn)
    elif state.doubt is not None:
        begin_row(equipment, turn)
    elif is_settling(state):
        resume(equipment, turn)
    else:
        turn.go(Phase.IDLE)


def log_out(_equipment: Equipment, turn: Turn, _event: LogOut) -> None:
    """The operator leaves; the keys stay valid for the next one."""
    leave(turn)


def dismiss(_equipment: Equipment, turn: Turn, _event: Dismiss) -> None:
    """Leave the result; a sign-in that the host asked for is shown while it still runs."""
    if turn.state.operator is None:
        # What was in doubt has ended while nobody was logged in.
        turn.go(Phase.LOGGED_OUT, result=None)
        return
    waiting = turn.state.exchange is not None
    turn.go(Phase.SIGNING_IN if waiting else Phase.IDLE, result=None)


def slip_printed(_equipment: Equipment, turn: Turn, event: SlipPrinted) -> None:
    """Put on record what came out of the printer, and show it where it belongs."""
    if not event.printed:
        turn.change(
            self_check=tuple(
                PartCheck(Part.PRINTER, CheckResult.FAIL, check.detail)
                if check.part is Part.PRINTER
                else check
                for check in turn.state.self_check
            )
        )
        return
    trace = event.trace
    turn.persist(
        SlipDone(trace=trace.value if trace else 0, batch=event.batch.value, name=event.name)
    )
    settlement = turn.state.settlement
    if settlement is not None and event.name == settlement_slip_name(settlement.batch.value):
        turn.change(settlement=replace(settlement, slip=event.name))
    if trace is None:
        return
    key = event.batch.value, trace.value
    turn.change(
        items=tuple(
            replace(item, slips=item.slips | {event.name}) if item.key == key else item
            for item in turn.state.items
        )
    )
    if event.name != slip_name(trace.value):
        return
    result = turn.state.result
    if result is not None and result.trace == trace:
        turn.change(result=replace(result, slip=event.name))
    turn.change(
        recent=tuple(
            replace(line, slip=event.name) if (line.batch, line.trace) == key else line
            for line in turn.state.recent
        )
    )
