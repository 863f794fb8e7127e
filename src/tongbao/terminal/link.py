"""The line to the host: one TCP or TLS connection that is kept open and made again when it breaks.

`send` never waits. What becomes of a message is reported as an event: `SendFailed` when not a byte
of it went out, `LinkDown` with its ticket when the connection broke after it was written, and
otherwise the frames that come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Final, Protocol, cast

import structlog

from tongbao.crypto.tls_socket import TlsSocket
from tongbao.domain.errors import ProtocolError
from tongbao.terminal.core.events import Event, FrameReceived, LinkDown, LinkUp, SendFailed
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES, MAX_FRAME_BYTES, FrameSplitter

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.terminal.settings import TerminalSettings

_PAUSE_FIRST_S: Final = 0.25
_PAUSE_MAX_S: Final = 10.0
_SILENT_ENDS_MAX: Final = 2
_REFUSED: Final = "certificate refused by the host"
_SILENCE_MAX_MS: Final = 30_000
_log = structlog.get_logger("tongbao.terminal.link")


class HostLine(Protocol):
    """What a terminal needs of its line: the one to the host, or the one of training."""

    def open(self) -> None:
        """Begin to connect and stay connected."""

    def close(self) -> None:
        """Disconnect and stay so."""

    def renew(self) -> None:
        """Give up a connection that has gone silent."""

    def send(self, frame: bytes, ticket: int) -> None:
        """Send a frame with its length prefix."""

    async def check(self, timeout_s: float) -> tuple[bool, str]:
        """Tell whether the line stands, and where it leads."""


def make_tls(settings: TerminalSettings) -> ssl.SSLContext | None:
    """Return the context that accepts only the host named in the settings; None without TLS.

    Raises: OSError or ssl.SSLError when the file of the certificate authority, or the terminal's
    own certificate or key, cannot be used.
    """
    if not settings.host_tls:
        return None
    context = ssl.create_default_context(cafile=settings.host_ca_file)
    context.sslsocket_class = TlsSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.client_certificate_file is not None:
        context.load_cert_chain(settings.client_certificate_file, settings.client_key_file)
    return context


class HostLink:
    """Keeps the connection to the host and reports what happens on it."""

    def __init__(
        self,
        settings: TerminalSettings,
        report: Callable[[Event], None],
        tls: ssl.SSLContext | None,
    ) -> None:
        self._settings = settings
        self._report = report
        self._tls = tls
        self._connection: _Connection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._tried = asyncio.Event()
        self._waiting: list[tuple[bytes, int]] = []
        self._trouble = "not tried"
        self._silent_ends = 0

    def open(self) -> None:
        """Begin to connect and stay connected."""
        if self._keeper is None:
            self._tried.clear()
            self._keeper = asyncio.create_task(self._keep_connected())

    def close(self) -> None:
        """Disconnect and stay so; messages that wait are reported as not sent."""
        if self._keeper is not None:
            self._keeper.cancel()
            self._keeper = None
        self._drop()
        self._fail_waiting()

    def renew(self) -> None:
        """Give up a connection that has gone silent; the next one is made at once."""
        self._drop()
        self._hurry.set()

    def send(self, frame: bytes, ticket: int) -> None:
        """Send a frame with its length prefix, connecting first when there is no connection."""
        if self._keeper is None:
            self._report(SendFailed(ticket, sent=False))
        elif self._connection is not None:
            self._connection.write(frame, ticket)
        else:
            self._waiting.append((frame, ticket))
            self._hurry.set()

    async def check(self, timeout_s: float) -> tuple[bool, str]:
        """Wait for the first try to connect, at most so long; tell whether it stands, and where."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._tried.wait()
        connection = self._connection
        where = f"{self._settings.host_address}:{self._settings.host_port}"
        found = self._trouble if connection is None else connection.security
        return connection is not None, f"{where} {found}"

    async def _keep_connected(self) -> None:
        pause_s = _PAUSE_FIRST_S
        while True:
            self._hurry.clear()
            connection = await self._connect()
            self._tried.set()
            if connection is None:
                self._fail_waiting()
            else:
                await connection.ended.wait()
                if connection.was_useful:
                    pause_s = _PAUSE_FIRST_S
            with contextlib.suppress(TimeoutError):
                # A message to send, or a line to renew, does not wait for the pause to end.
                async with asyncio.timeout(pause_s):
                    await self._hurry.wait()
            pause_s = min(pause_s * 2, _PAUSE_MAX_S)

    async def _connect(self) -> _Connection | None:
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout_ms / 1000):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: _Connection(self),
                    settings.host_address,
                    settings.host_port,
                    ssl=self._tls,
                    server_hostname=settings.host_name if self._tls else None,
                )
        except (OSError, ValueError) as error:
            self._trouble = words_for(error)
            _log.info("no connection to the host", trouble=self._trouble)
            return None
        return connection

    def stands(self, connection: _Connection) -> None:
        """Take a new connection into use."""
        self._connection = connection
        self._report(LinkUp())
        waiting, self._waiting = self._waiting, []
        for frame, ticket in waiting:
            connection.write(frame, ticket)

    def lost(self, connection: _Connection, error: Exception | None = None) -> None:
        """Report the end of the connection in use.

        With TLS 1.3 the host refuses the terminal's certificate only after the handshake has ended
        on this side, and some hosts do it without a word: lines that end before anything was heard,
        one after the other, are named as what they most likely are.
        """
        if self._connection is connection:
            self._connection = None
            self._trouble = _words_for_end(error)
            if self._settings.client_certificate_file is not None and not connection.was_useful:
                self._silent_ends += 1
                if self._silent_ends >= _SILENT_ENDS_MAX:
                    self._trouble = _REFUSED
            _log.info("the connection broke", trouble=self._trouble)
            ticket = connection.ticket
            self._report(LinkDown(frozenset() if ticket is None else frozenset({ticket})))

    def heard(self, frame: bytes) -> None:
        """Report a frame."""
        self._silent_ends = 0
        self._report(FrameReceived(frame))

    def _drop(self) -> None:
        connection = self._connection
        if connection is not None:
            # Reported at once; what the old connection says from now on concerns nobody.
            self.lost(connection)
            connection.abort()

    def _fail_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for _, ticket in waiting:
            self._report(SendFailed(ticket, sent=False))


