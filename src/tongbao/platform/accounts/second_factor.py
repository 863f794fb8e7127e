"""When the second factor was shown last in a log-in, whichever way it was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from allauth.account.authentication import get_authentication_records
from django.contrib.auth import SESSION_KEY

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

_SHOWN: Final = "tongbao_second_factor"
_BY_ALLAUTH: Final = "mfa"


def mark_second_factor(session: SessionBase, *, at_us: int) -> None:
    """Keep in the session that whoever is logged in showed a second factor."""
    session[_SHOWN] = {"user": str(session[SESSION_KEY]), "at_us": at_us}


def second_factor_at_us(request: HttpRequest) -> int | None:
    """Return when the person of this session showed a second factor last, or None.

    Counts what allauth saw (authenticator app, passkey, recovery code) and our own codes by SMS.
    """
    user_key = request.session.get(SESSION_KEY)
    if user_key is None or not request.user.is_authenticated:
        return None
    times = [
        int(one["at"] * 1_000_000)
        for one in get_authentication_records(request, request.user)
        if one.get("method") == _BY_ALLAUTH
    ]
    shown = request.session.get(_SHOWN) or {}
    if shown.get("user") == str(user_key):
        times.append(int(shown["at_us"]))
    return max(times, default=None)
