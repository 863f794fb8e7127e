"""The queue of activations in the console: which wait, which stopped and why, which are late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import quote, unquote
from django.db.models import Q
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.operations import Operation
from tongbao.platform.clock import now_us
from tongbao.platform.console.formats import instant_text
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.fleet.models import Activation
from tongbao.platform.fleet.words import ACTIVATION_STATE_WORDS, CAUSE_WORDS, METHOD_WORDS
from tongbao.wire.device.activation import ActivationFailure

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


class StandingFilter(SimpleListFilter):
    """Open, stopped, late or done."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return what people ask for."""
        del request, model_admin
        return [
            ("open", _("Open")),
            ("stopped", _("Stopped")),
            ("late", _("Late")),
            ("done", _("Done")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the activations of the chosen standing."""
        del request
        wanted = {
            "open": Q(ended_at_us__isnull=True),
            "stopped": ~Q(cause="") & Q(state__in=("certified", "failed")),
            "late": Q(ended_at_us__isnull=True, promised_at_us__lt=now_us()),
            "done": Q(state="done"),
        }.get(self.value() or "")
        return queryset.filter(wanted) if wanted is not None else queryset


@admin.register(Activation)
class ActivationAdmin(ReadOnlyAdmin[Activation]):
    """Lists activations, newest first; one opens on the page of its device."""

    operation = Operation.CONSOLE_VIEW
    list_display = ("serial", "number", "standing", "way", "why", "begun", "promised")
    list_filter = (StandingFilter,)
    search_fields = ("device__serial_number", "terminal__terminal_id", "merchant_id")
    search_help_text = _("Serial number, terminal number or merchant number")
    empty_title = _("No activations yet")
    empty_words = _("A terminal appears here when it is switched on and shows its code.")

    @admin.display(description=_("Serial number"))
    def serial(self, row: Activation) -> str:
        """The device's serial number."""
        return format_html('<span class="tb-digits">{}</span>', row.device_id)

    @admin.display(description=_("Terminal number"))
    def number(self, row: Activation) -> str:
        """The terminal number."""
        return format_html('<span class="tb-digits">{}</span>', row.terminal_id)

    @admin.display(description=_("Standing"))
    def standing(self, row: Activation) -> str:
        """How far it is."""
        return str(ACTIVATION_STATE_WORDS.get(row.state, row.state))

    @admin.display(description=_("Way"))
    def way(self, row: Activation) -> str:
        """How the code came back."""
        return str(METHOD_WORDS.get(row.method, "–"))

    @admin.display(description=_("Why it stopped"))
    def why(self, row: Activation) -> str:
        """The cause in words."""
        return str(CAUSE_WORDS[ActivationFailure(row.cause)]) if row.cause else "–"

    @admin.display(description=_("Begun"))
    def begun(self, row: Activation) -> str:
        """When the code was shown first."""
        return instant_text(row.created_at_us)

    @admin.display(description=_("Promised for"))
    def promised(self, row: Activation) -> str:
        """When it should be over."""
        return instant_text(row.promised_at_us) if row.promised_at_us else "–"

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Open the device's page, which shows the activation with its steps."""
        del form_url, extra_context
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return redirect(reverse("admin:fleet_activation_changelist"))
        return redirect(reverse("admin:fleet_device_change", args=[quote(row.device_id)]))