class _Connection(asyncio.Protocol):
    """One connection, from its handshake to its end; `ticket` is that of the last message on it."""

    def __init__(self, link: HostLink) -> None:
        self.ended = asyncio.Event()
        self.ticket: int | None = None
        self.security = "TCP"
        self.was_useful = False
        self._link: HostLink | None = link
        self._transport: asyncio.Transport | None = None
        self._splitter = FrameSplitter(MAX_FRAME_BYTES, ENVELOPE_BYTES)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Watch over the new connection and take it into use."""
        # uvloop's transports have the methods of asyncio.Transport without being one.
        self._transport = cast("asyncio.Transport", transport)
        _watch_silence(transport.get_extra_info("socket"))
        tls = transport.get_extra_info("ssl_object")
        if tls is not None:
            self.security = str(tls.version())
        if self._link is not None:
            self._link.stands(self)

    def data_received(self, data: bytes) -> None:
        """Cut frames; a stream that lost its step is closed."""
        try:
            frames = self._splitter.feed(data)
        except ProtocolError as error:
            _log.warning("the host sent no frame", rule=error.rule)
            self.abort()
            return
        for frame in frames:
            self.was_useful = True
            if self._link is not None:
                self._link.heard(frame)

    def connection_lost(self, exc: Exception | None) -> None:
        """Report the end."""
        self.ended.set()
        if self._link is not None:
            self._link.lost(self, exc)

    def write(self, frame: bytes, ticket: int) -> None:
        """Hand a frame to the socket."""
        assert self._transport is not None  # noqa: S101 - only a connection that stands is written to
        self.ticket = ticket
        self._transport.write(frame)

    def abort(self) -> None:
        """End the connection without waiting for the peer."""
        self.ended.set()
        if self._transport is not None:
            self._transport.abort()


def _watch_silence(connection: socket.socket | None) -> None:
    """Have the kernel notice a peer that is gone without a word."""
    if connection is None:
        return
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _SILENCE_MAX_MS)


def _words_for_end(error: Exception | None) -> str:
    """Name the end of a connection; a late refusal of our certificate by its own name."""
    reason = getattr(error, "reason", None) or ""
    if isinstance(error, ssl.SSLError) and "CERTIFICATE" in reason:
        return _REFUSED
    return "connection lost"


def words_for(error: Exception) -> str:
    """Name a failure to connect in a few neutral words."""
    match error:
        case TimeoutError():
            return "no answer"
        case ssl.SSLCertVerificationError():
            return "certificate refused"
        case ssl.SSLError():
            return "TLS failed"
        case ConnectionRefusedError():
            return "refused"
        case _:
            return "not reachable"
