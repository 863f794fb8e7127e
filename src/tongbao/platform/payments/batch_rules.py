"""A terminal's batch as two parties count it, and where they differ. Pure: imports no Django.

Spec: UnionPay terminal dialect, 3.9 settlement; F48 of 0500 and 0510
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.structured.field48 import SettlementSide, SettlementTotals

if TYPE_CHECKING:
    from collections.abc import Iterable

DOMESTIC: Final = "CUP"


class Balance(StrEnum):
    """One flag of a settlement's answer."""

    ASKED = "0"
    BALANCED = "1"
    UNBALANCED = "2"
    ERROR = "3"


@dataclass(frozen=True, slots=True)
class Count:
    """How many, and what they come to in minor units."""

    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Side:
    """The totals of domestic or of foreign cards."""

    debit: Count
    credit: Count


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """Both sides of one party's totals."""

    domestic: Side
    foreign: Side


def read_totals(digits: str) -> BatchTotals | None:
    """Read the 62 digits of F48; None when there are none or they cannot be read."""
    try:
        totals = SettlementTotals.parse(digits)
    except ProtocolError:
        return None
    return BatchTotals(_side(totals.domestic), _side(totals.foreign))


def _side(side: SettlementSide) -> Side:
    return Side(
        Count(int(side.debit_count), int(side.debit_amount)),
        Count(int(side.credit_count), int(side.credit_amount)),
    )


def balances_of(result: str) -> tuple[Balance, Balance] | None:
    """Return the flags for domestic and foreign cards, None when the result is neither."""
    try:
        domestic, foreign = (Balance(flag) for flag in result)
    except ValueError:
        return None
    return domestic, foreign


class Difference(StrEnum):
    """How one payment differs between the terminal's upload and the host's records."""

    UNKNOWN_TO_HOST = "unknown_to_host"
    NOT_UPLOADED = "not_uploaded"
    OTHER_AMOUNT = "other_amount"
    OTHER_CARD = "other_card"
    NOT_APPROVED = "not_approved"


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A payment as the terminal uploaded it."""

    stan: int
    amount_minor: int
    card_token: bytes


@dataclass(frozen=True, slots=True)
class Booked:
    """A payment as the host has it.

    `amounts` are what it may be uploaded with: its own, and that of a later tip or adjustment.
    `must_come` says that it counts, on a side that did not balance.
    """

    stan: int
    amounts: tuple[int, ...]
    card_token: bytes
    is_approved: bool
    must_come: bool


def differences(uploaded: Iterable[Uploaded], booked: Iterable[Booked]) -> dict[int, Difference]:
    """Return what differs, by trace number; nothing at all when nothing was uploaded."""
    told = {one.stan: one for one in uploaded}
    known = {one.stan: one for one in booked}
    if not told:
        return {}
    found: dict[int, Difference] = {}
    for stan, one in sorted(told.items()):
        payment = known.get(stan)
        if payment is None:
            found[stan] = Difference.UNKNOWN_TO_HOST
        elif not payment.is_approved:
            found[stan] = Difference.NOT_APPROVED
        elif one.amount_minor not in payment.amounts:
            found[stan] = Difference.OTHER_AMOUNT
        elif one.card_token and payment.card_token and one.card_token != payment.card_token:
            found[stan] = Difference.OTHER_CARD
    for stan, payment in sorted(known.items()):
        if payment.is_approved and payment.must_come and stan not in told:
            found[stan] = Difference.NOT_UPLOADED
    return found
