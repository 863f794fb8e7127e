"""The only writer of a merchant's webhook endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.models import OutboxEvent, WebhookDelivery, WebhookEndpoint
from tongbao.platform.api.outbox import WAITING, emit_to
from tongbao.platform.api.webhook_rules import TEST_TYPE, new_secret, target_of
from tongbao.platform.audit.services import record
from tongbao.platform.ids import new_id
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

ENDPOINTS_MAX = 10
_HOUR_US = 3_600_000_000


class TooManyEndpointsError(ValueError):
    """The merchant has as many endpoints as one merchant may have."""


@transaction.atomic
def add_endpoint(
    actor: Actor, merchant_id: str, *, url: str, events: list[str], description: str, now_us: int
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint and return it with its secret, which nobody is shown again.

    Raises AddressError, TooManyEndpointsError.
    """
    target_of(url, sandbox=settings.TONGBAO_SANDBOX)
    standing = WebhookEndpoint.objects.filter(merchant_id=merchant_id, removed_at_us=None)
    if standing.count() >= ENDPOINTS_MAX:
        raise TooManyEndpointsError(str(ENDPOINTS_MAX))
    secret = new_secret()
    endpoint = WebhookEndpoint(
        endpoint_id=new_id("hook"),
        merchant_id=merchant_id,
        url=url,
        events=sorted(set(events)),
        description=description,
        created_by=actor.name,
        created_at_us=now_us,
    )
    endpoint.secret_sealed = _sealed(endpoint, secret)
    endpoint.save(force_insert=True)
    _note(actor, Operation.WEBHOOK_ADD, endpoint, now_us, after=_facts(endpoint))
    return endpoint, secret


@transaction.atomic
def change_endpoint(
    actor: Actor, merchant_id: str, endpoint_id: str, changes: dict[str, Any], *, now_us: int
) -> WebhookEndpoint:
    """Change url, events, description or is_active; what waits goes to the new address.

    Raises AddressError, WebhookEndpoint.DoesNotExist.
    """
    endpoint = _locked(merchant_id, endpoint_id)
    before = _facts(endpoint)
    if "url" in changes:
        target_of(changes["url"], sandbox=settings.TONGBAO_SANDBOX)
    for name in ("url", "events", "description", "is_active"):
        if name in changes:
            setattr(endpoint, name, changes[name])
    endpoint.events = sorted(set(endpoint.events))
    endpoint.save()
    _note(actor, Operation.WEBHOOK_CHANGE, endpoint, now_us, before=before, after=_facts(endpoint))
    return endpoint


@transaction.atomic
def remove_endpoint(actor: Actor, merchant_id: str, endpoint_id: str, *, now_us: int) -> None:
    """Remove an endpoint; what it was told stays in the log. Raises DoesNotExist."""
    endpoint = _locked(merchant_id, endpoint_id)
    endpoint.is_active = False
    endpoint.removed_at_us = now_us
    endpoint.secret_sealed = endpoint.old_secret_sealed = b""
    endpoint.save()
    _note(actor, Operation.WEBHOOK_REMOVE, endpoint, now_us, before=_facts(endpoint))


@transaction.atomic
def rotate_secret(
    actor: Actor, merchant_id: str, endpoint_id: str, *, keep_old_hours: int, now_us: int
) -> tuple[WebhookEndpoint, str]:
    """Make a new secret and return it; for some hours the old one signs as well."""
    endpoint = _locked(merchant_id, endpoint_id)
    old, secret = secrets_of(endpoint, now_us)[0], new_secret()
    endpoint.secret_sealed = _sealed(endpoint, secret)
    endpoint.old_secret_sealed = _sealed(endpoint, old) if keep_old_hours else b""
    endpoint.old_secret_until_us = now_us + keep_old_hours * _HOUR_US
    endpoint.save()
    _note(actor, Operation.WEBHOOK_ROTATE, endpoint, now_us)
    return endpoint, secret


@transaction.atomic
def send_again(
    actor: Actor, merchant_id: str, endpoint_id: str, delivery_id: str, *, now_us: int
) -> WebhookDelivery:
    """Let a delivery begin its plan again, now. Raises DoesNotExist."""
    endpoint = _locked(merchant_id, endpoint_id)
    delivery = WebhookDelivery.objects.select_for_update().get(pk=delivery_id, endpoint=endpoint)
    delivery.state, delivery.failed, delivery.due_at_us = WAITING, 0, now_us
    delivery.save(update_fields=["state", "failed", "due_at_us"])
    _note(actor, Operation.WEBHOOK_SEND_AGAIN, endpoint, now_us, detail=delivery_id)
    return delivery


@transaction.atomic
def send_test(actor: Actor, merchant_id: str, endpoint_id: str, *, now_us: int) -> OutboxEvent:
    """Send a test event to this endpoint alone. Raises DoesNotExist."""
    endpoint = _locked(merchant_id, endpoint_id)
    _note(actor, Operation.WEBHOOK_SEND_AGAIN, endpoint, now_us, detail="test")
    return emit_to([endpoint], merchant_id, TEST_TYPE, {"asked_by": actor.name}, now_us)


def secrets_of(endpoint: WebhookEndpoint, now_us: int) -> list[str]:
    """Return the secrets that sign now, newest first."""
    sealed = [endpoint.secret_sealed]
    if endpoint.old_secret_sealed and now_us < endpoint.old_secret_until_us:
        sealed.append(endpoint.old_secret_sealed)
    context = _context(endpoint)
    return [data_key().open(bytes(one), context).decode() for one in sealed]


def _locked(merchant_id: str, endpoint_id: str) -> WebhookEndpoint:
    return WebhookEndpoint.objects.select_for_update().get(
        pk=endpoint_id, merchant_id=merchant_id, removed_at_us=None
    )


def _sealed(endpoint: WebhookEndpoint, secret: str) -> bytes:
    return data_key().seal(secret.encode(), _context(endpoint))


def _context(endpoint: WebhookEndpoint) -> str:
    return f"api_webhookendpoint.secret {endpoint.endpoint_id}"


def _facts(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {"url": endpoint.url, "events": endpoint.events, "is_active": endpoint.is_active}


def _note(
    actor: Actor, operation: Operation, endpoint: WebhookEndpoint, now_us: int, **more: Any
) -> None:
    record(
        actor,
        operation,
        now_us=now_us,
        target=("webhook", endpoint.endpoint_id),
        merchant_id=endpoint.merchant_id,
        **more,
    )
