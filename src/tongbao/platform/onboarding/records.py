"""Reading and moving applications: what every service of this room does the same way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from tongbao.platform.access.enforce import require
from tongbao.platform.api.outbox import emit
from tongbao.platform.onboarding.models import Application, ApplicationEvent
from tongbao.platform.onboarding.promises import promised_at_us
from tongbao.platform.onboarding.states import Act, State, next_state
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.access.operations import Operation

NOTE_LENGTH_MAX = 500


class ApplicationOvertakenError(Exception):
    """Somebody has acted since the page was opened; nothing was changed."""


class NoteMissingError(ValueError):
    """The act needs a reason in words; nothing was changed."""


def found(actor: Actor, operation: Operation, application_id: str, *, now_us: int) -> Application:
    """Return an application that the actor may do this with.

    Raises: Application.DoesNotExist; AccessDeniedError.
    """
    application = Application.objects.select_related("merchant", "agent").get(pk=application_id)
    require(
        actor,
        operation,
        now_us=now_us,
        owner_id=str(application.owner_id),
        target=("application", application_id),
    )
    return application


def locked(application_id: str, *, version: int | None = None) -> Application:
    """Take an application for the rest of the transaction.

    Raises: ApplicationOvertakenError when it is of another version than the caller has seen.
    """
    application = Application.objects.select_for_update().get(pk=application_id)
    if version is not None and application.version != version:
        raise ApplicationOvertakenError(application_id)
    return application


class Step(TypedDict, total=False):
    """What is written beside a step: a note for people, and facts for machines."""

    note: str
    detail: Mapping[str, Any]


def move(
    application: Application, act: Act, actor: Actor, *, now_us: int, **step: Unpack[Step]
) -> ApplicationEvent:
    """Let an act happen: the next state with its promise, and the row that tells of it.

    Raises: ActNotPossibleError; then nothing is written.
    """
    before = State(application.status)
    after = next_state(before, act)
    application.status = after.value
    if after is not before or act is Act.OFFER_CONTRACT:
        application.promised_at_us = promised_at_us(after, now_us)
        application.reminded_at_us = None
    application.version += 1
    application.updated_at_us = now_us
    application.save()
    event = add_event(application, act.value, actor, before=before, now_us=now_us, **step)
    if application.merchant_id is not None and after is not before:
        emit(
            application.merchant_id,
            f"application.{after.value}",
            {"application_id": application.pk, "kind": application.kind, "status": after.value},
            now_us,
        )
    return event


def add_event(
    application: Application,
    kind: str,
    actor: Actor,
    *,
    before: State,
    now_us: int,
    **step: Unpack[Step],
) -> ApplicationEvent:
    """Append one row to the history of an application."""
    return ApplicationEvent.objects.create(
        application=application,
        kind=kind,
        from_status=before.value,
        to_status=application.status,
        at_us=now_us,
        actor_kind=actor.kind.value,
        actor_id=actor.actor_id[:64],
        actor_name=actor.name[:80],
        note=" ".join(step.get("note", "").split())[:NOTE_LENGTH_MAX],
        detail=dict(step.get("detail", {})),
    )


def secrets_of(application: Application) -> dict[str, str | int]:
    """Open the sealed fields."""
    if not application.secrets_sealed:
        return {}
    opened = data_key().open(bytes(application.secrets_sealed), _context(application))
    return dict(json.loads(opened))


def seal_secrets(application: Application, secrets: Mapping[str, str | int]) -> None:
    """Put sealed fields into an application; the caller saves it."""
    application.secrets_sealed = data_key().seal(
        json.dumps(dict(secrets)).encode(), _context(application)
    )


def _context(application: Application) -> str:
    return f"onboarding_application.secrets {application.pk}"


def reached(application: Application) -> dict[State, int]:
    """Return when each state was reached last."""
    moments = {State.DRAFT: application.created_at_us}
    rows = application.events.order_by("event_id").values_list("from_status", "to_status", "at_us")
    for before, after, at_us in rows:
        if before != after:
            moments[State(after)] = at_us
    return moments
