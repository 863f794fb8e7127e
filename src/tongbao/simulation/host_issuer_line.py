"""The host's link to the issuer on virtual time: the behaviour of `tongbao.host.upstream`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import Stan
from tongbao.host.core.events import UpstreamDown, UpstreamFrame, UpstreamUp
from tongbao.host.core.outbox import NETWORK_MAC, ZAK
from tongbao.host.core.replies import moment_of
from tongbao.simulation.network import Line, Route, Way
from tongbao.wire.framing import FrameSplitter, add_length
from tongbao.wire.network.dialect import MAX_FRAME_BYTES, NETWORK
from tongbao.wire.network.messages import ECHO, MAC_FIELD, SIGN_ON, NetworkManagement

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.settings import HostSettings
    from tongbao.simulation.agenda import Appointment
    from tongbao.simulation.host_node import HostNode

_MANAGEMENT_REPLY: Final = b"\x08\x10"


class HostIssuerLine:
    """Keeps the link up and tells the core when it is; sends only while it is."""

    def __init__(
        self, host: HostNode, route: Route, settings: HostSettings, keys: KeyStore
    ) -> None:
        self._host = host
        self._route = route
        self._settings = settings
        self._keys = keys
        self._connection: _Connection | None = None
        self._is_up = False
        self._wait_ms = settings.reconnect_ms
        self._stan = Stan(1)
        self._heard = False
        self._asked: tuple[str, Callable[[bool], None]] | None = None
        self._patience: Appointment | None = None

    def start(self) -> None:
        """Begin to connect, and go on for ever."""
        connection = _Connection(self, self._host)
        host = self._host

        def answered(line: Line | None) -> None:
            if line is not None and not connection.is_of_this_process():
                host.world.network.close(line, by_client=True)
            elif connection.is_of_this_process():
                host.enter(lambda: self._connected(connection, line))

        host.world.network.connect(
            self._route, connection, self._settings.sign_on_timeout_ms * 1000, answered
        )

    def send(self, frames: Sequence[bytes]) -> None:
        """Write frames; without a link they are dropped, and the core knows or will."""
        if self._is_up and self._connection is not None and self._connection.line is not None:
            for frame in frames:
                self._host.world.network.send(self._connection.line, Way.REQUEST, frame)
                self._host.point("sent to the issuer")

    def vanish(self) -> None:
        """Be gone with the process."""
        if self._connection is not None and self._connection.line is not None:
            self._host.world.network.close(self._connection.line, by_client=True)
        self._connection = None

    def heard(self, connection: _Connection, frames: list[bytes]) -> None:
        """Hand messages to the core, except those about the link itself."""
        if connection is not self._connection:
            return
        self._heard = True
        for frame in frames:
            if frame[:2] == _MANAGEMENT_REPLY:
                self._managed(frame)
            else:
                self._host.point("received from the issuer")
                self._host.offer(UpstreamFrame(frame))

    def lost(self, connection: _Connection) -> None:
        """Tell the core that the link is gone, and make another."""
        if connection is not self._connection:
            return
        self._connection = None
        if connection.line is not None:
            self._host.world.network.close(connection.line, by_client=True)
        asked, self._asked = self._asked, None
        if self._patience is not None:
            self._patience.cancel()
        was_up = self._is_up
        if was_up:
            self._is_up = False
            self._host.world.trace.note("host", "the link to the issuer is lost")
            self._host.offer(UpstreamDown())
        del asked
        self._wait_ms = (
            self._settings.reconnect_ms
            if was_up
            else min(self._wait_ms * 2, self._settings.reconnect_max_ms)
        )
        self._host.later(self._wait_ms * 1000, self.start)

    def _connected(self, connection: _Connection, line: Line | None) -> None:
        self._connection = connection
        if line is None:
            self.lost(connection)
            return
        connection.line = line
        self._ask(SIGN_ON, lambda good: self._signed_on(connection, good=good))

    def _signed_on(self, connection: _Connection, *, good: bool) -> None:
        if not good:
            self.lost(connection)
            return
        self._is_up = True
        self._host.world.trace.note("host", "the link to the issuer is up")
        self._host.offer(UpstreamUp())
        self._watch(connection)

    def _watch(self, connection: _Connection) -> None:
        self._heard = False

        def look() -> None:
            if connection is not self._connection:
                return
            if self._heard:
                self._watch(connection)
            else:
                self._ask(ECHO, lambda good: self._echoed(connection, good=good))

        self._host.later(self._settings.echo_interval_ms * 1000, look)

    def _echoed(self, connection: _Connection, *, good: bool) -> None:
        if good:
            self._watch(connection)
        else:
            self.lost(connection)

    def _ask(self, code: str, then: Callable[[bool], None]) -> None:
        """Send a management request; `then` learns whether it was answered with 00 in time."""
        connection = self._connection
        if connection is None or connection.line is None:
            return
        self._stan = self._stan.next()
        moment = moment_of(self._host.clock.now().us // 1_000_000)
        request = NetworkManagement(
            code=code, transmitted=moment.utc_mmddhhmmss, stan=self._stan
        ).to_message()
        unsigned = NETWORK.encode_unsigned(request, MAC_FIELD[request.mti])
        body = unsigned + self._keys.mac(ZAK, NETWORK_MAC, unsigned)
        self._asked = (code, then)
        self._patience = self._host.later(
            self._settings.sign_on_timeout_ms * 1000, lambda: self._give(good=False)
        )
        self._host.world.network.send(connection.line, Way.REQUEST, add_length(body))

    def _give(self, *, good: bool) -> None:
        asked, self._asked = self._asked, None
        if self._patience is not None:
            self._patience.cancel()
        if asked is not None:
            asked[1](good)

    def _managed(self, frame: bytes) -> None:
        try:
            unsigned, mac = NETWORK.mac_split(frame)
            if not self._keys.verify_mac(ZAK, NETWORK_MAC, unsigned, mac):
                return
            reply = NetworkManagement.from_message(NETWORK.decode(frame))
        except ProtocolError:
            return
        if self._asked is not None and reply.stan == self._stan:
            self._give(good=reply.code == self._asked[0] and reply.response_code == "00")


class _Connection:
    """The host's end of one connection to the issuer."""

    def __init__(self, owner: HostIssuerLine, host: HostNode) -> None:
        self.line: Line | None = None
        self._owner = owner
        self._host = host
        self._process_no = host.process_no
        self._splitter = FrameSplitter(MAX_FRAME_BYTES)

    def is_of_this_process(self) -> bool:
        """Say whether the process that made it still runs."""
        return self._host.is_up and self._host.process_no == self._process_no

    def received(self, data: bytes) -> None:
        """Cut frames; a stream that lost its step is closed."""
        if not self.is_of_this_process():
            return
        try:
            frames = self._splitter.feed(data)
        except ProtocolError:
            self._host.enter(lambda: self._owner.lost(self))
            return
        self._host.enter(lambda: self._owner.heard(self, frames))

    def lost(self) -> None:
        """Report the end."""
        if self.is_of_this_process():
            self._host.enter(lambda: self._owner.lost(self))
