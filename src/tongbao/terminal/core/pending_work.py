"""Pending work: what must still reach the host, as one queue of values.

Nothing leaves the queue but by an answer. What fails is tried again after growing pauses; after a
row of tries a person is asked to look, and the tries go on slowly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.core.items import BatchItem


class WorkKind(Enum):
    """What is pending, in the order in which it goes; the value is the word on the screen."""

    SCRIPT_RESULT = "script_result"
    REVERSAL = "reversal"
    ADVICE = "advice"
    SIGNATURE = "signature"


class WorkStage(Enum):
    """Where a piece of pending work stands."""

    WAITING = "waiting"
    SENDING = "sending"
    NEEDS_PERSON = "needs_person"


_ORDER: Final = {kind: place for place, kind in enumerate(WorkKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece of pending work about one payment, the `item`.

    `attempts` counts every try, `failures` those of the present row. `data` (hex) is the image of
    a signature or the data of a script; `part` is the number of its parts that the host has.
    """

    kind: WorkKind
    item: BatchItem
    since: Instant
    attempts: int = 0
    failures: int = 0
    code: str = ""
    part: int = 0
    data: str = field(default="", repr=False)

    @property
    def batch(self) -> int:
        """The batch of the payment."""
        return self.item.intent.batch

    @property
    def trace(self) -> int:
        """The trace number of the payment."""
        return self.item.intent.trace

    @property
    def identity(self) -> str:
        """The name by which the screen asks to send it."""
        return work_identity(self.kind, self.batch, self.trace)


def work_identity(kind: WorkKind, batch: int, trace: int) -> str:
    """Return the name of a piece of pending work."""
    return f"{kind.value}-{batch:06d}-{trace:06d}"


@dataclass(frozen=True, slots=True)
class WorkQueue:
    """All pending work but the reversal, which the doubt holds.

    `level` is how many failures of its row a piece may have to be tried without a further pause:
    each piece is tried once a level, and the level rises when the pause is over.
    """

    works: tuple[Work, ...] = ()
    level: int = 0

    def find(self, identity: str) -> Work | None:
        """Return the piece of this name."""
        return next((work for work in self.works if work.identity == identity), None)

    def next_work(self, kinds: Iterable[WorkKind] = WorkKind) -> Work | None:
        """Return what goes next without waiting: by kind, then by age; None when a pause is due.

        An advice may speak of an earlier one, so none of them overtakes another.
        """
        wanted = set(kinds)
        advice = next((work for work in self.works if work.kind is WorkKind.ADVICE), None)
        ready = [
            work
            for work in self.works
            if work.kind in wanted
            and work.failures <= self.level
            and (work.kind is not WorkKind.ADVICE or work is advice)
        ]
        return min(ready, key=lambda work: (work.failures, _ORDER[work.kind]), default=None)

    @property
    def needs_pause(self) -> bool:
        """Whether there is work and all of it must wait for a pause."""
        return bool(self.works) and self.next_work() is None

    @property
    def failures(self) -> int:
        """The failures after which the present pause comes."""
        advices = [work for work in self.works if work.kind is WorkKind.ADVICE]
        others = [work for work in self.works if work.kind is not WorkKind.ADVICE]
        return min((work.failures for work in [*advices[:1], *others]), default=0)

    def added(self, work: Work) -> WorkQueue:
        """Put work at the end; what is there already stays as it is."""
        if self.find(work.identity) is not None:
            return self
        return replace(self, works=(*self.works, work))

    def changed(self, work: Work) -> WorkQueue:
        """Replace the piece of the same name."""
        works = tuple(work if known.identity == work.identity else known for known in self.works)
        return replace(self, works=works)

    def removed(self, identity: str) -> WorkQueue:
        """Take out what the host has."""
        return replace(self, works=tuple(w for w in self.works if w.identity != identity))

    def without_advices(self, batch: int) -> WorkQueue:
        """Take the advices of a closed batch out: they have gone up with it, or were refused."""
        return replace(
            self,
            works=tuple(
                work
                for work in self.works
                if work.kind is not WorkKind.ADVICE or work.batch != batch
            ),
        )

    def sent(self, identity: str) -> WorkQueue:
        """Count a try."""
        work = self.find(identity)
        return self if work is None else self.changed(replace(work, attempts=work.attempts + 1))

    def failed(self, identity: str, code: str) -> WorkQueue:
        """Count a try that came to nothing; `code` is field 39 or our own word."""
        work = self.find(identity)
        if work is None:
            return self
        return self.changed(replace(work, failures=work.failures + 1, code=code))

    def pause_over(self) -> WorkQueue:
        """Let the pieces with the fewest failures be tried once more."""
        return replace(self, level=self.failures)

    def fresh_row(self, identity: str | None = None) -> WorkQueue:
        """Begin a new row of tries at once, for one piece or for all."""
        works = tuple(
            replace(work, failures=0) if identity in (None, work.identity) else work
            for work in self.works
        )
        return WorkQueue(works)


def is_stored(queue: WorkQueue, key: tuple[int, int]) -> bool:
    """Whether a payment (batch and trace) is an advice that the host has not heard of yet."""
    return queue.find(work_identity(WorkKind.ADVICE, *key)) is not None


def awaits_advice(queue: WorkQueue, key: tuple[int, int]) -> bool:
    """Whether the host has not heard yet of a payment, or of an advice that refers to it.

    What is done to it now could not be decided before the advice is there, and while that is in
    doubt no advice is sent: each would wait for the other.
    """
    intents = [work.item.intent for work in queue.works if work.kind is WorkKind.ADVICE]
    return any(
        key in ((one.batch, one.trace), (one.original_batch, one.original_trace)) for one in intents
    )


def pause_ms(failures: int, first_ms: int, longest_ms: int, row: int, slow_ms: int) -> int:
    """Return the pause after so many failures in a row: doubling, then the slow one for ever."""
    if failures > row:
        return slow_ms
    return min(first_ms * (1 << max(0, min(failures - 1, 30))), longest_ms)
