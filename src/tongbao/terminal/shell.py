"""Runs the terminal's core: one event at a time, every effect in its order.

A record is flushed before anything behind it in the list of effects happens, and the screens see
the new state only when all effects of its step are done. What blocks (the step with its scrypt,
the flush, the printer) runs on threads of its own, never on the event loop. A record that cannot
be flushed ends the program.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import structlog

from tongbao.domain.dates import Instant
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core.events import (
    CardSwiped,
    Event,
    KeepAwake,
    SelfCheckDone,
    SelfCheckPart,
    SlipPrinted,
    Timeout,
)
from tongbao.terminal.core.vocabulary import Cue, EventKind, Phase, TimerKind
from tongbao.terminal.core.wording import NOT_NOW
from tongbao.terminal.papers import paper_to_escpos
from tongbao.terminal.self_check import Devices, check_parts

if TYPE_CHECKING:
    from tongbao.domain.secrets import Track2
    from tongbao.terminal.core.core import TerminalCore
    from tongbao.terminal.core.roles import Grant
    from tongbao.terminal.core.state import Notice, TerminalState
    from tongbao.terminal.devices.printer import VirtualPrinter
    from tongbao.terminal.journal import Journal
    from tongbao.terminal.link import HostLine
    from tongbao.terminal.settings import TerminalSettings

_Value = TypeVar("_Value")
_log = structlog.get_logger("tongbao.terminal")
NO_CARD_WANTED: Final = "the terminal is not waiting for a card"
REFUSED_CARD: Final = "the terminal refused the card: "


@dataclass(frozen=True, slots=True)
class Sound:
    """A cue with its number; a screen plays each number once."""

    number: int
    cue: Cue


@dataclass(frozen=True, slots=True)
class RunningTimer:
    """What a screen shows of a timer."""

    total_ms: int
    remaining_ms: int


@dataclass(frozen=True, slots=True)
class _Timer:
    total_ms: int
    ends_at: float
    handle: asyncio.TimerHandle


@dataclass(frozen=True, slots=True)
class _Expired:
    """A timer that ran out; it counts only while it is still the one that runs."""

    kind: TimerKind
    ends_at: float


@dataclass(frozen=True, slots=True)
class _Crashed:
    """A background job that ended with an error nobody expected."""

    error: BaseException


@dataclass(frozen=True, slots=True)
class _NewSettings:
    """Other settings, to be taken between two steps."""

    settings: TerminalSettings


_Waiting = tuple[
    "Event | _Expired | _Crashed | _NewSettings", "asyncio.Future[Notice | None] | None"
]


class TerminalShell:
    """Owns the state of a running terminal and everything that acts on it."""

    def __init__(
        self,
        core: TerminalCore,
        state: TerminalState,
        journal: Journal,
        printer: VirtualPrinter,
        clock: Callable[[], Instant],
    ) -> None:
        self._core = core
        self._state = state
        self._journal = journal
        self._printer = printer
        self._clock = clock
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._timers: dict[TimerKind, _Timer] = {}
        self._jobs: set[asyncio.Task[None]] = set()
        self._device_thread = ThreadPoolExecutor(1, "device")
        self._printer_thread = ThreadPoolExecutor(1, "printer")
        self._self_check: asyncio.Task[None] | None = None
        self._link: HostLine | None = None
        self._devices: Devices | None = None
        self._last_record: Instant | None = None
        # Larger than any number of an earlier run, so that a screen never takes old for new.
        self.seq = clock().us // 1000
        self.scene_seq = self.seq
        self.sound: Sound | None = None
        self._on_change: list[Callable[[], None]] = []
        self._allow: Callable[[Grant], None] = lambda _what: None

    @property
    def state(self) -> TerminalState:
        """The state whose records are flushed; the only one that anybody may show."""
        return self._state

    @property
    def now(self) -> Instant:
        """The present time by the clock set at sign-in."""
        return self._clock().plus_ms(self._state.clock_offset_ms)

    @property
    def settings(self) -> TerminalSettings:
        """The settings in force, with the operators as they are here."""
        return self._core.settings

    def connect(self, link: HostLine, devices: Devices, last_record: Instant | None) -> None:
        """Attach what reports to this shell; called once before `run`."""
        self._link = link
        self._devices = devices
        self._last_record = last_record

    def on_change(self, notify: Callable[[], None]) -> None:
        """Have a function called after each step."""
        self._on_change.append(notify)

    def on_allow(self, act: Callable[[Grant], None]) -> None:
        """Have a function called with each act about the terminal that was allowed."""
        self._allow = act

    def renumber(self) -> None:
        """Give the same state a new number, so that screens take it again with the present time."""
        self.seq += 1
        self._notify()

    def report(self, event: Event) -> None:
        """Put an event into the queue."""
        self._queue.put_nowait((event, None))

    def change_settings(self, settings: TerminalSettings) -> None:
        """Have the core go by other settings from the next step on."""
        self._queue.put_nowait((_NewSettings(settings), None))

    async def command(self, event: Event) -> Notice | None:
        """Put an event into the queue; return when its step is done: the refusal, or None."""
        done: asyncio.Future[Notice | None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((event, done))
        return await done

    async def take_card(self, track: Track2) -> str | None:
        """Take a swipe from the reader; the reason when the terminal wants none."""
        if self._state.phase is not Phase.CARD:
            return NO_CARD_WANTED
        refusal = await self.command(CardSwiped(track))
        if refusal is None:
            return None
        return NO_CARD_WANTED if refusal is NOT_NOW else REFUSED_CARD + refusal.en

    def timer(self, kind: TimerKind) -> RunningTimer | None:
        """Return how long a timer still runs, or None."""
        timer = self._timers.get(kind)
        if timer is None:
            return None
        left_s = timer.ends_at - asyncio.get_running_loop().time()
        return RunningTimer(timer.total_ms, max(0, round(left_s * 1000)))

    async def run(self) -> None:
        """Step until cancelled.

        Raises: JournalError when a record could not be flushed; InvariantViolationError.
        """
        try:
            while True:
                event, done = await self._queue.get()
                if isinstance(event, _Crashed):
                    raise event.error
                if isinstance(event, _NewSettings):
                    await self._take_settings(event.settings)
                    continue
                if isinstance(event, _Expired):
                    timer = self._timers.get(event.kind)
                    if timer is None or timer.ends_at != event.ends_at:
                        continue
                    del self._timers[event.kind]
                    event = Timeout(event.kind)
                await self._step_for(event, done)
        finally:
            await self._wind_up()

    async def draw_slip(self, name: str) -> bytes | None:
        """Return the picture of a slip, or None when there is none."""

        def draw() -> bytes | None:
            return self._printer.png(name) if self._printer.has(name) else None

        return await self.on_printer(draw)

    async def on_device(self, work: Callable[[], _Value]) -> _Value:
        """Run blocking work on the one thread of core, journal and keys."""
        return await asyncio.get_running_loop().run_in_executor(self._device_thread, work)

    async def on_printer(self, work: Callable[[], _Value]) -> _Value:
        """Run blocking work on the printer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._printer_thread, work)

    async def _take_settings(self, settings: TerminalSettings) -> None:
        await self.on_device(lambda: self._core.take_settings(settings))
        # Whoever is at the till may not be an operator any more.
        self.report(KeepAwake())
        self.renumber()

    async def _step_for(self, event: Event, done: asyncio.Future[Notice | None] | None) -> None:
        try:
            refusal = await self._step(event)
        except BaseException:
            if done is not None:
                done.cancel()
            raise
        if done is not None and not done.done():
            done.set_result(refusal)

    async def _step(self, event: Event) -> Notice | None:
        now = self._clock()
        before = self._state
        state, effects = await self.on_device(lambda: self._core.step(before, event, now))
        refusal = None
        for effect in effects:
            if isinstance(effect, fx.Refuse):
                refusal = effect.notice
            else:
                await self._carry_out(effect, now)
        if isinstance(event, CardSwiped) and before.phase is not Phase.CARD:
            # The core ignores it; the reader must know that this card was not taken.
            refusal = NOT_NOW
        _log_step(event.kind, before.phase, state.phase)
        self._publish(state)
        return refusal

    async def _carry_out(self, effect: fx.Effect, now: Instant) -> None:
        match effect:
            case fx.Persist(record):
                await self.on_device(lambda: self._journal.append(record, now))
            case fx.KeepStorageKeys(batches):
                await self.on_device(lambda: self._core.keep_storage_keys(batches))
            case fx.KeepStaff(change):
                await self.on_device(lambda: self._core.keep_staff(change))
            case fx.Print():
                self._start(self._print(effect))
            case fx.StartTimer(timer, ms):
                self._start_timer(timer, ms)
            case fx.StopTimer(timer):
                self._stop_timer(timer)
            case fx.PlaySound(cue):
                self.sound = Sound(self.seq + 1, cue)
            case fx.RunSelfCheck():
                self._self_check = self._start(self._check())
            case fx.Allow(what):
                self._allow(what)
            case _:
                self._use_line(effect)

    def _use_line(self, effect: fx.Effect) -> None:
        assert self._link is not None  # noqa: S101 - connect() comes before run()
        match effect:
            case fx.Send(frame, ticket):
                self._link.send(frame, ticket)
            case fx.OpenLink():
                self._link.open()
            case fx.RenewLink():
                self._link.renew()
            case fx.CloseLink():
                if self._self_check is not None:
                    self._self_check.cancel()
                self._link.close()
            case _:
                pass

    def _publish(self, state: TerminalState) -> None:
        self.seq += 1
        if _scene(state) != _scene(self._state):
            self.scene_seq = self.seq
        self._state = state
        self._notify()

    def _notify(self) -> None:
        for notify in self._on_change:
            notify()

    def _start_timer(self, kind: TimerKind, ms: int) -> None:
        self._stop_timer(kind)
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + ms / 1000
        expired = (_Expired(kind, ends_at), None)
        handle = loop.call_at(ends_at, self._queue.put_nowait, expired)
        self._timers[kind] = _Timer(ms, ends_at, handle)

    def _stop_timer(self, kind: TimerKind) -> None:
        timer = self._timers.pop(kind, None)
        if timer is not None:
            timer.handle.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._jobs.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._queue.put_nowait((_Crashed(error), None))

    async def _print(self, job: fx.Print) -> None:
        def print_slip() -> bool:
            try:
                self._printer.print_job(job.name, paper_to_escpos(job.slip))
            except (RuntimeError, OSError, ValueError) as error:
                _log.error("a slip could not be printed", reason=str(error))
                return False
            return True

        printed = await self.on_printer(print_slip)
        self.report(SlipPrinted(job.name, job.batch, job.trace, printed=printed))

    async def _check(self) -> None:
        assert self._devices is not None  # noqa: S101 - connect() comes before run()
        found = []
        async for check in check_parts(self._devices, self._clock(), self._last_record):
            found.append(check)
            self.report(SelfCheckPart(check))
        self.report(SelfCheckDone(tuple(found)))

    async def _wind_up(self) -> None:
        """Stop everything; a power cut here would do no harm."""
        for kind in list(self._timers):
            self._stop_timer(kind)
        for job in list(self._jobs):
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        while not self._queue.empty():
            _, done = self._queue.get_nowait()
            if done is not None:
                done.cancel()
        if self._link is not None:
            self._link.close()
        self._device_thread.shutdown()
        self._printer_thread.shutdown()


def _scene(state: TerminalState) -> tuple[object, ...]:
    """Return what a person must have seen before a command about money counts."""
    return (
        state.phase,
        state.draft.command_id if state.draft else None,
        state.doubt.intent.trace if state.doubt else None,
        state.result.trace if state.result else None,
    )


def _log_step(kind: EventKind, before: Phase, after: Phase) -> None:
    if before is not after:
        _log.info("step", kind=kind.value, before=before.value, after=after.value)
