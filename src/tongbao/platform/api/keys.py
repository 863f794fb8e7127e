"""The only writer of API keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.key_rules import digest_of, new_key, shown
from tongbao.platform.api.models import ApiKey
from tongbao.platform.audit.services import record
from tongbao.platform.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.access.permissions import Permission

KEYS_MAX = 20


class TooManyKeysError(ValueError):
    """The merchant has as many keys in force as one merchant may have."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was just made, with its text in clear, which is kept nowhere."""

    record: ApiKey
    text: str


@transaction.atomic
def make_key(
    actor: Actor,
    merchant_id: str,
    *,
    name: str,
    scopes: Iterable[Permission],
    expires_at_us: int | None,
    now_us: int,
) -> NewKey:
    """Make a key of a merchant and return it with its text, which nobody can see again.

    Raises TooManyKeysError.
    """
    if ApiKey.objects.filter(merchant_id=merchant_id, revoked_at_us=None).count() >= KEYS_MAX:
        raise TooManyKeysError(str(KEYS_MAX))
    text = new_key()
    key = ApiKey.objects.create(
        key_id=new_id("key"),
        merchant_id=merchant_id,
        name=name,
        shown=shown(text),
        digest=digest_of(text, str(settings.SECRET_KEY)),
        scopes=sorted(scopes),
        created_by=actor.name,
        created_at_us=now_us,
        expires_at_us=expires_at_us,
    )
    record(
        actor,
        Operation.API_KEY_ADD,
        now_us=now_us,
        target=("api_key", key.key_id),
        merchant_id=merchant_id,
        after={"name": key.name, "shown": key.shown, "scopes": key.scopes},
    )
    return NewKey(key, text)


@transaction.atomic
def revoke_key(actor: Actor, merchant_id: str, key_id: str, *, now_us: int) -> ApiKey:
    """End a key now; one that is revoked already stays as it is. Raises ApiKey.DoesNotExist."""
    key = ApiKey.objects.select_for_update().get(pk=key_id, merchant_id=merchant_id)
    if key.revoked_at_us is not None:
        return key
    key.revoked_at_us = now_us
    key.revoked_by = actor.name
    key.save(update_fields=["revoked_at_us", "revoked_by"])
    record(
        actor,
        Operation.API_KEY_REVOKE,
        now_us=now_us,
        target=("api_key", key.key_id),
        merchant_id=merchant_id,
        before={"name": key.name, "shown": key.shown, "scopes": key.scopes},
    )
    return key
