"""A merchant's API keys."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router
from pydantic import Field

from tongbao.platform.access.operations import Operation
from tongbao.platform.access.permissions import API_KEY_PERMISSIONS, Permission
from tongbao.platform.api import keys
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.models import ApiKey
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.problems import Problem, invalid
from tongbao.platform.api.shapes import (
    In,
    MerchantNumber,
    Out,
    Page,
    PageQuery,
    Whole,
    Words,
    moment,
    moment_or_none,
)
from tongbao.platform.merchants.models import Merchant

router = Router(tags=["api-keys"])

KeyId = Annotated[str, Path(max_length=32)]


class NewApiKey(In):
    """A key to be made: its name for people, what it may do, and for how many days."""

    name: Annotated[Words, Field(max_length=80)]
    scopes: Annotated[list[Permission], Field(min_length=1, max_length=20)]
    days: Annotated[Whole, Field(ge=1, le=3_650)] | None = None


class ApiKeyOut(Out):
    """A key as people see it: never its text."""

    key_id: str
    name: str
    shown: str
    scopes: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    last_used_from: str
    revoked_at: datetime | None


class MadeApiKeyOut(ApiKeyOut):
    """A key that was just made; `key` is shown this once and kept nowhere."""

    key: str


@router.get(
    "/merchants/{merchant_id}/api-keys", response=Page[ApiKeyOut], operation_id="list_api_keys"
)
@operation(Operation.API_KEY_LIST)
def list_api_keys(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PageQuery]
) -> Page[ApiKeyOut]:
    """List the keys of a merchant, newest first, ended and revoked ones too."""
    del request
    merchant = Merchant.objects.get(pk=merchant_id)
    rows, cursor = page_of(
        ApiKey.objects.filter(merchant=merchant),
        query,
        order=("-created_at_us", "key_id"),
        name=f"api-keys:{merchant_id}",
    )
    return Page[ApiKeyOut](items=[_out(key) for key in rows], next_cursor=cursor)


@router.post(
    "/merchants/{merchant_id}/api-keys",
    response={201: MadeApiKeyOut},
    operation_id="create_api_key",
)
@operation(Operation.API_KEY_ADD)
def create_api_key(
    request: ApiRequest, merchant_id: MerchantNumber, body: NewApiKey
) -> MadeApiKeyOut:
    """Make a key; its text is in this answer and nowhere else."""
    merchant = Merchant.objects.get(pk=merchant_id)
    if set(body.scopes) - API_KEY_PERMISSIONS:
        raise invalid("scopes", _("A key cannot have all of these rights."), "scopes")
    days_us = timedelta(days=body.days or 0) // timedelta(microseconds=1)
    try:
        made = keys.make_key(
            request.actor,
            merchant.merchant_id,
            name=body.name,
            scopes=set(body.scopes),
            expires_at_us=request.now_us + days_us if body.days else None,
            now_us=request.now_us,
        )
    except keys.TooManyKeysError:
        raise Problem(
            409, "too_many_keys", _("There are 20 keys in force; revoke one that is not used.")
        ) from None
    return MadeApiKeyOut(**_out(made.record).model_dump(), key=made.text)


@router.delete(
    "/merchants/{merchant_id}/api-keys/{key_id}",
    response=ApiKeyOut,
    operation_id="revoke_api_key",
)
@operation(Operation.API_KEY_REVOKE)
def revoke_api_key(request: ApiRequest, merchant_id: MerchantNumber, key_id: KeyId) -> ApiKeyOut:
    """Revoke a key at once; requests with it are refused from now on."""
    return _out(keys.revoke_key(request.actor, merchant_id, key_id, now_us=request.now_us))


def _out(key: ApiKey) -> ApiKeyOut:
    return ApiKeyOut(
        key_id=key.key_id,
        name=key.name,
        shown=key.shown,
        scopes=list(key.scopes),
        created_by=key.created_by,
        created_at=moment(key.created_at_us),
        expires_at=moment_or_none(key.expires_at_us),
        last_used_at=moment_or_none(key.last_used_at_us),
        last_used_from=key.last_used_from,
        revoked_at=moment_or_none(key.revoked_at_us),
    )
