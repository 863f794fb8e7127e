"""The terminals' side: a TCP or TLS listener, one protocol object a connection, and its limits."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from typing import TYPE_CHECKING, Final, cast

from tongbao.domain.errors import ProtocolError
from tongbao.host.core.events import TerminalFrame
from tongbao.wire.framing import FrameSplitter

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger

    from tongbao.host.core.events import Event
    from tongbao.host.settings import HostSettings

# TPDU, header, MTI and bitmap: nothing shorter is a message.
_FRAME_BYTES_MIN: Final = 21
_HANDSHAKE_TIMEOUT_S: Final = 10.0
_BACKLOG: Final = 1_024
# When the house is full, a connection silent for this long makes room for a new one.
_MAKES_ROOM_AFTER_MS: Final = 30_000


def make_tls_context(settings: HostSettings) -> ssl.SSLContext | None:
    """Return the server's TLS context (1.2 or newer), or None for plain TCP.

    Raises: OSError when a file cannot be read; ssl.SSLError when it is no certificate or key.
    """
    certificate, key = settings.tls_certificate_file, settings.tls_key_file
    if not settings.tls or certificate is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if settings.tls_client_ca_file is not None:
        context.load_verify_locations(settings.tls_client_ca_file)
        # A line without a certificate is refused message by message: asyncio breaks a handshake
        # off without a word, and the terminal would not learn why.
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


class TerminalConnection(asyncio.Protocol):
    """One terminal's connection: cuts its bytes into frames and keeps time of its silence."""

    __slots__ = (
        "_offer",
        "_server",
        "_splitter",
        "heard_at_ms",
        "number",
        "partial_since_ms",
        "peer",
        "transport",
    )

    def __init__(self, server: TerminalServer, number: int) -> None:
        self._server = server
        self._offer = server.offer
        self._splitter = FrameSplitter(server.frame_bytes_max, _FRAME_BYTES_MIN)
        self.number = number
        self.peer = ""
        self.transport: asyncio.Transport | None = None
        self.heard_at_ms = server.uptime_ms
        self.partial_since_ms = -1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register, or turn away when the house is full."""
        # asyncio calls it with the transport kind that the server makes.
        self.transport = cast("asyncio.Transport", transport)
        self.peer = _fingerprint(transport)
        self._server.enter(self)

    def data_received(self, data: bytes) -> None:
        """Offer every frame that is whole."""
        self.heard_at_ms = self._server.uptime_ms
        try:
            frames = self._splitter.feed(data)
        except ProtocolError as error:
            self._server.close_connection(self.number, str(error))
            return
        for frame in frames:
            self._offer(TerminalFrame(self.number, frame, self.peer))
        if not self._splitter.pending:
            self.partial_since_ms = -1
        elif frames or self.partial_since_ms < 0:
            self.partial_since_ms = self.heard_at_ms

    def pause_writing(self) -> None:
        """Hang up on a peer that does not read its answers."""
        self._server.close_connection(self.number, "the peer does not read")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forget the connection."""
        self._server.leave(self)


def _fingerprint(transport: asyncio.BaseTransport) -> str:
    """Return the SHA-256 of the peer's certificate in hex; "" for a peer without one."""
    connection = transport.get_extra_info("ssl_object")
    certificate = None if connection is None else connection.getpeercert(binary_form=True)
    return "" if not certificate else hashlib.sha256(certificate).hexdigest()


class TerminalServer:
    """All connections of terminals, by number."""

    def __init__(
        self, settings: HostSettings, offer: Callable[[Event], None], log: FilteringBoundLogger
    ) -> None:
        self.offer = offer
        self.frame_bytes_max = settings.frame_bytes_max
        self.uptime_ms = 0
        self._settings = settings
        self._log = log
        self._connections: dict[int, TerminalConnection] = {}
        self._last_number = 0
        self._server: asyncio.Server | None = None

    async def listen(self) -> str:
        """Start to listen and return the address as "host:port".

        Raises: OSError; ssl.SSLError.
        """
        settings = self._settings
        context = make_tls_context(settings)
        self._server = await asyncio.get_running_loop().create_server(
            self._new_connection,
            settings.listen_host,
            settings.listen_port,
            backlog=_BACKLOG,
            ssl=context,
            ssl_handshake_timeout=None if context is None else _HANDSHAKE_TIMEOUT_S,
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"{host}:{port}"

    def stop_listening(self) -> None:
        """Take no new connection; the standing ones stay."""
        if self._server is not None:
            self._server.close()

    def hang_up(self) -> None:
        """Close every connection; what is written already is still sent."""
        for connection in list(self._connections.values()):
            if connection.transport is not None:
                connection.transport.close()

    def to_terminal(self, connection: int, data: bytes) -> None:
        """Write to a connection if it still stands."""
        found = self._connections.get(connection)
        if found is not None and found.transport is not None:
            found.transport.write(data)

    def close_connection(self, connection: int, reason: str) -> None:
        """Close a connection at once and say why in one line."""
        found = self._connections.pop(connection, None)
        if found is not None and found.transport is not None:
            self._log.warning("connection_closed", connection=connection, reason=reason)
            found.transport.abort()

    def enter(self, connection: TerminalConnection) -> None:
        """Count a new connection in, making room if need be."""
        transport = connection.transport
        if transport is None:
            return
        if len(self._connections) >= self._settings.connections_max and not self._make_room():
            self._log.warning("connection_refused", reason="too many connections")
            transport.abort()
            return
        transport.set_write_buffer_limits(high=self._settings.unread_bytes_max)
        self._connections[connection.number] = connection

    def leave(self, connection: TerminalConnection) -> None:
        """Count a closed connection out."""
        self._connections.pop(connection.number, None)

    def sweep(self, uptime_ms: int) -> None:
        """Close connections that are silent too long or stuck in the middle of a frame."""
        idle_before_ms = uptime_ms - self._settings.idle_limit_ms
        partial_before_ms = uptime_ms - self._settings.frame_limit_ms
        for number, connection in list(self._connections.items()):
            if connection.heard_at_ms < idle_before_ms:
                self.close_connection(number, "silent too long")
            elif 0 <= connection.partial_since_ms < partial_before_ms:
                self.close_connection(number, "a frame was not finished in time")

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return len(self._connections)

    def _new_connection(self) -> TerminalConnection:
        self._last_number += 1
        return TerminalConnection(self, self._last_number)

    def _make_room(self) -> bool:
        longest = min(self._connections.values(), key=lambda item: item.heard_at_ms)
        if self.uptime_ms - longest.heard_at_ms < _MAKES_ROOM_AFTER_MS:
            return False
        self.close_connection(longest.number, "silent, and room was needed")
        return True
