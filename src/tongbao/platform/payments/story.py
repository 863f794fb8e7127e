"""One payment for its merchant: facts, steps, family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.api.shapes import amount_of, moment, moment_or_none
from tongbao.platform.payments.exceptions import with_standing
from tongbao.platform.payments.family import Member, family_of, remaining_minor
from tongbao.platform.payments.listing import shown
from tongbao.platform.payments.models import Payment, PaymentException
from tongbao.platform.payments.response_words import describe
from tongbao.platform.payments.shapes import (
    MessageFieldOut,
    MessageOut,
    PaymentStoryOut,
    RelatedOut,
    StepOut,
    payments_out,
)
from tongbao.platform.payments.signatures import has_signature
from tongbao.platform.payments.status import OUTCOMES, Status
from tongbao.platform.payments.timeline import steps_of
from tongbao.platform.payments.words import entry_mode_text, kind_text

if TYPE_CHECKING:
    from tongbao.platform.payments.timeline import MessageLine, Step


def story_of(merchant_id: str, rrn: str) -> PaymentStoryOut:
    """Return the story of a payment of this merchant; raises Payment.DoesNotExist."""
    payment: Any = shown(Payment.objects.filter(merchant_id=merchant_id)).get(rrn=rrn)
    events = list(payment.events.order_by("event_id"))
    outcome = next((event for event in events if event.kind in OUTCOMES), None)
    family: list[Any] = list(
        shown(Payment.objects.filter(pk__in=[one.pk for one in family_of(payment)])).order_by("pk")
    )
    left = remaining_minor(
        payment.payment_id,
        [
            Member(one.payment_id, one.original_id, one.kind, one.amount_minor, Status(one.status))
            for one in family
        ],
    )
    code = outcome.response_code if outcome else ""
    return PaymentStoryOut(
        **payments_out([payment])[0].model_dump(),
        merchant_id=payment.merchant_id,
        auth_code=outcome.auth_code if outcome else "",
        response_code=code,
        response_words=describe(code) if code else "",
        entry_mode_words=entry_mode_text(payment.entry_mode),
        left=None if left is None else amount_of(left, payment.currency),
        is_looked_at=_is_looked_at(payment),
        has_signature=has_signature(payment),
        steps=[_step(step) for step in steps_of(payment, events, describe)],
        family=[_related(one) for one in family if one.payment_id != payment.payment_id],
    )


def _is_looked_at(payment: Any) -> bool:
    exceptions = with_standing(PaymentException.objects.filter(payment_id=payment.payment_id))
    return exceptions.filter(is_closed=False).exists()


def _step(step: Step) -> StepOut:
    return StepOut(
        title=step.title,
        who=step.who,
        tone=step.tone.value,
        at=moment_or_none(step.at_us),
        since_us=step.since_us,
        words=[str(word) for word in step.words],
        messages=[_message(message) for message in step.messages],
    )


def _message(line: MessageLine) -> MessageOut:
    return MessageOut(
        mti=line.mti,
        meaning=line.meaning,
        route=line.route,
        fields=[
            MessageFieldOut(number=n, name=name, value=value) for n, name, value in line.fields
        ],
    )


def _related(one: Any) -> RelatedOut:
    return RelatedOut(
        rrn=one.rrn,
        kind=one.kind,
        kind_words=kind_text(one.kind),
        status=Status(one.status),
        amount=amount_of(one.amount_minor, one.currency),
        received_at=moment(one.received_at_us),
    )
