"""Reads the host's new payment events and tells those who want to know.

The host only writes its rows; this reads them behind it, by their number, and moves its position in
the transaction that writes the outbox. So every change of a status is told exactly once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils.translation import override

from tongbao.platform.api.models import FeedPosition, WebhookEndpoint
from tongbao.platform.api.outbox import emit
from tongbao.platform.payments.following import newest_event_id, settled_events
from tongbao.platform.payments.listing import shown
from tongbao.platform.payments.models import Payment, PaymentEvent
from tongbao.platform.payments.shapes import payments_out
from tongbao.platform.payments.status import Status, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME = "webhooks"
ROUNDS_MAX = 5


def feed_payments(now_us: int) -> int:
    """Tell the changes since the last time and return how many; the first time there are none."""
    told = 0
    for _round in range(ROUNDS_MAX):
        more, is_all = _feed_once(now_us)
        told += more
        if is_all:
            break
    return told


def _feed_once(now_us: int) -> tuple[int, bool]:
    position = FeedPosition.objects.filter(name=NAME).first()
    if position is None:
        FeedPosition.objects.get_or_create(name=NAME, defaults={"event_id": newest_event_id()})
        return 0, True
    numbers, seen, is_all = settled_events(position.event_id, now_us=now_us)
    if seen == position.event_id:
        return 0, is_all
    with transaction.atomic():
        held = FeedPosition.objects.select_for_update().get(name=NAME)
        if held.event_id != position.event_id:  # another worker was here
            return 0, False
        told = _tell(numbers, position.event_id, seen, now_us)
        held.event_id = seen
        held.save(update_fields=["event_id"])
    return told, is_all


def _tell(numbers: Iterable[int], before: int, seen: int, now_us: int) -> int:
    listening = set(
        WebhookEndpoint.objects.filter(is_active=True, removed_at_us=None).values_list(
            "merchant_id", flat=True
        )
    )
    if not listening:
        return 0
    own = Payment.objects.filter(pk__in=numbers, merchant_id__in=listening)
    changed = _changed(list(own.values_list("payment_id", flat=True)), before, seen)
    rows: list[Any] = list(shown(Payment.objects.filter(pk__in=changed)).order_by("payment_id"))
    told = 0
    with override("en"):
        for row, out in zip(rows, payments_out(rows), strict=True):
            status = changed[row.payment_id]
            data = out.model_dump(mode="json", exclude={"kind_words", "status_words"})
            data["status"] = status.value
            told += emit(row.merchant_id, f"payment.{status.value}", data, now_us) is not None
    return told


def _changed(numbers: list[int], before: int, seen: int) -> dict[int, Status]:
    """Return the payments whose status these events changed, with the status after them."""
    kinds: dict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = PaymentEvent.objects.filter(payment_id__in=numbers, event_id__lte=seen)
    for event_id, payment_id, kind in rows.order_by("event_id").values_list(
        "event_id", "payment_id", "kind"
    ):
        kinds[payment_id].append((event_id, kind))
    changed = {}
    for payment_id, events in kinds.items():
        earlier = [kind for event_id, kind in events if event_id <= before]
        now = fold([kind for _, kind in events])
        if not earlier or fold(earlier) is not now:
            changed[payment_id] = now
    return changed
