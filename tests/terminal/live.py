"""A whole terminal in this process: real journal, sockets, printer and WebSocket; a fake host."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.terminal.fake_host import MASTER, TMK, FakeHost
from tests.terminal.rig import TRACK, make_settings
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.dates import Instant
from tongbao.domain.secrets import Purpose, Track2
from tongbao.terminal.journal import Journal
from tongbao.terminal.process import Terminal, TerminalAddresses
from tongbao.terminal.settings import TerminalSettings
from tongbao.wire.framing import FrameSplitter

LIMIT_S = 20.0
Reply = Callable[[bytes, Callable[[bytes], None]], None]


def clock() -> Instant:
    return Instant(time.time_ns() // 1000)


def write_keys(folder: Path) -> dict[str, Path]:
    """Write a key file with the test master key of the terminal."""
    folder.mkdir(parents=True, exist_ok=True)
    master = folder / "terminal.master"
    master.touch(mode=0o600)
    master.write_text(bytes(range(32)).hex())
    key_file = folder / "terminal.json"
    if not key_file.exists():
        SoftwareKeyStore.open(key_file, MASTER).import_key(KeyName("tmk"), TMK, KeyAlgorithm.TDES)
    return {"key_file": key_file, "master_key_file": master}


def live_settings(folder: Path, **changes: Any) -> TerminalSettings:
    values: dict[str, Any] = {
        **write_keys(folder / "keys"),
        "data_folder": folder / "terminal",
        "screen_port": 0,
        "reader_port": 0,
        "on_screen_pin": True,
        "drawer_url": "http://127.0.0.1:8603",
        "retry_first_ms": 20,
        "retry_max_ms": 50,
        "connect_timeout_ms": 2_000,
    }
    return make_settings(**{**values, **changes})


class LiveHost:
    """`FakeHost` behind a real socket; `silent` and `reply` make it behave badly."""

    def __init__(self) -> None:
        self.host = FakeHost(clock=_host_clock())
        self.silent: set[str] = set()
        self.reply: Reply | None = None
        self.connections: set[asyncio.StreamWriter] = set()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self.hang_up()
            await self._server.wait_closed()
            self._server = None

    def hang_up(self) -> None:
        for writer in list(self.connections):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        splitter = FrameSplitter()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                for frame in splitter.feed(data):
                    self._answer(frame, writer)
        self.connections.discard(writer)
        writer.close()

    def _answer(self, frame: bytes, writer: asyncio.StreamWriter) -> None:
        self.host.clock = _host_clock()
        answer = self.host.answer(len(frame).to_bytes(2, "big") + frame)
        whole = len(answer).to_bytes(2, "big") + answer
        if self.host.seen[-1].mti in self.silent:
            return
        if self.reply is not None:
            self.reply(whole, writer.write)
        else:
            writer.write(whole)


def _host_clock() -> tuple[str, str]:
    now = clock().local()
    return f"{now:%m%d}", f"{now:%H%M%S}"


class Page:
    """A screen: commands out, states in."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.state: dict[str, Any] = {}
        self.seq = -1
        self.states: list[dict[str, Any]] = []
        self.numbers = itertools.count(1)
        self._acks: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())
        self.prefix = f"page-{id(self):x}-"

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                await self._take(json.loads(text))
        async with self._news:
            self._news.notify_all()

    async def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "ack":
            self.future(message["id"]).set_result(message)
            return
        async with self._news:
            self.state, self.seq = message["state"], message["seq"]
            self.states.append(self.state)
            self._news.notify_all()

    def future(self, identity: str) -> asyncio.Future[dict[str, Any]]:
        if identity not in self._acks or self._acks[identity].done():
            self._acks[identity] = asyncio.get_running_loop().create_future()
        return self._acks[identity]

    async def until(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait for a state that is as wanted; times out rather than hangs."""
        async with asyncio.timeout(LIMIT_S), self._news:
            await self._news.wait_for(lambda: self.state and wanted(self.state))
        return self.state

    async def phase(self, *phases: str) -> dict[str, Any]:
        return await self.until(lambda state: state["phase"] in phases)

    async def tell(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a command as the page does and return its acknowledgement."""
        message = {
            "id": f"{self.prefix}{next(self.numbers)}",
            "command": command,
            "seq": self.seq,
            "phase": self.state["phase"],
            **arguments,
        }
        acknowledged = self.future(message["id"])
        await self.socket.send(json.dumps(message))
        async with asyncio.timeout(LIMIT_S):
            return await acknowledged

    async def do(self, command: str, **arguments: Any) -> None:
        ack = await self.tell(command, **arguments)
        assert ack["ok"], ack

    async def get_ready(self) -> None:
        await self.phase("off")
        in_doubt = self.state["doubt"] is not None
        await self.do("power_on")
        if in_doubt:
            # It is settled without anybody; the result waits to be seen.
            await self.phase("result")
            await self.do("dismiss")
        await self.phase("logged_out")
        await self.do("log_in", operator="01", password="0000")

    async def close(self) -> None:
        await self.socket.close()
        await self._reading


async def swipe_at(address: str, track: Track2 = TRACK) -> str:
    """Swipe a card through the reader at an address and return what it says."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(f";{track.reveal(Purpose.TEST)}?\n".encode())
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.decode().strip()


class LiveTerminal:
    """A running terminal with its host and pages."""

    def __init__(self, settings: TerminalSettings) -> None:
        self.settings = settings
        self.host = LiveHost()
        self.addresses = TerminalAddresses("", "")
        self.pages: list[Page] = []
        self.journal: Journal | None = None
        self.ended: asyncio.Task[None] | None = None

    async def page(self, **options: Any) -> Page:
        page = Page(await connect(f"ws://{self.addresses.screen}/ws", **options))
        self.pages.append(page)
        await page.until(lambda _state: True)
        return page

    async def swipe(self, track: Track2 = TRACK) -> str:
        return await swipe_at(self.addresses.reader, track)

    async def sell(self, page: Page, amount_minor: int = 12_345, pin: str = "123456") -> None:
        """Go up to the message that leaves; the caller waits for what follows."""
        await page.do("start", kind="sale", amount_minor=amount_minor)
        await page.phase("card")
        assert await self.swipe() == "ok"
        await page.phase("pin")
        await page.do("enter_pin", pin=pin)


@contextlib.asynccontextmanager
async def live_terminal(
    folder: Path,
    *,
    host: LiveHost | None = None,
    journal: Callable[[Path, str], Journal] = Journal.open,
    **changes: Any,
) -> AsyncIterator[LiveTerminal]:
    """Run a terminal and its host until the block ends; an error of the terminal comes out."""
    live = LiveTerminal(live_settings(folder))
    if host is not None:
        live.host = host
    if live.host.port == 0:
        await live.host.start()
    live.settings = live_settings(folder, **{"host_port": live.host.port, **changes})
    live.journal = journal(live.settings.data_folder, live.settings.terminal_id.value)
    stop = asyncio.Event()
    ready: asyncio.Future[TerminalAddresses] = asyncio.get_running_loop().create_future()
    terminal = Terminal(live.settings, live.journal, clock)
    running = asyncio.create_task(terminal.run(stop, ready.set_result))
    live.ended = running
    try:
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            live.addresses = ready.result()
            yield live
        for page in live.pages:
            await page.close()
    finally:
        stop.set()
        try:
            await running
        finally:
            live.journal.close()
            await live.host.stop()
