"""One terminal as one process: journal, keys, devices, line, screens and the shell between them.

A terminal lives in one of two worlds at a time, live or training. Going to the other ends the
present one whole, journal, keys and line, before anything of the next is opened.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from tongbao.terminal.activation.checks import Bench
from tongbao.terminal.activation.lines import reach_host
from tongbao.terminal.aside import Aside, Standing
from tongbao.terminal.core.core import TerminalCore
from tongbao.terminal.core.events import PowerOn
from tongbao.terminal.core.recovery import JournalReader, restore
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.staff import with_staff
from tongbao.terminal.devices.magnetic_reader import VirtualMagneticReader
from tongbao.terminal.devices.printer import VirtualPrinter
from tongbao.terminal.journal import Journal, restore_reader
from tongbao.terminal.keys import open_keys
from tongbao.terminal.link import HostLine, HostLink, make_tls
from tongbao.terminal.screen.commands import CommandDesk
from tongbao.terminal.screen.server import ScreenServer
from tongbao.terminal.screen.view import screen_state
from tongbao.terminal.self_check import Devices
from tongbao.terminal.shell import TerminalShell
from tongbao.terminal.staff_book import StaffBook
from tongbao.terminal.training.line import TrainingLine
from tongbao.terminal.training.world import open_training_issuer, training_settings
from tongbao.wire.device.health import TestOccasion

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.wire.device.health import SelfTestReport


@dataclass(frozen=True, slots=True)
class TerminalAddresses:
    """Where the running terminal is reached, as HOST:PORT."""

    screen: str
    reader: str


class Ending(Enum):
    """Why a world has ended."""

    STOPPED = "stopped"
    OTHER_WORLD = "other_world"
    RESTART = "restart"
    LEFT = "left"


class DeviceSide(Protocol):
    """What a device of the fleet adds to a terminal; a terminal of a settings file has none."""

    @property
    def standing(self) -> Standing:
        """Lock and message, which outlive a change of world."""

    def attach(self, terminal: Terminal) -> None:
        """Take notice of the terminal that runs now."""

    def detach(self) -> None:
        """No terminal runs now."""

    def live_settings(self) -> TerminalSettings:
        """Return the settings of the live world as they are wanted now."""

    def line(self) -> tuple[bool, str]:
        """Tell whether the platform can be reached, and how quickly; blocks."""

    def clock_ahead_ms(self) -> int | None:
        """Return how far the platform's clock is ahead; None when it was not asked yet."""

    async def self_tested(self, report: SelfTestReport) -> None:
        """Keep a self-test and tell the platform."""


async def run_terminal(
    settings: TerminalSettings,
    stop: asyncio.Event,
    announce: Callable[[TerminalAddresses], None],
    clock: Callable[[], Instant],
    device: DeviceSide | None = None,
) -> None:
    """Run until `stop` is set or the device leaves; `announce` is called when everything listens.

    Raises: JournalError, CryptoError or OSError when it cannot start; JournalError when a record
    could not be flushed; InvariantViolationError for a bug of ours.
    """
    live = settings
    addresses: list[TerminalAddresses] = []

    def note(found: TerminalAddresses) -> None:
        if not addresses:
            addresses.append(found)
            announce(found)

    in_training = False
    ending = Ending.RESTART
    while not stop.is_set() and ending is not Ending.LEFT:
        world = live
        if in_training:
            staff = StaffBook(live.data_folder)
            world = training_settings(with_staff(live, staff.changes))
        journal = Journal.open(world.data_folder, world.terminal_id.value)
        try:
            terminal = Terminal(world, journal, clock, device)
            if addresses:
                terminal.switch_on()
            ending = await terminal.run(stop, note)
        finally:
            journal.close()
        in_training = (ending is Ending.OTHER_WORLD) != in_training
        live = _at(live if device is None else device.live_settings(), addresses)


def _at(settings: TerminalSettings, addresses: list[TerminalAddresses]) -> TerminalSettings:
    """Return the settings with the ports that were taken, so that the next world is found there."""
    if not addresses:
        return settings
    ports = [int(shown.rpartition(":")[2]) for shown in (addresses[0].screen, addresses[0].reader)]
    return replace(settings, screen_port=ports[0], reader_port=ports[1])


