"""Puts the host together: store, keys, core, pump, the two sides, the clock; and stops it."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import time
from typing import TYPE_CHECKING, Final

from tongbao.domain.dates import Instant
from tongbao.host.core.core import HostCore
from tongbao.host.core.events import Recovered, Tick
from tongbao.host.core.payment_ids import lowest_id_at, rrn_of, time_of
from tongbao.host.pump import Pump
from tongbao.host.records import EventRecord
from tongbao.host.server import TerminalServer
from tongbao.host.upstream import IssuerLink

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.records import Record
    from tongbao.host.settings import HostSettings
    from tongbao.host.store.port import HostStore

_TICK_MS: Final = 100
_SWEEP_TICKS: Final = 10
# A payment without any event is younger, at the end of a run, than the issuer's time-out; what a
# stalled loop may add to that is covered ten times over.
_LOOK_BACK_EXTRA_US: Final = 600_000_000
# Objects of a sale die with it and need no cycle search; the default looks every 700 objects.
_GC_THRESHOLD: Final = 50_000


def wall_clock() -> Instant:
    """Return the current time."""
    return Instant(time.time_ns() // 1000)


def end_process(log: FilteringBoundLogger) -> Callable[[int, str], None]:
    """Return what ends the process at once: nothing that waits in a buffer is sent any more."""

    def fail_stop(code: int, reason: str) -> None:
        log.critical("stopped", exit_code=code, reason=reason)
        os._exit(code)

    return fail_stop


class HostService:
    """A running host: also the outlets of its pump."""

    def __init__(
        self,
        settings: HostSettings,
        store: HostStore,
        keys: KeyStore,
        log: FilteringBoundLogger,
        fail_stop: Callable[[int, str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._log = log
        self._fail_stop = fail_stop or end_process(log)
        self.core = HostCore(settings, keys, os.urandom)
        self.pump = Pump(
            self.core, store, self, wall_clock, self._fail_stop, settings.group_events_max
        )
        if settings.log_debug:
            self.pump.on_written = self._trace
        self._server = TerminalServer(settings, self.pump.offer, log)
        self._link = IssuerLink(settings, keys, self.pump.offer, wall_clock, log)
        # The pump's outlets, without a detour: two calls a sale.
        self.to_terminal = self._server.to_terminal
        self.to_issuer = self._link.to_issuer
        self.close_connection = self._server.close_connection
        self._started_at = time.monotonic()
        self._ticks = 0
        self._tick_handle: asyncio.TimerHandle | None = None

    async def start(self) -> str:
        """Recover, listen, connect; return the address that terminals reach ("host:port").

        Raises: NodeTakenError; StoreFailedError; OSError; ssl.SSLError.
        """
        self._store.claim_node(self._settings.node)
        # Before the pump runs by the loop: this group is flushed when it returns.
        self._recover()
        self.pump.attach(asyncio.get_running_loop())
        address = await self._server.listen()
        self._link.start(self._fail_stop)
        self._tick()
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD, 20, 50)
        return address

    async def stop(self) -> None:
        """Take no new work, let waiting payments be answered for a while, and close everything."""
        self._server.stop_listening()
        await self._wait_while(lambda: bool(self.core.state.pending))
        if self._tick_handle is not None:
            self._tick_handle.cancel()
        # This puts in doubt what the issuer has not answered: record it and tell the terminals.
        await self._link.stop()
        await self._wait_while(lambda: self.pump.busy)
        self.pump.detach()
        self._server.hang_up()
        await self._wait_while(lambda: self._server.connections > 0)
        self.log_counters()
        self._store.close()

    def log_counters(self) -> None:
        """Write one line with what happened since the start."""
        state = self.core.state
        self._log.info(
            "counters",
            groups=self.pump.groups,
            records=self.pump.records,
            connections=self._server.connections,
            terminals=len(state.terminals),
            pending=len(state.pending),
            reversing=len(state.reversing),
            **{str(name): count for name, count in sorted(state.counters.items())},
        )

    def note(self, name: str, values: dict[str, str | int]) -> None:
        """Write a line for people."""
        self._log.warning(name, **values)

    def _trace(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record, EventRecord):
                self._log.debug(
                    "payment",
                    rrn=rrn_of(record.payment_id),
                    kind=record.kind,
                    response_code=record.response_code,
                    detail=record.detail,
                )

    async def _wait_while(self, busy: Callable[[], bool]) -> None:
        """Wait until something is over, but not longer than a stop may take."""
        deadline = time.monotonic() + self._settings.drain_ms / 1000
        while busy() and time.monotonic() < deadline:  # noqa: ASYNC110 - a stop may poll
            await asyncio.sleep(_TICK_MS / 10_000)

    def _recover(self) -> None:
        node = self._settings.node
        last_payment_id = self._store.last_payment_id(node)
        waited_ms = self._settings.issuer_timeout_ms + self._settings.inquiry_timeout_ms
        look_back_us = waited_ms * 1000 + _LOOK_BACK_EXTRA_US
        since = lowest_id_at(time_of(last_payment_id) - look_back_us) if last_payment_id else 0
        payments = self._store.open_payments(node, since)
        self.pump.offer(Recovered(last_payment_id, payments, self._store.open_exceptions()))
        # At once: nothing is served before what the last run left open is written down.
        self.pump.turn()
        self._log.info("recovered", payments=len(payments))

    def _tick(self) -> None:
        uptime_ms = int((time.monotonic() - self._started_at) * 1000)
        self._server.uptime_ms = uptime_ms
        self.pump.offer(Tick(uptime_ms))
        self._ticks += 1
        if self._ticks % _SWEEP_TICKS == 0:
            self._server.sweep(uptime_ms)
        loop = asyncio.get_running_loop()
        self._tick_handle = loop.call_later(_TICK_MS / 1000, self._tick)


async def serve(service: HostService, ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; SIGUSR1 writes the counters."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGUSR1, service.log_counters)
    ready(await service.start())
    await stopping.wait()
    await service.stop()
