"""Delivers what waits: oldest first for each endpoint, several endpoints at once."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from tongbao.platform.api import calling
from tongbao.platform.api.models import (
    DeliveryAttempt,
    OutboxEvent,
    WebhookDelivery,
    WebhookEndpoint,
)
from tongbao.platform.api.outbox import DELIVERED, GIVEN_UP, WAITING
from tongbao.platform.api.shapes import moment
from tongbao.platform.api.webhook_rules import GONE, next_attempt_us, signatures
from tongbao.platform.api.webhooks import secrets_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.platform.api.calling import Answer, Call

BATCH = 200
ENDPOINTS_AT_ONCE = 8
# So long one turn goes on with one endpoint; the rest waits for the next turn.
ENDPOINT_TURN_S = 20.0
USER_AGENT = "Tongbao-Webhooks/1"


@dataclass(frozen=True, slots=True)
class _Sent:
    delivery: WebhookDelivery
    answer: Answer


def deliver_due(now_us: int) -> int:
    """Try every delivery that is due, at most 200, and return how many were tried."""
    due = list(
        WebhookDelivery.objects.filter(state=WAITING, due_at_us__lte=now_us)
        .filter(endpoint__is_active=True)
        .select_related("endpoint", "event")
        .order_by("due_at_us")[:BATCH]
    )
    lines: dict[str, list[WebhookDelivery]] = defaultdict(list)
    for delivery in sorted(due, key=lambda one: one.event.number):
        lines[delivery.endpoint_id].append(delivery)
    if not lines:
        return 0
    calls = {
        endpoint_id: [(one, call_of(one.endpoint, one.event, now_us)) for one in line]
        for endpoint_id, line in lines.items()
    }
    tried = 0
    with ThreadPoolExecutor(ENDPOINTS_AT_ONCE, "tongbao-webhook") as threads:
        for sent in threads.map(_send_line, calls.values()):
            for one in sent:
                _note(one.delivery, one.answer, now_us)
                tried += 1
    return tried


def call_of(endpoint: WebhookEndpoint, event: OutboxEvent, now_us: int) -> Call:
    """Return the signed request that tells an endpoint an event.

    Spec: Standard Webhooks 1.0.0, "Webhook headers"
    """
    body = json.dumps(
        {
            "type": event.type,
            "timestamp": moment(event.at_us).isoformat(),
            "merchant_id": event.merchant_id,
            "number": event.number,
            "data": json.loads(event.data),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    timestamp_s = now_us // 1_000_000
    return calling.Call(
        endpoint.url,
        {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": event.event_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": signatures(
                secrets_of(endpoint, now_us), event.event_id, timestamp_s, body
            ),
        },
        body,
    )


def _send_line(line: Sequence[tuple[WebhookDelivery, Call]]) -> list[_Sent]:
    """Send one endpoint its events in order; after a failure the others wait for their turn."""
    ends_s = time.monotonic() + ENDPOINT_TURN_S
    sent: list[_Sent] = []
    for delivery, call in line:
        answer = calling.send(call, sandbox=settings.TONGBAO_SANDBOX)
        sent.append(_Sent(delivery, answer))
        if not answer.is_success or time.monotonic() >= ends_s:
            break
    return sent


@transaction.atomic
def _note(delivery: WebhookDelivery, answer: Answer, now_us: int) -> None:
    DeliveryAttempt.objects.create(
        delivery=delivery,
        at_us=now_us,
        took_ms=answer.took_ms,
        response_code=answer.response_code,
        failure=answer.failure,
    )
    kept = WebhookDelivery.objects.select_for_update().get(pk=delivery.pk)
    if answer.is_success:
        kept.state, kept.failed = DELIVERED, 0
    else:
        kept.failed += 1
        next_us = next_attempt_us(kept.failed, now_us)
        kept.due_at_us = next_us or kept.due_at_us
        kept.state = WAITING if next_us is not None else GIVEN_UP
        if answer.response_code == GONE:
            kept.state = GIVEN_UP
            WebhookEndpoint.objects.filter(pk=kept.endpoint_id).update(is_active=False)
    kept.save(update_fields=["state", "failed", "due_at_us"])
