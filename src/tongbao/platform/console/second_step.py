"""The second step of the console's log-in: an app, a passkey, a recovery code or an SMS.

Nothing of the console opens before it. Who has no second factor yet sets one up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal import auth as webauthn
from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.codes import (
    CodePurpose,
    CodeRefusal,
    CodeRefusedError,
    check_code,
    send_code,
)
from tongbao.platform.accounts.second_factor import mark_second_factor
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.clock import now_us
from tongbao.platform.console.factors import (
    NAME_LENGTH_MAX,
    SHOWN_CODES,
    add_app,
    add_passkey,
    app_offer,
    factors_of,
    passkey_offer,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.admin import AdminSite
    from django.http import HttpRequest

NEXT: Final = "next"
_METHODS: Final = ("GET", "HEAD", "POST")


def second_step_view(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the step that is due, take a code, and go on to where the person wanted to be."""
    user = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return redirect(f"{reverse('admin:login')}?{NEXT}={reverse('admin:index')}")
    if request.method not in _METHODS:
        return HttpResponseNotAllowed(_METHODS)
    if SHOWN_CODES in request.session:
        return _recovery_codes(site, request)
    if request.method == "POST":
        error = _act(request)
        if not error:
            here = request.get_full_path()
            return HttpResponseRedirect(here if error is None else _destination(request))
        messages.error(request, error)
    return _step(site, request)


def _act(request: HttpRequest) -> str | None:
    """Return an error in words, nothing when the step is made, and None to show the page again."""
    acts: dict[str, Callable[[HttpRequest], str | None]] = {
        "enrol": _enrol,
        "enrol_passkey": _enrol,
        "passkey": _take_passkey,
        "code": _take_code,
        "send": _send,
        "sms": _take_sms,
    }
    act = acts.get(request.POST.get("act", ""))
    return act(request) if act else gettext("Choose one of the ways shown.")


def _step(site: AdminSite, request: HttpRequest) -> HttpResponse:
    held = factors_of(request.user)
    if held.ways == 0:
        offers = {**app_offer(request), "passkey_options": passkey_offer(request)}
        return _page(site, request, "console/enrol.html", offers)
    context: dict[str, Any] = {"has_app": held.has_app, "codes_left": held.codes_left}
    if held.passkeys:
        context["passkey_options"] = webauthn.begin_authentication(request.user)
    return _page(site, request, "console/second_step.html", context)


def _enrol(request: HttpRequest) -> str | None:
    """Keep the first factor of a person whom nothing else proves; recovery codes follow."""
    if factors_of(request.user).ways:
        return gettext("You have a second factor already.")
    if request.POST.get("act") == "enrol":
        return add_app(request, request.POST.get("code", "")) or None
    name = request.POST.get("name", "")[:NAME_LENGTH_MAX]
    return add_passkey(request, name, request.POST.get("credential", "")) or None


def _recovery_codes(site: AdminSite, request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and request.POST.get("act") == "kept":
        del request.session[SHOWN_CODES]
        return HttpResponseRedirect(_destination(request))
    context = {"codes": request.session[SHOWN_CODES]}
    return _page(site, request, "console/recovery_codes.html", context)


def _take_passkey(request: HttpRequest) -> str | None:
    """Take what a passkey signed; wrong ones are limited by allauth."""
    data = {"credential": request.POST.get("credential", "")}
    form = AuthenticateWebAuthnForm(data, user=request.user)
    if form.is_valid():
        form.save()
        return ""
    _record_wrong(request)
    if form.has_error("credential", "too_many_login_attempts"):
        return gettext("Too many wrong codes. Wait five minutes.")
    return gettext("The passkey was not taken. Try again, or use another way.")


def _take_code(request: HttpRequest) -> str | None:
    """Take a code of the app or a recovery code; wrong ones are limited by allauth."""
    form = AuthenticateForm({"code": request.POST.get("code", "")}, user=request.user)
    if form.is_valid():
        form.save()
        return ""
    _record_wrong(request)
    if form.has_error("code", "too_many_login_attempts"):
        return gettext("Too many wrong codes. Wait five minutes.")
    return gettext("This code is not right. Wait for the next one and type it.")


def _send(request: HttpRequest) -> str | None:
    """Send a code to the person's phone."""
    refusals = {
        CodeRefusal.NO_PHONE: gettext("There is no phone number for your account."),
        CodeRefusal.TOO_SOON: gettext("A code was sent a moment ago. Wait a minute."),
        CodeRefusal.TOO_MANY: gettext("Too many codes today. Use your app or a recovery code."),
        CodeRefusal.NOT_DELIVERED: gettext("The message could not be sent. Try again."),
    }
    try:
        send_code(request.user, CodePurpose.SECOND_FACTOR, now_us=now_us())  # type: ignore[arg-type]  # staff, checked
    except CodeRefusedError as error:
        return refusals[error.refusal]
    messages.success(request, gettext("A code is on its way to your phone."))
    return None


def _take_sms(request: HttpRequest) -> str | None:
    """Take the code of a text message."""
    at_us = now_us()
    code = request.POST.get("code", "")
    if not check_code(request.user, CodePurpose.SECOND_FACTOR, code, now_us=at_us):  # type: ignore[arg-type]  # staff, checked
        _record_wrong(request)
        return gettext("This code is not right or too old. Let us send a new one.")
    mark_second_factor(request.session, at_us=at_us)
    return ""


def _record_wrong(request: HttpRequest) -> None:
    record(
        actor_of(request),
        Operation.SECOND_FACTOR,
        now_us=now_us(),
        outcome=Outcome.DENIED,
        target=("user", str(request.user.pk)),
    )


def _page(
    site: AdminSite, request: HttpRequest, template: str, context: dict[str, Any]
) -> HttpResponse:
    words = {
        **site.each_context(request),
        "title": gettext("Second step"),
        "next": _destination(request),
        "phone_end": str(getattr(request.user, "phone", "") or "")[-4:],
        **context,
    }
    response = TemplateResponse(request, template, words)
    response.headers["Cache-Control"] = "no-store"
    return response


def _destination(request: HttpRequest) -> str:
    wanted = request.GET.get(NEXT, "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()):
        return wanted
    return reverse("admin:index")
