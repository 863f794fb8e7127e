"""The canonical workload: what is done how often, by whom, and with which chip data.

70 % sales by chip with PIN, 10 % contactless without PIN, 10 % codes, 3 % voids, 3 % refunds, 2 %
reversals of which half come late, 2 % inquiries; shops by Zipf's law with exponent 0.99. Payments
by code are not there yet: their share is spread over the others, and the figures say so.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from enum import StrEnum
from itertools import accumulate
from typing import Final

ZIPF_EXPONENT: Final = 0.99
CHIP_DATA_BYTES_MIN: Final = 90
CHIP_DATA_BYTES_MAX: Final = 130


class Act(StrEnum):
    """What one step of the workload does."""

    CHIP_SALE = "chip_sale"
    CONTACTLESS_SALE = "contactless_sale"
    VOID = "void"
    REFUND = "refund"
    REVERSAL = "reversal"
    LATE_REVERSAL = "late_reversal"
    BALANCE = "balance"


CANONICAL_PERCENT: Final = {
    Act.CHIP_SALE: 70,
    Act.CONTACTLESS_SALE: 10,
    Act.VOID: 3,
    Act.REFUND: 3,
    Act.REVERSAL: 1,
    Act.LATE_REVERSAL: 1,
    Act.BALANCE: 2,
}
"""What is left of the canonical workload's 100 % is payments by code."""


def shares() -> dict[Act, float]:
    """Return the share of each act without payments by code; they come to 1."""
    whole = sum(CANONICAL_PERCENT.values())
    return {act: percent / whole for act, percent in CANONICAL_PERCENT.items()}


class Workload:
    """Draws acts and terminals; the same seed draws the same."""

    __slots__ = ("_acts", "_by_act", "_by_rank", "_source")

    def __init__(self, terminals: int, seed: int) -> None:
        self._source = random.Random(f"workload {seed}")  # noqa: S311 - a workload, not a key
        self._acts = list(shares())
        self._by_act = list(accumulate(shares().values()))
        weights = [1 / rank**ZIPF_EXPONENT for rank in range(1, terminals + 1)]
        self._by_rank = list(accumulate(weights))

    def act(self) -> Act:
        """Return what is done next."""
        place = bisect_left(self._by_act, self._source.random() * self._by_act[-1])
        return self._acts[min(place, len(self._acts) - 1)]

    def terminal(self) -> int:
        """Return who does it: the number of a terminal, from 0, the busiest first."""
        place = bisect_left(self._by_rank, self._source.random() * self._by_rank[-1])
        return min(place, len(self._by_rank) - 1)

    def chip_data(self) -> bytes:
        """Return a field 55 of 90 to 130 bytes, whose parts have the lengths of real ones.

        Spec: UnionPay terminal dialect, F55; EMV 4.3 Book 3, annex A
        """
        data = bytearray()
        for tag, length in _TAGS:
            data += bytes.fromhex(tag) + bytes([length]) + self._source.randbytes(length)
        rest = self._source.randint(CHIP_DATA_BYTES_MIN, CHIP_DATA_BYTES_MAX) - len(data)
        # The issuer's own data fills it up: at least its tag, its length and one byte.
        length = max(rest - 3, 1)
        return bytes(data) + b"\x9f\x10" + bytes([length]) + self._source.randbytes(length)


_TAGS: Final = (
    *(("9F26", 8), ("9F27", 1), ("9F37", 4), ("9F36", 2), ("95", 5), ("9A", 3), ("9C", 1)),
    *(("9F02", 6), ("5F2A", 2), ("82", 2), ("9F1A", 2), ("9F03", 6), ("9F33", 3)),
)
