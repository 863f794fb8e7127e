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

_DEBIT: Final = frozenset(
    one.kind
    for one in (SALE, MAIL_ORDER, COMPLETION, COMPLETION_ADVICE, OFFLINE_SALE, CHIP_OFFLINE_SALE)
)
_CREDIT: Final = frozenset({REFUND.kind})
_VOIDS: Final = frozenset({VOID.kind, COMPLETION_VOID.kind})
_NEW_AMOUNTS: Final = frozenset({TIP.kind, ADJUSTMENT.kind})
_SUBTRACT: Final = "subtract"
_COUNT_MAX: Final = 10**3 - 1
_AMOUNT_MAX: Final = 10**12 - 1


class Counted(NamedTuple):
    """A payment that is part of the totals, with the amount that counts after tip or adjustment."""

    payment: PaymentRecord
    amount_minor: int
    is_credit: bool

    @property
    def is_domestic(self) -> bool:
        """Whether it counts on the domestic side."""
        return self.payment.organisation == DOMESTIC


class SideTotals(NamedTuple):
    """What one side adds up to; amounts in minor units."""

    debit_count: int
    debit_minor: int
    credit_count: int
    credit_minor: int

    @property
    def fits(self) -> bool:
        """Whether field 48 has room for it."""
        return self == self.cut

    @property
    def cut(self) -> SideTotals:
        """The side with each number at most what field 48 can hold."""
        return SideTotals(
            min(self.debit_count, _COUNT_MAX),
            min(self.debit_minor, _AMOUNT_MAX),
            min(self.credit_count, _COUNT_MAX),
            min(self.credit_minor, _AMOUNT_MAX),
        )


class Totals(NamedTuple):
    """Both sides of a batch."""

    domestic: SideTotals
    foreign: SideTotals


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


def totals_of(counted: Iterable[Counted]) -> Totals:
    """Add up both sides.

    Spec: UnionPay terminal dialect, 3.9.
    """
    counted = tuple(counted)
    return Totals(
        _side([one for one in counted if one.is_domestic]),
        _side([one for one in counted if not one.is_domestic]),
    )


def read_totals(digits: str) -> Totals:
    """Read field 48, 62 digits, without its flags; raises ProtocolError.

    Spec: UnionPay terminal dialect, 2.1.
    """
    sent = SettlementTotals.parse(digits)
    return Totals(
        SideTotals(*sent.domestic.debit, *sent.domestic.credit),
        SideTotals(*sent.foreign.debit, *sent.foreign.credit),
    )


def compare(sent: Totals, own: Totals) -> str:
    """Return the flags of both sides, domestic first: 1 balanced, 2 not.

    Spec: UnionPay terminal dialect, 2.1.
    """
    return _flag(sent.domestic, own.domestic) + _flag(sent.foreign, own.foreign)


def write_totals(totals: Totals, flags: str) -> str:
    """Return field 48 with these two flags, 62 digits; a number that is too large is cut.

    Spec: UnionPay terminal dialect, 2.1.
    """
    sides = [
        SettlementSide.of(
            (side.cut.debit_count, side.cut.debit_minor),
            (side.cut.credit_count, side.cut.credit_minor),
            flag,
        )
        for side, flag in zip(totals, flags, strict=True)
    ]
    return SettlementTotals(*sides).build()


def _side(counted: list[Counted]) -> SideTotals:
    debit = [one.amount_minor for one in counted if not one.is_credit]
    credit = [one.amount_minor for one in counted if one.is_credit]
    return SideTotals(len(debit), sum(debit), len(credit), sum(credit))


def _flag(sent: SideTotals, own: SideTotals) -> str:
    # What does not fit was cut on both ends: nobody knows whether it is the same.
    return BALANCED if sent == own and own.fits else UNBALANCED
