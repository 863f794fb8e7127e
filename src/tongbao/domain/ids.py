"""Identifiers of the field, validated when they are made and impossible to mix up."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_MAX_SIX_DIGITS = 999_999


def _check_text(value: str, pattern: str, rule: str) -> None:
    if type(value) is not str or re.fullmatch(pattern, value, re.ASCII) is None:
        raise ValueError(rule)


@dataclass(frozen=True, slots=True, order=True)
class TerminalId:
    """Terminal number, 8 letters or digits. Spec: ISO 8583:1987 DE 41."""

    value: str

    def __post_init__(self) -> None:
        _check_text(self.value, "[0-9A-Za-z]{8}", "a terminal id is 8 letters or digits")

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, order=True)
class MerchantId:
    """Merchant number, 15 letters or digits. Spec: ISO 8583:1987 DE 42."""

    value: str

    def __post_init__(self) -> None:
        _check_text(self.value, "[0-9A-Za-z]{15}", "a merchant id is 15 letters or digits")

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, order=True)
class Rrn:
    """Retrieval reference number 参考号, 12 letters or digits. Spec: ISO 8583:1987 DE 37."""

    value: str

    def __post_init__(self) -> None:
        _check_text(self.value, "[0-9A-Za-z]{12}", "an RRN is 12 letters or digits")

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, order=True)
class OperatorNo:
    """Operator number at a terminal, "00" to "99"; 00 is the supervisor, 99 the administrator."""

    value: str

    def __post_init__(self) -> None:
        _check_text(self.value, "[0-9]{2}", "an operator number is two digits")

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, order=True)
class _SixDigitNumber:
    """A counter from 1 to 999999 that is written with six digits and wraps to 1."""

    value: int

    def __post_init__(self) -> None:
        if type(self.value) is not int or not 1 <= self.value <= _MAX_SIX_DIGITS:
            raise ValueError("a trace or batch number has up to six digits and is not zero")

    @classmethod
    def parse(cls, digits: str) -> Self:
        """Read exactly six digits; ValueError otherwise and for 000000."""
        _check_text(digits, "[0-9]{6}", "a trace or batch number is written with six digits")
        return cls(int(digits))

    @property
    def digits(self) -> str:
        """The number as it travels: six digits, zero filled."""
        return f"{self.value:06d}"

    def next(self) -> Self:
        """Return the following number; 999999 is followed by 1."""
        return type(self)(1 if self.value == _MAX_SIX_DIGITS else self.value + 1)

    def __str__(self) -> str:
        return self.digits


@dataclass(frozen=True, slots=True, order=True)
class Stan(_SixDigitNumber):
    """Terminal trace number 流水号, on paper voucher number 凭证号. Spec: ISO 8583:1987 DE 11."""


@dataclass(frozen=True, slots=True, order=True)
class BatchNo(_SixDigitNumber):
    """Batch number 批次号, given by the host at sign-in. Spec: UnionPay terminal dialect, 60.2."""
