"""What waits for somebody, for those who may act: reviews, activations, exceptions, approvals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext

from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.approvals.kinds import APPROVING
from tongbao.platform.approvals.models import ChangeRequest
from tongbao.platform.approvals.queries import with_standing
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import may
from tongbao.platform.fleet.models import Activation
from tongbao.platform.onboarding.models import Application
from tongbao.platform.onboarding.promises import PROMISES
from tongbao.platform.onboarding.states import State

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One queue: how many wait, a mark in words when some of them press, and where they are."""

    name: str
    icon: str
    count: int
    mark: str
    address: str


def queues_of(request: HttpRequest, exceptions: int) -> list[Queue]:
    """Return the queues in which this person may act, each with one query.

    `exceptions`: how many are open, which the caller knows.
    """
    at_us = now_us()
    found = []
    if may(request, Operation.APPLICATION_REVIEW):
        found.append(_reviews(at_us))
    if may(request, Operation.ACTIVATION_SERVICE_POINT):
        found.append(_activations(at_us))
    if may(request, Operation.EXCEPTION_WORK):
        address = _list("payments_paymentexception", standing="open")
        found.append(_queue(gettext("Exceptions"), "error", exceptions, address=address))
    found.append(_approvals(request, at_us))
    return found


def _reviews(at_us: int) -> Queue:
    ours = [state.value for state, promise in PROMISES.items() if promise.by_us]
    counts = Application.objects.aggregate(
        all=Count("pk", filter=Q(status=State.IN_REVIEW.value)),
        late=Count("pk", filter=Q(status__in=ours, promised_at_us__lt=at_us)),
    )
    address = _list("onboarding_application", queue="late" if counts["late"] else "review")
    return _queue(gettext("Reviews"), "fact_check", counts["all"], counts["late"], address=address)


def _activations(at_us: int) -> Queue:
    counts = Activation.objects.filter(ended_at_us__isnull=True).aggregate(
        all=Count("pk"), late=Count("pk", filter=Q(promised_at_us__lt=at_us))
    )
    address = _list("fleet_activation", standing="late" if counts["late"] else "open")
    return _queue(
        gettext("Activations"), "qr_code_scanner", counts["all"], counts["late"], address=address
    )


def _approvals(request: HttpRequest, at_us: int) -> Queue:
    kinds = [kind.value for kind, operation in APPROVING.items() if may(request, operation)]
    mine = Q(kind__in=kinds) & ~Q(asked_by=actor_of(request).actor_id)
    waiting = with_standing(ChangeRequest.objects.all(), at_us).filter(is_open=True)
    counts = waiting.aggregate(all=Count("pk"), mine=Count("pk", filter=mine))
    return Queue(
        name=gettext("Change requests"),
        icon="approval_delegation",
        count=counts["all"],
        mark=gettext("For you: %(n)d") % {"n": counts["mine"]} if counts["mine"] else "",
        address=_list("approvals_changerequest", standing="open"),
    )


def _queue(name: str, icon: str, count: int, late: int = 0, *, address: str) -> Queue:
    mark = gettext("Late: %(n)d") % {"n": late} if late else ""
    return Queue(name=name, icon=icon, count=count, mark=mark, address=address)


def _list(page: str, **filters: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in filters.items())
    return f"{reverse(f'admin:{page}_changelist')}?{query}"
