"""Compares what a terminal has uploaded with the host's own payments; nothing is evened out.

Every difference becomes an exception for a person, and a side whose totals differ becomes one, too,
whether or not the uploaded details explain it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.host.core.batch_totals import (
    BALANCED,
    UNBALANCED,
    approved_of,
    compare,
    counted_of,
    totals_of,
)
from tongbao.host.core.batch_upload import OTHER_ORGANISATION
from tongbao.host.core.payment_rules import stand_of
from tongbao.host.records import DetailSource
from tongbao.wire.unionpay.profile import DOMESTIC

if TYPE_CHECKING:
    from tongbao.host.core.batch_totals import Counted, SideTotals, Totals
    from tongbao.host.records import BatchDetailRecord, PaymentRecord, StoredBatch

DETAIL_CHARS_MAX: Final = 200
_SIDES: Final = ("domestic", "foreign")


class Difference(NamedTuple):
    """Something a person has to look at: the payment it is about, 0 for none, and what it is."""

    payment_id: int
    detail: str


class Comparison(NamedTuple):
    """How a batch stands at its end: the host's totals of that moment, flags and differences."""

    own_totals: Totals
    result: str
    differences: tuple[Difference, ...]


def compare_batch(
    batch: StoredBatch, sent: Totals, flags: str, void_totals: str, records_told: int
) -> Comparison:
    """Compare a batch at the end of its upload.

    `flags` are those of the answer to the totals: for a side that did not balance, each payment
    that counts must have been uploaded.

    Spec: UnionPay terminal dialect, 3.9 and 3.10.
    """
    counted = counted_of(batch.payments, void_totals)
    own = totals_of(counted)
    result = compare(sent, own)
    found = [
        *_sides_that_differ(sent, own, result),
        *_details_that_differ(batch, counted),
        *_not_uploaded(batch, counted, flags),
    ]
    if records_told != len(batch.details):
        text = f"the terminal says it uploaded {records_told} records, {len(batch.details)} came"
        found.append(Difference(0, text))
    prefix = f"batch {batch.batch_no:06d}"
    return Comparison(
        own,
        result,
        tuple(one._replace(detail=f"{prefix} {one.detail}"[:DETAIL_CHARS_MAX]) for one in found),
    )


def _sides_that_differ(sent: Totals, own: Totals, result: str) -> list[Difference]:
    return [
        Difference(0, f"{name} totals: terminal {_side_text(told)}, host {_side_text(ours)}")
        for name, told, ours, flag in zip(_SIDES, sent, own, result, strict=True)
        if flag != BALANCED
    ]


def _details_that_differ(batch: StoredBatch, counted: tuple[Counted, ...]) -> list[Difference]:
    standings = {one.payment.stan: one for one in batch.payments}
    approved = {payment.stan: payment for payment in approved_of(batch.payments).values()}
    amounts = {one.payment.stan: one.amount_minor for one in counted}
    found = []
    for detail in batch.details:
        payment = approved.get(detail.stan)
        if payment is None:
            stored = standings.get(detail.stan)
            here = "unknown" if stored is None else stand_of(stored.events).state.value
            payment_id = 0 if stored is None else stored.payment.payment_id
            text = f"only at the terminal, {_yuan(detail.amount_minor)}, here {here}"
            found.append(Difference(payment_id, _trace_text(detail.stan, text)))
            continue
        text = _difference(detail, payment, amounts.get(detail.stan, payment.amount_minor))
        if text:
            found.append(Difference(payment.payment_id, _trace_text(detail.stan, text)))
    return found


def _difference(detail: BatchDetailRecord, payment: PaymentRecord, amount_minor: int) -> str:
    """Say how an uploaded detail differs from the payment of its trace; "" when it does not."""
    if detail.amount_minor not in (amount_minor, payment.amount_minor):
        return f"terminal {_yuan(detail.amount_minor)}, host {_yuan(amount_minor)}"
    if detail.card_token and payment.card_token and detail.card_token != payment.card_token:
        return f"terminal card {detail.card_masked}, host card {payment.card_masked}"
    is_unknown = detail.source == DetailSource.ADVICE and detail.organisation == OTHER_ORGANISATION
    is_domestic = payment.organisation == DOMESTIC
    if not is_unknown and (detail.organisation == DOMESTIC) != is_domestic:
        return f"{_side_name(not is_domestic)} at the terminal, {_side_name(is_domestic)} here"
    return ""


def _not_uploaded(batch: StoredBatch, counted: tuple[Counted, ...], flags: str) -> list[Difference]:
    uploaded = {detail.stan for detail in batch.details}
    found = []
    for one in counted:
        payment = one.payment
        is_wanted = flags[0 if one.is_domestic else 1] == UNBALANCED
        if is_wanted and payment.stan not in uploaded:
            text = f"only at the host, {payment.kind} {_yuan(one.amount_minor)}"
            found.append(Difference(payment.payment_id, _trace_text(payment.stan, text)))
    return found


def _trace_text(stan: int, text: str) -> str:
    return f"trace {stan:06d}: {text}"


def _side_name(is_domestic: bool) -> str:
    return _SIDES[0 if is_domestic else 1]


def _side_text(side: SideTotals) -> str:
    debit, credit = _yuan(side.debit_minor), _yuan(side.credit_minor)
    return f"debit {side.debit_count}/{debit} credit {side.credit_count}/{credit}"


def _yuan(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02d}"
