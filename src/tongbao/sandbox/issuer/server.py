"""The issuer's TCP server: frames in, groups through the pump, replies out at their time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import structlog

from tongbao.domain.errors import ProtocolError
from tongbao.sandbox.issuer.core.events import FrameArrived, Refused, Reply
from tongbao.wire.framing import FrameSplitter, add_length

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.pump import IssuerPump

FRAME_BYTES_MAX = 2_048

_log = structlog.get_logger("tongbao.issuer")


class IssuerServer:
    """Serves the network's connections on one event loop.

    A group is whatever has arrived while the last one was flushed, up to `group_messages_max`.
    The first error of the pump is final: every connection is dropped and `failed` gets the error,
    so that nothing is said that the disk may not hold.
    """

    def __init__(
        self,
        pump: IssuerPump,
        clock: Callable[[], Instant],
        *,
        connections_max: int,
        group_messages_max: int,
    ) -> None:
        self._pump = pump
        self._clock = clock
        self._connections_max = connections_max
        self._group_messages_max = group_messages_max
        self._loop = asyncio.get_running_loop()
        self._connections: dict[int, _Connection] = {}
        self._last_connection = 0
        self._waiting: list[FrameArrived] = []
        self._scheduled = False
        self._server: asyncio.Server | None = None
        self.failed: asyncio.Future[None] = self._loop.create_future()

    async def start(self, host: str, port: int) -> str:
        """Listen and return the address as HOST:PORT; OSError when the port is taken."""
        self._server = await self._loop.create_server(lambda: _Connection(self), host, port)
        name = self._server.sockets[0].getsockname()
        return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"

    async def stop(self) -> None:
        """Stop listening and drop the connections; late answers that still wait are not sent."""
        if self._server is not None:
            self._server.close()
        self._drop_all()
        if self._server is not None:
            await self._server.wait_closed()

    def add(self, connection: _Connection) -> int | None:
        """Give a new connection its number, or None when there are too many."""
        if len(self._connections) >= self._connections_max or self.failed.done():
            return None
        self._last_connection += 1
        self._connections[self._last_connection] = connection
        return self._last_connection

    def remove(self, number: int) -> None:
        """Forget a connection that ended."""
        self._connections.pop(number, None)

    def take(self, number: int, bodies: list[bytes]) -> None:
        """Queue messages of a connection and make sure that a group will run."""
        self._waiting += [FrameArrived(number, body) for body in bodies]
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not self._scheduled and not self.failed.done():
            self._scheduled = True
            self._loop.call_soon(self._run_group)

    def _run_group(self) -> None:
        self._scheduled = False
        if self.failed.done():
            return
        group = self._waiting[: self._group_messages_max]
        del self._waiting[: self._group_messages_max]
        try:
            sayings = self._pump.run(group, self._clock())
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing may be said after it
            self.failed.set_exception(error)
            self._drop_all()
            return
        for saying in sayings:
            self._say(saying)
        self._schedule()

    def _say(self, saying: Reply | Refused) -> None:
        if isinstance(saying, Refused):
            _log.warning("message refused", reason=saying.reason, connection=saying.connection)
            connection = self._connections.get(saying.connection)
            if saying.hang_up and connection is not None:
                connection.drop()
        elif saying.delay_ms:
            self._loop.call_later(saying.delay_ms / 1000, self._send, saying)
        else:
            self._send(saying)

    def _send(self, reply: Reply) -> None:
        connection = self._connections.get(reply.connection)
        if connection is None:
            _log.info("reply dropped, the connection ended", connection=reply.connection)
        else:
            connection.send(add_length(reply.body))

    def _drop_all(self) -> None:
        for connection in list(self._connections.values()):
            connection.drop()


class _Connection(asyncio.Protocol):
    """One connection from the network; reading pauses while its replies are not taken."""

    def __init__(self, server: IssuerServer) -> None:
        self._server = server
        self._splitter = FrameSplitter(max_length=FRAME_BYTES_MAX)
        self._number: int | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast("asyncio.Transport", transport)
        self._number = self._server.add(self)
        if self._number is None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._number is None:
            return
        try:
            bodies = self._splitter.feed(data)
        except ProtocolError as error:
            _log.warning("connection dropped", reason=str(error), connection=self._number)
            self.drop()
            return
        if bodies:
            self._server.take(self._number, bodies)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio gives it
        if self._number is not None:
            self._server.remove(self._number)
        self._number = None

    def pause_writing(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    def send(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frame)

    def drop(self) -> None:
        if self._transport is not None:
            self._transport.abort()
