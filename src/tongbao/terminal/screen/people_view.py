"""What a screen sees of the people at the till. No PIN and no hash has a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.terminal.core.functions import OPERATORS, is_boot, needs_of
from tongbao.terminal.core.roles import role_of

if TYPE_CHECKING:
    from tongbao.domain.ids import OperatorNo
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.settings import TerminalSettings

# What can be done before anybody has logged in, where its class allows it.
_BOOT: Final = ("self_test", "training")


def people_state(state: TerminalState, settings: TerminalSettings) -> dict[str, Any]:
    """Return who is at the till, whose place a locked one keeps, and who has a PIN to change."""
    operator = _number(state.operator)
    held = state.presence.locked_for
    return {
        "operator": operator,
        "operator_name": "" if operator is None else settings.operator_names.get(operator, ""),
        "role": None if operator is None else role_of(settings, operator).value,
        "newcomer": _number(state.newcomer),
        "locked_for": _number(held) if operator is None else None,
        "idle_lock_s": settings.idle_lock_s,
        "gates": _gates(state, settings),
        "boot": [name for name in _BOOT if operator is None and is_boot(settings, name)],
        "operators": _operators(state, settings),
    }


def _gates(state: TerminalState, settings: TerminalSettings) -> dict[str, list[str]]:
    """What each function asks of whoever is at the till; those that ask nothing are left out."""
    if state.operator is None:
        return {}
    needs = {
        name: list(needs_of(settings, state, name)) for name in (*settings.functions, OPERATORS)
    }
    return {name: needed for name, needed in needs.items() if needed}


def _operators(state: TerminalState, settings: TerminalSettings) -> list[dict[str, Any]] | None:
    """Who works here, for those who look after them."""
    is_open = state.presence.opened == OPERATORS
    if state.operator is None or not (is_open or not needs_of(settings, state, OPERATORS)):
        return None
    return [
        {
            "number": number,
            "name": settings.operator_names.get(number, ""),
            "role": role_of(settings, number).value,
            "must_change": number in settings.first_pins,
        }
        for number in sorted(settings.operators)
    ]


def _number(operator: OperatorNo | None) -> str | None:
    return None if operator is None else operator.value
