"""The sandbox as one process: the issuer and the web interface on one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.dates import Instant
from tongbao.sandbox.http import SandboxPages, make_app
from tongbao.sandbox.issuer.book_view import read_book
from tongbao.sandbox.issuer.core.issuer import IssuerCore, IssuerRules
from tongbao.sandbox.issuer.install import load_state
from tongbao.sandbox.issuer.pump import IssuerPump
from tongbao.sandbox.issuer.server import IssuerServer
from tongbao.sandbox.issuer.store import IssuerStore
from tongbao.sandbox.neighbours.routes import neighbour_routes
from tongbao.sandbox.neighbours.store import NeighbourStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tongbao.sandbox.settings import SandboxSettings
from tongbao.sandbox.telephone import telephone_routes

_MASTER_KEY_VARIABLE = "TONGBAO_ISSUER_MASTER_KEY"
_HTTP_GRACE_S = 2
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class SandboxAddresses:
    """Where the running sandbox listens, as HOST:PORT."""

    issuer: str
    http: str


def read_clock() -> Instant:
    """The machine's clock."""
    return Instant(time.time_ns() // 1000)


async def run_sandbox(
    settings: SandboxSettings,
    stop: asyncio.Event,
    announce: Callable[[SandboxAddresses], None],
) -> None:
    """Serve until `stop` is set; `announce` is called once, when both sockets listen.

    Raises: CryptoError, StoreUnusableError or OSError when it cannot start; StoreFailedError
    when the book could not be flushed.
    """
    keys = SoftwareKeyStore.open(
        settings.key_file, master_key_from(settings.master_key_file, _MASTER_KEY_VARIABLE)
    )
    store = IssuerStore.open(settings.database_file)
    neighbours = NeighbourStore.open(settings.neighbours_place)
    try:
        state = load_state(store, keys, read_clock())
        core = IssuerCore(keys, state, _rules(settings))
        issuer = IssuerServer(
            IssuerPump(core, store),
            read_clock,
            connections_max=settings.connections_max,
            group_messages_max=settings.group_messages_max,
        )
        pages = SandboxPages(
            lambda: read_book(store.connection, state, settings.book_entries_max),
            settings.reader_timeout_ms,
            [
                *neighbour_routes(neighbours, lambda: read_clock().us),
                *telephone_routes(
                    settings.telephone_url, settings.telephone_key_file, lambda: read_clock().us
                ),
            ],
        )
        await _serve(settings, issuer, pages, stop, announce)
    finally:
        neighbours.close()
        store.close()


def _rules(settings: SandboxSettings) -> IssuerRules:
    return IssuerRules(
        late_reply_delay_ms=settings.late_reply_delay_ms,
        hold_ms=settings.hold_days * _DAY_MS,
        refund_ms=settings.refund_days_max * _DAY_MS,
        completion_percent_max=settings.completion_percent_max,
    )


async def _serve(
    settings: SandboxSettings,
    issuer: IssuerServer,
    pages: SandboxPages,
    stop: asyncio.Event,
    announce: Callable[[SandboxAddresses], None],
) -> None:
    family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
    http_socket = socket.create_server((settings.http_host, settings.http_port), family=family)
    web = _QuietServer(
        uvicorn.Config(
            make_app(pages),
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_HTTP_GRACE_S,
        )
    )
    serving: asyncio.Task[None] | None = None
    try:
        address = await issuer.start(settings.issuer_host, settings.issuer_port)
        serving = asyncio.ensure_future(web.serve(sockets=[http_socket]))
        host, port = http_socket.getsockname()[:2]
        http_address = f"[{host}]:{port}" if family is socket.AF_INET6 else f"{host}:{port}"
        announce(SandboxAddresses(address, http_address))
        stopping = asyncio.ensure_future(_wait(stop))
        ends: set[asyncio.Future[None]] = {stopping, issuer.failed, serving}
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if issuer.failed.done():
            issuer.failed.result()
    finally:
        web.should_exit = True
        await issuer.stop()
        if serving is not None:
            await serving
        http_socket.close()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


class _QuietServer(uvicorn.Server):
    """uvicorn without its own signal handlers: the command decides what a signal means."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
