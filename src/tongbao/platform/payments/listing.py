"""The payments of one merchant as a list: what it may be narrowed to, and how that stays fast.

A list follows the index (merchant, business date, payment) and never counts. The status of a
payment is the fold of its events, so the list of one status first takes the payments that can have
it (`candidates`) and then folds those.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tongbao.platform.payments import doubts
from tongbao.platform.payments.models import Payment, PaymentEvent
from tongbao.platform.payments.places import made_in
from tongbao.platform.payments.queries import with_status, with_void
from tongbao.platform.payments.search import read_word
from tongbao.platform.payments.status import EventKind, Status

if TYPE_CHECKING:
    from datetime import date

# Newest first; rows of one day are next to each other in the index.
ORDER = ("-business_date", "-payment_id")
FOLDED_MIN = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What a list is narrowed to; None narrows nothing. Days are inclusive business dates."""

    first_day: date | None = None
    last_day: date | None = None
    status: Status | None = None
    kind: str | None = None
    terminal_id: str | None = None
    shop_id: str | None = None
    amount_min_minor: int | None = None
    amount_max_minor: int | None = None
    card_last_four: str | None = None
    search: str | None = None

    def words(self) -> dict[str, str]:
        """Return what is set as text, for the audit log and a cursor's name."""
        return {name: str(value) for name, value in asdict(self).items() if value is not None}


def narrowed(merchant_id: str, narrowing: Narrowing) -> QuerySet[Payment]:
    """Return the payments of a merchant that match, in no order and without their status.

    A search word that can mean nothing matches nothing.
    """
    conditions = {
        "business_date__gte": narrowing.first_day,
        "business_date__lte": narrowing.last_day,
        "kind": narrowing.kind,
        "terminal_id": narrowing.terminal_id,
        "amount_minor__gte": narrowing.amount_min_minor,
        "amount_minor__lte": narrowing.amount_max_minor,
        "card_masked__endswith": narrowing.card_last_four,
    }
    payments = Payment.objects.filter(
        merchant_id=merchant_id,
        **{name: value for name, value in conditions.items() if value is not None},
    )
    if narrowing.shop_id is not None:
        payments = payments.filter(made_in(merchant_id, narrowing.shop_id))
    if narrowing.search is not None:
        payments = searched(payments, narrowing.search)
    if narrowing.status is not None:
        payments = of_status(payments, narrowing.status)
    return payments


def shown(payments: QuerySet[Payment]) -> QuerySet[Any]:
    """Add what a row of the list shows: `status` and `is_voided`."""
    return with_void(with_status(payments))


def searched(payments: QuerySet[Any], text: str) -> QuerySet[Any]:
    """Find by reference number, trace, last four digits or amount; each word must match."""
    for part in text.split():
        word = read_word(part)
        if not word.means_something:
            return payments.none()
        meanings = {
            "rrn": word.rrn,
            "stan": word.trace,
            "amount_minor": word.amount_minor,
            "card_masked__endswith": word.card_last_four,
        }
        # Only what it may mean: a condition on "no number" would keep the index from being used.
        wanted = [Q(**{name: value}) for name, value in meanings.items() if value is not None]
        payments = payments.filter(reduce(or_, wanted))
    return payments


def of_status(payments: QuerySet[Any], status: Status) -> QuerySet[Any]:
    """Keep the payments of one status."""
    others = [other.value for other in Status if other is not status]
    # Not `status=...`, which PostgreSQL believes to be so rare that it folds them all and sorts.
    return with_status(payments.filter(candidates(status))).exclude(status__in=others)


def newest_of_status(payments: QuerySet[Any], status: Status, most: int) -> list[int]:
    """Return the keys of the newest of these candidates that have the status, at most `most`.

    Takes them in the order of the key and folds no more than it needs; a database left to decide
    between folding and sorting folds them all.
    """
    found: list[int] = []
    rest = payments.order_by("-payment_id")
    step = most
    while True:
        keys = list(rest.values_list("pk", flat=True)[:step])
        folded = with_status(Payment.objects.filter(pk__in=keys)).values_list("pk", "status")
        fits = {key for key, word in folded if word == status.value}
        found += [key for key in keys if key in fits]
        if len(keys) < step or len(found) >= most:
            return found[:most]
        rest = rest.filter(pk__lt=keys[-1])
        step = max(most - len(found), FOLDED_MIN)


def candidates(status: Status) -> Q:
    """Return a condition that every payment of this status fulfils and few others do."""
    if status is Status.REVERSED:
        return Q(_has(EventKind.REVERSAL_REQUESTED))
    if status is Status.DECLINED:
        return Q(_has(EventKind.DECLINED))
    return doubts.candidates() if status is Status.IN_DOUBT else Q()


def _has(kind: EventKind) -> Exists:
    return Exists(PaymentEvent.objects.filter(payment_id=OuterRef("pk"), kind=kind))
