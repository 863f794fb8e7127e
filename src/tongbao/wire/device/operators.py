"""What a terminal tells of its operators: a PIN changed, somebody added, reset or ended there.

The platform's book is the truth: it takes a change or says why not, and the terminal goes by the
answer.

Spec: our own, docs/operators.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from tongbao.wire.device.activation import Milliseconds
from tongbao.wire.device.codec import Length
from tongbao.wire.device.settings import Hash, OperatorNumber, OperatorRole

SUPERVISOR_NUMBER: Final = "00"
ADMINISTRATOR_NUMBER: Final = "99"


class OperatorAct(StrEnum):
    """What was done about an operator at a terminal."""

    PIN_CHANGED = "pin_changed"  # by the operator: the PIN is the person's own now
    ADDED = "added"
    PIN_RESET = "pin_reset"  # by somebody who looks after them: a first PIN again
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChange:
    """POST operators: what was done at the terminal, by whom, when.

    `name` and `role` belong to ADDED; `pin_hash` to all but ENDED. `replaces` is the PIN hash that
    was in force before, so that no clock has to say which of two came later.
    """

    act: OperatorAct
    number: OperatorNumber
    by: OperatorNumber
    name: Annotated[str, Length(0, 40)]
    role: OperatorRole | None
    pin_hash: Hash | None
    replaces: Hash | None
    changed_at_ms: Milliseconds


class OperatorOutcome(StrEnum):
    """What the platform made of a change."""

    KEPT = "kept"
    PASSED_OVER = "passed_over"  # the platform has something newer
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorAnswer:
    """The answer to a change; `reason` is a word for a refusal, else empty."""

    outcome: OperatorOutcome
    reason: Annotated[str, Length(0, 40)]
    server_time_ms: Milliseconds


def may_look_after(
    by: tuple[str, OperatorRole], act: OperatorAct, of: tuple[str, OperatorRole]
) -> bool:
    """Tell whether one operator may do an act about another at a terminal; each number with role.

    A supervisor looks after cashiers, 00 and 99 also after further supervisors. 00 is reset by 99
    and ended by nobody; 99 is the platform's alone. Nobody resets or ends themselves.

    Spec: UnionPay terminal dialect, 7.7.
    """
    number, role = by
    other, other_role = of
    if act is OperatorAct.PIN_CHANGED:
        return number == other
    if number == other or role is OperatorRole.CASHIER or other == ADMINISTRATOR_NUMBER:
        return False
    if other == SUPERVISOR_NUMBER:
        return act is OperatorAct.PIN_RESET and number == ADMINISTRATOR_NUMBER
    if other_role is OperatorRole.CASHIER:
        return True
    is_chief = number in {SUPERVISOR_NUMBER, ADMINISTRATOR_NUMBER}
    return is_chief and other_role is OperatorRole.SUPERVISOR
