"""What every answer of the console tells the browser, and how long a log-in lasts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth import logout

from tongbao.platform.clock import now_us

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

# `unsafe-eval` is for Alpine.js and inline styles are for the theme colours, both inside
# django-unfold; no script may stand in a page, and nothing may come from another host.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
PERMISSIONS_POLICY = "camera=(), microphone=(), geolocation=(), payment=(), usb=()"

# A used session is written back at most this often; the database is shared with the host.
_TOUCH_INTERVAL_S = 60


class SecurityHeaders:
    """Adds the content security policy and its companions to each answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request and add the headers."""
        response = self._get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response


class SlidingSession:
    """Keeps a session that is in use alive; an unused one ends, and one of staff much earlier."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Mark the session as used, or end it when it was left alone for too long; then answer."""
        if request.user.is_authenticated:
            now_s = now_us() // 1_000_000
            used_at_s = request.session.get("used_at_s", now_s)
            if (
                request.user.is_staff
                and now_s - used_at_s > settings.TONGBAO_STAFF_IDLE_MINUTES * 60
            ):
                logout(request)
            elif now_s - used_at_s >= _TOUCH_INTERVAL_S or "used_at_s" not in request.session:
                request.session["used_at_s"] = now_s
                from allauth.usersessions.models import (  # noqa: PLC0415 - middleware loads early
                    UserSession,
                )

                UserSession.objects.filter(session_key=request.session.session_key).update(
                    last_seen_at=datetime.fromtimestamp(now_s, UTC)
                )
        return self._get_response(request)
