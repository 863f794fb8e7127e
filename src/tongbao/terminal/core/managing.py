"""Operators looked after at the terminal: added, given a first PIN again, ended.

Each act is approved with the password of whoever does it, also where that person is at the till:
another's PIN is never set in passing. It works without a line; the platform hears of it later.

Spec: UnionPay terminal dialect, 7.7.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core import wording
from tongbao.terminal.core.approval import password_refusal
from tongbao.terminal.core.own_pin import fault_of_new, keep_change
from tongbao.terminal.core.roles import role_of
from tongbao.wire.device.operators import (
    ADMINISTRATOR_NUMBER,
    SUPERVISOR_NUMBER,
    OperatorAct,
    may_look_after,
)
from tongbao.wire.device.settings import OperatorRole

if TYPE_CHECKING:
    from tongbao.terminal.core.events import ManageOperator
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.core.turn import Equipment, Turn

NAME_CHARACTERS_MAX: Final = 40
_FIXED: Final = frozenset({SUPERVISOR_NUMBER, ADMINISTRATOR_NUMBER})


def manage(equipment: Equipment, turn: Turn, event: ManageOperator) -> None:
    """Do one act about an operator, approved by somebody who may; refused in words otherwise."""
    refusal = _why_not(equipment, event) or _why_not_by(equipment, turn, event)
    if refusal is not None:
        turn.refuse(refusal)
        return
    turn.change(log_in_failures=0, log_in_blocked_until=None)
    by_of = (event.approval.operator.value, event.number.value)
    new = None
    if event.act is OperatorAct.ADDED:
        new = (event.name, event.role or OperatorRole.CASHIER)
    keep_change(equipment, turn, event.act, by_of, event.pin, new)


def _why_not(equipment: Equipment, event: ManageOperator) -> Notice | None:
    settings = equipment.settings
    if settings.is_training:
        return wording.NOT_IN_TRAINING
    is_known = event.number.value in settings.operators
    match event.act:
        case OperatorAct.ADDED:
            fault = _fault_of_new(event, is_known=is_known)
        case OperatorAct.PIN_RESET | OperatorAct.ENDED:
            fault = None if is_known else wording.OPERATOR_GONE
        case _:
            fault = wording.NOT_NOW
    if fault is not None or event.act is OperatorAct.ENDED:
        return fault
    return wording.BAD_NEW_PIN if event.pin is None else fault_of_new(event.pin)


def _fault_of_new(event: ManageOperator, *, is_known: bool) -> Notice | None:
    if is_known or event.number.value in _FIXED:
        return wording.NUMBER_TAKEN
    is_name = 1 <= len(event.name) <= NAME_CHARACTERS_MAX and event.name.isprintable()
    if not is_name:
        return wording.NAME_NEEDED
    return wording.NOT_YOURS if event.role is OperatorRole.ADMINISTRATOR else None


def _why_not_by(equipment: Equipment, turn: Turn, event: ManageOperator) -> Notice | None:
    settings, approval = equipment.settings, event.approval
    by, number = approval.operator.value, event.number.value
    role = OperatorRole(role_of(settings, number).value)
    if event.act is OperatorAct.ADDED:
        role = event.role or OperatorRole.CASHIER
    refusal = password_refusal(equipment, turn, approval.operator, approval.password)
    if refusal is not None:
        return refusal
    did = (by, OperatorRole(role_of(settings, by).value))
    return None if may_look_after(did, event.act, (number, role)) else wording.NOT_YOURS
