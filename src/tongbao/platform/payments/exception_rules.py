"""What may be done about an exception, and where it stands. Pure: imports no Django."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.platform.payments.traces.types import looks_like_card

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SYSTEM: Final = "system"
TERMINAL: Final = "terminal"
# Names of no person: acts of machines stand under them.
MACHINES: Final = frozenset({SYSTEM, TERMINAL})
NOTE_LENGTH_MAX: Final = 500


class ExceptionKind(StrEnum):
    """What the machines could not finish; the host writes these words."""

    REVERSAL_UNDELIVERED = "reversal_undelivered"
    ADVICE_UNDELIVERED = "advice_undelivered"
    BATCH_DIFFERENCE = "batch_difference"
    LATE_APPROVAL = "late_approval"
    TERMINAL_GAVE_UP = "terminal_gave_up"


class Done(StrEnum):
    """What was done about an exception, as written in its events."""

    TAKEN = "taken"
    NOTED = "noted"
    CLOSED = "closed"
    REOPENED = "reopened"


class Act(StrEnum):
    """What a person may do on the page of an exception; nothing here touches a payment."""

    TAKE = "take"
    NOTE = "note"
    CLOSE = "close"


class Refusal(StrEnum):
    """Why an act was not done."""

    UNKNOWN_ACT = "unknown_act"
    CLOSED_ALREADY = "closed_already"
    OWNED_ALREADY = "owned_already"
    OVERTAKEN = "overtaken"
    NOTE_MISSING = "note_missing"
    NOTE_TOO_LONG = "note_too_long"
    NOTE_HOLDS_CARD = "note_holds_card"


DONE_BY: Final = {Act.TAKE: Done.TAKEN, Act.NOTE: Done.NOTED, Act.CLOSE: Done.CLOSED}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an exception stands: open or closed, and who has taken it ("" nobody)."""

    is_open: bool
    owner: str


def stand_of(acts: Iterable[tuple[str, str]]) -> Standing:
    """Fold acts given as (kind, staff), oldest first; a reopened exception belongs to nobody."""
    is_open, owner = True, ""
    for kind, staff in acts:
        if kind == Done.TAKEN:
            owner = staff
        elif kind == Done.CLOSED:
            is_open = False
        elif kind == Done.REOPENED:
            is_open, owner = True, ""
    return Standing(is_open, owner)


def closed_at_us(acts: Sequence[tuple[str, int]]) -> int | None:
    """Return when it was closed, acts given as (kind, moment); None while it is open."""
    closed = None
    for kind, at_us in acts:
        if kind == Done.CLOSED:
            closed = at_us
        elif kind == Done.REOPENED:
            closed = None
    return closed


def refusal_of(act: Act, standing: Standing, staff: str, note: str) -> Refusal | None:
    """Return why this person may not do this now, or None when they may."""
    if not standing.is_open:
        return Refusal.CLOSED_ALREADY
    if act is Act.TAKE and standing.owner == staff:
        return Refusal.OWNED_ALREADY
    if act is not Act.TAKE and not note:
        return Refusal.NOTE_MISSING
    if len(note) > NOTE_LENGTH_MAX:
        return Refusal.NOTE_TOO_LONG
    if looks_like_card(note):
        return Refusal.NOTE_HOLDS_CARD
    return None
