"""What the host's own books say about a batch: which payments count, and their totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.wire.unionpay.profile import DOMESTIC
from tongbao.wire.unionpay.structured import SettlementSide, SettlementTotals
from tongbao.wire.unionpay.transactions import (
    ADJUSTMENT,
    CHIP_OFFLINE_SALE,
    COMPLETION,
    COMPLETION_ADVICE,
    COMPLETION_VOID,
    MAIL_ORDER,
    OFFLINE_SALE,
    REFUND,
    SALE,
    TIP,
    VOID,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.host.records import PaymentRecord, StoredPayment

BALANCED: Final = "1"
UNBALANCED: Final = "2"
ERROR: Final = "3"

_DEBIT: Final = frozenset(
    one.kind
    for one in (SALE, MAIL_ORDER, COMPLETION, COMPLETION_ADVICE, OFFLINE_SALE, CHIP_OFFLINE_SALE)
)
_CREDIT: Final = frozenset({REFUND.kind})
_VOIDS: Final = frozenset({VOID.kind, COMPLETION_VOID.kind})
_NEW_AMOUNTS: Final = frozenset({TIP.kind, ADJUSTMENT.kind})
_SUBTRACT: Final = "subtract"
_COUNT_END: Final = 10**3
_AMOUNT_END: Final = 10**12


class Counted(NamedTuple):
    """A payment that is part of the totals, with the amount that counts after tip or adjustment."""

    payment: PaymentRecord
    amount_minor: int
    is_credit: bool

    @property
    def is_domestic(self) -> bool:
        """Whether it counts on the domestic side."""
        return self.payment.organisation == DOMESTIC


class BatchTotalsError(Exception):
    """A total does not fit into field 48."""


def approved_of(payments: Iterable[StoredPayment]) -> dict[int, PaymentRecord]:
    """Return the payments whose events say that money moved, by their id, oldest first."""
    return {
        stored.payment.payment_id: stored.payment
        for stored in payments
        if stand_of(stored.events).state is PaymentState.APPROVED
    }


def counted_of(payments: Iterable[StoredPayment], void_totals: str) -> tuple[Counted, ...]:
    """Return what counts in the totals of a batch, oldest first.

    With `void_totals` "subtract" a void takes its original out of the debit side; with "credit"
    the original stays and the void counts as credit. A void whose original is in another batch
    always counts as credit.

    Spec: UnionPay terminal dialect, 3.9.
    """
    approved = approved_of(payments)
    voided, amounts = set(), {}
    for payment in approved.values():
        if payment.kind in _VOIDS and void_totals == _SUBTRACT:
            voided.add(payment.original_id)
        elif payment.kind in _NEW_AMOUNTS:
            # The newest one counts; they come in their order.
            amounts[payment.original_id] = payment.amount_minor
    counted = []
    for payment_id, payment in approved.items():
        amount_minor = amounts.get(payment_id, payment.amount_minor)
        if payment.kind in _DEBIT and payment_id not in voided:
            counted.append(Counted(payment, amount_minor, is_credit=False))
        elif payment.kind in _CREDIT or (
            payment.kind in _VOIDS
            and (void_totals != _SUBTRACT or payment.original_id not in approved)
        ):
            counted.append(Counted(payment, amount_minor, is_credit=True))
    return tuple(counted)


def totals_of(counted: Iterable[Counted]) -> SettlementTotals:
    """Add up both sides, their flags still open; raises BatchTotalsError when they do not fit.

    Spec: UnionPay terminal dialect, 2.1 and 3.9.
    """
    counted = tuple(counted)
    return SettlementTotals(
        _side([one for one in counted if one.is_domestic]),
        _side([one for one in counted if not one.is_domestic]),
    )


def compare(sent: SettlementTotals, own: SettlementTotals) -> str:
    """Return the flags of both sides, domestic first: 1 balanced, 2 not.

    Spec: UnionPay terminal dialect, 2.1.
    """
    return _flag(sent.domestic, own.domestic) + _flag(sent.foreign, own.foreign)


def with_flags(totals: SettlementTotals, flags: str) -> str:
    """Return field 48 of an answer: totals with these two flags.

    Spec: UnionPay terminal dialect, 2.1.
    """
    digits = totals.build()
    middle = len(digits) // 2
    return digits[: middle - 1] + flags[0] + digits[middle:-1] + flags[1]


def _side(counted: list[Counted]) -> SettlementSide:
    debit = [one.amount_minor for one in counted if not one.is_credit]
    credit = [one.amount_minor for one in counted if one.is_credit]
    for amounts in (debit, credit):
        if len(amounts) >= _COUNT_END or sum(amounts) >= _AMOUNT_END:
            raise BatchTotalsError
    return SettlementSide(
        f"{sum(debit):012d}", f"{len(debit):03d}", f"{sum(credit):012d}", f"{len(credit):03d}", "0"
    )


def _flag(sent: SettlementSide, own: SettlementSide) -> str:
    return BALANCED if sent.build()[:-1] == own.build()[:-1] else UNBALANCED
