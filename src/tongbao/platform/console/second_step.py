"""The second step of the console's log-in: an authenticator app, a recovery code or an SMS.

Nothing of the console opens before it. Who has no second factor yet sets one up here.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, Final

from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    clear_totp_secret,
    get_totp_secret,
    validate_totp_code,
)
from django.contrib import messages
from django.db import transaction
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
from tongbao.platform.accounts.second_factor import mark_second_factor, second_factor_at_us
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.clock import now_us

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.admin import AdminSite
    from django.http import HttpRequest

NEXT: Final = "next"
_SHOWN_CODES: Final = "console_recovery_codes"
_METHODS: Final = ("GET", "HEAD", "POST")


def second_step_view(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the step that is due, take a code, and go on to where the person wanted to be."""
    user = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return redirect(f"{reverse('admin:login')}?{NEXT}={reverse('admin:index')}")
    if request.method not in _METHODS:
        return HttpResponseNotAllowed(_METHODS)
    if _SHOWN_CODES in request.session:
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
        "code": _take_code,
        "send": _send,
        "sms": _take_sms,
    }
    act = acts.get(request.POST.get("act", ""))
    return act(request) if act else gettext("Choose one of the ways shown.")


def _step(site: AdminSite, request: HttpRequest) -> HttpResponse:
    if _may_enrol(request):
        return _page(site, request, "console/enrol.html", _enrolment(request))
    return _page(site, request, "console/second_step.html", {"has_app": _has_app(request)})


def _may_enrol(request: HttpRequest) -> bool:
    """Return whether an app may be set up: nothing else proves the person, or they were proven."""
    if _has_app(request):
        return False
    return not _can_sms(request) or second_factor_at_us(request) is not None


def _has_app(request: HttpRequest) -> bool:
    apps = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP)
    return bool(apps.exists())


def _enrolment(request: HttpRequest) -> dict[str, Any]:
    secret = get_totp_secret()
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return {
        "picture": "data:image/svg+xml;base64," + b64encode(picture.encode()).decode(),
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
    }


def _enrol(request: HttpRequest) -> str | None:
    """Keep the app's secret once it gave a right code; then recovery codes are shown."""
    user = request.user
    if not _may_enrol(request):
        return gettext("You have a second factor already.")
    code = normalize_user_code(request.POST.get("code", ""))
    secret = get_totp_secret()
    if not validate_totp_code(secret, code):
        return gettext("This code is not right. Wait for the next one and type it.")
    with transaction.atomic():
        totp = TOTP.activate(user, secret)
        totp.validate_code(code)
        codes = RecoveryCodes.activate(user).generate_codes()
        record(
            actor_of(request),
            Operation.ME_CREDENTIALS,
            now_us=now_us(),
            target=("user", str(user.pk)),
            after={"kind": "totp"},
        )
    clear_totp_secret(request)
    request.session[_SHOWN_CODES] = codes
    record_authentication(request, user, "mfa", id=totp.instance.pk, type="totp")
    return None


def _recovery_codes(site: AdminSite, request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and request.POST.get("act") == "kept":
        del request.session[_SHOWN_CODES]
        return HttpResponseRedirect(_destination(request))
    context = {"codes": request.session[_SHOWN_CODES]}
    return _page(site, request, "console/recovery_codes.html", context)


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


def _can_sms(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "phone", None))


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
