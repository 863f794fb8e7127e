"""Gathers the rows of a payment and its family into a trace."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from tongbao.platform.payments.exception_rules import closed_at_us
from tongbao.platform.payments.family import family_of
from tongbao.platform.payments.models import (
    Payment,
    PaymentEvent,
    PaymentException,
    PaymentExceptionEvent,
)
from tongbao.platform.payments.traces.messages import messages_of
from tongbao.platform.payments.traces.types import (
    Trace,
    TracedEvent,
    TracedException,
    TracedPayment,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def traced(payment: Payment, events: Sequence[PaymentEvent], original: str = "") -> TracedPayment:
    """Return a payment and its events as a trace holds them, with its messages."""
    bare = TracedPayment(
        rrn=payment.rrn,
        kind=payment.kind,
        terminal=payment.terminal_id,
        merchant=payment.merchant_id,
        batch=payment.batch_no,
        trace=payment.stan,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        card=payment.card_masked,
        organisation=payment.organisation,
        entry_mode=payment.entry_mode,
        business_date=payment.business_date.isoformat(),
        route=payment.route,
        original=original,
        received_at_us=payment.received_at_us,
        events=tuple(
            TracedEvent(
                at_us=event.at_us,
                kind=event.kind,
                code=event.response_code,
                auth_code=event.auth_code,
                detail=event.detail,
            )
            for event in events
        ),
    )
    return replace(bare, messages=messages_of(bare))


def trace_of(payment: Payment, *, is_sandbox: bool) -> Trace:
    """Return the trace of a payment with its family, as the database knows it now."""
    using = payment._state.db  # noqa: SLF001 - the record's own database
    family = family_of(payment)
    numbers = {member.payment_id: member.rrn for member in family}
    events: dict[int, list[PaymentEvent]] = defaultdict(list)
    rows = PaymentEvent.objects.using(using).filter(payment_id__in=numbers).order_by("event_id")
    for event in rows:
        events[event.payment_id].append(event)
    return Trace(
        subject=payment.rrn,
        made_at_us=time.time_ns() // 1000,
        is_sandbox=is_sandbox,
        software=software_version(),
        payments=tuple(
            traced(member, events[member.payment_id], numbers.get(member.original_id, ""))
            for member in family
        ),
        exceptions=_exceptions(using, numbers),
    )


def software_version() -> str:
    """Return the version of Tongbao that runs."""
    try:
        return version("tongbao")
    except PackageNotFoundError:
        return "unknown"


def _exceptions(using: str | None, numbers: dict[int, str]) -> tuple[TracedException, ...]:
    found = list(
        PaymentException.objects.using(using)
        .filter(payment_id__in=numbers)
        .order_by("exception_id")
    )
    acts: dict[int, list[PaymentExceptionEvent]] = defaultdict(list)
    rows = PaymentExceptionEvent.objects.using(using).filter(
        exception_id__in=[one.exception_id for one in found]
    )
    for act in rows.order_by("event_id"):
        acts[act.exception_id].append(act)
    return tuple(
        TracedException(
            kind=one.kind,
            rrn=numbers[one.payment_id],
            opened_at_us=one.opened_at_us,
            closed_at_us=closed_at_us([(act.kind, act.at_us) for act in acts[one.exception_id]]),
            detail=one.detail,
        )
        for one in found
    )
