"""A machine that runs one process at a time: it starts, works, stops at any point, starts again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tongbao.simulation.agenda import Agenda, Appointment, Deed, NodeClock
from tongbao.simulation.faults import Faults
from tongbao.simulation.network import Network
from tongbao.simulation.trace import Trace

EXIT_CRASHED: Final = -9


class NodeStoppedError(BaseException):
    """The process of the machine ends at this very point; nothing of it runs any more.

    Not an `Exception`, so that no handler of the code under test can hold it up.
    """

    def __init__(self, exit_code: int, reason: str) -> None:
        super().__init__(exit_code, reason)
        self.exit_code = exit_code
        self.reason = reason


class WrongWorldError(Exception):
    """An invariant does not hold; the text says which and where."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(f"{invariant}: {text}")
        self.invariant = invariant


@dataclass(slots=True)
class World:
    """What every machine of a world shares."""

    seed: int
    agenda: Agenda
    faults: Faults
    trace: Trace
    network: Network


class Machine:
    """A process with its power switch; what it arranges is void when it is another process then."""

    def __init__(self, world: World, name: str, clock: NodeClock) -> None:
        self.world = world
        self.name = name
        self.clock = clock
        self.is_up = False
        self.process_no = 0
        self.exit_code: int | None = None
        self.on_stop: Callable[[], None] = _nothing

    def enter(self, deed: Deed) -> None:
        """Run something inside the process; when the process ends in it, clean up behind it."""
        if not self.is_up:
            return
        try:
            deed()
        except NodeStoppedError as stop:
            self.stop(stop.exit_code, stop.reason)

    def later(self, delay_us: int, deed: Deed) -> Appointment:
        """Arrange something for this process."""
        number = self.process_no

        def come() -> None:
            if self.is_up and self.process_no == number:
                self.enter(deed)

        return self.world.agenda.after(delay_us, come)

    def begin(self) -> None:
        """Note that a new process runs."""
        self.is_up = True
        self.process_no += 1
        self.exit_code = None
        self.world.trace.note(self.name, f"starts, process {self.process_no}")

    def stop(self, exit_code: int, reason: str) -> None:
        """End the process, from inside or from outside."""
        if not self.is_up:
            return
        self.is_up = False
        self.exit_code = exit_code
        self.world.trace.note(self.name, f"stops with {exit_code}: {reason}")
        self.cleaned_up()
        self.on_stop()

    def cleaned_up(self) -> None:
        """Do what happens to lines and disk when the process is gone."""


def _nothing() -> None:
    return
