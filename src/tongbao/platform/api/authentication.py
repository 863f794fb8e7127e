"""Who is asking: a person's session with its CSRF token, or a machine's API key.

A request that carries a key is judged by the key alone; its cookies count for nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from ninja.utils import check_csrf

from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.permissions import Permission
from tongbao.platform.accounts.attempts import address_of
from tongbao.platform.api.key_rules import digest_of, is_well_formed
from tongbao.platform.api.problems import Problem

if TYPE_CHECKING:
    from django.http import HttpRequest

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer"
# The record of the last use is for people; it is written at most so often.
_TOUCH_US = 60_000_000


def caller_of(request: HttpRequest, now_us: int) -> Actor:
    """Return who is asking, anonymous when nobody says so.

    Raises Problem for a key that is unknown, ended or revoked and for a missing CSRF token.
    """
    header = request.headers.get("Authorization")
    if header is not None:
        return _of_key(request, header, now_us)
    actor = actor_of(request)
    changing = actor.kind is not ActorKind.ANONYMOUS and request.method not in _SAFE
    if changing and check_csrf(request) is not None:
        words = _("Send the CSRF token of this session in the header X-CSRFToken.")
        raise Problem(403, "csrf", words)
    return actor


def _of_key(request: HttpRequest, header: str, now_us: int) -> Actor:
    from tongbao.platform.api.models import ApiKey  # noqa: PLC0415 - needs the settings first

    scheme, _space, key = header.partition(" ")
    key = key.strip()
    if scheme.lower() != _BEARER or not is_well_formed(key):
        raise _key_refused()
    found = ApiKey.objects.filter(digest=digest_of(key, str(settings.SECRET_KEY))).first()
    ended = found is None or found.revoked_at_us is not None
    if (
        found is None
        or ended
        or (found.expires_at_us is not None and now_us >= found.expires_at_us)
    ):
        raise _key_refused()
    address = address_of(request)
    if found.last_used_at_us is None or now_us - found.last_used_at_us >= _TOUCH_US:
        ApiKey.objects.filter(pk=found.pk).update(last_used_at_us=now_us, last_used_from=address)
    scopes = frozenset(Permission(scope) for scope in found.scopes)
    return Actor(
        kind=ActorKind.API_KEY,
        actor_id=found.key_id,
        name=found.name,
        memberships={found.merchant_id: scopes},
        scopes=scopes,
        address=address,
        device=str(request.headers.get("User-Agent", ""))[:200],
    )


def _key_refused() -> Problem:
    return Problem(
        401,
        "api_key",
        _("This API key is not valid: mistyped, ended or revoked."),
        headers={"WWW-Authenticate": 'Bearer realm="tongbao"'},
    )
