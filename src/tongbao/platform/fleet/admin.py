"""The terminals in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import active_label, local_name
from tongbao.platform.fleet.models import Terminal, TerminalSession
from tongbao.platform.fleet.queries import with_session
from tongbao.platform.payments.models import Payment
from tongbao.platform.payments.queries import with_status

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

LATEST = 10


@admin.register(Terminal)
class TerminalAdmin(ReadOnlyAdmin[Terminal]):
    """Lists terminals; a terminal's page shows its sign-ins and newest payments."""

    list_display = ("number", "label", "shop", "serial_number", "batch_no", "seen", "active")
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
    def shop(self, terminal: Terminal) -> str:
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
        """Return the terminal's newest sign-ins and payments."""
        del request
        payments = Payment.objects.filter(terminal_id=record.pk).order_by("-payment_id")
        sessions = TerminalSession.objects.filter(terminal_id=record.pk).order_by("-session_id")
        return {
            "title": record.terminal_id,
            "merchant_name": local_name(record.merchant),
            "sessions": sessions[:LATEST],
            "latest": with_status(payments)[:LATEST],
        }
