"""The payments in the console: the list, and a page with the timeline of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tongbao.platform.console.access import Operation, demand, may
from tongbao.platform.console.formats import instant_text, short_card
from tongbao.platform.console.paging import CutChangeList, CutPaginator
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import local_name, reader_is_chinese
from tongbao.platform.fleet.models import Terminal
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.payments.beside import beside, signed_amount
from tongbao.platform.payments.filters import (
    DAY_PARAMETER,
    STATUS_PARAMETER,
    BusinessDateFilter,
    DayFilter,
    KindFilter,
    MerchantFilter,
    StatusFilter,
    TerminalFilter,
)
from tongbao.platform.payments.listing import newest_of_status, searched
from tongbao.platform.payments.models import Payment
from tongbao.platform.payments.queries import Total, Totals, totals, with_status, with_void
from tongbao.platform.payments.response_words import describe
from tongbao.platform.payments.signatures import signature_picture
from tongbao.platform.payments.status import OUTCOMES, Status, fold
from tongbao.platform.payments.timeline import steps_of
from tongbao.platform.payments.traces.document import write_trace
from tongbao.platform.payments.tracing import trace_of
from tongbao.platform.payments.words import (
    STATUS_ICONS,
    STATUS_TONES,
    STATUS_WORDS,
    entry_mode_text,
    kind_text,
    organisation_text,
    route_text,
)

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.urls import URLPattern

# Above this many payments the strip of totals would take longer than a reader waits.
TOTALS_ROWS_MAX = 50_000
# What narrows a list by an index; by kind or by a search the whole table would be read for totals.
_INDEXED = (DAY_PARAMETER, "business_date_from", "business_date_to", "merchant", "terminal")


class PaymentPaginator(CutPaginator):
    """Folds only the newest payments that can have the status that the list is narrowed to."""

    status: Status | None = None

    def newest(self, most: int) -> list[Any]:
        """Ask for the keys of the first payments of the list."""
        if self.status is None:
            return super().newest(most)
        rows: Any = self.object_list
        return newest_of_status(rows, self.status, most)


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin[Payment]):
    """Lists payments with totals by status; a payment's page tells its story."""

    list_display = ("received", "amount", "state", "card", "place", "trace", "reference")
    list_filter = (
        StatusFilter,
        KindFilter,
        DayFilter,
        ("business_date", BusinessDateFilter),
        TerminalFilter,
        MerchantFilter,
    )
    search_fields = ("rrn",)
    search_help_text = _("Reference number, trace, last four digits or amount")
    page_template = "console/payment.html"
    list_before = "console/totals.html"
    paginator = PaymentPaginator
    empty_title = _("No payments yet")
    empty_words = _("A payment appears here the moment the host writes it down.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fold the status and find the shop's name in the same query."""
        name = "name" if reader_is_chinese() else "name_en"
        shop = Merchant.objects.filter(pk=OuterRef("merchant_id")).values(name)[:1]
        payments: QuerySet[Any] = with_status(super().get_queryset(request)).annotate(
            shop_name=Subquery(shop)
        )
        return with_void(payments)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by reference number, trace, last four digits or amount; each word must match."""
        del request
        return searched(queryset, search_term), False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that shows what its paginator found."""
        del request, kwargs
        return CutChangeList

    def get_paginator(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        per_page: int,
        orphans: int = 0,
        allow_empty_first_page: bool = True,
    ) -> PaymentPaginator:
        """Tell the pages which status is looked for."""
        pages = PaymentPaginator(queryset, per_page, orphans, allow_empty_first_page)
        pages.status = _chosen_status(request)
        return pages

    def list_context(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        """Return the totals by status of everything else that is filtered and searched for."""
        chosen = request.GET.get(STATUS_PARAMETER, "")
        sums = self._totals(request, changelist)
        return {
            **super().list_context(request, changelist),
            "totals_known": sums is not None,
            "days": [
                {
                    "label": label,
                    "link": changelist.get_query_string({DAY_PARAMETER: day}, remove=["p"]),
                    "active": request.GET.get(DAY_PARAMETER, "") == day,
                }
                for day, label in (
                    ("today", _("Today")),
                    ("yesterday", _("Yesterday")),
                    ("week", _("7 days")),
                )
            ]
            + [
                {
                    "label": _("All days"),
                    "link": changelist.get_query_string(remove=[DAY_PARAMETER, "p"]),
                    "active": not request.GET.get(DAY_PARAMETER),
                }
            ],
            "totals": [
                {
                    "label": STATUS_WORDS[status],
                    "tone": STATUS_TONES[status],
                    "icon": STATUS_ICONS[status],
                    "total": sums.of(status) if sums else Total(),
                    "active": chosen == status,
                    "link": changelist.get_query_string(remove=[STATUS_PARAMETER, "p"])
                    if chosen == status
                    else changelist.get_query_string(
                        {STATUS_PARAMETER: status.value}, remove=["p"]
                    ),
                }
                for status in Status
            ],
        }

    def _totals(self, request: HttpRequest, changelist: ChangeList) -> Totals | None:
        """Return the totals, or None when more would have to be read than a reader waits for."""
        pages: Any = changelist.paginator
        others = changelist.get_queryset(request, exclude_parameters=[STATUS_PARAMETER])
        if pages.status is not None:
            pages = CutPaginator(others, self.list_per_page)
        if not pages.is_cut:
            # So few that they are named one by one: nothing is searched for again.
            return totals(Payment.objects.filter(pk__in=pages.keys))
        if not any(request.GET.get(name) for name in _INDEXED):
            return None
        found = others.order_by().values("pk")[: TOTALS_ROWS_MAX + 1].count()
        return totals(others) if found <= TOTALS_ROWS_MAX else None

    @admin.display(description=_("Received"))
    def received(self, payment: Payment) -> str:
        """When the host received it."""
        return instant_text(payment.received_at_us)

    @admin.display(description=_("Amount"))
    def amount(self, payment: Payment) -> str:
        """The amount, and below it what kind of payment it is."""
        return format_html(
            '<span class="tb-amount">{}</span><small class="tb-under">{}</small>',
            signed_amount(payment),
            kind_text(payment.kind),
        )

    @admin.display(description=_("Status"))
    def state(self, payment: Any) -> str:
        """The folded status as a coloured label, and whether a void took it back since."""
        status = Status(payment.status)
        return format_html(
            '<span class="tb-label tb-{}"><span class="material-symbols-outlined"'
            ' aria-hidden="true">{}</span>{}</span>{}',
            STATUS_TONES[status],
            STATUS_ICONS[status],
            STATUS_WORDS[status],
            format_html('<small class="tb-under">{}</small>', _("Voided since"))
            if payment.is_voided
            else "",
        )

    @admin.display(description=_("Card"))
    def card(self, payment: Payment) -> str:
        """First six and last four digits."""
        text = short_card(payment.card_masked)
        return format_html('<span class="tb-digits">{}</span>', text)

    @admin.display(description=_("Terminal"))
    def place(self, payment: Any) -> str:
        """The terminal number, and the shop's name in the reader's language."""
        shop = payment.shop_name or payment.merchant_id
        return format_html(
            '<span class="tb-digits">{}</span><small class="tb-under">{}</small>',
            payment.terminal_id,
            shop,
        )

    @admin.display(description=_("Trace"))
    def trace(self, payment: Payment) -> str:
        """The trace, six digits."""
        return format_html('<span class="tb-digits">{}</span>', f"{payment.stan:06}")

    @admin.display(description=_("Reference number"))
    def reference(self, payment: Payment) -> str:
        """The reference number (RRN)."""
        return format_html('<span class="tb-digits">{}</span>', payment.rrn)

    def page_context(self, request: HttpRequest, record: Payment) -> dict[str, Any]:
        """Return the payment's facts, its timeline, its family and what stands beside it."""
        events = list(record.events.order_by("event_id"))
        status = fold([event.kind for event in events])
        outcome = next((event for event in events if event.kind in OUTCOMES), None)
        terminal = Terminal.objects.select_related("merchant").filter(pk=record.terminal_id).first()
        merchant = Merchant.objects.filter(pk=record.merchant_id).first()
        return {
            "title": record.rrn,
            "payment": record,
            "amount": signed_amount(record),
            "status": {
                "label": STATUS_WORDS[status],
                "tone": STATUS_TONES[status],
                "icon": STATUS_ICONS[status],
            },
            "steps": steps_of(record, events, describe),
            "kind": kind_text(record.kind),
            "organisation": organisation_text(record.organisation),
            "entry_mode": entry_mode_text(record.entry_mode),
            "route": route_text(record.route),
            "terminal": terminal,
            "merchant": merchant,
            "merchant_name": local_name(merchant) if merchant else record.merchant_id,
            "auth_code": outcome.auth_code if outcome else "",
            "response": describe(outcome.response_code) if outcome else "",
            "can_trace": settings.TONGBAO_TRACE_KEY is not None
            and may(request, Operation.TRACE_SAVE),
            **beside(record),
        }

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses of the trace file and of the signature's picture."""
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/trace/", view(self.trace_view), name="payments_payment_trace"),
            path(
                "<path:object_id>/signature.png",
                view(self.signature_view),
                name="payments_payment_signature",
            ),
            *super().get_urls(),
        ]

    def trace_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the signed trace file to save; 404 when no key was made for it."""
        payment = self._readable(request, object_id, Operation.TRACE_SAVE)
        key = settings.TONGBAO_TRACE_KEY
        if key is None:
            raise Http404
        trace = trace_of(payment, is_sandbox=settings.TONGBAO_SANDBOX)
        return HttpResponse(
            write_trace(trace, key),
            content_type="application/json",
            headers={
                "Content-Disposition": f'attachment; filename="tongbao-trace-{payment.rrn}.json"',
                "Cache-Control": "no-store",
            },
        )

    def signature_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give the cardholder's signature as a picture; 404 when there is none to draw."""
        payment = self._readable(request, object_id, Operation.CONSOLE_VIEW)
        picture = signature_picture(payment)
        if picture is None:
            raise Http404
        headers = {"Cache-Control": "no-store"}
        return HttpResponse(picture, content_type="image/png", headers=headers)

    def _readable(self, request: HttpRequest, object_id: str, operation: Operation) -> Payment:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        demand(request, operation, ("payment", object_id))
        payment = self.get_object(request, unquote(object_id))
        if payment is None:
            raise Http404
        return payment


def _chosen_status(request: HttpRequest) -> Status | None:
    chosen = request.GET.get(STATUS_PARAMETER, "")
    return Status(chosen) if chosen in set(Status) else None
