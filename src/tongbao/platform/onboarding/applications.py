"""What an applicant does with an application: begin, save, submit, withdraw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.opening import close_unsigned
from tongbao.platform.onboarding.form_data import SECRET_FIELDS, merged, tidied
from tongbao.platform.onboarding.models import Agent, Application
from tongbao.platform.onboarding.promises import promised_at_us
from tongbao.platform.onboarding.records import (
    add_event,
    found,
    locked,
    move,
    seal_secrets,
    secrets_of,
)
from tongbao.platform.onboarding.states import FINAL, Act, State, next_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.onboarding.tiers import Tier

OPEN_APPLICATIONS_MAX = 5


class TooManyApplicationsError(Exception):
    """The person has so many applications under way that no further one is opened."""


def begin(
    actor: Actor, tier: Tier, *, now_us: int, agent_id: str = "", kind: str = "new"
) -> Application:
    """Open a draft.

    Raises: Agent.DoesNotExist for an agent who is not active; TooManyApplicationsError;
    AccessDeniedError.
    """
    require(actor, Operation.APPLICATION_BEGIN, now_us=now_us)
    agent = Agent.objects.get(pk=agent_id, is_active=True) if agent_id else None
    with transaction.atomic():
        mine = Application.objects.filter(owner_id=int(actor.actor_id))
        if mine.exclude(status__in=FINAL).count() >= OPEN_APPLICATIONS_MAX:
            raise TooManyApplicationsError
        application = Application.objects.create(
            application_id=new_id("application"),
            kind=kind,
            tier=tier.value,
            status=State.DRAFT.value,
            owner_id=int(actor.actor_id),
            agent=agent,
            created_at_us=now_us,
            updated_at_us=now_us,
            promised_at_us=promised_at_us(State.DRAFT, now_us),
        )
        add_event(application, "begin", actor, before=State.DRAFT, now_us=now_us)
        record(
            actor,
            Operation.APPLICATION_BEGIN,
            now_us=now_us,
            target=("application", application.pk),
            after={"tier": tier.value, "kind": kind, "agent_id": agent_id},
        )
    return application


def save(
    actor: Actor,
    application_id: str,
    changes: Mapping[str, str | int | None],
    *,
    now_us: int,
    version: int | None = None,
) -> Application:
    """Put changes into a draft, or into an application that is to be corrected.

    Raises: UnknownFieldError; ActNotPossibleError; ApplicationOvertakenError when `version` is
    not the newest; AccessDeniedError; Application.DoesNotExist.
    """
    found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    plain = tidied(changes)
    with transaction.atomic():
        application = locked(application_id, version=version)
        next_state(State(application.status), Act.SAVE)
        secret = {name: plain.pop(name) for name in SECRET_FIELDS if name in plain}
        application.data = merged(application.data, plain)
        if secret:
            seal_secrets(application, merged(secrets_of(application), secret))
        application.version += 1
        application.updated_at_us = now_us
        application.save()
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            target=("application", application_id),
            after={"fields": sorted({*plain, *secret})},
        )
    return application


def submit(
    actor: Actor, application_id: str, *, now_us: int, version: int | None = None
) -> Application:
    """Hand an application in; what was found before counts as corrected until it is found again.

    The checks run afterwards (`checking.run`). Raises: ActNotPossibleError;
    ApplicationOvertakenError; AccessDeniedError; Application.DoesNotExist.
    """
    found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    with transaction.atomic():
        application = locked(application_id, version=version)
        application.submitted_at_us = now_us
        move(
            application,
            Act.SUBMIT,
            actor,
            now_us=now_us,
            detail={"round_no": round_no(application) + 1},
        )
        application.findings.filter(cleared_at_us=None).update(cleared_at_us=now_us)
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            target=("application", application_id),
            after={"status": application.status},
        )
    return application


def withdraw(actor: Actor, application_id: str, *, now_us: int) -> Application:
    """Take an application back; raises as `submit` does."""
    found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    with transaction.atomic():
        application = locked(application_id)
        before = application.status
        move(application, Act.WITHDRAW, actor, now_us=now_us)
        close_merchant_of(application)
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            target=("application", application_id),
            before={"status": before},
            after={"status": application.status},
        )
    return application


def close_merchant_of(application: Application) -> None:
    """Close a merchant that never signed, so that its owner may apply again."""
    if application.kind == "new" and application.merchant_id is not None:
        close_unsigned(application.merchant_id)


def round_no(application: Application) -> int:
    """Return how often the application was handed in."""
    return application.events.filter(kind=Act.SUBMIT.value).count()
