"""The merchants in the console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count
from django.utils.translation import gettext_lazy as _

from tongbao.platform.clock import now_us
from tongbao.platform.console.access import Operation, may
from tongbao.platform.console.acting import ActingAdmin
from tongbao.platform.console.words import local_name
from tongbao.platform.merchants import merchant_forms
from tongbao.platform.merchants.merchant_page import merchant_context, standing_label
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.onboarding.merchant_page import onboarding_of
from tongbao.platform.payments.models import Payment
from tongbao.platform.payments.queries import with_status

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest

LATEST = 10


@admin.register(Merchant)
class MerchantAdmin(ActingAdmin[Merchant]):
    """Lists merchants; a merchant's page shows its terminals and newest payments."""

    list_display = ("number", "shop", "mcc", "city", "terminal_count", "active")
    search_fields = ("merchant_id", "name", "name_en", "city")
    search_help_text = _("Number, name or city")
    page_template = "console/merchant.html"
    empty_title = _("No merchants yet")
    empty_words = _("A merchant appears here as soon as it is registered.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Merchant]:
        """Count the terminals along with the merchants."""
        return super().get_queryset(request).annotate(terminal_count=Count("terminals"))

    @admin.display(description=_("Merchant number"))
    def number(self, merchant: Merchant) -> str:
        """The merchant number."""
        return merchant.merchant_id

    @admin.display(description=_("Name"))
    def shop(self, merchant: Merchant) -> str:
        """The name in the reader's language."""
        return local_name(merchant)

    @admin.display(description=_("Terminals"))
    def terminal_count(self, merchant: Any) -> int:
        """How many terminals the merchant has."""
        return int(merchant.terminal_count)

    @admin.display(description=_("Status"))
    def active(self, merchant: Merchant) -> str:
        """Whether it may take payments."""
        return standing_label(merchant)

    def take_form(self, request: HttpRequest, record: Merchant) -> str:
        """Take one form of a merchant's page."""
        return merchant_forms.run(request, record)

    def page_context(self, request: HttpRequest, record: Merchant) -> dict[str, Any]:
        """Return the merchant's terminals and newest payments, and what this person may do."""
        payments = Payment.objects.filter(merchant_id=record.pk).order_by("-payment_id")
        return {
            "title": local_name(record),
            "terminals": record.terminals.order_by("terminal_id")[:50],
            "latest": with_status(payments)[:LATEST],
            "may_set": may(request, Operation.TERMINAL_SETTINGS_ACQUIRER),
            **onboarding_of(record, now_us()),
            **merchant_context(request, record),
        }
