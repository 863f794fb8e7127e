"""The state table: what each event does in each phase. A test proves that it is total.

Every pair of phase and event is in exactly one of four places: `TRANSITIONS` (handled),
`REFUSED` (a command that makes no sense now; the page is told so), `IGNORED` (arrives late or for
nothing, by nature) and `IMPOSSIBLE` (cannot arrive unless the program is wrong; it then stops).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from tongbao.terminal.core import (
    asking,
    attendance,
    downloading,
    exchanges,
    functions,
    granting,
    managing,
    paying,
    presence,
    reversing,
    services,
    settling,
    signatures,
    starting,
    working,
)
from tongbao.terminal.core.turn import Equipment, Turn
from tongbao.terminal.core.vocabulary import COMMANDS, EventKind, Phase

# The third argument is the event of the kind that the table names beside the handler.
Handler = Callable[[Equipment, Turn, Any], None]
Pair = tuple[Phase, EventKind]


@dataclass(frozen=True, slots=True)
class Transition:
    """A handler and every phase it may leave the terminal in."""

    handler: Handler
    to: frozenset[Phase]


P = Phase
E = EventKind

_POWERED: Final = frozenset(Phase) - {P.OFF}
_AT_REST: Final = (P.LOGGED_OUT, P.IDLE, P.RESULT)
_WITHOUT_EXCHANGE: Final = (P.SELF_CHECK, P.CARD, P.PIN)
_SIGN_IN_ENDS: Final = (P.SIGNING_IN, P.IDLE, P.LOGGED_OUT)
_PAYMENT_ENDS: Final = (P.AUTHORISING, P.RESULT, P.REVERSING)


class _Table:
    """The rows as they are written down."""

    def __init__(self) -> None:
        self.rows: dict[Pair, Transition] = {}

    def add(self, phase: Phase, kind: EventKind, handler: Handler, *to: Phase) -> None:
        """Add a row; without `to` the handler leaves the phase as it is."""
        assert (phase, kind) not in self.rows  # noqa: S101 - a pair has one handler
        self.rows[phase, kind] = Transition(handler, frozenset(to or (phase,)))


def _people_rows(table: _Table) -> None:
    """Commands of people, cards, slips and the timers that wait for people."""
    row = table.add
    row(P.OFF, E.POWER_ON, attendance.power_on, P.SELF_CHECK)
    for phase in _POWERED - {P.AUTHORISING}:
        row(phase, E.POWER_OFF, attendance.power_off, P.OFF)
    row(P.AUTHORISING, E.POWER_OFF, attendance.refuse_power_off)
    for phase in Phase:
        row(phase, E.SLIP_PRINTED, attendance.slip_printed)

    row(P.SELF_CHECK, E.SELF_CHECK_PART, attendance.self_check_part)
    row(P.SELF_CHECK, E.SELF_CHECK_DONE, attendance.self_check_done, P.LOGGED_OUT, P.REVERSING)
    entered = (P.LOGGED_OUT, P.SIGNING_IN, P.IDLE, P.REVERSING, P.SETTLING)
    row(P.LOGGED_OUT, E.LOG_IN, attendance.log_in, *entered)
    row(P.LOGGED_OUT, E.CHANGE_PIN, attendance.take_first_pin, *entered)
    row(P.LOGGED_OUT, E.LOG_OUT, attendance.go_away)
    row(P.IDLE, E.OPEN_FUNCTION, functions.open_function)
    row(P.IDLE, E.MANAGE_OPERATOR, managing.manage)
    row(P.IDLE, E.CHANGE_PIN, attendance.take_new_pin)
    row(P.IDLE, E.LOG_OUT, attendance.log_out, P.LOGGED_OUT)
    for phase in _AT_REST:
        row(phase, E.KEEP_AWAKE, presence.keep_awake)
        row(phase, E.NOBODY_THERE, presence.nobody_there, phase, P.LOGGED_OUT)

    row(P.IDLE, E.SIGN_IN, exchanges.sign_in, P.SIGNING_IN, P.IDLE)
    row(P.SIGNING_IN, E.CANCEL, exchanges.cancel_sign_in, P.IDLE, P.LOGGED_OUT)

    row(P.IDLE, E.START, starting.start, P.CARD, P.AUTHORISING, P.RESULT, P.IDLE, P.REVERSING)
    after_card = (P.CARD, P.PIN, P.AUTHORISING, P.RESULT)
    row(P.CARD, E.CARD_SWIPED, paying.card_swiped, *after_card)
    row(P.CARD, E.CARD_ENTERED, paying.card_entered, *after_card)
    row(P.CARD, E.CANCEL, paying.cancel_payment, P.IDLE)
    row(P.CARD, E.CARD_TIMEOUT, paying.card_timeout, P.RESULT)
    row(P.PIN, E.PIN_ENTERED, paying.pin_entered, P.AUTHORISING, P.RESULT)
    row(P.PIN, E.PIN_SKIPPED, paying.pin_skipped, P.PIN, P.AUTHORISING, P.RESULT)
    row(P.PIN, E.CANCEL, paying.cancel_payment, P.IDLE)
    row(P.PIN, E.PIN_TIMEOUT, paying.pin_timeout, P.RESULT)
    row(P.AUTHORISING, E.CANCEL, paying.request_cancel)
    row(P.RESULT, E.DISMISS, attendance.dismiss, P.IDLE, P.SIGNING_IN, P.LOGGED_OUT)

    row(P.REVERSING, E.REVERSAL_TIMEOUT, reversing.reversal_timeout)
    for phase in (P.REVERSING, P.IDLE, P.LOGGED_OUT):
        row(phase, E.RETRY_DUE, reversing.retry_due, P.REVERSING)
    for phase in _POWERED - {P.REVERSING, P.IDLE, P.LOGGED_OUT}:
        row(phase, E.RETRY_DUE, reversing.retry_later)
    row(P.REVERSING, E.RESOLVE_NOW, reversing.resolve_now)
    for phase in (P.IDLE, P.LOGGED_OUT):
        row(phase, E.AUTHORISE, granting.authorise)
    row(P.IDLE, E.FIND, asking.find)
    row(P.IDLE, E.REPRINT, asking.reprint)
    row(P.IDLE, E.PRINT_TOTALS, asking.print_totals)
    row(P.IDLE, E.RESOLVE_NOW, reversing.resolve_now, P.IDLE, P.REVERSING)
    row(P.REVERSING, E.DISMISS, reversing.leave_doubt, P.REVERSING, P.IDLE, P.LOGGED_OUT)


def _line_rows(table: _Table) -> None:
    """The line to the host and the timers that wait for it."""
    row = table.add
    row(
        P.SIGNING_IN,
        E.FRAME_RECEIVED,
        exchanges.frame_received,
        *(*_SIGN_IN_ENDS, P.REVERSING, P.SETTLING),
    )
    row(P.SIGNING_IN, E.SEND_FAILED, exchanges.send_failed, *_SIGN_IN_ENDS)
    row(P.SIGNING_IN, E.LINK_DOWN, exchanges.link_down, *_SIGN_IN_ENDS)
    row(P.SIGNING_IN, E.HOST_TIMEOUT, exchanges.host_timeout, P.IDLE, P.LOGGED_OUT)
    row(P.AUTHORISING, E.FRAME_RECEIVED, exchanges.frame_received, *_PAYMENT_ENDS)
    row(P.AUTHORISING, E.SEND_FAILED, exchanges.send_failed, *_PAYMENT_ENDS)
    row(P.AUTHORISING, E.LINK_DOWN, exchanges.link_down, *_PAYMENT_ENDS)
    row(P.AUTHORISING, E.HOST_TIMEOUT, exchanges.host_timeout, P.RESULT, P.REVERSING)
    row(P.REVERSING, E.FRAME_RECEIVED, exchanges.frame_received, P.REVERSING, P.RESULT)
    row(P.RESULT, E.FRAME_RECEIVED, exchanges.frame_received)
    for phase in (P.REVERSING, P.RESULT):
        row(phase, E.SEND_FAILED, exchanges.send_failed)
        row(phase, E.LINK_DOWN, exchanges.link_down)
        row(phase, E.HOST_TIMEOUT, exchanges.host_timeout)
    for phase in _POWERED - {P.IDLE, P.LOGGED_OUT, P.REVERSING, P.SETTLING}:
        row(phase, E.LINK_UP, exchanges.note_link_up)
    row(P.REVERSING, E.LINK_UP, reversing.link_up)
    for phase in _WITHOUT_EXCHANGE:
        row(phase, E.FRAME_RECEIVED, exchanges.stray_frame)
        row(phase, E.LINK_DOWN, exchanges.note_link_down)
    for phase in (P.IDLE, P.LOGGED_OUT):
        row(phase, E.LINK_UP, reversing.link_up, phase, P.REVERSING)


def _service_rows(table: _Table) -> None:
    """Settlement, downloads, signatures and the small services."""
    row = table.add
    row(P.IDLE, E.SETTLE, settling.settle, P.IDLE, P.SETTLING, P.REVERSING)
    row(P.SETTLING, E.SETTLE, settling.go_on)
    row(P.SETTLING, E.CANCEL, settling.cancel, P.SETTLING, P.IDLE)
    row(P.SETTLING, E.DISMISS, settling.dismiss, P.SETTLING, P.IDLE, P.SIGNING_IN)
    row(P.SETTLING, E.LINK_UP, settling.link_up)
    row(P.SETTLING, E.WORK_DUE, settling.work_due)
    for phase in _POWERED - {P.SETTLING}:
        row(phase, E.WORK_DUE, working.work_due)
    for phase in (P.IDLE, P.RESULT):
        row(phase, E.SIGN, signatures.sign)
    row(P.IDLE, E.SIGN_OFF, services.sign_off)
    row(P.IDLE, E.ECHO, services.echo)
    row(P.IDLE, E.REPORT_STATUS, services.report_status)
    row(P.IDLE, E.SEND_NOW, working.send_now, P.IDLE, P.REVERSING)
    row(P.IDLE, E.DOWNLOAD, downloading.start_download, P.LOADING, P.IDLE)
    row(P.LOADING, E.CANCEL, downloading.cancel_loading, P.IDLE)
    row(P.LOADING, E.DISMISS, downloading.dismiss_loading, P.LOADING, P.IDLE)
    for phase in (P.IDLE, P.LOGGED_OUT, P.SETTLING, P.LOADING):
        to = (P.LOADING, P.IDLE) if phase is P.LOADING else (phase,)
        row(phase, E.FRAME_RECEIVED, exchanges.frame_received, *to)
        row(phase, E.SEND_FAILED, exchanges.send_failed)
        row(phase, E.LINK_DOWN, exchanges.link_down)
        row(phase, E.HOST_TIMEOUT, exchanges.host_timeout)


def _rows() -> dict[Pair, Transition]:
    table = _Table()
    _service_rows(table)
    _people_rows(table)
    _line_rows(table)
    return table.rows


TRANSITIONS: Final = _rows()

REFUSED: Final = frozenset(
    (phase, kind) for phase in Phase for kind in COMMANDS if (phase, kind) not in TRANSITIONS
)

# A card in front of a terminal that wants none, a check that ended after the switch was turned,
# a line that speaks while the terminal is off, a send that failed after nobody waited any more,
# a clock that was to lock the till, under settings that have changed since.
IGNORED: Final = frozenset(
    [(phase, E.CARD_SWIPED) for phase in Phase if phase is not P.CARD]
    + [
        (phase, kind)
        for phase in Phase
        for kind in (E.SELF_CHECK_PART, E.SELF_CHECK_DONE)
        if phase is not P.SELF_CHECK
    ]
    + [(phase, E.NOBODY_THERE) for phase in Phase if phase not in _AT_REST]
    + [(P.OFF, kind) for kind in (E.FRAME_RECEIVED, E.LINK_UP, E.LINK_DOWN)]
    + [(phase, E.SEND_FAILED) for phase in (P.OFF, *_WITHOUT_EXCHANGE)]
)

# A timer that was stopped does not run out: each belongs to the phases that start it.
_TIMER_PHASES: Final = {
    E.HOST_TIMEOUT: set(_POWERED) - set(_WITHOUT_EXCHANGE),
    E.CARD_TIMEOUT: {P.CARD},
    E.PIN_TIMEOUT: {P.PIN},
    E.REVERSAL_TIMEOUT: {P.REVERSING},
    E.RETRY_DUE: _POWERED,
    E.WORK_DUE: _POWERED,
}
IMPOSSIBLE: Final = frozenset(
    (phase, kind)
    for kind, phases in _TIMER_PHASES.items()
    for phase in Phase
    if phase not in phases
)
