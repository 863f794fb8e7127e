"""The functions of the till: which of them need more than being logged in, and what opens them.

A function has a class and a role. One of the class `boot` is open before anybody has logged in; one
of the class `password` has a password of its own. Who has not the role asks somebody who has. What
was opened so stays open for one act, and never longer than two minutes.

Payments ask for their supervisor with the payment itself (`tongbao.terminal.core.starting`).

Spec: our own, docs/operators.md.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.operator_pin import pin_fits
from tongbao.terminal.core import wording
from tongbao.terminal.core.approval import password_refusal, try_password
from tongbao.terminal.core.kinds import RULE_OF
from tongbao.terminal.core.records import SupervisorApproved
from tongbao.terminal.core.roles import Role, role_of
from tongbao.terminal.core.vocabulary import EventKind, Phase
from tongbao.wire.device.settings import FunctionClass

if TYPE_CHECKING:
    from tongbao.terminal.core.events import Event, OpenFunction
    from tongbao.terminal.core.state import Notice, TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.terminal.settings import FunctionRule, TerminalSettings

OPERATORS: Final = "operators"
_OPEN_MS: Final = 120_000
_FUNCTION_OF: Final = {
    EventKind.SETTLE: "settle",
    EventKind.SIGN_OFF: "sign_off",
    EventKind.ECHO: "echo",
    EventKind.DOWNLOAD: "downloads",
    EventKind.REPORT_STATUS: "report_status",
    EventKind.SIGN_IN: "sign_in",
    EventKind.REPRINT: "query",
    EventKind.PRINT_TOTALS: "totals",
    EventKind.SEND_NOW: "pending",
    EventKind.CHANGE_PIN: "change_pin",
}
# What an administrator looks after beside the functions of their own.
_STAFF: Final = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


def why_closed(equipment: Equipment, turn: Turn, event: Event) -> Notice | None:
    """Return why a command does not reach its function; None when it is open."""
    state, settings = turn.state, equipment.settings
    if not settings.functions or state.phase is not Phase.IDLE:
        return None
    function = _function_of(event)
    if function is None or is_opened(state, turn, function):
        return None
    return wording.FUNCTION_CLOSED if needs_of(settings, state, function) else None


def needs_of(settings: TerminalSettings, state: TerminalState, function: str) -> tuple[str, ...]:
    """Return what whoever is at the till must give for a function: "supervisor", "password"."""
    rule = settings.functions.get(function)
    needs = ["supervisor"] if _needs_somebody(settings, state, function, rule) else []
    if rule is not None and rule.needs_password:
        needs.append("password")
    return tuple(needs)


def open_function(equipment: Equipment, turn: Turn, event: OpenFunction) -> None:
    """Open a function for a moment, with its password and an approval where it needs them."""
    settings, function = equipment.settings, event.function
    needs = needs_of(settings, turn.state, function)
    if "password" in needs:
        refusal = _password_refusal(equipment, turn, event)
        if refusal is not None:
            turn.refuse(refusal)
            return
    if "supervisor" in needs:
        refusal = _approval_refusal(equipment, turn, event)
        if refusal is not None:
            turn.refuse(refusal)
            return
    presence = replace(
        turn.state.presence, opened=function, opened_until=turn.now.plus_ms(_OPEN_MS)
    )
    turn.change(presence=presence, log_in_failures=0, log_in_blocked_until=None)


def is_opened(state: TerminalState, turn: Turn, function: str) -> bool:
    """Whether somebody has opened this function just now."""
    until = state.presence.opened_until
    is_fresh = until is not None and turn.now.us < until.us
    return is_fresh and state.presence.opened == function


def is_boot(settings: TerminalSettings, function: str) -> bool:
    """Whether a function is open before anybody has logged in."""
    rule = settings.functions.get(function)
    return rule is not None and rule.function_class == FunctionClass.BOOT


def _function_of(event: Event) -> str | None:
    if event.kind is EventKind.START:
        return str(getattr(event, "payment_kind", ""))
    if event.kind is EventKind.AUTHORISE:
        return str(event.what.value) if hasattr(event, "what") else None
    return _FUNCTION_OF.get(event.kind)


def _needs_somebody(
    settings: TerminalSettings, state: TerminalState, function: str, rule: FunctionRule | None
) -> bool:
    if function in RULE_OF or function in _ASKED_WITH_THE_ACT:
        return False
    if function != OPERATORS and rule is None:
        return False
    operator = state.operator
    wanted = Role.SUPERVISOR if rule is None else Role(rule.role)
    return operator is None or not _fits(role_of(settings, operator.value), wanted)


# The act itself carries the approval.
_ASKED_WITH_THE_ACT: Final = frozenset({"self_test", "training", "log_in"})


def _fits(role: Role, wanted: Role) -> bool:
    if wanted is Role.CASHIER:
        return True
    return role in _STAFF if wanted is Role.SUPERVISOR else role is wanted


def _password_refusal(equipment: Equipment, turn: Turn, event: OpenFunction) -> Notice | None:
    rule = equipment.settings.functions[event.function]
    given = event.password
    if given is None:
        return wording.FUNCTION_PASSWORD_NEEDED
    operator = turn.state.operator
    who = "00" if operator is None else operator.value
    return try_password(equipment, turn, who, lambda: pin_fits(given, rule.password_hash))


def _approval_refusal(equipment: Equipment, turn: Turn, event: OpenFunction) -> Notice | None:
    settings, approval = equipment.settings, event.approval
    if approval is None:
        return wording.SUPERVISOR_NEEDED
    rule = settings.functions.get(event.function)
    wanted = Role.SUPERVISOR if rule is None else Role(rule.role)
    refusal = password_refusal(equipment, turn, approval.operator, approval.password)
    if refusal is not None:
        return refusal
    if not _fits(role_of(settings, approval.operator.value), wanted):
        return wording.NOT_A_SUPERVISOR
    turn.persist(SupervisorApproved(operator=approval.operator.value, what=event.function))
    return None
