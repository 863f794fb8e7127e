"""The link to the issuer: one connection, signed on, watched, and made again when it is lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import Stan
from tongbao.host.core.events import UpstreamDown, UpstreamFrame, UpstreamUp
from tongbao.host.core.outbox import NETWORK_MAC, ZAK
from tongbao.host.core.replies import moment_of
from tongbao.host.exits import EXIT_BUG
from tongbao.wire.framing import FrameSplitter, add_length
from tongbao.wire.network.dialect import MAX_FRAME_BYTES, NETWORK
from tongbao.wire.network.messages import ECHO, MAC_FIELD, SIGN_ON, NetworkManagement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.host.core.events import Event
    from tongbao.host.settings import HostSettings

_MANAGEMENT_REPLY: Final = b"\x08\x10"


class _IssuerConnection(asyncio.Protocol):
    """One connection to the issuer; the link outlives it."""

    def __init__(self, link: IssuerLink) -> None:
        self._link = link
        self._splitter = FrameSplitter(MAX_FRAME_BYTES)
        self.transport: asyncio.Transport | None = None
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio calls it with the transport kind that create_connection makes.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            frames = self._splitter.feed(data)
        except ProtocolError as error:
            self._link.log.warning("issuer_frame_bad", reason=str(error))
            self.abort()
            return
        self._link.heard(frames)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.transport = None
        if not self.lost.done():
            self.lost.set_result(None)

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


class IssuerLink:
    """Keeps the link up and tells the core when it is; sends only while it is."""

    def __init__(
        self,
        settings: HostSettings,
        keys: KeyStore,
        offer: Callable[[Event], None],
        now: Callable[[], Instant],
        log: FilteringBoundLogger,
    ) -> None:
        self.log = log
        self._settings = settings
        self._keys = keys
        self._offer = offer
        self._now = now
        self._connection: _IssuerConnection | None = None
        self._is_up = False
        self._stan = Stan(1)
        self._heard = False
        self._reply: asyncio.Future[NetworkManagement] | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, fail_stop: Callable[[int, str], None]) -> None:
        """Begin to connect, and go on for ever; a bug in doing so ends the process."""

        def ended(task: asyncio.Task[None]) -> None:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                fail_stop(EXIT_BUG, f"issuer link: {type(error).__name__}")

        self._task = asyncio.get_running_loop().create_task(self._run())
        self._task.add_done_callback(ended)

    async def stop(self) -> None:
        """Let go of the link."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def to_issuer(self, frames: Sequence[bytes]) -> None:
        """Write frames in one go; without a link they are dropped, and the core knows or will."""
        if self._is_up and self._connection is not None and self._connection.transport is not None:
            self._connection.transport.write(b"".join(frames))

    def heard(self, frames: list[bytes]) -> None:
        """Hand messages to the core, except those about the link itself."""
        self._heard = True
        offer = self._offer
        for frame in frames:
            if frame[:2] == _MANAGEMENT_REPLY:
                self._managed(frame)
            else:
                offer(UpstreamFrame(frame))

    async def _run(self) -> None:
        settings = self._settings
        wait_ms = settings.reconnect_ms
        while True:
            signed_on = await self._connect_once()
            wait_ms = (
                settings.reconnect_ms if signed_on else min(wait_ms * 2, settings.reconnect_max_ms)
            )
            await asyncio.sleep(wait_ms / 1000)

    async def _connect_once(self) -> bool:
        """Hold one connection from its beginning to its end; say whether it ever was up."""
        settings = self._settings
        loop = asyncio.get_running_loop()
        timeout_s = settings.sign_on_timeout_ms / 1000
        try:
            async with asyncio.timeout(timeout_s):
                _, connection = await loop.create_connection(
                    lambda: _IssuerConnection(self), settings.issuer_host, settings.issuer_port
                )
        except OSError as error:
            self.log.info("issuer_unreachable", reason=type(error).__name__)
            return False
        self._connection = connection
        try:
            if not await self._ask(SIGN_ON):
                self.log.warning("issuer_sign_on_failed")
                return False
            self._is_up = True
            self.log.info("issuer_link_up")
            self._offer(UpstreamUp())
            await self._watch(connection)
            return True
        finally:
            self._connection = None
            connection.abort()
            if self._is_up:
                self._is_up = False
                self.log.warning("issuer_link_down")
                self._offer(UpstreamDown())

    async def _watch(self, connection: _IssuerConnection) -> None:
        """Return when the link is lost or silent in spite of an echo test."""
        interval_s = self._settings.echo_interval_ms / 1000
        while not connection.lost.done():
            self._heard = False
            await asyncio.wait([connection.lost], timeout=interval_s)
            if not connection.lost.done() and not self._heard and not await self._ask(ECHO):
                return

    async def _ask(self, code: str) -> bool:
        """Send a management request; say whether it was answered with 00 in time."""
        connection = self._connection
        if connection is None or connection.transport is None:
            return False
        self._stan = self._stan.next()
        moment = moment_of(self._now().us // 1_000_000)
        request = NetworkManagement(
            code=code, transmitted=moment.utc_mmddhhmmss, stan=self._stan
        ).to_message()
        unsigned = NETWORK.encode_unsigned(request, MAC_FIELD[request.mti])
        body = unsigned + self._keys.mac(ZAK, NETWORK_MAC, unsigned)
        self._reply = asyncio.get_running_loop().create_future()
        connection.transport.write(add_length(body))
        await asyncio.wait(
            [self._reply, connection.lost],
            timeout=self._settings.sign_on_timeout_ms / 1000,
            return_when=asyncio.FIRST_COMPLETED,
        )
        reply = self._reply.result() if self._reply.done() else None
        self._reply = None
        return reply is not None and reply.code == code and reply.response_code == "00"

    def _managed(self, frame: bytes) -> None:
        try:
            unsigned, mac = NETWORK.mac_split(frame)
            if not self._keys.verify_mac(ZAK, NETWORK_MAC, unsigned, mac):
                self.log.warning("issuer_answer_with_wrong_mac")
                return
            reply = NetworkManagement.from_message(NETWORK.decode(frame))
        except ProtocolError as error:
            self.log.warning("issuer_frame_bad", reason=str(error))
            return
        if self._reply is not None and not self._reply.done() and reply.stan == self._stan:
            self._reply.set_result(reply)
