"""The first page: what today looks like and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext

from tongbao.domain.dates import CHINA_TIME
from tongbao.platform.console.formats import amount_text, start_of_day_us
from tongbao.platform.console.queues import queues_of
from tongbao.platform.fleet.models import Terminal, TerminalSession
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.payments.exceptions import open_count
from tongbao.platform.payments.models import Payment
from tongbao.platform.payments.queries import Total, grouped_totals, with_status
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.words import STATUS_ICONS, STATUS_TONES, STATUS_WORDS

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest

DAYS = 7
LATEST = 8


@dataclass(frozen=True, slots=True)
class Day:
    """One bar of the week: approved payments of a business date."""

    day: date
    total: Total
    share_percent: int

    @property
    def amount(self) -> str:
        """The amount for people."""
        return amount_text(self.total.amount_minor)


def dashboard_context(request: HttpRequest) -> dict[str, Any]:
    """Return the figures of the day in a fixed number of queries."""
    today = datetime.now(CHINA_TIME).date()
    by_day = _week(today)
    exceptions = open_count()
    return {
        "title": gettext("Today"),
        "today": today,
        "cards": [
            {
                "status": status.value,
                "label": STATUS_WORDS[status],
                "tone": STATUS_TONES[status],
                "icon": STATUS_ICONS[status],
                "total": by_day.get((today, status), Total()),
            }
            for status in (Status.APPROVED, Status.DECLINED, Status.REVERSED)
        ],
        "doubt": _sum(total for (_, status), total in by_day.items() if status is Status.IN_DOUBT),
        "exceptions": exceptions,
        "queues": queues_of(request, exceptions),
        "week": _bars(today, by_day),
        "latest": with_status(Payment.objects.order_by("-payment_id"))[:LATEST],
        "terminals": Terminal.objects.filter(is_active=True).count(),
        "terminals_today": TerminalSession.objects.filter(
            signed_in_at_us__gte=start_of_day_us(today)
        )
        .exclude(key_block=b"")
        .values("terminal_id")
        .distinct()
        .count(),
        "merchants": Merchant.objects.filter(is_active=True).count(),
    }


def _week(today: date) -> dict[tuple[date, Status], Total]:
    first = today - timedelta(days=DAYS - 1)
    payments = Payment.objects.filter(business_date__gte=first)
    rows = grouped_totals(payments, "business_date")
    return {(day, status): total for ((day,), status), total in rows}


def _sum(all_totals: Any) -> Total:
    listed = list(all_totals)
    return Total(sum(t.count for t in listed), sum(t.amount_minor for t in listed))


def _bars(today: date, by_day: dict[tuple[date, Status], Total]) -> list[Day]:
    days = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    approved = [by_day.get((day, Status.APPROVED), Total()) for day in days]
    highest = max((total.amount_minor for total in approved), default=0)
    return [
        Day(day, total, total.amount_minor * 100 // highest if highest else 0)
        for day, total in zip(days, approved, strict=True)
    ]
