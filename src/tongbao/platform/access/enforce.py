"""Where the decision meets the world: who asks, and a refusal that is written down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from django.db import transaction

from tongbao.platform.access.actor import Actor
from tongbao.platform.access.decide import Decision, decide
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import Outcome, record

if TYPE_CHECKING:
    from django.http import HttpRequest

_SLOT: Final = "tongbao_actor"


class Place(TypedDict, total=False):
    """Whose thing, and which: `target` is kind and key, `owner_id` a person's key."""

    merchant_id: str | None
    owner_id: str | None
    target: tuple[str, str]


class AccessDeniedError(Exception):
    """The actor may not do this; nothing was done.

    `decision` is never ALLOWED. `is_recorded` is false while the refusal is not in the audit log
    yet, because a transaction that ends with this error was open: `record_denial` writes it then.
    """

    def __init__(
        self, decision: Decision, actor: Actor, operation: Operation, place: Place
    ) -> None:
        super().__init__(f"{operation.value}: {decision.value}")
        self.decision = decision
        self.actor = actor
        self.operation = operation
        self.place = place
        self.is_recorded = False


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks, the same value for the whole request."""
    known = getattr(request, _SLOT, None)
    if not isinstance(known, Actor):
        from tongbao.platform.accounts.actors import (  # noqa: PLC0415 - accounts stand on access
            actor_of_request,
        )

        known = actor_of_request(request)
        set_actor(request, known)
    return known


def set_actor(request: HttpRequest, actor: Actor) -> None:
    """Say who asks, when it is not a person with a session: an API key or a device."""
    setattr(request, _SLOT, actor)


def require(actor: Actor, operation: Operation, *, now_us: int, **place: Unpack[Place]) -> None:
    """Return when `actor` may do `operation`, otherwise write the refusal down and raise.

    Raises AccessDeniedError. Ask before opening a transaction: what ends with an error keeps no
    entry, so inside one the face that catches the error calls `record_denial`.
    """
    decision = decide(
        actor,
        operation,
        merchant_id=place.get("merchant_id"),
        owner_id=place.get("owner_id"),
        now_us=now_us,
    )
    if decision is Decision.ALLOWED:
        return
    error = AccessDeniedError(decision, actor, operation, place)
    if not transaction.get_connection().in_atomic_block:
        record_denial(error, now_us=now_us)
    raise error


def record_denial(error: AccessDeniedError, *, now_us: int) -> None:
    """Write one audit entry about a refusal; a second call for the same error changes nothing."""
    if error.is_recorded:
        return
    error.is_recorded = True
    record(
        error.actor,
        error.operation,
        now_us=now_us,
        outcome=Outcome.DENIED,
        target=error.place.get("target", ("", "")),
        merchant_id=error.place.get("merchant_id") or "",
        detail=error.decision.value,
    )
