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
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from tongbao.platform.payments import doubts
from tongbao.platform.payments.family import GIVING_BACK, RESTATING, TAKING, VOIDING
from tongbao.platform.payments.models import Payment, PaymentEvent
from tongbao.platform.payments.status import EventKind, Status

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class _HasStatus(TypedDict):
        status: str

    Payments: TypeAlias = QuerySet[WithAnnotations[Payment, _HasStatus]]


def with_status(payments: QuerySet[Payment]) -> Payments:
    """Annotate each payment with `status`, the same fold as `status.fold`, done by the database."""
    folded = (
        PaymentEvent.objects.filter(payment_id=OuterRef("pk"))
        .order_by()
        .values("payment_id")
        .annotate(
            requests=_number(EventKind.REVERSAL_REQUESTED),
            proofs=_number(EventKind.REVERSED),
            approved=_first(EventKind.APPROVED),
            declined=_first(EventKind.DECLINED),
        )
        .annotate(
            status=Case(
                When(requests__gt=F("proofs"), then=Value(Status.IN_DOUBT.value)),
                When(requests__gt=0, then=Value(Status.REVERSED.value)),
                When(
                    Q(approved__isnull=False) & (Q(declined=None) | Q(approved__lt=F("declined"))),
                    then=Value(Status.APPROVED.value),
                ),
                When(declined__isnull=False, then=Value(Status.DECLINED.value)),
                default=Value(Status.IN_DOUBT.value),
                output_field=CharField(),
            )
        )
        .values("status")
    )
    # One look at the events of a payment; no event at all is a doubt, too.
    return payments.annotate(status=Coalesce(Subquery(folded), Value(Status.IN_DOUBT.value)))


def _number(kind: EventKind) -> Count:
    return Count("event_id", filter=Q(kind=kind))


def _first(kind: EventKind) -> Min:
    return Min("event_id", filter=Q(kind=kind))


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


def totals(payments: QuerySet[Any]) -> Totals:
    """Sum payments by status."""
    return Totals({status: total for (_none, status), total in grouped_totals(payments)})


def grouped_totals(
    payments: QuerySet[Any], *columns: str
) -> list[tuple[tuple[tuple[Any, ...], Status], Total]]:
    """Return one total for each combination of the columns and status.

    Nearly all payments are approved, so everything is summed without a look at the events, and the
    few that may have ended otherwise are folded and taken off again.
    """
    whole = _sums(payments, *columns)
    others = with_status(payments.filter(unhappy())).exclude(status=Status.APPROVED.value)
    found: list[tuple[tuple[tuple[Any, ...], Status], Total]] = []
    for (*key, word), (count, gross, net) in _sums(others, *columns, "status").items():
        found.append(((tuple(key), Status(word)), Total(count, gross)))
        before = whole[tuple(key)]
        whole[tuple(key)] = (before[0] - count, before[1] - gross, before[2] - net)
    approved = [
        ((key, Status.APPROVED), Total(count, net))
        for key, (count, _gross, net) in whole.items()
        if count
    ]
    return approved + found


def unhappy() -> Q:
    """Return a condition that every payment fulfils that is not approved, and few others."""
    ends = PaymentEvent.objects.filter(
        kind__in=(EventKind.DECLINED, EventKind.REVERSAL_REQUESTED)
    ).order_by()
    return Q(pk__in=ends.values("payment_id")) | doubts.candidates()


def _sums(payments: QuerySet[Any], *columns: str) -> dict[tuple[Any, ...], tuple[int, int, int]]:
    """Return count, sum and net sum in minor units by the columns; without columns, of all."""
    grouped = payments.order_by().annotate(nothing=Value(0)).values("nothing", *columns)
    rows = grouped.annotate(
        count=Count("pk"), gross=Sum("amount_minor"), net=Sum(_net_minor())
    ).values_list(*columns, "count", "gross", "net")
    return {tuple(key): (count, gross, net) for *key, count, gross, net in rows}


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
