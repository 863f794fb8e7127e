"""Browsers that people log in with: a new one is told about, by a notice and by SMS."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any, Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.signals import user_logged_in

from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.actors import actor_of_user
from tongbao.platform.accounts.attempts import address_of
from tongbao.platform.accounts.models import KnownDevice
from tongbao.platform.accounts.notices import NoticeKind, notify
from tongbao.platform.accounts.places import place_of
from tongbao.platform.accounts.texts import new_device_text, send_text
from tongbao.platform.audit.services import record
from tongbao.platform.clock import now_us

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

COOKIE: Final = "tongbao_device"
COOKIE_AGE_S: Final = 365 * 24 * 3600
_SLOT: Final = "tongbao_device_key"


class KnownDevices:
    """Gives a browser that somebody logged in with a key to be known by."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; after a log-in the answer carries the browser's key."""
        response = self._get_response(request)
        key = getattr(request, _SLOT, None)
        if key is not None:
            response.set_cookie(
                COOKIE,
                key,
                max_age=COOKIE_AGE_S,
                httponly=True,
                samesite="Lax",
                secure=settings.SESSION_COOKIE_SECURE,
            )
        return response


def note_log_in(sender: object, request: HttpRequest | None, user: Any, **_more: Any) -> None:
    """Write the log-in down; tell the person when they were never seen with this browser."""
    del sender
    address = address_of(request) if request is not None else ""
    if request is None or not address:
        return  # not a browser
    at_us = now_us()
    UserSession.objects.create_from_request(request)
    device = request.headers.get("User-Agent", "")[:200]
    actor = actor_of_user(user, second_factor_at_us=None, address=address, device=device)
    record(actor, Operation.LOG_IN, now_us=at_us, target=("user", str(user.pk)))
    key = request.COOKIES.get(COOKIE) or secrets.token_urlsafe(24)
    setattr(request, _SLOT, key)
    known = KnownDevice.objects.filter(user=user)
    digest = hashlib.sha256(key.encode()).hexdigest()
    is_first = not known.exists()
    _row, is_new = KnownDevice.objects.update_or_create(
        user=user,
        key_digest=digest,
        defaults={"device": device, "address": address, "last_seen_us": at_us},
        create_defaults={
            "device": device,
            "address": address,
            "first_seen_us": at_us,
            "last_seen_us": at_us,
        },
    )
    if is_new and not is_first:
        place = place_of(address, now_us=at_us)
        facts = {"device": device, "address": address, "place": place}
        notify(user, NoticeKind.NEW_DEVICE, facts, now_us=at_us)
        if user.phone:
            send_text(user.phone, new_device_text(user))


def connect() -> None:
    """Listen to log-ins of every kind."""
    user_logged_in.connect(note_log_in, dispatch_uid="tongbao.devices")
