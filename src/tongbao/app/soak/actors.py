"""The processes of a soak: killed, stopped, continued, started again, and never left alone.

A process that ends without having been told to is a violation; it is started again all the same,
so that the rest of the run still shows something.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tongbao.app.processes import PartFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.app.processes import Part
    from tongbao.app.soak.measure import Gauge

# A start may be stopped for 20 s by the plan, on a machine that has much else to do.
_START_TIMEOUT_S: Final = 90.0
_WATCH_S: Final = 0.5
_START_TRIES: Final = 3
_END_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Ending:
    """A process that ended by itself."""

    name: str
    at_ms: int
    text: str


class Actor:
    """One process and what is being done to it."""

    def __init__(self, part: Part, gauge: Gauge, ended: Callable[[str, str], None]) -> None:
        self.part = part
        self.up = asyncio.Event()
        self._gauge = gauge
        self._ended = ended
        self._killed = False
        self._starting: asyncio.Task[None] | None = None
        self._launch: asyncio.Future[dict[str, Any]] | None = None
        self._continuing: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        """The name of the process in plan and report."""
        return self.part.name

    @property
    def screen_address(self) -> str:
        """Where a terminal's screen is, HOST:PORT."""
        return str(self.part.ready["address"])

    @property
    def reader_address(self) -> str:
        """Where a terminal's card reader is, HOST:PORT."""
        return str(self.part.ready["reader"])

    async def start(self) -> None:
        """Start the process and wait until it is ready; raises PartFailedError."""
        for attempt in range(1, _START_TRIES + 1):
            self._killed = False
            try:
                # Kept: a thread cannot be cancelled, so `end` has to wait for it.
                launch = asyncio.get_running_loop().run_in_executor(
                    None, self.part.start, _START_TIMEOUT_S
                )
                self._launch = launch
                await asyncio.shield(launch)
            except PartFailedError as error:
                if self._killed:
                    continue
                self._ended(self.name, str(error))
                if attempt == _START_TRIES:
                    raise
            else:
                self._gauge.started(self.name, self.part.pid)
                self.up.set()
                return

    def kill(self, down_ms: int) -> None:
        """Send SIGKILL and start the process again after `down_ms`."""
        self._killed = True
        self.up.clear()
        self._signal(signal.SIGKILL)
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start_again(down_ms))

    def halt(self, lasts_ms: int) -> None:
        """Send SIGSTOP, and SIGCONT after `lasts_ms`."""
        if self._continuing is not None:
            self._continuing.cancel()
        self._signal(signal.SIGSTOP)
        loop = asyncio.get_running_loop()
        self._continuing = loop.call_later(lasts_ms / 1000, self.go_on)

    def go_on(self) -> None:
        """Send SIGCONT."""
        if self._continuing is not None:
            self._continuing.cancel()
            self._continuing = None
        self._signal(signal.SIGCONT)

    async def settled(self) -> None:
        """Wait for a restart under way; one that failed has been reported."""
        if self._starting is not None:
            with contextlib.suppress(PartFailedError):
                await self._starting

    async def end(self) -> None:
        """End the process at once, also one that is just being started."""
        self._killed = True
        self.up.clear()
        self.go_on()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        while self._launch is not None and not self._launch.done():
            self._signal(signal.SIGKILL)
            await asyncio.wait([self._launch], timeout=_END_POLL_S)
        await asyncio.to_thread(self.part.kill)

    async def watch(self) -> None:
        """Notice an end that nobody asked for, until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_S)
            if self.up.is_set() and not self.part.running():
                self.up.clear()
                code = self.part.exit_code()
                self._ended(self.name, f"ended with code {code}\n{self.part.log_tail()}")
                self._starting = asyncio.create_task(self._start_again(0))
            elif self.up.is_set():
                self._gauge.sample(self.name, self.part.pid)

    def stop(self) -> int | None:
        """End the process in order; return its exit code."""
        self.up.clear()
        self.go_on()
        return self.part.stop()

    async def _start_again(self, down_ms: int) -> None:
        await asyncio.to_thread(self.part.kill)
        await asyncio.sleep(down_ms / 1000)
        await self.start()

    def _signal(self, number: signal.Signals) -> None:
        # A process that has ended but was not waited for keeps its number, so this hits no other.
        if self.part.running():
            os.kill(self.part.pid, number)
