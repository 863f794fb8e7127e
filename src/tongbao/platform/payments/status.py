"""The status of a payment, folded from its events. Pure: imports no Django."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class EventKind(StrEnum):
    """What can happen to a payment; the host writes these words."""

    APPROVED = "approved"
    DECLINED = "declined"
    REVERSAL_REQUESTED = "reversal_requested"
    REVERSED = "reversed"
    LATE_ANSWER = "late_answer"
    REPEATED = "repeated"
    INQUIRED = "inquired"
    REVERSAL_REPEATED = "reversal_repeated"
    DELIVERY_REPEATED = "delivery_repeated"
    SIGNED = "signed"
    SCRIPT_RESULT = "script_result"


class Status(StrEnum):
    """What a payment is now; unknown is a state of its own."""

    APPROVED = "approved"
    DECLINED = "declined"
    REVERSED = "reversed"
    IN_DOUBT = "in_doubt"


OUTCOMES = (EventKind.APPROVED, EventKind.DECLINED)


def fold(kinds: Sequence[str]) -> Status:
    """Return the status of a payment to which events of these kinds happened, oldest first.

    A reversal that was asked for outweighs an approval, and each request needs its own proof: until
    then nobody may count the money. Otherwise the first outcome stands; late answers, repeats,
    inquiries, signatures and script results decide nothing.
    """
    requested = kinds.count(EventKind.REVERSAL_REQUESTED)
    if requested:
        proven = kinds.count(EventKind.REVERSED) >= requested
        return Status.REVERSED if proven else Status.IN_DOUBT
    outcome = next((kind for kind in kinds if kind in OUTCOMES), None)
    return Status.IN_DOUBT if outcome is None else Status(outcome)
