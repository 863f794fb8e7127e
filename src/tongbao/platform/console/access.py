"""Who may see what: the only place of the console that decides it.

Today every active member of staff may see everything, save traces, work on exceptions and order
terminals to do something; nobody may change or remove a record. Roles and tenants will be decided
here and nowhere else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


class Operation(StrEnum):
    """What a person can try to do with records."""

    VIEW = "view"
    ADD = "add"
    CHANGE = "change"
    DELETE = "delete"
    SAVE_TRACE = "save_trace"
    WORK_ON_EXCEPTION = "work_on_exception"
    ORDER_TERMINAL = "order_terminal"


STAFF_MAY = frozenset(
    {
        Operation.VIEW,
        Operation.SAVE_TRACE,
        Operation.WORK_ON_EXCEPTION,
        Operation.ORDER_TERMINAL,
    }
)


def may(user: AbstractBaseUser | AnonymousUser, operation: Operation) -> bool:
    """Return whether this person may do this in the operations console."""
    return operation in STAFF_MAY and user.is_active and bool(getattr(user, "is_staff", False))
