"""Acts about the terminal that need a role: training, the function self-test, the operators.

The core only decides and puts the approval on record; the shell does what was granted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.terminal.core import wording
from tongbao.terminal.core.approval import password_refusal
from tongbao.terminal.core.effects import Allow
from tongbao.terminal.core.functions import is_boot
from tongbao.terminal.core.records import SupervisorApproved
from tongbao.terminal.core.roles import Grant, may_grant
from tongbao.terminal.core.signing_in import is_settling

if TYPE_CHECKING:
    from tongbao.terminal.core.events import Authorise
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.core.turn import Equipment, Turn


def authorise(equipment: Equipment, turn: Turn, event: Authorise) -> None:
    """Allow an act when the operator at the till may do it, or somebody who may approves it."""
    refusal = _why_not_now(equipment, turn, event.what) or _why_not(equipment, turn, event)
    if refusal is not None:
        turn.refuse(refusal)
        return
    turn.do(Allow(event.what))


def _why_not_now(equipment: Equipment, turn: Turn, what: Grant) -> Notice | None:
    """Leaving this world waits until nothing of it is open between terminal and host."""
    if what is not Grant.TRAINING:
        return None
    settings = equipment.settings
    if not (settings.training_allowed or settings.is_training):
        return wording.TRAINING_OFF
    if turn.state.doubt is not None:
        return wording.DOUBT_OPEN
    return wording.SETTLEMENT_OPEN if is_settling(turn.state) else None


def _why_not(equipment: Equipment, turn: Turn, event: Authorise) -> Notice | None:
    settings, operator = equipment.settings, turn.state.operator
    approval = event.approval
    if operator is None and is_boot(settings, event.what.value):
        return None
    if approval is None:
        if operator is None or not may_grant(settings, operator.value, event.what):
            return wording.SUPERVISOR_NEEDED
        approver = operator.value
    else:
        refusal = password_refusal(equipment, turn, approval.operator, approval.password)
        if refusal is not None:
            return refusal
        if not may_grant(settings, approval.operator.value, event.what):
            return wording.NOT_A_SUPERVISOR
        turn.change(log_in_failures=0, log_in_blocked_until=None)
        approver = approval.operator.value
    turn.persist(SupervisorApproved(operator=approver, what=event.what.value))
    return None
