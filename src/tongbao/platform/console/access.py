"""Who may see what in the console: a thin face of `access.decide`, which decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from tongbao.platform.access.decide import Decision, decide
from tongbao.platform.access.enforce import AccessDeniedError, actor_of, require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.clock import now_us

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["Operation", "decision_of", "demand", "may", "may_at", "note_refusal"]

# Strangers who knock again and again fill no log: so many entries a minute from one address.
STRANGERS_NOTED_IN_A_MINUTE = 20
_MINUTE_US = 60_000_000
_ADDRESSES_MAX = 10_000
_noted: dict[tuple[str, int], int] = {}


def may(request: HttpRequest, operation: Operation) -> bool:
    """Return whether the person may do this; asking leaves no trace."""
    return decision_of(request, operation) is Decision.ALLOWED


def may_at(request: HttpRequest, operation: Operation, merchant_id: str) -> bool:
    """Return whether the person may do this at a merchant; asking leaves no trace."""
    actor = actor_of(request)
    decision = decide(actor, operation, merchant_id=merchant_id, now_us=now_us())
    return decision is Decision.ALLOWED


def decision_of(request: HttpRequest, operation: Operation) -> Decision:
    """Return the decision itself, which also tells a missing second factor."""
    return decide(actor_of(request), operation, now_us=now_us())


def demand(request: HttpRequest, operation: Operation, target: tuple[str, str]) -> None:
    """Return when the person may do this to `target`, otherwise write it down and refuse.

    Raises PermissionDenied, which the console shows as its page 403.
    """
    try:
        require(actor_of(request), operation, now_us=now_us(), target=target)
    except AccessDeniedError as error:
        raise PermissionDenied from error


def note_refusal(request: HttpRequest, decision: Decision) -> None:
    """Write one audit entry about a page that was not opened."""
    actor, at_us = actor_of(request), now_us()
    if decision is Decision.NOT_LOGGED_IN:
        knock = (actor.address, at_us // _MINUTE_US)
        if len(_noted) >= _ADDRESSES_MAX:
            _noted.clear()
        _noted[knock] = _noted.get(knock, 0) + 1
        if _noted[knock] > STRANGERS_NOTED_IN_A_MINUTE:
            return
    record(
        actor,
        Operation.CONSOLE_VIEW,
        now_us=at_us,
        outcome=Outcome.DENIED,
        target=("page", request.path),
        detail=decision.value,
    )
