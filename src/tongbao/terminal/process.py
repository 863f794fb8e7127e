"""One terminal as one process: journal, keys, devices, line, screens and the shell between them.

A terminal lives in one of two worlds at a time, live or training. Going to the other ends the
present one whole, journal, keys and line, before anything of the next is opened.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tongbao.terminal.core.core import TerminalCore
from tongbao.terminal.core.events import PowerOn
from tongbao.terminal.core.recovery import JournalReader, restore
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.devices.magnetic_reader import VirtualMagneticReader
from tongbao.terminal.devices.printer import VirtualPrinter
from tongbao.terminal.journal import Journal, restore_reader
from tongbao.terminal.keys import open_keys
from tongbao.terminal.link import HostLine, HostLink, make_tls
from tongbao.terminal.screen.commands import CommandDesk
from tongbao.terminal.screen.server import ScreenServer
from tongbao.terminal.self_check import Devices
from tongbao.terminal.shell import TerminalShell
from tongbao.terminal.training.line import TrainingLine
from tongbao.terminal.training.world import open_training_issuer, training_settings

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.settings import TerminalSettings


@dataclass(frozen=True, slots=True)
class TerminalAddresses:
    """Where the running terminal is reached, as HOST:PORT."""

    screen: str
    reader: str


async def run_terminal(
    settings: TerminalSettings,
    stop: asyncio.Event,
    announce: Callable[[TerminalAddresses], None],
    clock: Callable[[], Instant],
) -> None:
    """Run until `stop` is set; `announce` is called once, when everything listens.

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
    while not stop.is_set():
        world = training_settings(live) if in_training else live
        journal = Journal.open(world.data_folder, world.terminal_id.value)
        try:
            terminal = Terminal(world, journal, clock)
            if addresses:
                terminal.switch_on()
            await terminal.run(stop, note)
        finally:
            journal.close()
        in_training = terminal.wants_other_world != in_training
        live = _at(live, addresses)


def _at(settings: TerminalSettings, addresses: list[TerminalAddresses]) -> TerminalSettings:
    """Return the settings with the ports that were taken, so that the next world is found there."""
    if not addresses:
        return settings
    ports = [int(shown.rpartition(":")[2]) for shown in (addresses[0].screen, addresses[0].reader)]
    return replace(settings, screen_port=ports[0], reader_port=ports[1])


class Terminal:
    """The parts of a terminal, put together."""

    def __init__(
        self, settings: TerminalSettings, journal: Journal, clock: Callable[[], Instant]
    ) -> None:
        self._settings = settings
        self._leave = asyncio.Event()
        # The issuer makes the keys of training when there are none yet.
        issuer = open_training_issuer(settings) if settings.is_training else None
        keys = open_keys(settings)
        reader = restore_reader(journal)
        printer = VirtualPrinter(settings.data_folder / "slips")
        core = TerminalCore(settings, keys, os.urandom)
        self.shell = TerminalShell(core, restore(settings, reader), journal, printer, clock)
        self._card_reader = VirtualMagneticReader(
            self.shell.take_card, settings.reader_address, settings.reader_port
        )
        self._reader_address: str | None = None
        desk = CommandDesk(self.shell, settings, _payments_done(reader))
        self._screens = ScreenServer(self.shell, settings, desk, lambda: self._reader_address)
        link: HostLine = (
            HostLink(settings, self.shell.report, make_tls(settings))
            if issuer is None
            else TrainingLine(issuer, self.shell.report, clock)
        )
        devices = Devices(
            journal=journal,
            keys=keys,
            printer=printer,
            link=link,
            reader_address=lambda: self._reader_address,
            screens=lambda: self._screens.screens,
            on_device=self.shell.on_device,
            on_printer=self.shell.on_printer,
        )
        self.shell.connect(link, devices, reader.last_at)
        self.shell.on_allow(self._allowed)

    @property
    def wants_other_world(self) -> bool:
        """Whether it has ended because somebody goes to training, or comes back from it."""
        return self._leave.is_set()

    def switch_on(self) -> None:
        """Switch on without a hand on the switch, as after a change of world."""
        self.shell.report(PowerOn())

    async def run(self, stop: asyncio.Event, announce: Callable[[TerminalAddresses], None]) -> None:
        """Serve until `stop` is set, the world is left, or a part fails; see `run_terminal`."""
        listener = self._screens.listen()
        tasks: list[asyncio.Task[object]] = []
        try:
            self._reader_address = await self._card_reader.start()
            tasks = [
                asyncio.create_task(self._screens.serve(listener)),
                asyncio.create_task(self.shell.run()),
                asyncio.create_task(stop.wait()),
                asyncio.create_task(self._leave.wait()),
            ]
            host, port = listener.getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            announce(TerminalAddresses(f"{shown}:{port}", self._reader_address))
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await self._card_reader.stop()
            self._screens.stop()
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            listener.close()

    def _allowed(self, what: Grant) -> None:
        if what is Grant.TRAINING:
            self._leave.set()


def _payments_done(reader: JournalReader) -> list[str]:
    return [line.intent.command_id for line in reader.payments.values()]
