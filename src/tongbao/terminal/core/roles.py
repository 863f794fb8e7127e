"""Who at the till may do what: operator numbers 00, 01 to 98 and 99, and their roles.

The platform gives every operator a role; a number it has not heard of has the role that the number
itself stands for in the dialect.

Spec: UnionPay terminal dialect, 7.7.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tongbao.terminal.settings import TerminalSettings


class Role(Enum):
    """What an operator is: takes payments, approves them, or looks after the terminal."""

    CASHIER = "cashier"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Grant(Enum):
    """Acts about the terminal and not about a payment, which need a role."""

    TRAINING = "training"
    SELF_TEST = "self_test"
    OPERATORS = "operators"


_BY_NUMBER: Final = {"00": Role.SUPERVISOR, "99": Role.ADMINISTRATOR}
_STAFF: Final = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


def role_of(settings: TerminalSettings, operator: str) -> Role:
    """Return the role of an operator number."""
    given = settings.operator_roles.get(operator)
    return Role(given) if given is not None else _BY_NUMBER.get(operator, Role.CASHIER)


def may_approve(settings: TerminalSettings, operator: str) -> bool:
    """Whether an operator approves payments and settlements of others."""
    return role_of(settings, operator) is Role.SUPERVISOR


def may_grant(settings: TerminalSettings, operator: str, what: Grant) -> bool:
    """Whether an operator may have an act about the terminal done.

    Training is everybody's where the acquirer asks for no supervisor.
    """
    if what is Grant.TRAINING and not settings.training_needs_supervisor:
        return True
    return role_of(settings, operator) in _STAFF
