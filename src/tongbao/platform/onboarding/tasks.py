"""What onboarding does by itself: checks again, reminds, lets what was abandoned end."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.onboarding import checking
from tongbao.platform.onboarding.applications import close_merchant_of
from tongbao.platform.onboarding.models import Application
from tongbao.platform.onboarding.notices import LATE, REMINDER, TOLD, tell_applicant
from tongbao.platform.onboarding.promises import (
    PROMISES,
    REMINDER_BEFORE_US,
    has_expired,
    is_late,
    wants_reminder,
)
from tongbao.platform.onboarding.records import locked, move
from tongbao.platform.onboarding.states import TRANSITIONS, Act, State
from tongbao.platform.work.task import Task

AT_ONCE_MAX: Final = 50
# The page that handed an application in checks it itself; this comes for what it left.
_SETTLED_US: Final = 20_000_000
_OURS: Final = tuple(state.value for state, promise in PROMISES.items() if promise.by_us)
_ENDING: Final = tuple(state.value for state, act in TRANSITIONS if act is Act.EXPIRE)


def check_waiting(now_us: int) -> int:
    """Check applications whose checks did not come to an end, and return how many moved on."""
    waiting = Application.objects.filter(
        status__in=(State.SUBMITTED, State.CHECKING), updated_at_us__lt=now_us - _SETTLED_US
    ).order_by("submitted_at_us")
    moved = 0
    for application_id in waiting.values_list("pk", flat=True)[:AT_ONCE_MAX]:
        moved += checking.run(application_id, now_us=now_us) is not State.CHECKING
    return moved


def remind(now_us: int) -> int:
    """Remind applicants three days before a deadline of theirs, once; return how many."""
    due = Application.objects.filter(
        status__in=_ENDING,
        reminded_at_us=None,
        promised_at_us__lte=now_us + REMINDER_BEFORE_US,
        promised_at_us__gt=now_us,
    )
    done = 0
    for application_id in due.values_list("pk", flat=True)[:AT_ONCE_MAX]:
        with transaction.atomic():
            application = locked(application_id)
            state, promised = State(application.status), application.promised_at_us
            if application.reminded_at_us or promised is None:
                continue
            if wants_reminder(state, promised, now_us):
                application.reminded_at_us = now_us
                application.save(update_fields=["reminded_at_us"])
                day = Instant(promised).local(CHINA_TIME).strftime("%Y-%m-%d")
                tell_applicant(application, REMINDER, day=day)
                done += 1
    return done


def own_up(now_us: int) -> int:
    """Tell applicants, once, that a promise of ours is broken; return how many."""
    due = Application.objects.filter(
        status__in=_OURS, reminded_at_us=None, promised_at_us__lt=now_us
    )
    done = 0
    for application_id in due.values_list("pk", flat=True)[:AT_ONCE_MAX]:
        with transaction.atomic():
            application = locked(application_id)
            state, promised = State(application.status), application.promised_at_us
            if application.reminded_at_us is None and is_late(state, promised, now_us):
                application.reminded_at_us = now_us
                application.save(update_fields=["reminded_at_us"])
                tell_applicant(application, LATE)
                done += 1
    return done


def expire(now_us: int) -> int:
    """End applications whose applicant let the deadline pass; return how many."""
    due = Application.objects.filter(status__in=_ENDING, promised_at_us__lt=now_us)
    done = 0
    for application_id in due.values_list("pk", flat=True)[:AT_ONCE_MAX]:
        with transaction.atomic():
            application = locked(application_id)
            before = State(application.status)
            if not has_expired(before, application.promised_at_us, now_us):
                continue
            move(application, Act.EXPIRE, SYSTEM, now_us=now_us)
            close_merchant_of(application)
            tell_applicant(application, TOLD[State.EXPIRED])
            record(
                SYSTEM,
                Operation.APPLICATION_WORK,
                now_us=now_us,
                target=("application", application_id),
                before={"status": before.value},
                after={"status": application.status},
            )
            done += 1
    return done


TASKS = (
    Task(name="onboarding.check_waiting", every_s=30, run=check_waiting),
    Task(name="onboarding.remind", every_s=1_800, run=remind),
    Task(name="onboarding.own_up", every_s=600, run=own_up),
    Task(name="onboarding.expire", every_s=1_800, run=expire),
)
