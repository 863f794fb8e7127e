"""Compares the terminal's journal, the host's books and the issuer's book, payment by payment.

Pure: three lists of lines in, one verdict out. A payment agrees when no book is in doubt about it,
all books that know it say the same amount, and all or none of them count it as charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.domain.money import Currency, Money

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_GIVES_BACK: Final = frozenset({"void", "refund", "completion_void"})
_MOVES_NOTHING: Final = frozenset({"balance", "pre_authorisation", "pre_authorisation_void"})


class BookStatus(Enum):
    """What a book says of a payment."""

    APPROVED = "approved"
    DECLINED = "declined"
    REVERSED = "reversed"
    NOT_SENT = "not_sent"
    IN_DOUBT = "in_doubt"


@dataclass(frozen=True, slots=True, order=True)
class PaymentKey:
    """What names a payment in all three books; the issuer's has no batch and finds it by RRN."""

    terminal_id: str
    batch_no: int
    stan: int


@dataclass(frozen=True, slots=True)
class BookLine:
    """One payment in one book; `original` is the payment that it undoes, completes or pays back."""

    key: PaymentKey
    amount: Money
    status: BookStatus
    card_masked: str = ""
    kind: str = "sale"
    original: PaymentKey | None = None

    @property
    def moved(self) -> Money:
        """What it moved to the merchant when it was approved: less than zero for money back."""
        if self.kind in _MOVES_NOTHING:
            return Money(0, self.amount.currency)
        return -self.amount if self.kind in _GIVES_BACK else self.amount


@dataclass(frozen=True, slots=True)
class BookTotal:
    """What a book counts as approved, and the money that this moved to the merchant."""

    count: int
    amount: Money


@dataclass(frozen=True, slots=True)
class ComparedPayment:
    """One payment side by side; None where a book does not know it."""

    key: PaymentKey
    terminal: BookLine | None
    host: BookLine | None
    issuer: BookLine | None

    @property
    def lines(self) -> tuple[BookLine, ...]:
        """The lines of the books that know the payment."""
        return tuple(line for line in (self.terminal, self.host, self.issuer) if line is not None)

    @property
    def in_doubt(self) -> bool:
        """Whether any book still waits for the end of it."""
        return any(line.status is BookStatus.IN_DOUBT for line in self.lines)

    @property
    def agrees(self) -> bool:
        """Whether the three books say the same about the money."""
        if self.in_doubt or len({line.amount for line in self.lines}) != 1:
            return False
        charged = {
            line is not None and line.status is BookStatus.APPROVED
            for line in (self.terminal, self.host, self.issuer)
        }
        return len(charged) == 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """The three books side by side.

    `issuer_owes` is what the issuer's clearing account holds: money, not a count of lines.
    `issuer_balances` is the issuer's own check that its entries sum to zero.
    """

    payments: tuple[ComparedPayment, ...]
    terminal: BookTotal
    host: BookTotal
    issuer: BookTotal
    issuer_owes: Money
    issuer_balances: bool

    @property
    def difference(self) -> Money:
        """The largest difference between any two of the sums; zero when they are equal."""
        sums = [book.amount for book in (self.terminal, self.host, self.issuer)]
        sums.append(self.issuer_owes)
        return max(sums, key=_minor) - min(sums, key=_minor)

    @property
    def in_doubt(self) -> bool:
        """Whether any payment has no end yet."""
        return any(payment.in_doubt for payment in self.payments)

    @property
    def agrees(self) -> bool:
        """Whether every payment and every total agrees and the issuer's book balances."""
        return (
            all(payment.agrees for payment in self.payments)
            and len({self.terminal.count, self.host.count, self.issuer.count}) == 1
            and self.difference.minor == 0
            and self.issuer_balances
        )


def compare(
    terminal: Sequence[BookLine],
    host: Sequence[BookLine],
    issuer: Sequence[BookLine],
    *,
    issuer_owes: Money,
    issuer_balances: bool,
) -> Comparison:
    """Put the books side by side; a payment that stands twice in a book counts twice in its sum."""
    books = [{line.key: line for line in book} for book in (terminal, host, issuer)]
    keys = sorted(books[0].keys() | books[1].keys() | books[2].keys())
    return Comparison(
        payments=tuple(
            ComparedPayment(key, books[0].get(key), books[1].get(key), books[2].get(key))
            for key in keys
        ),
        terminal=total(terminal),
        host=total(host),
        issuer=total(issuer),
        issuer_owes=issuer_owes,
        issuer_balances=issuer_balances,
    )


def total(lines: Iterable[BookLine]) -> BookTotal:
    """Count what is approved, and sum what it moved."""
    charged = [line.moved for line in lines if line.status is BookStatus.APPROVED]
    return BookTotal(len(charged), sum(charged, start=Money(0, Currency.CNY)))


def totals_by_kind(lines: Iterable[BookLine]) -> dict[str, BookTotal]:
    """Count and sum what is approved of each kind, as `total` does of all."""
    of_kind: dict[str, list[BookLine]] = {}
    for line in lines:
        if line.status is BookStatus.APPROVED:
            of_kind.setdefault(line.kind, []).append(line)
    return {kind: total(of_kind[kind]) for kind in sorted(of_kind)}


def _minor(amount: Money) -> int:
    return amount.minor
