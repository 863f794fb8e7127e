"""The exception queue: questions about it, and the only writer of what people do about it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from django.db import router, transaction
from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    F,
    OuterRef,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from tongbao.platform.payments.exception_rules import (
    DONE_BY,
    Act,
    Done,
    Refusal,
    refusal_of,
    stand_of,
)
from tongbao.platform.payments.models import PaymentException, PaymentExceptionEvent

if TYPE_CHECKING:
    from django.db.models import QuerySet


class ActRefusedError(Exception):
    """The act was not done; nothing was written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def with_standing(exceptions: QuerySet[PaymentException]) -> QuerySet[Any]:
    """Annotate `is_open` and `owner`, and `urgency`: open ones first, the oldest of them on top.

    The same fold as `exception_rules.stand_of`, done by the database.
    """
    acts = PaymentExceptionEvent.objects.filter(exception_id=OuterRef("pk")).order_by("-event_id")
    ends = acts.filter(kind__in=(Done.CLOSED, Done.REOPENED)).values("kind")[:1]
    owners = acts.filter(kind__in=(Done.TAKEN, Done.REOPENED)).annotate(
        owner=Case(
            When(kind=Done.TAKEN, then=F("staff")), default=Value(""), output_field=CharField()
        )
    )
    is_closed = Case(
        When(end=Done.CLOSED.value, then=Value(value=True)),
        default=Value(value=False),
        output_field=BooleanField(),
    )
    urgency = Case(
        When(is_closed=True, then=-F("exception_id")),
        default=F("exception_id"),
        output_field=BigIntegerField(),
    )
    return (
        exceptions.annotate(
            end=Subquery(ends),
            owner=Coalesce(Subquery(owners.values("owner")[:1]), Value("")),
        )
        .annotate(is_closed=is_closed)
        .annotate(urgency=urgency)
    )


def open_count() -> int:
    """Return how many exceptions wait for a person."""
    return with_standing(PaymentException.objects.all()).filter(is_closed=False).count()


def do(exception_id: int, act: Act, *, staff: str, note: str, seen: int) -> None:
    """Append one act of a person; `seen` is the newest event on the page that they acted on.

    Raises ActRefusedError: somebody was faster, or the rules say no. Then nothing is written.
    """
    note = " ".join(note.split())
    using = router.db_for_write(PaymentExceptionEvent)
    with transaction.atomic(using=using):
        # Holds off a second act on the same exception; SQLite holds off every writer anyway.
        PaymentException.objects.using(using).select_for_update().get(pk=exception_id)
        acts = list(
            PaymentExceptionEvent.objects.using(using)
            .filter(exception_id=exception_id)
            .order_by("event_id")
            .values_list("event_id", "kind", "staff")
        )
        if (acts[-1][0] if acts else 0) != seen:
            raise ActRefusedError(Refusal.OVERTAKEN)
        refusal = refusal_of(act, stand_of((kind, who) for _, kind, who in acts), staff, note)
        if refusal is not None:
            raise ActRefusedError(refusal)
        PaymentExceptionEvent.objects.using(using).create(
            exception_id=exception_id,
            kind=DONE_BY[act].value,
            at_us=time.time_ns() // 1000,
            staff=staff,
            note=note,
        )
