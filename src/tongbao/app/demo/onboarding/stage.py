"""The stage of the onboarding story: a fresh world without terminals, and a device in its box."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.app.demo.stage import start_together, started
from tongbao.app.processes import Part
from tongbao.app.setup import NEW_DEVICE, NEW_SERIAL, PreparedWorld, SetUpOptions, prepare
from tongbao.app.world import (
    console_part,
    device_part,
    devices_part,
    host_part,
    sandbox_part,
    worker_part,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DEVICE: Final = {"retry_ms": 500}


@dataclass(slots=True)
class Stage:
    """Everything that runs; the device starts when the story says so."""

    world: PreparedWorld
    sandbox: Part
    console: Part
    device: Part
    running: tuple[Part, ...]
    serial_number: str = NEW_SERIAL

    @property
    def console_address(self) -> str:
        """Where the platform's pages and API are, as HOST:PORT."""
        return str(self.console.ready["address"])

    @property
    def sandbox_url(self) -> str:
        """Where phones, bank and made-up people are."""
        return f"http://{self.sandbox.ready['http']}"

    @property
    def till_address(self) -> str:
        """Where the device's screen is, once it was started."""
        return str(self.device.ready["address"])

    def log_tails(self) -> str:
        """The last lines of every part's log."""
        parts = (*self.running, self.device)
        return "\n".join(f"--- {part.name}\n{part.log_tail()}" for part in parts)


@contextlib.contextmanager
def set_stage(folder: Path, database_url: str | None) -> Iterator[Stage]:
    """Prepare a world below the folder, start it and stop it at the end.

    `database_url` None makes a SQLite file. Raises PartFailedError when a part does not start.
    """
    with started(folder, lambda world, stack: _start(world, database_url, stack)) as stage:
        yield stage


def _start(folder: Path, database_url: str | None, stack: contextlib.ExitStack) -> Stage:
    options = SetUpOptions(
        port_base=None, database_url=database_url, terminal_ids=(), device=_DEVICE
    )
    world = prepare(folder, options)
    sandbox, console = sandbox_part(world), console_part(world)
    running = (sandbox, host_part(world), console, devices_part(world), worker_part(world))
    device = device_part(world, NEW_DEVICE)
    for part in (device, *running):
        stack.callback(part.stop)
    # The host finds a running issuer, as an acquirer's host does.
    sandbox.start()
    start_together(*running[1:])
    return Stage(world, sandbox, console, device, running)
