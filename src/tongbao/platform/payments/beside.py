"""What a payment's page shows beside the payment: its family, papers, batch and exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.console.formats import amount_text
from tongbao.platform.console.words import reader_is_chinese
from tongbao.platform.payments.chip_data import read_elements
from tongbao.platform.payments.exception_words import advice_of
from tongbao.platform.payments.exceptions import with_standing
from tongbao.platform.payments.family import (
    GIVING_BACK,
    HOLDING,
    Member,
    family_of,
    remaining_minor,
)
from tongbao.platform.payments.models import BatchEvent, Payment, PaymentException
from tongbao.platform.payments.queries import with_status
from tongbao.platform.payments.signatures import has_signature
from tongbao.platform.payments.status import Status
from tongbao.platform.payments.words import kind_text

if TYPE_CHECKING:
    from collections.abc import Sequence


def signed_amount(payment: Payment) -> str:
    """Return the amount for people: with a minus where money goes back, "–" where none moves."""
    if payment.kind == "balance":
        return "–"
    sign = -1 if payment.kind in GIVING_BACK else 1
    return amount_text(sign * payment.amount_minor, payment.currency)


def beside(payment: Payment) -> dict[str, Any]:
    """Return what stands beside a payment, ready for its page."""
    family = _with_statuses(payment)
    members = [
        Member(one.payment_id, one.original_id, one.kind, one.amount_minor, Status(one.status))
        for one in family
    ]
    left = remaining_minor(payment.payment_id, members)
    return {
        "family": [
            {
                "payment": one,
                "kind": kind_text(one.kind),
                "amount": signed_amount(one),
                "is_this": one.payment_id == payment.payment_id,
            }
            for one in family
        ]
        if len(family) > 1
        else [],
        "left": "" if left is None else amount_text(left, payment.currency),
        "left_to_complete": payment.kind == HOLDING,
        "has_signature": has_signature(payment),
        "chip_results": _chip_results(payment),
        "exceptions": [
            {"exception": one, "name": advice_of(one.kind).name}
            for one in with_standing(
                PaymentException.objects.filter(payment_id=payment.payment_id)
            ).order_by("is_closed", "urgency")
        ],
        "batch_event": BatchEvent.objects.filter(
            terminal_id=payment.terminal_id, batch_no=payment.batch_no
        )
        .order_by("-event_id")
        .first(),
    }


def _with_statuses(payment: Payment) -> Sequence[Any]:
    numbers = [member.payment_id for member in family_of(payment)]
    return list(with_status(Payment.objects.filter(pk__in=numbers)).order_by("payment_id"))


def _chip_results(payment: Payment) -> list[dict[str, Any]]:
    chinese = reader_is_chinese()
    results = []
    for result in payment.script_results.all():
        elements = read_elements(result.data)
        results.append(
            {
                "at_us": result.at_us,
                "readable": elements is not None,
                "elements": [
                    {"tag": one.tag, "name": one.zh if chinese else one.en, "value": one.value}
                    for one in elements or ()
                ],
            }
        )
    return results
