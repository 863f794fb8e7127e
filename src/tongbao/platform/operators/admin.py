"""The operators of terminals in the console: looked at, changed by their merchants."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.operators.models import TerminalOperator


@admin.register(TerminalOperator)
class TerminalOperatorAdmin(ReadOnlyAdmin[TerminalOperator]):
    """Lists operators; PINs are never shown."""

    list_display = ("number", "name", "role", "merchant", "terminal", "must_change")
    list_select_related = ("merchant", "terminal")
    search_fields = ("number", "name", "merchant__merchant_id", "merchant__name")
    search_help_text = _("Number, name or merchant")
    list_display_links = None
    empty_title = _("No operators yet")
    empty_words = _("Merchants add the operators of their terminals in the portal.")
