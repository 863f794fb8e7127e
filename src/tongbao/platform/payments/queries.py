"""Questions about many payments at once, each a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypedDict

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from tongbao.platform.payments.models import Payment, PaymentEvent
from tongbao.platform.payments.status import OUTCOMES, EventKind, Status

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _HasStatus(TypedDict):
        status: str

    Payments: TypeAlias = QuerySet[WithAnnotations[Payment, _HasStatus]]


def with_status(payments: QuerySet[Payment]) -> Payments:
    """Annotate each payment with `status`, the same fold as `status.fold`, done by the database."""
    events = PaymentEvent.objects.filter(payment_id=OuterRef("pk")).order_by()
    requests = events.filter(kind=EventKind.REVERSAL_REQUESTED)
    outcome = events.filter(kind__in=OUTCOMES).order_by("event_id").values("kind")[:1]
    return payments.annotate(
        status=Case(
            When(
                Q(Exists(requests))
                & Q(GreaterThan(_count(requests), _count(events.filter(kind=EventKind.REVERSED)))),
                then=Value(Status.IN_DOUBT.value),
            ),
            When(Exists(requests), then=Value(Status.REVERSED.value)),
            # The words of the two outcomes are the words of the two statuses.
            default=Coalesce(Subquery(outcome), Value(Status.IN_DOUBT.value)),
            output_field=CharField(),
        )
    )


def _count(events: QuerySet[PaymentEvent]) -> Coalesce:
    counted = events.values("payment_id").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), Value(0), output_field=IntegerField())


@dataclass(frozen=True, slots=True)
class Total:
    """How many payments there are and what they come to, in minor units."""

    count: int = 0
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals by status; a payment counts in one status only."""

    by_status: dict[Status, Total] = field(default_factory=dict)

    def of(self, status: Status) -> Total:
        """Return the total of one status, zero when there is none."""
        return self.by_status.get(status, Total())


def totals(payments: Payments) -> Totals:
    """Sum payments by status in one query."""
    rows = (
        payments.order_by()
        .values("status")
        .annotate(count=Count("pk"), sum_minor=Sum("amount_minor"))
        .values_list("status", "count", "sum_minor")
    )
    return Totals({Status(status): Total(count, amount) for status, count, amount in rows})
