"""An issuer and terminals on real sockets, for a host that runs as a service or a process."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.host.model_issuer import ModelIssuer
from tests.host.parties import (
    TMK,
    TOKEN,
    ZAK,
    ZPK,
    ScriptedIssuer,
    ScriptedTerminal,
)
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.master_key import make_master_key_file
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.wire.framing import FrameSplitter, add_length
from tongbao.wire.iso8583.codec import Message

PATIENCE_S = 20


class LiveIssuer:
    """A `ModelIssuer` behind a socket. `silent` says which requests stay without an answer."""

    def __init__(self) -> None:
        self.model = ModelIssuer()
        self.scripted = ScriptedIssuer()
        self.silent: Callable[[Message], bool] = lambda _: False
        self.seen: list[Message] = []
        self.signed_on = asyncio.Event()
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()

    def hang_up(self) -> None:
        """Cut every connection of hosts."""
        self.signed_on.clear()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        splitter = FrameSplitter()
        try:
            while data := await reader.read(65_536):
                for frame in splitter.feed(data):
                    self._handle(frame, writer)
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    def _handle(self, frame: bytes, writer: asyncio.StreamWriter) -> None:
        request = self.scripted.read(add_length(frame))
        self.seen.append(request)
        if self.silent(request):
            if request.mti != "0800":
                self.model.handle(request)
            return
        if request.mti == "0800":
            answer = self.scripted.answer(request)
            self.signed_on.set()
        else:
            answer = self.model.handle(request)
        writer.write(add_length(answer))


class LiveTerminal:
    """A scripted terminal on a connection of its own."""

    def __init__(self, scripted: ScriptedTerminal) -> None:
        self.scripted = scripted
        self._splitter = FrameSplitter()
        self._frames: list[bytes] = []

    async def connect(self, address: str, tls: ssl.SSLContext | None = None) -> None:
        host, _, port = address.rpartition(":")
        name = "localhost" if tls else None
        self._splitter = FrameSplitter()
        self._frames.clear()
        self.reader, self.writer = await asyncio.open_connection(
            host, int(port), ssl=tls, server_hostname=name
        )

    async def frame(self) -> bytes | None:
        """Read one frame, length prefix included; None at the end of the connection."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._frames:
                data = await self.reader.read(65_536)
                if not data:
                    return None
                self._frames += self._splitter.feed(data)
        return add_length(self._frames.pop(0))

    async def ask(self, data: bytes) -> Message | None:
        """Send a frame and read the answer."""
        self.writer.write(data)
        answer = await self.frame()
        return None if answer is None else self.scripted.read(answer)

    async def sign_in(self, stan: int = 1) -> None:
        self.writer.write(self.scripted.sign_in(stan))
        answer = await self.frame()
        assert answer is not None
        self.scripted.accept_sign_in(answer)

    async def sell_until_approved(self, stan: int) -> int:
        """Sell until the host has its link to the issuer; return the next free trace."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                reply = await self.ask(self.scripted.sale(stan))
                stan += 1
                if reply is not None and reply.fields[39] == "00":
                    return stan

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError, ssl.SSLError):
            await self.writer.wait_closed()


@asynccontextmanager
async def live_terminal(
    address: str, terminal_id: str = "00000001", tls: ssl.SSLContext | None = None
) -> AsyncIterator[LiveTerminal]:
    """A terminal that is connected and signed in."""
    terminal = LiveTerminal(ScriptedTerminal(terminal_id=terminal_id))
    await terminal.connect(address, tls)
    try:
        await terminal.sign_in()
        yield terminal
    finally:
        await terminal.close()


def write_key_files(folder: Path, terminals: list[str]) -> None:
    """Make `host.json` and `host.master` with the scripted parties' keys."""
    master = make_master_key_file(folder / "host.master")
    SoftwareKeyStore.open(folder / "host.json", master).import_keys(
        [
            NamedKey("zpk", ZPK, KeyAlgorithm.TDES),
            NamedKey("zak", ZAK, KeyAlgorithm.AES),
            NamedKey("token", TOKEN, KeyAlgorithm.HMAC),
            *(NamedKey(f"tmk/{name}", TMK, KeyAlgorithm.TDES) for name in terminals),
        ]
    )
