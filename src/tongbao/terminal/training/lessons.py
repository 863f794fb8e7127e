"""Which amount brings out which answer in training, as a table that a person can learn from.

A sale of ¥10.00 to ¥10.99 is answered with its fen as the response code: ¥10.51 is "not enough
money". ¥11.00 to ¥11.02 do what a line does on a bad day. Every other amount is approved.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tongbao.wire.unionpay.response_codes import RESPONSES

_CODES_FROM_MINOR: Final = 1_000
_CODES_UNTIL_MINOR: Final = 1_100


class Mishap(Enum):
    """What may happen to an answer on its way.

    NO_ANSWER loses the answer, the payment is booked; NO_ANSWER_TWICE also loses the answer to the
    first reversal; WRONG_MAC spoils the answer's check value.
    """

    NO_ANSWER = "no_answer"
    NO_ANSWER_TWICE = "no_answer_twice"
    WRONG_MAC = "wrong_mac"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the training issuer does with one payment: the code of its answer and a mishap."""

    code: str = "00"
    mishap: Mishap | None = None


MISHAPS: Final = {
    1_100: Mishap.NO_ANSWER,
    1_101: Mishap.NO_ANSWER_TWICE,
    1_102: Mishap.WRONG_MAC,
}


def lesson_of(amount_minor: int) -> Lesson:
    """Return what an amount in fen brings out; see the module's text."""
    mishap = MISHAPS.get(amount_minor)
    if mishap is not None:
        return Lesson(mishap=mishap)
    if _CODES_FROM_MINOR < amount_minor < _CODES_UNTIL_MINOR:
        code = f"{amount_minor - _CODES_FROM_MINOR:02d}"
        if code in RESPONSES:
            return Lesson(code)
    return Lesson()