class Terminal:
    """The parts of a terminal, put together."""

    def __init__(
        self,
        settings: TerminalSettings,
        journal: Journal,
        clock: Callable[[], Instant],
        device: DeviceSide | None = None,
    ) -> None:
        self.settings = settings
        self.journal = journal
        self._clock = clock
        self._device = device
        self._end: asyncio.Future[Ending] | None = None
        # The issuer makes the keys of training when there are none yet.
        issuer = open_training_issuer(settings) if settings.is_training else None
        keys = open_keys(settings)
        reader = restore_reader(journal)
        self.printer = VirtualPrinter(settings.data_folder / "slips")
        # Nobody's PIN is changed in training.
        self.staff = None if settings.is_training else StaffBook(settings.data_folder)
        core = TerminalCore(settings, keys, os.urandom, self.staff)
        self.shell = TerminalShell(core, restore(settings, reader), journal, self.printer, clock)
        self._card_reader = VirtualMagneticReader(
            self.shell.take_card, settings.reader_address, settings.reader_port
        )
        self._reader_address: str | None = None
        self.aside = Aside(
            Bench(
                folder=settings.data_folder,
                printer=self.printer,
                keys=lambda: keys,
                settings=lambda: self.settings,
                line=self._line,
                clock_ahead_ms=self._clock_ahead_ms,
                now=clock,
                scanner_is_virtual=True if settings.is_sandbox else None,
            ),
            os.urandom,
            Standing() if device is None else device.standing,
            self.shell.renumber,
            self._self_tested,
        )
        self._desk = CommandDesk(self.shell, settings, _payments_done(reader), self.aside)
        self._screens = ScreenServer(self.shell, settings, self._desk, self._view)
        link: HostLine = (
            HostLink(settings, self.shell.report, make_tls(settings))
            if issuer is None
            else TrainingLine(issuer, self.shell.report, clock)
        )
        devices = Devices(
            journal=journal,
            keys=keys,
            printer=self.printer,
            link=link,
            reader_address=lambda: self._reader_address,
            screens=lambda: self._screens.screens,
            on_device=self.shell.on_device,
            on_printer=self.shell.on_printer,
        )
        self.shell.connect(link, devices, reader.last_at)
        self.shell.on_allow(self._allowed)

    def switch_on(self) -> None:
        """Switch on without a hand on the switch, as after a change of world."""
        self.shell.report(PowerOn())

    def end(self, ending: Ending) -> None:
        """Have this world end; what its journal holds goes on with the next start."""
        if self._end is not None and not self._end.done():
            self._end.set_result(ending)

    def take_settings(self, settings: TerminalSettings) -> None:
        """Go by other settings from the next step on; numbers, keys and line are not among them."""
        self.settings = settings
        self._desk.take_settings(settings)
        self.shell.change_settings(settings)

    async def run(
        self, stop: asyncio.Event, announce: Callable[[TerminalAddresses], None]
    ) -> Ending:
        """Serve until `stop` is set, this world ends, or a part fails; see `run_terminal`."""
        listener = self._screens.listen()
        tasks: list[asyncio.Future[Any]] = []
        self._end = asyncio.get_running_loop().create_future()
        try:
            self._reader_address = await self._card_reader.start()
            tasks = [
                asyncio.create_task(self._screens.serve(listener)),
                asyncio.create_task(self.shell.run()),
                asyncio.create_task(stop.wait()),
                self._end,
            ]
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            if self._device is not None:
                self._device.attach(self)
            announce(TerminalAddresses(f"{shown}:{port}", self._reader_address))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            return self._end.result() if self._end.done() else Ending.STOPPED
        finally:
            if self._device is not None:
                self._device.detach()
            self.aside.leave()
            await self._card_reader.stop()
            self._screens.stop()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            listener.close()

    def _view(self) -> dict[str, Any]:
        state = screen_state(self.shell, self.shell.settings, self._reader_address)
        return {**state, **self.aside.view(), "operator_refusals": self._refusals(state)}

    def _refusals(self, state: dict[str, Any]) -> list[dict[str, str]]:
        """What the platform did not take, for those who look after the operators."""
        if self.staff is None or state["operators"] is None:
            return []
        return [{"number": one.number, "reason": one.reason} for one in self.staff.refusals]

    def _allowed(self, what: Grant) -> None:
        if what is Grant.TRAINING:
            self.end(Ending.OTHER_WORLD)
        elif what is Grant.SELF_TEST:
            self.aside.begin_test(TestOccasion.PERSON)

    def _line(self) -> tuple[bool, str]:
        """Ask the host, and the platform where there is one; training has no line to anybody."""
        if self.settings.is_training:
            return True, "training"
        works, detail = reach_host(self.settings)
        if self._device is None:
            return works, detail
        platform_works, platform = self._device.line()
        return works and platform_works, f"{platform}, {detail}"

    def _clock_ahead_ms(self) -> int:
        ahead_ms = None if self._device is None else self._device.clock_ahead_ms()
        return self.shell.state.clock_offset_ms if ahead_ms is None else ahead_ms

    async def _self_tested(self, report: SelfTestReport) -> None:
        if self._device is not None:
            await self._device.self_tested(report)


def _payments_done(reader: JournalReader) -> list[str]:
    return [line.intent.command_id for line in reader.payments.values()]
