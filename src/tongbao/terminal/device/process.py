"""A device of the fleet as one process: activation first, then the terminal and its channel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import structlog

from tongbao.crypto.master_key import make_master_key_file
from tongbao.terminal.activation.shell import ActivationShell
from tongbao.terminal.aside import Standing
from tongbao.terminal.device.channel import Channel
from tongbao.terminal.device.gateway import Gateway
from tongbao.terminal.device.identity import open_identity
from tongbao.terminal.device.store import DeviceStore, finish_wipe
from tongbao.terminal.process import TerminalAddresses, run_terminal
from tongbao.terminal.screen.server import ScreenServer

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.device.applying import ProfileReader
    from tongbao.terminal.device.identity import DeviceIdentity
    from tongbao.terminal.device.settings import DeviceSettings

_log = structlog.get_logger("tongbao.terminal.device")
_SCREENS_MAX: Final = 8


async def run_device(
    settings: DeviceSettings,
    stop: asyncio.Event,
    announce: Callable[[TerminalAddresses], None],
    clock: Callable[[], Instant],
    read_profile: ProfileReader,
) -> None:
    """Run until `stop` is set; `announce` is called once, when the screens are served.

    A device that was wiped begins anew, with a new key. Raises as `run_terminal` does.
    """
    announced: list[TerminalAddresses] = []

    def note(found: TerminalAddresses) -> None:
        if not announced:
            announced.append(found)
            announce(found)

    while not stop.is_set():
        if await asyncio.to_thread(finish_wipe, settings.data_folder):
            _log.info("wiped", serial_number=settings.serial_number)
        device = await asyncio.to_thread(_open, settings, clock)
        if not device[0].is_ready():
            await _activate(settings, device, stop, note, clock, read_profile)
            settings = _at(settings, announced)
            continue
        channel = Channel(settings, device, clock, read_profile, Standing())
        talking = asyncio.create_task(channel.run())
        running = asyncio.create_task(
            run_terminal(channel.live_settings(), stop, note, clock, channel)
        )
        try:
            done, _ = await asyncio.wait({talking, running}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (talking, running):
                task.cancel()
            await asyncio.gather(talking, running, return_exceptions=True)
        settings = _at(settings, announced)
    # A wipe that was begun is finished before we go: nothing waits for another start.
    await asyncio.to_thread(finish_wipe, settings.data_folder)


def _open(
    settings: DeviceSettings, clock: Callable[[], Instant]
) -> tuple[DeviceStore, DeviceIdentity, Gateway]:
    """Open what the device has kept; its keys are made at the first start."""
    store = DeviceStore(settings.data_folder)
    make_master_key_file(settings.key_folder / "terminal.master")
    identity = open_identity(store.key_file, settings.serial_number)
    gateway = Gateway(settings, identity, store.certificate_file, lambda: clock().us // 1000)
    return store, identity, gateway


async def _activate(
    settings: DeviceSettings,
    device: tuple[DeviceStore, DeviceIdentity, Gateway],
    stop: asyncio.Event,
    announce: Callable[[TerminalAddresses], None],
    clock: Callable[[], Instant],
    read_profile: ProfileReader,
) -> None:
    """Serve the pages of the activation until it is over or `stop` is set."""
    shell = ActivationShell(settings, device, clock, read_profile)
    screens = ScreenServer(shell, _Place(settings), shell, shell.view)
    listener = screens.listen()
    serving = asyncio.create_task(screens.serve(listener))
    running = asyncio.create_task(shell.run())
    stopping = asyncio.create_task(stop.wait())
    tasks = (serving, running, stopping)
    try:
        host, port = listener.getsockname()[:2]
        shown = f"[{host}]" if ":" in host else host
        announce(TerminalAddresses(f"{shown}:{port}", ""))
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        screens.stop()
        for task in (running, stopping):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        listener.close()


def _at(settings: DeviceSettings, announced: list[TerminalAddresses]) -> DeviceSettings:
    """Keep the page where it was found first."""
    if not announced:
        return settings
    return replace(settings, screen_port=int(announced[0].screen.rpartition(":")[2]))


class _Place:
    """Where the pages of the activation are served."""

    def __init__(self, settings: DeviceSettings) -> None:
        self.screen_address = settings.screen_address
        self.screen_port = settings.screen_port
        self.drawer_url = settings.drawer_url
        self.screen_clients_max = _SCREENS_MAX
