"""What a day brought a merchant: by status, by hour, by kind; and what changed since a moment."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import BigIntegerField, ExpressionWrapper, F, Value
from django.db.models.functions import Mod

from tongbao.platform.payments.following import settled_events
from tongbao.platform.payments.listing import shown
from tongbao.platform.payments.models import Payment
from tongbao.platform.payments.queries import Total, grouped_totals
from tongbao.platform.payments.status import Status

if TYPE_CHECKING:
    from datetime import date

_HOUR_US = 3600 * 1_000_000
_CHINA_HOURS = 8


@dataclass(frozen=True, slots=True)
class DaySummary:
    """Totals of one business date; hours and kinds count approved payments only, net."""

    by_status: dict[Status, Total] = field(default_factory=dict)
    by_hour: dict[int, Total] = field(default_factory=dict)
    by_kind: dict[str, Total] = field(default_factory=dict)


def summary_of(merchant_id: str, day: date) -> DaySummary:
    """Return the totals of a merchant's business date, from one query."""
    hours = ExpressionWrapper(
        Mod(F("received_at_us") / Value(_HOUR_US) + Value(_CHINA_HOURS), Value(24)),
        output_field=BigIntegerField(),
    )
    own = Payment.objects.filter(merchant_id=merchant_id, business_date=day)
    payments = own.annotate(hour=hours)
    statuses: dict[Status, Total] = defaultdict(Total)
    by_hour: dict[int, Total] = defaultdict(Total)
    kinds: dict[str, Total] = defaultdict(Total)
    for ((hour, kind), status), total in grouped_totals(payments, "hour", "kind"):
        statuses[status] = _plus(statuses[status], total)
        if status is Status.APPROVED:
            by_hour[int(hour)] = _plus(by_hour[int(hour)], total)
            kinds[kind] = _plus(kinds[kind], total)
    return DaySummary(dict(statuses), dict(by_hour), dict(kinds))


def _plus(one: Total, other: Total) -> Total:
    return Total(one.count + other.count, one.amount_minor + other.amount_minor)


@dataclass(frozen=True, slots=True)
class Changed:
    """Payments to which something happened, and the event up to which was looked."""

    payments: list[Any]
    seen_event_id: int
    is_all: bool


def changed_since(merchant_id: str, event_id: int, *, now_us: int) -> Changed:
    """Return the merchant's payments with events after this one, oldest first."""
    numbers, seen, is_all = settled_events(event_id, now_us=now_us)
    own = Payment.objects.filter(pk__in=numbers, merchant_id=merchant_id)
    payments = shown(own).order_by("payment_id")
    return Changed(list(payments), seen, is_all)
