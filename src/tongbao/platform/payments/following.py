"""Reads the host's events behind it, in the order of their numbers and none twice."""

from __future__ import annotations

from django.db.models import Max

from tongbao.platform.payments.models import PaymentEvent

# An event may become visible after one with a greater number; so long a gap is waited for.
SETTLES_US = 10_000_000
EVENTS_MAX = 2_000


def newest_event_id() -> int:
    """Return the number of the newest event of all payments, 0 when there is none."""
    newest: int | None = PaymentEvent.objects.aggregate(newest=Max("event_id"))["newest"]
    return newest or 0


def settled_events(
    after: int, *, now_us: int, most: int = EVENTS_MAX
) -> tuple[set[int], int, bool]:
    """Return whose events follow `after`, up to which event that is known, and whether all are.

    Numbers are given out before they become visible. At a gap that may still be filled reading
    stops; a gap that is `SETTLES_US` old was left by a transaction that failed.
    """
    rows = list(
        PaymentEvent.objects.filter(event_id__gt=after)
        .order_by("event_id")
        .values_list("event_id", "payment_id", "at_us")[:most]
    )
    seen, found = after, set()
    for event_id, payment_id, at_us in rows:
        if event_id != seen + 1 and now_us - at_us < SETTLES_US:
            break
        seen = event_id
        found.add(payment_id)
    return found, seen, len(rows) < most
