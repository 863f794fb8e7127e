"""The filters beside the list of payments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.admin import SimpleListFilter
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongbao.domain.dates import CHINA_TIME
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.payments.listing import candidates
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.words import KIND_WORDS, STATUS_WORDS

if TYPE_CHECKING:
    from django.contrib.admin import FieldListFilter as RangeDateFilter
    from django.contrib.admin import ModelAdmin
    from django.contrib.admin import SimpleListFilter as TextFilter
    from django.db.models import QuerySet
    from django.http import HttpRequest

    from tongbao.platform.payments.models import Payment
else:
    from unfold.contrib.filters.admin import RangeDateFilter, TextFilter

STATUS_PARAMETER = "status"
DAY_PARAMETER = "day"
_DAYS_BACK = {"today": (0, 0), "yesterday": (1, 1), "week": (6, 0), "month": (29, 0)}


class StatusFilter(SimpleListFilter):
    """By the status folded from the events."""

    title = _("status")
    parameter_name = STATUS_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the four statuses."""
        del request, model_admin
        return [(status.value, STATUS_WORDS[status]) for status in Status]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments that can have the chosen status; the list's pages fold them."""
        del request
        chosen = self.value()
        return queryset.filter(candidates(Status(chosen))) if chosen else queryset


class KindFilter(SimpleListFilter):
    """By kind of payment."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the kinds of the dialect."""
        del request, model_admin
        return list(KIND_WORDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments of the chosen kind."""
        del request
        return queryset.filter(kind=self.value()) if self.value() else queryset


class DayFilter(SimpleListFilter):
    """By business date, counted back from today."""

    title = _("day")
    parameter_name = DAY_PARAMETER

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the spans people ask for."""
        del request, model_admin
        return [
            ("today", _("Today")),
            ("yesterday", _("Yesterday")),
            ("week", _("7 days")),
            ("month", _("30 days")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the payments of the chosen span."""
        del request
        span = _DAYS_BACK.get(self.value() or "")
        if span is None:
            return queryset
        today = datetime.now(CHINA_TIME).date()
        first, last = (today - timedelta(days=back) for back in span)
        return queryset.filter(business_date__range=(first, last))


class BusinessDateFilter(RangeDateFilter):
    """By business date, from and to."""


class TerminalFilter(TextFilter):
    """By the beginning of the terminal number."""

    title = _("terminal number")
    parameter_name = "terminal"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        """Keep the payments of terminals whose number begins so."""
        del request
        value = (self.value() or "").strip()
        # Django keeps this to the column of the payment itself and joins nothing.
        return queryset.filter(terminal__pk__startswith=value) if value else queryset


class MerchantFilter(TextFilter):
    """By merchant number or a part of the name."""

    title = _("merchant name or number")
    parameter_name = "merchant"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Payment]) -> QuerySet[Payment]:
        """Keep the payments of matching merchants."""
        del request
        value = (self.value() or "").strip()
        if not value:
            return queryset
        merchants = Merchant.objects.filter(
            Q(merchant_id=value) | Q(name__icontains=value) | Q(name_en__icontains=value)
        )
        return queryset.filter(merchant_id__in=merchants.values("merchant_id"))
