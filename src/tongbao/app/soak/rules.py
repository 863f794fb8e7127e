"""The rules of a soak and what breaks them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongbao.app.demo.comparison import PaymentKey


class Rule(Enum):
    """What must hold; the value is how a violation of it is called."""

    DOUBT_CLOSES = "open doubt"
    NO_LOST_APPROVAL = "lost approval"
    NO_SILENT_CHARGE = "charged, but the till says no"
    NO_DOUBLE_CHARGE = "double charge"
    NO_STRAY_CHARGE = "charge that no till asked for"
    NO_OVER_REFUND = "more given back than paid"
    HOLD_ENDS_ONCE = "hold used twice, or without an owner"
    SAME_AMOUNT = "different amounts"
    SAME_KIND = "different kinds or originals"
    SHOWN_IS_KEPT = "the screen said otherwise"
    BOOKS_AGREE = "books differ"
    TRACES_RISE = "trace number used again"
    BATCHES_BALANCE = "batch does not balance"
    PARTS_STAY_UP = "process ended by itself"
    CONVERGES = "no end in time"


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule; `key` names the payment, where it is about one."""

    rule: Rule
    text: str
    key: PaymentKey | None = None
