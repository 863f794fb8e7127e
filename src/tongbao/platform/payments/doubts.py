"""Which payments may be in doubt: a small set that is followed behind the host.

Without it the list of doubts would have to fold every payment there ever was. The set is an index
and no record: `candidates` holds every payment in doubt however far the following is, because what
came after its marks counts as a candidate, too.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from tongbao.platform.payments.following import settled_events
from tongbao.platform.payments.models import DoubtfulPayment, DoubtMark, Payment, PaymentEvent
from tongbao.platform.payments.status import Status, fold

if TYPE_CHECKING:
    from collections.abc import Iterable

# Host nodes agree on the time within this; younger payments are candidates anyway.
SETTLED_AFTER_US = 120_000_000
STEP = 10_000
STEPS_MAX = 20
_ONLY = 1


def follow_doubts(now_us: int) -> int:
    """Bring the set up to date, at most 200,000 payments further; return how far it went."""
    went = 0
    for _step in range(STEPS_MAX):
        more = _follow(now_us)
        went += more
        if more < STEP:
            break
    return went


def candidates() -> Q:
    """Return a condition that every payment in doubt fulfils, and few others."""
    mark = DoubtMark.objects.filter(pk=_ONLY).first() or DoubtMark(payment_id=0, event_id=0)
    late = PaymentEvent.objects.filter(event_id__gt=mark.event_id).order_by()
    young = Payment.objects.filter(payment_id__gt=mark.payment_id).order_by()
    known = DoubtfulPayment.objects.order_by().values("payment_id")
    return Q(pk__in=known.union(late.values("payment_id"), young.values("payment_id"), all=True))


@transaction.atomic
def _follow(now_us: int) -> int:
    mark, _is_new = DoubtMark.objects.select_for_update().get_or_create(
        pk=_ONLY, defaults={"payment_id": 0, "event_id": 0}
    )
    changed, seen, _is_all = settled_events(mark.event_id, now_us=now_us, most=STEP)
    silent, newest = _silent(mark.payment_id, now_us)
    looked_at = changed | silent
    in_doubt = _in_doubt(looked_at, seen)
    DoubtfulPayment.objects.filter(pk__in=looked_at - in_doubt).delete()
    DoubtfulPayment.objects.bulk_create(
        [DoubtfulPayment(payment_id=number) for number in sorted(in_doubt)], ignore_conflicts=True
    )
    went = max(seen - mark.event_id, len(silent))
    if (seen, newest) != (mark.event_id, mark.payment_id):
        mark.event_id, mark.payment_id = seen, newest
        mark.save()
    return went


def _silent(after: int, now_us: int) -> tuple[set[int], int]:
    """Return settled payments behind the mark to which nothing happened, and the new mark."""
    outcomes = PaymentEvent.objects.filter(payment_id=OuterRef("pk"))
    passed = list(
        Payment.objects.filter(payment_id__gt=after)
        .annotate(has_events=Exists(outcomes))
        .order_by("payment_id")
        .values_list("payment_id", "received_at_us", "has_events")[:STEP]
    )
    silent, newest = set(), after
    for number, received_at_us, has_events in passed:
        if now_us - received_at_us < SETTLED_AFTER_US:
            break
        newest = number
        if not has_events:
            silent.add(number)
    return silent, newest


def _in_doubt(numbers: Iterable[int], seen: int) -> set[int]:
    kinds: dict[int, list[str]] = defaultdict(list)
    rows = PaymentEvent.objects.filter(payment_id__in=numbers, event_id__lte=seen)
    for payment_id, kind in rows.order_by("event_id").values_list("payment_id", "kind"):
        kinds[payment_id].append(kind)
    return {number for number in numbers if fold(kinds[number]) is Status.IN_DOUBT}
