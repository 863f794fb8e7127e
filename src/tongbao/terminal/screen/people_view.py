"""What a screen sees of the people at the till. No PIN and no hash has a place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.terminal.core.roles import role_of

if TYPE_CHECKING:
    from tongbao.domain.ids import OperatorNo
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.settings import TerminalSettings


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
    }


def _number(operator: OperatorNo | None) -> str | None:
    return None if operator is None else operator.value
