"""The outbox: what merchants are told is written in the transaction in which it happened."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F

from tongbao.platform.api.models import EventCounter, OutboxEvent, WebhookDelivery, WebhookEndpoint
from tongbao.platform.api.webhook_rules import wants
from tongbao.platform.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WAITING = "waiting"
DELIVERED = "delivered"
GIVEN_UP = "given_up"


def emit(
    merchant_id: str, event_type: str, data: Mapping[str, Any], now_us: int
) -> OutboxEvent | None:
    """Write an event of a merchant and its deliveries; None when no endpoint wants it.

    Call it last in the transaction of what happened: the merchant's number is locked until its end.
    """
    endpoints = [
        endpoint
        for endpoint in WebhookEndpoint.objects.filter(
            merchant_id=merchant_id, is_active=True, removed_at_us=None
        )
        if wants(endpoint.events, event_type)
    ]
    return emit_to(endpoints, merchant_id, event_type, data, now_us) if endpoints else None


def emit_to(
    endpoints: Iterable[WebhookEndpoint],
    merchant_id: str,
    event_type: str,
    data: Mapping[str, Any],
    now_us: int,
) -> OutboxEvent:
    """Write an event for these endpoints of the merchant, whatever they asked for."""
    with transaction.atomic():
        event = OutboxEvent.objects.create(
            event_id=new_id("evt"),
            merchant_id=merchant_id,
            number=_next_number(merchant_id),
            type=event_type,
            data=json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")),
            at_us=now_us,
        )
        WebhookDelivery.objects.bulk_create(
            WebhookDelivery(
                delivery_id=new_id("dlv"),
                endpoint=endpoint,
                event=event,
                state=WAITING,
                due_at_us=now_us,
                created_at_us=now_us,
            )
            for endpoint in endpoints
        )
    return event


def _next_number(merchant_id: str) -> int:
    """Take the merchant's next number; others of the same merchant wait for this transaction."""
    counter = EventCounter.objects.filter(merchant_id=merchant_id)
    if not counter.update(last_number=F("last_number") + 1):
        EventCounter.objects.get_or_create(merchant_id=merchant_id, defaults={"last_number": 0})
        counter.update(last_number=F("last_number") + 1)
    return counter.values_list("last_number", flat=True).get()
