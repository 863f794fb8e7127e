"""Virtual time: what happens when, in one order that the seed alone decides."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tongbao.domain.dates import Instant

Deed = Callable[[], None]


def dice(seed: int, *name: object) -> random.Random:
    """Return the stream of chance of this seed and name; no two names share one."""
    return random.Random("/".join(map(str, (seed, *name))))  # noqa: S311 - a simulation must repeat


_CHECK_EVERY: Final = 8


@dataclass(slots=True, eq=False)
class Appointment:
    """One thing to do; `deed` is None once it is called off."""

    deed: Deed | None

    def cancel(self) -> None:
        """Call it off."""
        self.deed = None


class Agenda:
    """The clock of the simulated world and what it still has before it."""

    __slots__ = ("_heap", "_number", "now_us")

    def __init__(self) -> None:
        self.now_us = 0
        # By time (microseconds), then by number: of two at the same time the first arranged.
        self._heap: list[tuple[int, int, Appointment]] = []
        self._number = 0

    def after(self, delay_us: int, deed: Deed) -> Appointment:
        """Do it `delay_us` from now; of two at the same time the first arranged comes first."""
        self._number += 1
        appointment = Appointment(deed)
        at_us = self.now_us + delay_us if delay_us > 0 else self.now_us
        heapq.heappush(self._heap, (at_us, self._number, appointment))
        return appointment

    def run(self, until_us: int, is_over: Callable[[], bool]) -> bool:
        """Live through the agenda until `is_over`; False when the time came first.

        Whether it is over is asked after every few deeds.
        """
        heap = self._heap
        pop = heapq.heappop
        patience = _CHECK_EVERY
        while heap and heap[0][0] <= until_us:
            self.now_us, _, appointment = pop(heap)
            deed = appointment.deed
            if deed is None:
                continue
            deed()
            patience -= 1
            if not patience:
                if is_over():
                    return True
                patience = _CHECK_EVERY
        self.now_us = until_us
        return is_over()


class NodeClock:
    """What one machine believes the time to be; a fault may set it wrong."""

    __slots__ = ("_agenda", "_start_us", "wrong_by_us")

    def __init__(self, agenda: Agenda, start_us: int) -> None:
        self._agenda = agenda
        self._start_us = start_us
        self.wrong_by_us = 0

    def now(self) -> Instant:
        """Return the time that the machine reads."""
        return Instant(self._start_us + self._agenda.now_us + self.wrong_by_us)

    def set_to(self, instant: Instant) -> None:
        """Set the clock, rightly or wrongly."""
        self.wrong_by_us = instant.us - self._start_us - self._agenda.now_us
