"""Virtual time: what happens when, in one order that the seed alone decides."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tongbao.domain.dates import Instant

Deed = Callable[[], None]


def dice(seed: int, *name: object) -> random.Random:
    """Return the stream of chance of this seed and name; no two names share one."""
    return random.Random("/".join(map(str, (seed, *name))))  # noqa: S311 - a simulation must repeat


@dataclass(slots=True, order=True)
class Appointment:
    """One thing to do at one time (microseconds); `deed` is None once it is called off."""

    at_us: int
    number: int
    deed: Deed | None = field(compare=False)

    def cancel(self) -> None:
        """Call it off."""
        self.deed = None


class Agenda:
    """The clock of the simulated world and what it still has before it."""

    __slots__ = ("_heap", "_number", "now_us")

    def __init__(self) -> None:
        self.now_us = 0
        self._heap: list[Appointment] = []
        self._number = 0

    def after(self, delay_us: int, deed: Deed) -> Appointment:
        """Do it `delay_us` from now; of two at the same time the first arranged comes first."""
        self._number += 1
        appointment = Appointment(self.now_us + max(0, delay_us), self._number, deed)
        heapq.heappush(self._heap, appointment)
        return appointment

    def run(self, until_us: int, is_over: Callable[[], bool]) -> bool:
        """Live through the agenda until `is_over`; False when the time came first."""
        heap = self._heap
        while heap and heap[0].at_us <= until_us:
            appointment = heapq.heappop(heap)
            if appointment.deed is None:
                continue
            self.now_us = appointment.at_us
            appointment.deed()
            if is_over():
                return True
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
