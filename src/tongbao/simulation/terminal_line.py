"""The terminal's line to the host on virtual time: the behaviour of `tongbao.terminal.link`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.simulation.network import Line, Route, Way
from tongbao.terminal.core.events import Event, FrameReceived, LinkDown, LinkUp, SendFailed
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES, MAX_FRAME_BYTES, FrameSplitter

if TYPE_CHECKING:
    from tongbao.simulation.agenda import Appointment
    from tongbao.simulation.node import Machine

_PAUSE_FIRST_US: Final = 250_000
_PAUSE_MAX_US: Final = 10_000_000


class TerminalLine:
    """Keeps the connection to the host and reports what happens on it."""

    def __init__(
        self, machine: Machine, route: Route, timeout_ms: int, report: Callable[[Event], None]
    ) -> None:
        self._machine = machine
        self._route = route
        self._timeout_us = timeout_ms * 1000
        self._report = report
        self._is_kept = False
        self._connection: _Connection | None = None
        self._trying: _Connection | None = None
        self._pause: Appointment | None = None
        self._pause_us = _PAUSE_FIRST_US
        self._waiting: list[tuple[bytes, int]] = []
        self._hurry = False

    def open(self) -> None:
        """Begin to connect and stay connected."""
        if not self._is_kept:
            self._is_kept = True
            self._pause_us = _PAUSE_FIRST_US
            self._connect()

    def close(self) -> None:
        """Disconnect and stay so; messages that wait are reported as not sent."""
        self._is_kept = False
        self._trying = None
        self._stop_pause()
        self._drop()
        self._fail_waiting()

    def renew(self) -> None:
        """Give up a connection that has gone silent; the next one is made at once."""
        self._drop()
        self._hasten()

    def send(self, frame: bytes, ticket: int) -> None:
        """Send a frame with its length prefix, connecting first when there is no connection."""
        if not self._is_kept:
            self._report(SendFailed(ticket, sent=False))
        elif self._connection is not None:
            self._connection.write(frame, ticket)
        else:
            self._waiting.append((frame, ticket))
            self._hasten()

    def vanish(self) -> None:
        """Be gone with the power: the host's end learns it after a while."""
        for connection in (self._connection, self._trying):
            if connection is not None:
                connection.hang_up()
        self._connection = self._trying = None

    def lost(self, connection: _Connection) -> None:
        """Report the end of the connection in use and make another."""
        if self._connection is not connection:
            return
        self._connection = None
        ticket = connection.ticket
        if connection.was_useful:
            self._pause_us = _PAUSE_FIRST_US
        self._report(LinkDown(frozenset() if ticket is None else frozenset({ticket})))
        self._rest()

    def heard(self, frame: bytes) -> None:
        """Report a frame."""
        self._report(FrameReceived(frame))

    def _connect(self) -> None:
        self._hurry = False
        connection = _Connection(self)
        self._trying = connection
        machine = self._machine

        def answered(line: Line | None) -> None:
            if line is not None and (self._trying is not connection or not machine.is_up):
                machine.world.network.close(line, by_client=True)
            elif self._trying is connection:
                machine.enter(lambda: self._connected(connection, line))

        machine.world.network.connect(self._route, connection, self._timeout_us, answered)

    def _connected(self, connection: _Connection, line: Line | None) -> None:
        self._trying = None
        if line is None:
            self._fail_waiting()
            self._rest()
            return
        connection.line = line
        self._connection = connection
        self._report(LinkUp())
        waiting, self._waiting = self._waiting, []
        for frame, ticket in waiting:
            connection.write(frame, ticket)

    def _rest(self) -> None:
        if not self._is_kept or self._trying is not None or self._pause is not None:
            return
        wait_us = 0 if self._hurry else self._pause_us
        self._pause_us = min(self._pause_us * 2, _PAUSE_MAX_US)
        self._pause = self._machine.later(wait_us, self._rested)

    def _rested(self) -> None:
        self._pause = None
        if self._is_kept and self._connection is None and self._trying is None:
            self._connect()

    def _hasten(self) -> None:
        self._hurry = True
        if self._pause is not None:
            self._stop_pause()
            self._pause = self._machine.later(0, self._rested)

    def _stop_pause(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
            self._pause = None

    def _drop(self) -> None:
        connection = self._connection
        if connection is not None:
            self.lost(connection)
            connection.hang_up()

    def _fail_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        for _, ticket in waiting:
            self._report(SendFailed(ticket, sent=False))

    @property
    def machine(self) -> Machine:
        """The terminal that this line belongs to."""
        return self._machine


class _Connection:
    """The terminal's end of one connection; it belongs to one process of the terminal."""

    def __init__(self, owner: TerminalLine) -> None:
        self.line: Line | None = None
        self.ticket: int | None = None
        self.was_useful = False
        self._owner: TerminalLine | None = owner
        self._process_no = owner.machine.process_no
        self._splitter = FrameSplitter(MAX_FRAME_BYTES, ENVELOPE_BYTES)

    def received(self, data: bytes) -> None:
        """Cut frames; a stream that lost its step is closed."""
        owner = self._living_owner()
        if owner is None:
            return
        try:
            frames = self._splitter.feed(data)
        except ProtocolError:
            self.hang_up()
            owner.machine.enter(lambda: owner.lost(self))
            return
        for frame in frames:
            self.was_useful = True
            owner.machine.enter(partial(owner.heard, frame))

    def lost(self) -> None:
        """Report the end."""
        owner = self._living_owner()
        if owner is not None:
            owner.machine.enter(lambda: owner.lost(self))

    def write(self, frame: bytes, ticket: int) -> None:
        """Hand a frame to the network."""
        self.ticket = ticket
        if self.line is not None and self._owner is not None:
            self._owner.machine.world.network.send(self.line, Way.REQUEST, frame)

    def hang_up(self) -> None:
        """End the connection."""
        if self.line is not None and self._owner is not None:
            self._owner.machine.world.network.close(self.line, by_client=True)

    def _living_owner(self) -> TerminalLine | None:
        owner = self._owner
        if owner is None or not owner.machine.is_up:
            return None
        return owner if owner.machine.process_no == self._process_no else None
