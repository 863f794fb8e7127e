"""Amounts: integer minor units with a currency, and nothing that could lose a fen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

_PPM = 1_000_000


class Currency(Enum):
    """Currencies the system can hold. Spec: ISO 4217 (code, number, exponent)."""

    CNY = ("CNY", "156", 2)
    HKD = ("HKD", "344", 2)
    JPY = ("JPY", "392", 0)
    MOP = ("MOP", "446", 2)
    USD = ("USD", "840", 2)
    EUR = ("EUR", "978", 2)

    @property
    def code(self) -> str:
        """Three letters, e.g. "CNY"."""
        return self.value[0]

    @property
    def number(self) -> str:
        """Three digits as they travel in field 49, e.g. "156"."""
        return self.value[1]

    @property
    def exponent(self) -> int:
        """Count of decimal places: 2 means that 100 minor units make one major unit."""
        return self.value[2]

    @classmethod
    def from_number(cls, number: str) -> Currency:
        """Find a currency by its three digits; ValueError when we do not hold it."""
        for currency in cls:
            if currency.number == number:
                return currency
        raise ValueError("currency number is not one we hold")


class CurrencyMismatchError(TypeError):
    """Two amounts of different currencies met in one operation."""


class Rounding(Enum):
    """How a fraction of a minor unit becomes a whole one; "down" and "up" are about magnitude."""

    DOWN = "down"
    UP = "up"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"


def _round_quotient(numerator: int, divisor: int, rounding: Rounding) -> int:
    """Divide a non-negative integer by a positive one under a rounding rule."""
    quotient, remainder = divmod(numerator, divisor)
    twice = 2 * remainder
    goes_up = {
        Rounding.DOWN: False,
        Rounding.UP: remainder > 0,
        Rounding.HALF_UP: twice >= divisor,
        Rounding.HALF_EVEN: twice > divisor or (twice == divisor and quotient % 2 == 1),
    }[rounding]
    return quotient + goes_up


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (fen, cents) of one currency; may be negative.

    There is no division and no float: splitting is `allocate`, percentages are `apply_rate`.
    """

    minor: int
    currency: Currency

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise TypeError("an amount is a whole number of minor units")
        if type(self.currency) is not Currency:
            raise TypeError("an amount needs a Currency")

    def _same(self, other: Money) -> int:
        if self.currency is not other.currency:
            raise CurrencyMismatchError(
                f"{self.currency.code} and {other.currency.code} cannot be mixed"
            )
        return other.minor

    def __add__(self, other: object) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: object) -> Money:
        if not isinstance(other, Money):
            return NotImplemented
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor < self._same(other)

    def __le__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor <= self._same(other)

    def __gt__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor > self._same(other)

    def __ge__(self, other: object) -> bool:
        if not isinstance(other, Money):
            return NotImplemented
        return self.minor >= self._same(other)

    def allocate(self, weights: Sequence[int]) -> list[Money]:
        """Split the amount in proportion to whole-number weights so that the parts sum to it.

        Minor units left over go to the largest fractions, the earlier part first on a tie.
        ValueError when a weight is negative or all are zero.
        """
        if any(type(weight) is not int or weight < 0 for weight in weights):
            raise ValueError("weights are whole numbers, zero or more")
        total = sum(weights)
        if total == 0:
            raise ValueError("at least one weight is above zero")
        sign = -1 if self.minor < 0 else 1
        shares = [divmod(abs(self.minor) * weight, total) for weight in weights]
        parts = [share for share, _ in shares]
        left_over = abs(self.minor) - sum(parts)
        by_fraction = sorted(range(len(shares)), key=lambda index: (-shares[index][1], index))
        for index in by_fraction[:left_over]:
            parts[index] += 1
        return [Money(sign * part, self.currency) for part in parts]

    def apply_rate(self, rate_ppm: int, rounding: Rounding) -> Money:
        """Return `rate_ppm` millionths of the amount (0.38 % is 3800), rounded as told."""
        if type(rate_ppm) is not int:
            raise TypeError("a rate is a whole number of millionths")
        product = self.minor * rate_ppm
        sign = -1 if product < 0 else 1
        return Money(sign * _round_quotient(abs(product), _PPM, rounding), self.currency)

    @classmethod
    def parse(cls, text: str, currency: Currency) -> Money:
        """Read "12.34", "12.3", "12" or "-0.05"; ValueError for anything else.

        No grouping marks, no exponent, and not more decimals than the currency has.
        """
        decimals = rf"(?:\.([0-9]{{1,{currency.exponent}}}))?" if currency.exponent else "()"
        match = re.fullmatch(rf"(-?)([0-9]{{1,18}}){decimals}", text)
        if match is None:
            raise ValueError(f"not an amount in {currency.code}")
        sign, whole, fraction = match.groups()
        minor = int(whole + (fraction or "").ljust(currency.exponent, "0"))
        return cls(-minor if sign else minor, currency)

    def text(self) -> str:
        """Return the amount with its decimal point and no currency, e.g. "12.34"."""
        sign = "-" if self.minor < 0 else ""
        exponent = self.currency.exponent
        digits = str(abs(self.minor)).zfill(exponent + 1)
        if exponent == 0:
            return sign + digits
        return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"

    def __str__(self) -> str:
        return f"{self.text()} {self.currency.code}"
