"""The payments in the console: the list, and a page with the timeline of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import OuterRef, Q, Subquery
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tongbao.platform.console.formats import amount_text, instant_text, short_card
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import local_name, reader_is_chinese
from tongbao.platform.fleet.models import Terminal
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.payments.filters import (
    DAY_PARAMETER,
    STATUS_PARAMETER,
    BusinessDateFilter,
    DayFilter,
    MerchantFilter,
    StatusFilter,
    TerminalFilter,
)
from tongbao.platform.payments.models import Payment
from tongbao.platform.payments.queries import Total, totals, with_status
from tongbao.platform.payments.response_words import describe
from tongbao.platform.payments.search import read_word
from tongbao.platform.payments.status import OUTCOMES, Status, fold
from tongbao.platform.payments.timeline import steps_of
from tongbao.platform.payments.words import (
    STATUS_ICONS,
    STATUS_TONES,
    STATUS_WORDS,
    entry_mode_text,
    kind_text,
    route_text,
)

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
    from django.db.models import QuerySet
    from django.http import HttpRequest

# Above this many payments the strip of totals would take longer than a reader waits.
TOTALS_ROWS_MAX = 250_000


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin[Payment]):
    """Lists payments with totals by status; a payment's page tells its story."""

    list_display = ("received", "amount", "state", "card", "place", "trace", "reference")
    list_filter = (
        StatusFilter,
        DayFilter,
        ("business_date", BusinessDateFilter),
        TerminalFilter,
        MerchantFilter,
    )
    search_fields = ("rrn",)
    search_help_text = _("Reference number, trace, last four digits or amount")
    page_template = "console/payment.html"
    list_before = "console/totals.html"
    empty_title = _("No payments yet")
    empty_words = _("A payment appears here the moment the host writes it down.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fold the status and find the shop's name in the same query."""
        name = "name" if reader_is_chinese() else "name_en"
        shop = Merchant.objects.filter(pk=OuterRef("merchant_id")).values(name)[:1]
        return with_status(super().get_queryset(request)).annotate(shop_name=Subquery(shop))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Find by reference number, trace, last four digits or amount; each word must match."""
        del request
        for text in search_term.split():
            word = read_word(text)
            if not word.means_something:
                return queryset.none(), False
            queryset = queryset.filter(
                Q(rrn=word.rrn)
                | Q(stan=word.trace)
                | Q(amount_minor=word.amount_minor)
                | (Q(card_masked__endswith=word.card_last_four) if word.card_last_four else Q())
            )
        return queryset, False

    def list_context(self, request: HttpRequest, changelist: ChangeList) -> dict[str, Any]:
        """Return the totals by status of everything else that is filtered and searched for."""
        others = changelist.get_queryset(request, exclude_parameters=[STATUS_PARAMETER])
        chosen = request.GET.get(STATUS_PARAMETER, "")
        few = others.order_by().values("pk")[: TOTALS_ROWS_MAX + 1].count() <= TOTALS_ROWS_MAX
        sums = totals(others) if few else None
        return {
            **super().list_context(request, changelist),
            "totals_known": few,
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

    @admin.display(description=_("Received"))
    def received(self, payment: Payment) -> str:
        """When the host received it."""
        return instant_text(payment.received_at_us)

    @admin.display(description=_("Amount"))
    def amount(self, payment: Payment) -> str:
        """The amount."""
        text = amount_text(payment.amount_minor, payment.currency)
        return format_html('<span class="tb-amount">{}</span>', text)

    @admin.display(description=_("Status"))
    def state(self, payment: Any) -> str:
        """The folded status as a coloured label."""
        status = Status(payment.status)
        return format_html(
            '<span class="tb-label tb-{}"><span class="material-symbols-outlined"'
            ' aria-hidden="true">{}</span>{}</span>',
            STATUS_TONES[status],
            STATUS_ICONS[status],
            STATUS_WORDS[status],
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
        """Return the payment's facts and its timeline."""
        del request
        events = list(record.events.order_by("event_id"))
        status = fold([event.kind for event in events])
        outcome = next((event for event in events if event.kind in OUTCOMES), None)
        terminal = Terminal.objects.select_related("merchant").filter(pk=record.terminal_id).first()
        merchant = Merchant.objects.filter(pk=record.merchant_id).first()
        return {
            "title": record.rrn,
            "payment": record,
            "status": {
                "label": STATUS_WORDS[status],
                "tone": STATUS_TONES[status],
                "icon": STATUS_ICONS[status],
            },
            "steps": steps_of(record, events, describe),
            "kind": kind_text(record.kind),
            "entry_mode": entry_mode_text(record.entry_mode),
            "route": route_text(record.route),
            "terminal": terminal,
            "merchant": merchant,
            "merchant_name": local_name(merchant) if merchant else record.merchant_id,
            "auth_code": outcome.auth_code if outcome else "",
            "response": describe(outcome.response_code) if outcome else "",
        }
