"""The terminals in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.db.models import Min
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongbao.platform.clock import now_us
from tongbao.platform.console.access import Operation, demand, may
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import active_label, local_name
from tongbao.platform.fleet import wanted
from tongbao.platform.fleet.models import Terminal, TerminalOrder, TerminalSession
from tongbao.platform.fleet.order_words import ACTS, act_text
from tongbao.platform.fleet.orders import OrderRefusedError, order
from tongbao.platform.fleet.queries import with_session
from tongbao.platform.fleet.setting_texts import effective_texts
from tongbao.platform.fleet.shapes import terminals_out
from tongbao.platform.payments.models import BatchEvent, Payment
from tongbao.platform.payments.queries import with_status

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.urls import URLPattern

LATEST = 10
LATEST_REPORTS = 5


@admin.register(Terminal)
class TerminalAdmin(ReadOnlyAdmin[Terminal]):
    """Lists terminals; a terminal's page shows its sign-ins and newest payments."""

    list_display = (
        "number",
        "label",
        "merchant_name",
        "serial_number",
        "batch_no",
        "seen",
        "active",
    )
    list_select_related = ("merchant",)
    search_fields = ("terminal_id", "label", "serial_number", "merchant__name")
    search_help_text = gettext_lazy("Number, label, serial number or merchant")
    page_template = "console/terminal.html"
    empty_title = gettext_lazy("No terminals yet")
    empty_words = gettext_lazy("A terminal appears here as soon as it is registered.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Terminal]:
        """Find each terminal's newest sign-in along with it."""
        return with_session(super().get_queryset(request))

    @admin.display(description=gettext_lazy("Terminal number"))
    def number(self, terminal: Terminal) -> str:
        """The terminal number."""
        return terminal.terminal_id

    @admin.display(description=gettext_lazy("Merchant"))
    def merchant_name(self, terminal: Terminal) -> str:
        """The merchant's name in the reader's language."""
        return local_name(terminal.merchant)

    @admin.display(description=gettext_lazy("Last sign-in"))
    def seen(self, terminal: Any) -> str:
        """When the terminal fetched its working keys last, or that it signed off."""
        if terminal.session_at_us is None:
            return format_html('<span class="tb-soft">{}</span>', _("Never"))
        at = instant_text(terminal.session_at_us)
        if terminal.session_open:
            return at
        return format_html('<span class="tb-soft">{}</span>', _("Signed off %(at)s") % {"at": at})

    @admin.display(description=gettext_lazy("Status"))
    def active(self, terminal: Terminal) -> str:
        """Whether it may take payments."""
        return active_label(active=terminal.is_active)

    def page_context(self, request: HttpRequest, record: Terminal) -> dict[str, Any]:
        """Return the terminal's sign-ins, reports, orders, batches and payments."""
        payments = Payment.objects.filter(terminal_id=record.pk).order_by("-payment_id")
        sessions = TerminalSession.objects.filter(terminal_id=record.pk).order_by("-session_id")
        orders = TerminalOrder.objects.filter(terminal_id=record.pk).order_by("-order_id")
        batches = BatchEvent.objects.filter(terminal_id=record.pk, kind="closed")
        return {
            "title": record.terminal_id,
            "merchant_name": local_name(record.merchant),
            "sessions": sessions[:LATEST],
            "statuses": record.statuses.order_by("-status_id")[:LATEST_REPORTS],
            "orders": [
                {
                    "words": act_text(one.act),
                    "ordered_at_us": one.ordered_at_us,
                    "done_at_us": one.done_at_us,
                }
                for one in orders.annotate(done_at_us=Min("done__at_us"))[:LATEST]
            ],
            "acts": [(digit, act_text(digit)) for digit in ACTS],
            "may_order": may(request, Operation.TERMINAL_ORDER),
            "settings_rows": effective_texts(wanted.effective(record)),
            "settings_drift": terminals_out([record], now_us=now_us())[0].drift,
            "may_set": may(request, Operation.TERMINAL_SETTINGS_ACQUIRER),
            "batches": batches.order_by("-event_id")[:LATEST_REPORTS],
            "latest": with_status(payments)[:LATEST],
        }

    def get_urls(self) -> list[URLPattern]:
        """Add the address that takes orders."""
        order_view = self.admin_site.admin_view(self.order_view)
        name = "fleet_terminal_order"
        return [path("<path:object_id>/order/", order_view, name=name), *super().get_urls()]

    def order_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Append an order, then show the page again; anything but a POST is refused."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        demand(request, Operation.TERMINAL_ORDER, ("terminal", object_id))
        terminal = self.get_object(request, unquote(object_id))
        if terminal is None:
            raise Http404
        try:
            order(terminal.pk, request.POST.get("act", ""))
        except OrderRefusedError:
            messages.error(
                request, _("Nothing was ordered: the terminal waits to do this already.")
            )
        else:
            messages.success(request, _("Ordered: it goes out with the next answer."))
        return redirect(reverse("admin:fleet_terminal_change", args=[quote(terminal.pk)]))
