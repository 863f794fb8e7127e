"""The plan of a batch upload 批上送: which messages, in which rounds, and what is left.

A plan is a value. It is made from the records of the batch and the two flags of the host's answer,
and moves on with each answer. A message that got none, or a refusal, is not sent again at once: the
pass is finished and another one takes what is left, up to a number of passes.

Spec: UnionPay terminal dialect, 3.10.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

DETAILS_PER_MESSAGE: Final = 8
# 94: the host has this number already, so it has the record.
ACCEPTED_CODES: Final = frozenset({"00", "94"})


class UploadRound(Enum):
    """The rounds in the order of the dialect; the end message is not one of them."""

    OFFLINE = "offline"
    CHIP_OFFLINE = "chip_offline"
    DETAILS = "details"
    ADVICES = "advices"
    CHIP = "chip"
    RISK = "risk"


# Sent whatever the flags say; the others only for a side that does not balance.
_ALWAYS: Final = frozenset({UploadRound.CHIP, UploadRound.RISK})


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """One payment of the batch as far as the upload needs to know it."""

    trace: int
    round: UploadRound
    is_domestic: bool


@dataclass(frozen=True, slots=True)
class UploadMessage:
    """One message of the upload: up to eight traces in a message of details, else one."""

    round: UploadRound
    traces: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What is to be uploaded and how far it has come.

    Attributes:
        messages: every message, in the order in which they go.
        accepted: numbers (positions in `messages`) that the host has.
        refused: numbers whose last answer was a refusal; not answered ones are not among them.
        cursor: number from which the present pass goes on.
        passes: passes that have ended with something left.
        passes_max: how many passes there may be.
    """

    messages: tuple[UploadMessage, ...]
    passes_max: int
    accepted: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    cursor: int = 0
    passes: int = 0

    @property
    def number(self) -> int | None:
        """The number of the message to send now; None when the upload has ended."""
        if self.passes >= self.passes_max:
            return None
        for number in range(self.cursor, len(self.messages)):
            if number not in self.accepted:
                return number
        return None

    @property
    def message(self) -> UploadMessage | None:
        """The message to send now; None when the upload has ended."""
        number = self.number
        return None if number is None else self.messages[number]

    @property
    def total(self) -> int:
        """How many messages there are."""
        return len(self.messages)

    @property
    def done(self) -> int:
        """How many of them the host has."""
        return len(self.accepted)

    @property
    def records(self) -> int:
        """How many records the host has: the count of the end message."""
        return sum(len(self.messages[number].traces) for number in self.accepted)

    @property
    def unanswered(self) -> frozenset[int]:
        """Numbers that the host neither has nor has refused."""
        return frozenset(range(self.total)) - self.accepted - self.refused

    def answered(self, code: str | None) -> UploadPlan:
        """Take the answer to the present message, field 39; None when there was none."""
        number = self.number
        if number is None:
            return self
        if code in ACCEPTED_CODES:
            plan = replace(self, accepted=self.accepted | {number}, refused=self.refused - {number})
        elif code is None:
            plan = replace(self, refused=self.refused - {number})
        else:
            plan = replace(self, refused=self.refused | {number})
        return replace(plan, cursor=number + 1).settled()

    def settled(self) -> UploadPlan:
        """Begin the next pass when the present one has ended with something left."""
        left = [number for number in range(self.total) if number not in self.accepted]
        if not left or any(number >= self.cursor for number in left):
            return self
        return replace(self, cursor=0, passes=self.passes + 1)

    def resumed(self) -> UploadPlan:
        """Begin the passes anew for what the host does not have, after a stop or a power cut."""
        return replace(self, cursor=0, passes=0, refused=frozenset())

    def with_accepted(self, messages: Iterable[UploadMessage]) -> UploadPlan:
        """Mark messages that the host has taken before, as the journal remembers them."""
        known = set(messages)
        numbers = {n for n, message in enumerate(self.messages) if message in known}
        return replace(self, accepted=self.accepted | numbers)


def make_plan(
    records: Iterable[UploadRecord],
    *,
    domestic_balanced: bool,
    foreign_balanced: bool,
    repeats: int,
) -> UploadPlan:
    """Plan the upload of a batch; `repeats` is how many passes may follow the first.

    Spec: UnionPay terminal dialect, 3.9 and 3.10.
    """
    balanced = {True: domestic_balanced, False: foreign_balanced}
    wanted = [
        record for record in records if record.round in _ALWAYS or not balanced[record.is_domestic]
    ]
    messages: list[UploadMessage] = []
    for upload_round in UploadRound:
        traces = [record.trace for record in wanted if record.round is upload_round]
        size = DETAILS_PER_MESSAGE if upload_round is UploadRound.DETAILS else 1
        messages += [
            UploadMessage(upload_round, tuple(traces[at : at + size]))
            for at in range(0, len(traces), size)
        ]
    return UploadPlan(tuple(messages), passes_max=repeats + 1)
