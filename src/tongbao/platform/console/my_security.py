"""Everybody's own page: which second factors they have, with new ones made and old ones removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext

from tongbao.platform.access.decide import Decision
from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.models import AuditEntry
from tongbao.platform.console.access import decision_of
from tongbao.platform.console.factors import (
    NAME_LENGTH_MAX,
    SHOWN_CODES,
    add_app,
    add_passkey,
    app_key,
    app_offer,
    factors_of,
    instant_of,
    new_codes,
    passkey_offer,
    remove_factor,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.admin import AdminSite
    from django.http import HttpRequest

PAGE: Final = "my_security"
_METHODS: Final = ("GET", "HEAD", "POST")


def my_security_view(site: AdminSite, request: HttpRequest) -> HttpResponse:
    """Show the person's second factors and change them; a change needs a step of ten minutes."""
    if request.method not in _METHODS:
        return HttpResponseNotAllowed(_METHODS)
    here = reverse(f"admin:{PAGE}")
    step = f"{reverse('admin:second_step')}?{urlencode({'next': here})}"
    if SHOWN_CODES in request.session:
        return redirect(step)
    is_fresh = decision_of(request, Operation.ME_FACTORS) is Decision.ALLOWED
    if request.method == "POST":
        if not is_fresh:
            messages.warning(request, gettext("Make the second step once more, then change it."))
            return redirect(step)
        error = _act(request)
        if error:
            messages.error(request, error)
        else:
            messages.success(request, gettext("Written down."))
        return redirect(here)
    response = TemplateResponse(
        request, "console/my_security.html", _context(site, request, step, is_fresh=is_fresh)
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _context(site: AdminSite, request: HttpRequest, step: str, *, is_fresh: bool) -> dict[str, Any]:
    user = request.user
    held = factors_of(user)
    changes = AuditEntry.objects.filter(
        actor_id=actor_of(request).actor_id, operation=Operation.ME_CREDENTIALS.value
    )
    return {
        **site.each_context(request),
        "title": gettext("Second step"),
        "held": held,
        "passkeys": [
            {
                "key": one.key,
                "name": one.name,
                "made_at_us": instant_of(one.made_at),
                "used_at_us": instant_of(one.used_at) if one.used_at else None,
            }
            for one in held.passkeys
        ],
        "app_key": app_key(user),
        "is_fresh": is_fresh,
        "step": step,
        "offer": app_offer(request) if is_fresh and not held.has_app else None,
        "passkey_options": passkey_offer(request) if is_fresh else None,
        "changes": changes.order_by("-entry_id")[:5],
    }


def _act(request: HttpRequest) -> str:
    """Return an error in words, or nothing when it was done."""
    acts: dict[str, Callable[[HttpRequest], str]] = {
        "enrol": lambda asked: add_app(asked, asked.POST.get("code", "")),
        "make_passkey": _make_passkey,
        "remove": _remove,
        "codes": _codes,
    }
    act = acts.get(request.POST.get("act", ""))
    return act(request) if act else gettext("Choose one of the ways shown.")


def _make_passkey(request: HttpRequest) -> str:
    name = request.POST.get("name", "").strip()[:NAME_LENGTH_MAX]
    return add_passkey(request, name, request.POST.get("credential", ""))


def _remove(request: HttpRequest) -> str:
    key = request.POST.get("key", "")
    return remove_factor(request, int(key) if key.isdecimal() and len(key) < 19 else 0)


def _codes(request: HttpRequest) -> str:
    held = factors_of(request.user)
    if not held.has_app and not held.passkeys:
        return gettext("Set up an app or a passkey first.")
    new_codes(request)
    return ""
