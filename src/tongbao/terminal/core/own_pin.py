"""An operator's own PIN: the first one must be changed, and any may be.

A first PIN was seen by somebody else. Whoever gives it is asked for one of their own before
anything else; until then nobody is logged in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.crypto.operator_pin import fault_of_pin, hash_pin, pin_fits
from tongbao.domain.secrets import Purpose
from tongbao.terminal.core import wording
from tongbao.terminal.core.approval import password_refusal
from tongbao.terminal.core.effects import KeepStaff
from tongbao.terminal.core.records import OperatorChanged
from tongbao.wire.device.operators import OperatorAct, OperatorChange
from tongbao.wire.device.settings import OperatorRole

if TYPE_CHECKING:
    from tongbao.domain.ids import OperatorNo
    from tongbao.domain.secrets import Pin
    from tongbao.terminal.core.events import ChangePin
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.core.turn import Equipment, Turn

SALT_BYTES: Final = 16
_FAULTS: Final = {"bad_pin": wording.BAD_NEW_PIN, "weak_pin": wording.WEAK_PIN}


def must_change(equipment: Equipment, operator: OperatorNo) -> bool:
    """Whether this operator's PIN is a first one; training asks nobody to change it."""
    settings = equipment.settings
    return operator.value in settings.first_pins and not settings.is_training


def change_pin(equipment: Equipment, turn: Turn, event: ChangePin) -> OperatorNo | None:
    """Give the operator at the till a new PIN; who it was, or None when it was refused."""
    state = turn.state
    operator = state.newcomer if state.operator is None else state.operator
    if operator is None:
        turn.refuse(wording.NOT_NOW)
        return None
    refusal = _why_not(equipment, turn, operator, event)
    if refusal is not None:
        turn.refuse(refusal)
        return None
    keep_change(
        equipment, turn, OperatorAct.PIN_CHANGED, (operator.value, operator.value), event.new
    )
    return operator


def _why_not(
    equipment: Equipment, turn: Turn, operator: OperatorNo, event: ChangePin
) -> Notice | None:
    kept = equipment.settings.operators.get(operator.value)
    if equipment.settings.is_training:
        return wording.NOT_IN_TRAINING
    if kept is None:
        return wording.OPERATOR_GONE
    if turn.state.newcomer is None:
        if event.old is None:
            return wording.WRONG_PASSWORD
        refusal = password_refusal(equipment, turn, operator, event.old)
        if refusal is not None:
            return refusal
    return fault_of_new(event.new) or (wording.SAME_PIN if pin_fits(event.new, kept) else None)


def fault_of_new(pin: Pin) -> Notice | None:
    """Return why nobody should have this PIN."""
    fault = fault_of_pin(pin.reveal(Purpose.CRYPTO))
    return None if fault is None else _FAULTS[fault]


def keep_change(
    equipment: Equipment,
    turn: Turn,
    act: OperatorAct,
    by_of: tuple[str, str],
    pin: Pin | None = None,
    new: tuple[str, OperatorRole] | None = None,
) -> None:
    """Keep what one operator has done about another, told to the platform when it can be.

    `new` is the name and the role of an operator that is added.
    """
    by, number = by_of
    name, role = new or ("", None)
    pin_hash = None if pin is None else hash_pin(pin, equipment.random_bytes(SALT_BYTES))
    change = OperatorChange(
        act=act,
        number=number,
        by=by,
        name=name,
        role=role,
        pin_hash=pin_hash,
        replaces=equipment.settings.operators.get(number),
        changed_at_ms=turn.now.us // 1000,
    )
    turn.do(KeepStaff(change))
    turn.persist(OperatorChanged(operator=by, what=act.value, number=number))
