"""Questions about many payments at once, each a fixed number of queries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    F,
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

from tongbao.platform.payments.family import GIVING_BACK, RESTATING, TAKING, VOIDING
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
    """How many payments there are and what they come to, in minor units.

    What approved payments come to is net: refunds and voids are taken off, holds and inquiries
    count nothing, and a tip or an adjustment counts what it changed.
    """

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
    rows = grouped_totals(payments, "status")
    return Totals({Status(status): total for (status,), total in rows})


def grouped_totals(payments: Payments, *columns: str) -> list[tuple[tuple[Any, ...], Total]]:
    """Return one total for each combination of the columns, of which `status` is the last."""
    rows = (
        payments.order_by()
        .values(*columns)
        .annotate(count=Count("pk"), gross=Sum("amount_minor"), net=Sum(_net_minor()))
        .values_list(*columns, "count", "gross", "net")
    )
    return [
        (tuple(key), Total(count, net if key[-1] == Status.APPROVED else gross))
        for *key, count, gross, net in rows
    ]


def _net_minor() -> Case:
    """What an approved payment adds to the money taken."""
    siblings = Payment.objects.filter(
        original_id=OuterRef("original_id"),
        original_id__gt=0,
        kind__in=RESTATING,
        payment_id__lt=OuterRef("payment_id"),
    )
    original = Payment.objects.filter(pk=OuterRef("original_id"))
    before = Coalesce(
        Subquery(siblings.order_by("-payment_id").values("amount_minor")[:1]),
        Subquery(original.values("amount_minor")[:1]),
        Value(0),
    )
    return Case(
        When(kind__in=TAKING, then=F("amount_minor")),
        When(kind__in=GIVING_BACK, then=-F("amount_minor")),
        When(kind__in=RESTATING, then=F("amount_minor") - before),
        default=Value(0),
        output_field=BigIntegerField(),
    )


def with_void(payments: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate each payment with `is_voided`: whether an approved void names it."""
    voids = with_status(
        Payment.objects.filter(
            original_id=OuterRef("pk"), original_id__gt=0, kind__in=VOIDING
        ).order_by()
    ).filter(status=Status.APPROVED)
    annotated: QuerySet[Any] = payments.annotate(is_voided=Exists(voids))
    return annotated
