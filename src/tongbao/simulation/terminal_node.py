"""A terminal: the real core, its shell's rule on effects, a journal on a simulated disk.

The rule is that of `tongbao.terminal.shell`: one event at a time; effects in their order, a record
flushed before anything behind it; the new state is shown when all effects of its step are done.
A test runs both shells over the same events and compares what they do in which order.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Final, Protocol

from tongbao.domain.errors import InvariantViolationError
from tongbao.simulation.agenda import dice
from tongbao.simulation.faults import Fault
from tongbao.simulation.node import EXIT_CRASHED, Machine, NodeStoppedError, WrongWorldError
from tongbao.simulation.terminal_journal import VirtualJournal
from tongbao.simulation.terminal_line import TerminalLine
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core.core import TerminalCore
from tongbao.terminal.core.events import (
    Event,
    PowerOn,
    SelfCheckDone,
    SelfCheckPart,
    SlipPrinted,
    Timeout,
)
from tongbao.terminal.core.records import Record, SelfChecked
from tongbao.terminal.core.recovery import read_records, restore
from tongbao.terminal.core.state import PartCheck, TerminalState
from tongbao.terminal.core.vocabulary import CheckResult, Part, Phase, TimerKind
from tongbao.terminal.journal import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.simulation.agenda import Appointment, NodeClock
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.network import Route
    from tongbao.simulation.node import World
    from tongbao.simulation.terminal_journal import Row
    from tongbao.terminal.settings import TerminalSettings

EXIT_JOURNAL: Final = 74
_CHECK_US: Final = 300_000
_PRINT_US: Final = 150_000
_PRINT_MAX_US: Final = 6_000_000
# Behind length, TPDU and header.
_MTI_AT: Final = slice(13, 15)
_SIGN_IN: Final = b"\x08\x00"


class TerminalWitness(Protocol):
    """Somebody outside who sees and hears what the terminal says."""

    def stepped(self, before: Phase, event: Event) -> None:
        """Learn that an event was taken in this phase."""

    def sends(self, node: TerminalNode, frame: bytes) -> None:
        """See a frame that leaves the terminal."""

    def prints(self, node: TerminalNode, job: fx.Print) -> None:
        """See a slip that comes out."""

    def shows(self, node: TerminalNode, state: TerminalState) -> None:
        """See the screen after a step."""


# Keys over the key file (it is told the boundaries), random bytes, and who watches.
Equipment = tuple[
    "Callable[[Callable[[str], None]], KeyStore]", "Callable[[int], bytes]", TerminalWitness
]


class TerminalNode(Machine):
    """One terminal with its disk; the process on it comes and goes."""

    def __init__(
        self,
        world: World,
        clock: NodeClock,
        settings: TerminalSettings,
        route: Route,
        disk: Disk[Row],
        equipment: Equipment,
    ) -> None:
        super().__init__(world, settings.terminal_id.value, clock)
        self.settings = settings
        self.disk = disk
        self.state = TerminalState()
        self.route = route
        self.last_sign_in = b""
        self.last_refusal = ""
        """The code of the last command that was refused."""
        self._make_keys, self._random_bytes, self._witness = equipment
        self._chance = dice(world.seed, "printer", self.name)
        self._queue: deque[Event] = deque()
        self._is_stepping = False
        self._timers: dict[TimerKind, Appointment] = {}
        self._journal: VirtualJournal | None = None
        self._line: TerminalLine | None = None
        self._core: TerminalCore | None = None

    def switch_on(self) -> None:
        """Give it power: the program starts from its journal and checks itself."""
        self.begin()
        self.enter(self._boot)

    def offer(self, event: Event) -> None:
        """Have an event taken as soon as those before it are done."""
        self._queue.append(event)
        if not self._is_stepping:
            self.enter(self._drain)

    def cut_power(self) -> None:
        """Take its power away between two events."""
        self.stop(EXIT_CRASHED, "power cut")

    def cleaned_up(self) -> None:
        """Leave the disk and the host's end of the line; forget the rest."""
        if self._line is not None:
            self._line.vanish()
        self._queue.clear()
        self._is_stepping = False
        self._timers.clear()
        self.disk.crash()
        self.state = TerminalState()

    def _boot(self) -> None:
        try:
            self._journal = VirtualJournal(self.disk, self._boundary)
            reader = read_records(self._journal.records())
        except (InvariantViolationError, ValueError) as error:
            raise WrongWorldError("fail stop", f"{self.name}: the journal: {error}") from error
        keys = self._make_keys(self._boundary)
        self._core = TerminalCore(self.settings, keys, self._random_bytes)
        self.state = restore(self.settings, reader)
        self._line = TerminalLine(
            self, self.route, self.settings.connect_timeout_ms, self._queue_and_drain
        )
        self.offer(PowerOn())

    def _queue_and_drain(self, event: Event) -> None:
        self._boundary("received")
        self.offer(event)

    def _drain(self) -> None:
        self._is_stepping = True
        try:
            while self._queue:
                self._step(self._queue.popleft())
        finally:
            self._is_stepping = False

    def _step(self, event: Event) -> None:
        assert self._core is not None  # noqa: S101 - only a booted terminal steps
        now = self.clock.now()
        before = self.state
        state, effects = self._core.step(before, event, now)
        self._witness.stepped(before.phase, event)
        refusal = ""
        for effect in effects:
            if isinstance(effect, fx.Refuse):
                self.last_refusal = effect.notice.code
                refusal = f", refused: {effect.notice.code}"
            else:
                self._carry_out(effect, now)
        self.state = state
        if before.phase is not state.phase or refusal:
            self.world.trace.note(
                self.name,
                f"{event.kind.value}: {before.phase.value} > {state.phase.value}{refusal}",
            )
        self._witness.shows(self, state)

    def _carry_out(self, effect: fx.Effect, now: Instant) -> None:
        match effect:
            case fx.Persist(record):
                self._append(record, now)
            case fx.Print():
                self._print(effect)
            case fx.StartTimer(timer, ms):
                self._start_timer(timer, ms)
            case fx.KeepStorageKeys(batches):
                assert self._core is not None  # noqa: S101 - only a booted terminal steps
                self._core.keep_storage_keys(batches)
            case fx.KeepStaff(change):
                assert self._core is not None  # noqa: S101 - only a booted terminal steps
                self._core.keep_staff(change)
            case fx.StopTimer(timer):
                self._stop_timer(timer)
            case fx.RunSelfCheck():
                self.later(_CHECK_US, self._check)
            case _:
                self._use_line(effect)

    def _use_line(self, effect: fx.Effect) -> None:
        assert self._line is not None  # noqa: S101 - the line is made at the start
        match effect:
            case fx.Send(frame, ticket):
                if frame[_MTI_AT] == _SIGN_IN:
                    self.last_sign_in = frame
                self._witness.sends(self, frame)
                self._line.send(frame, ticket)
                self._boundary("sent")
            case fx.OpenLink():
                self._line.open()
            case fx.RenewLink():
                self._line.renew()
            case fx.CloseLink():
                self._line.close()
            case _:
                pass

    def _append(self, record: Record, now: Instant) -> None:
        assert self._journal is not None  # noqa: S101 - the journal is opened at the start
        try:
            self._journal.append(record, now)
        except JournalError as error:
            raise NodeStoppedError(EXIT_JOURNAL, str(error)) from error
        self.world.trace.note(self.name, f"journal: {_about(record)}")

    def _print(self, job: fx.Print) -> None:
        jammed = self.world.faults.fires(Fault.PAPER_JAM) is not None

        def out() -> None:
            self._boundary("printing")
            if not jammed:
                self._witness.prints(self, job)
            self.offer(SlipPrinted(job.name, job.batch, job.trace, printed=not jammed))

        self.later(self._chance.randrange(_PRINT_US, _PRINT_MAX_US), out)

    def _start_timer(self, kind: TimerKind, ms: int) -> None:
        self._stop_timer(kind)

        def expire() -> None:
            self._timers.pop(kind, None)
            self.offer(Timeout(kind))

        self._timers[kind] = self.later(ms * 1000, expire)

    def _stop_timer(self, kind: TimerKind) -> None:
        timer = self._timers.pop(kind, None)
        if timer is not None:
            timer.cancel()

    def _check(self) -> None:
        """Check every part; only the journal's is real here."""
        assert self._journal is not None  # noqa: S101 - the journal is opened at the start
        if self.state.phase is not Phase.SELF_CHECK:
            return
        works = True
        try:
            self._journal.append(SelfChecked(version="simulated"), self.clock.now())
        except JournalError:
            works = False
        found = tuple(
            PartCheck(
                part,
                CheckResult.FAIL if part is Part.JOURNAL and not works else CheckResult.OK,
            )
            for part in Part
        )
        self.offer(SelfCheckPart(found[0]))
        self.offer(SelfCheckDone(found))

    def _boundary(self, where: str) -> None:
        """Pass a boundary between two effects, where the power may go."""
        if self.world.faults.fires(Fault.POWER_CUT):
            raise NodeStoppedError(EXIT_CRASHED, f"power cut, {where}")


def _about(record: Record) -> str:
    trace = getattr(record, "trace", None)
    code = getattr(record, "code", "")
    outcome = getattr(record, "outcome", "")
    words = [record.kind]
    if trace is not None:
        words.append(f"{int(trace or 0):06d}")
    words += [word for word in (outcome, code) if word]
    return " ".join(words)


def coverage_of(taken: Counter[tuple[Phase, str]]) -> dict[str, int]:
    """Return how often each pair of phase and event was taken, by its name."""
    return {f"{phase.value} + {kind}": count for (phase, kind), count in sorted_pairs(taken)}


def sorted_pairs(
    taken: Counter[tuple[Phase, str]],
) -> list[tuple[tuple[Phase, str], int]]:
    """Return the pairs in a fixed order."""
    return sorted(taken.items(), key=lambda item: (item[0][0].value, item[0][1]))
