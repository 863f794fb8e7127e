"""The service point: one page on which staff with a person in front of them activate a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from tongbao.platform.access.enforce import AccessDeniedError
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import Operation, demand
from tongbao.platform.console.words import local_name
from tongbao.platform.fleet import device_forms
from tongbao.platform.fleet.activation import ActivationRefusedError
from tongbao.platform.fleet.activation_rules import OPEN_FOR_ACTIVATION
from tongbao.platform.fleet.device_page import may_step
from tongbao.platform.fleet.labels import state_label
from tongbao.platform.fleet.lifecycle import DeviceState, DeviceStep
from tongbao.platform.fleet.models import Device
from tongbao.platform.fleet.shapes import activation_out, self_test_out
from tongbao.platform.fleet.steps import StepRefusedError
from tongbao.platform.fleet.words import CAUSE_WORDS, CHECK_WORDS

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
    from django.http import HttpRequest

PAGE: Final = "service_point"
_METHODS: Final = ("GET", "HEAD", "POST")
_NUMBER_LENGTH_MAX: Final = 32
# What this page may do with a device; everything else is on the device's own page.
_FORMS: Final = frozenset({"service_point", "call_off", "step"})
_STEPS: Final = frozenset({DeviceStep.HAND_OVER.value})


def service_point_view(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Find the terminal in front of the person, see papers, take its code, and watch it set up."""
    if request.method not in _METHODS:
        return HttpResponseNotAllowed(_METHODS)
    demand(request, Operation.ACTIVATION_SERVICE_POINT, ("page", PAGE))
    number = request.GET.get("number", "").strip()[:_NUMBER_LENGTH_MAX]
    device = find_device(number) if number else None
    if request.method == "POST":
        if device is None:
            raise Http404
        _act(request, device)
        here = f"{reverse(f'admin:{PAGE}')}?{urlencode({'number': device.pk})}"
        return redirect(here)
    context = {
        **site.each_context(request),
        "title": gettext("Service point"),
        "number": number,
        "is_unknown": bool(number) and device is None,
        "device": device,
        **(_device_context(request, device) if device else {}),
    }
    response = TemplateResponse(request, "console/service_point.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def find_device(number: str) -> Device | None:
    """Return the device with this serial number, or the one that serves this terminal number."""
    rows = Device.objects.select_related("merchant", "terminal__shop")
    found = rows.filter(pk=number).first() or rows.filter(pk=number.upper()).first()
    return found or rows.filter(terminal_id=number).first()


def _act(request: HttpRequest, device: Device) -> None:
    what, step = request.POST.get("what", ""), request.POST.get("step", "")
    if what not in _FORMS or (what == "step" and step not in _STEPS):
        raise Http404
    try:
        messages.success(request, device_forms.run(request, device))
    except device_forms.UnknownFormError:
        raise Http404 from None
    except AccessDeniedError as error:
        raise PermissionDenied from error
    except ActivationRefusedError as refused:
        words = str(CAUSE_WORDS[refused.cause])
        if refused.tries_left:
            words += " " + gettext("Tries left: %(n)d.") % {"n": refused.tries_left}
        messages.error(request, words)
    except StepRefusedError as refused:
        messages.error(
            request,
            str(CHECK_WORDS[refused.check])
            if refused.check
            else gettext("This cannot be done with the device as it is now."),
        )


def _device_context(request: HttpRequest, device: Device) -> dict[str, Any]:
    state = DeviceState(device.state)
    newest = device.activations.exclude(state="expired").first()
    test = device.self_tests.order_by("-test_id").first()
    runs = newest is not None and newest.ended_at_us is None and newest.state != "waiting"
    hand_over = state is DeviceState.KEY_LOADED and may_step(request, device, DeviceStep.HAND_OVER)
    return {
        "state_label": state_label(state),
        "merchant_name": local_name(device.merchant) if device.merchant else "",
        "can_hand_over": hand_over,
        "can_serve": state in OPEN_FOR_ACTIVATION and not runs,
        "runs": runs,
        "is_ready": state is DeviceState.ACTIVE,
        "activation": activation_out(newest, now_us=now_us()) if newest else None,
        "self_test": self_test_out(test) if test else None,
    }
