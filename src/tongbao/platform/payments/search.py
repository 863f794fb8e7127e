"""Reads what a person types into the search box of the payments. Imports no Django."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RRN = re.compile(r"[0-9A-Z]{12}")
_DIGITS = re.compile(r"[0-9]{1,18}")
_AMOUNT = re.compile(r"[¥￥]?([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,12})(?:\.([0-9]{2}))?")
# The letters that the host's reference numbers leave out because they look like digits.
_LOOK_ALIKES = str.maketrans("OIL", "011")
_TRACE_MAX = 999_999


@dataclass(frozen=True, slots=True)
class Word:
    """What one typed word may mean; each meaning that is not None is looked for."""

    rrn: str | None = None
    trace: int | None = None
    card_last_four: str | None = None
    amount_minor: int | None = None

    @property
    def means_something(self) -> bool:
        """Whether any payment can match."""
        return self != Word()


def read_word(text: str) -> Word:
    """Read a reference number, a trace, the card's last four digits or an amount in yuan."""
    text = text.strip()
    reference = text.upper().translate(_LOOK_ALIKES)
    rrn = reference if _RRN.fullmatch(reference) else None
    digits = _DIGITS.fullmatch(text)
    trace = int(text) if digits and 0 < int(text) <= _TRACE_MAX else None
    last_four = text if digits and len(text) == 4 else None
    amount = _AMOUNT.fullmatch(text)
    amount_minor = int(amount[1].replace(",", "")) * 100 + int(amount[2] or "0") if amount else None
    return Word(rrn, trace, last_four, amount_minor)
