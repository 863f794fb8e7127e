"""Devices in the console: the fleet board, stock, and the page of one with all its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.crypto.errors import KeyStoreError
from tongbao.platform.access.enforce import AccessDeniedError, actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import may
from tongbao.platform.console.read_only import ReadOnlyAdmin
from tongbao.platform.console.words import local_name
from tongbao.platform.fleet import acts, device_forms, stock
from tongbao.platform.fleet.activation import ActivationRefusedError
from tongbao.platform.fleet.acts import ActRefusedError, UnknownActError
from tongbao.platform.fleet.board import board
from tongbao.platform.fleet.ceremonies import CeremonyRefusedError
from tongbao.platform.fleet.device_page import device_context
from tongbao.platform.fleet.key_room import KeyRoomClosedError
from tongbao.platform.fleet.labels import state_label
from tongbao.platform.fleet.lifecycle import DeviceState
from tongbao.platform.fleet.models import Device
from tongbao.platform.fleet.shapes import health_of_device
from tongbao.platform.fleet.steps import StepRefusedError, UnknownDeviceError
from tongbao.platform.fleet.stock import AssignmentRefusedError
from tongbao.platform.fleet.stock_list import BYTES_MAX, read_stock_list
from tongbao.platform.fleet.words import (
    ACT_REFUSAL_WORDS,
    ASSIGNMENT_WORDS,
    CAUSE_WORDS,
    CEREMONY_WORDS,
    CHECK_WORDS,
    FAULT_WORDS,
    STATE_WORDS,
)

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.urls import URLPattern

_REFUSALS = (
    StepRefusedError,
    AssignmentRefusedError,
    CeremonyRefusedError,
    ActivationRefusedError,
    ActRefusedError,
    UnknownDeviceError,
    KeyRoomClosedError,
    KeyStoreError,
)


class StateFilter(SimpleListFilter):
    """By state."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, Any]]:
        """Return the states."""
        del request, model_admin
        return [(state.value, words) for state, words in STATE_WORDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the devices of the chosen state."""
        del request
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(Device)
class DeviceAdmin(ReadOnlyAdmin[Device]):
    """Lists devices below the fleet board; a device's page shows its life and takes steps."""

    operation = Operation.CONSOLE_VIEW
    list_display = ("serial", "model", "standing", "whose", "terminal", "wellbeing")
    list_filter = (StateFilter,)
    list_select_related = ("merchant", "terminal", "health")
    search_fields = ("serial_number", "model", "terminal__terminal_id", "merchant__name")
    search_help_text = _("Serial number, model, terminal number or merchant")
    page_template = "console/device.html"
    list_before = "console/fleet_board.html"
    empty_title = _("No devices yet")
    empty_words = _("Receive a list of devices into stock with the form above.")

    def list_context(self, request: HttpRequest, changelist: Any) -> dict[str, Any]:
        """Add the fleet board and the form that receives devices."""
        counted = board(now_us())
        states = [(STATE_WORDS[state], state, count) for state, count in counted.by_state.items()]
        return {
            **super().list_context(request, changelist),
            "board": counted,
            "board_states": [one for one in states if one[2]],
            "may_stock": may(request, Operation.DEVICE_STOCK),
        }

    def get_urls(self) -> list[URLPattern]:
        """Add the addresses that take forms."""
        view = self.admin_site.admin_view
        return [
            path("receive/", view(self.receive_view), name="fleet_device_receive"),
            path("<path:object_id>/do/", view(self.do_view), name="fleet_device_do"),
            path(
                "<path:object_id>/log/<str:act_id>/", view(self.log_view), name="fleet_device_log"
            ),
            *super().get_urls(),
        ]

    @admin.display(description=_("Serial number"))
    def serial(self, device: Device) -> str:
        """The serial number."""
        return format_html('<span class="tb-digits">{}</span>', device.pk)

    @admin.display(description=_("State"))
    def standing(self, device: Device) -> str:
        """The state as a coloured label."""
        return state_label(DeviceState(device.state))

    @admin.display(description=_("Merchant"))
    def whose(self, device: Device) -> str:
        """The merchant's name in the reader's language."""
        return local_name(device.merchant) if device.merchant else "–"

    @admin.display(description=_("Health"))
    def wellbeing(self, device: Device) -> str:
        """The score of the last heartbeat."""
        health = health_of_device(device)
        return str(health.score) if health else "–"

    def page_context(self, request: HttpRequest, record: Device) -> dict[str, Any]:
        """Return all that is known of a device, and what this person may do with it."""
        return device_context(request, record)

    def receive_view(self, request: HttpRequest) -> HttpResponse:
        """Receive a list of devices into stock, or say line by line what is wrong with it."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        upload = request.FILES.get("list")
        content = upload.read(BYTES_MAX + 1) if upload is not None else b""
        stock_list = read_stock_list(content)
        try:
            faults = stock.receive_list(actor_of(request), stock_list, now_us=now_us())
        except AccessDeniedError as error:
            raise PermissionDenied from error
        if not faults:
            count = len(stock_list.devices)
            messages.success(request, gettext("Received into stock: %(n)d.") % {"n": count})
            return redirect(reverse("admin:fleet_device_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Nothing was received"),
            "faults": [(one.line, FAULT_WORDS[one.fault], one.value) for one in faults[:200]],
        }
        return TemplateResponse(request, "console/stock_faults.html", context, status=422)

    def log_view(self, request: HttpRequest, object_id: str, act_id: str) -> HttpResponse:
        """Hand out the log that a terminal sent, as text; who took it is in the audit log."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            log = acts.read_log(actor_of(request), unquote(object_id), act_id, now_us=now_us())
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except UnknownActError:
            raise Http404 from None
        response = HttpResponse(log, content_type="text/plain; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{act_id}.log"'
        response["X-Content-Type-Options"] = "nosniff"
        return response

    def do_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take one form of a device's page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        device = self.get_object(request, unquote(object_id))
        if device is None:
            raise Http404
        try:
            messages.success(request, device_forms.run(request, device))
        except device_forms.UnknownFormError:
            raise Http404 from None
        except AccessDeniedError as error:
            raise PermissionDenied from error
        except _REFUSALS as refused:
            messages.error(request, refusal_words(refused))
        return redirect(reverse("admin:fleet_device_change", args=[quote(device.pk)]))


def refusal_words(refused: Exception) -> str:
    """Return what a refusal says to the person."""
    if isinstance(refused, StepRefusedError):
        if refused.check is None:
            return gettext("This cannot be done with the device as it is now.")
        return str(CHECK_WORDS[refused.check])
    if isinstance(refused, UnknownDeviceError):
        return gettext("There is no device with this serial number.")
    if isinstance(refused, KeyRoomClosedError | KeyStoreError):
        return gettext("Keys cannot be loaded here: the key store is not set up.")
    words: dict[Any, Any] = {
        **ASSIGNMENT_WORDS,
        **ACT_REFUSAL_WORDS,
        **CEREMONY_WORDS,
        **CAUSE_WORDS,
    }
    return str(words[str(refused)])
