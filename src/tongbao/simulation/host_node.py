"""The host: the real core and the real pump, its tables on a simulated disk, its two sides.

Grouping and its order (all records of a group in one transaction, then the sends) are the pump's.
Here are only the sockets, the clock that ticks, and the points where a process can die.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol, cast

from tongbao.domain.errors import ProtocolError
from tongbao.host.core.core import HostCore
from tongbao.host.core.events import Event, Recovered, TerminalFrame, Tick
from tongbao.host.core.payment_ids import lowest_id_at, time_of
from tongbao.host.exits import EXIT_BUG
from tongbao.host.pump import Pump
from tongbao.simulation.faults import Fault
from tongbao.simulation.host_issuer_line import HostIssuerLine
from tongbao.simulation.host_store import VirtualHostStore
from tongbao.simulation.network import Line, Route, Way
from tongbao.simulation.node import EXIT_CRASHED, Machine, NodeStoppedError, WrongWorldError
from tongbao.wire.framing import FrameSplitter, add_length
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.records import Record, TerminalRecord
    from tongbao.host.settings import HostSettings
    from tongbao.simulation.agenda import Appointment, NodeClock
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.node import World

_TICK_MS: Final = 100
_LENGTH_BYTES: Final = 2
_SWEEP_MS: Final = 10_000
_FRAME_BYTES_MIN: Final = 21
_MTI_AT: Final = slice(_LENGTH_BYTES + ENVELOPE_BYTES, _LENGTH_BYTES + ENVELOPE_BYTES + 2)
_TOTALS_ANSWER: Final = b"\x05\x10"
# Where field 48 has the flags for domestic and for foreign cards.
_SIDES: Final = ((30,), (61,), (30, 61))
# What `tongbao.host.service` adds to the issuer's time-out when a start looks back.
_LOOK_BACK_EXTRA_US: Final = 600_000_000


class HostWitness(Protocol):
    """Somebody outside who sees what the host says."""

    def answers(self, store: VirtualHostStore, frame: bytes) -> None:
        """See a frame that leaves for a terminal."""

    def asks(self, store: VirtualHostStore, frame: bytes) -> None:
        """See a frame that leaves for the issuer."""

    def notes(self, text: str) -> None:
        """See a line of the host's log."""


class HostNode(Machine):
    """The host's machine; a listener for terminals and the outlets of its pump."""

    def __init__(
        self,
        world: World,
        clock: NodeClock,
        settings: HostSettings,
        terminals: dict[str, TerminalRecord],
        disk: Disk[Record],
        equipment: tuple[Callable[[], KeyStore], HostWitness, Callable[[int], bytes]],
    ) -> None:
        super().__init__(world, "host", clock)
        self.settings = settings
        self.disk = disk
        self.terminals = terminals
        self._make_keys, self._witness, self._random_bytes = equipment
        self.issuer_route: Route | None = None
        self.core: HostCore | None = None
        self.store: VirtualHostStore | None = None
        self._pump: Pump | None = None
        self._line: HostIssuerLine | None = None
        self._connections: dict[int, _Connection] = {}
        self._last_number = 0
        self._started_us = 0
        self._ticked_ms = -1
        self._next_tick: Appointment | None = None

    def start(self) -> None:
        """Start the process: recover, listen, connect."""
        self.begin()
        self._started_us = self.world.agenda.now_us
        self._ticked_ms = -1
        self.enter(self._boot)

    def accept(self, line: Line) -> _Connection | None:
        """Take a terminal's connection."""
        if not self.is_up:
            return None
        self._last_number += 1
        connection = _Connection(self, line, self._last_number)
        self._connections[connection.number] = connection
        return connection

    def offer(self, event: Event) -> None:
        """Give an event to the pump."""
        if self._pump is not None:
            self._tick_now()
            self._pump.offer(event)

    def to_terminal(self, connection: int, data: bytes) -> None:
        """Write to a terminal's connection if it still stands."""
        self.point("sending")
        assert self.store is not None  # noqa: S101 - a started host has its store
        self._witness.answers(self.store, data)
        found = self._connections.get(connection)
        if found is not None:
            if self.world.faults.fires(Fault.FORGED):
                data = _forged(data)
            if self.world.faults.fires(Fault.UNSIGNED):
                data = _unsigned(data)
            if data[_MTI_AT] == _TOTALS_ANSWER:
                data = self._maybe_unbalanced(data)
            self.world.network.send(found.line, Way.RESPONSE, data)

    def to_issuer(self, frames: Sequence[bytes]) -> None:
        """Write frames to the issuer if the link stands."""
        self.point("sending to the issuer")
        assert self.store is not None  # noqa: S101 - a started host has its store
        for frame in frames:
            self._witness.asks(self.store, frame)
        if self._line is not None:
            self._line.send(frames)

    def close_connection(self, connection: int, reason: str) -> None:
        """Close a terminal's connection."""
        found = self._connections.pop(connection, None)
        if found is not None:
            self.world.trace.note(self.name, f"closes connection {connection}: {reason}")
            self.world.network.close(found.line, by_client=False)

    def note(self, name: str, values: dict[str, str | int]) -> None:
        """Write a line for people."""
        text = f"{name} {values}"
        self.world.trace.note(self.name, text)
        self._witness.notes(text)

    def leave(self, connection: _Connection) -> None:
        """Forget a connection that its terminal closed."""
        self._connections.pop(connection.number, None)

    def point(self, where: str) -> None:
        """Pass a named point, where the process may die."""
        if self.world.faults.fires(Fault.HOST_CRASH):
            raise NodeStoppedError(EXIT_CRASHED, f"crash, {where}")

    def cleaned_up(self) -> None:
        """Break the lines and leave the disk as it is without power."""
        if self._line is not None:
            self._line.vanish()
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            self.world.network.close(connection.line, by_client=False)
        self._pump = None
        self.disk.crash()

    def is_idle(self) -> bool:
        """Say whether nothing is pending and no reversal is open."""
        if not self.is_up or self.core is None:
            return False
        state = self.core.state
        return state.link_up and not (state.pending or state.reversing or state.delivering)

    def _maybe_unbalanced(self, data: bytes) -> bytes:
        chance = self.world.faults.fires(Fault.UNBALANCED)
        return data if chance is None else _unbalanced(data, chance.choice(_SIDES))

    def _boot(self) -> None:
        self.point("starting")
        keys = self._make_keys()
        self.store = VirtualHostStore(self.disk, self.terminals, self.point)
        self.core = HostCore(self.settings, keys, self._random_bytes)
        self._pump = Pump(
            self.core,
            self.store,
            self,
            self.clock.now,
            self._fail_stop,
            self.settings.group_events_max,
        )
        self._recover()
        # Of a loop the pump needs no more than "soon".
        self._pump.attach(cast("AbstractEventLoop", _Soon(self)))
        assert self.issuer_route is not None  # noqa: S101 - the world is wired before it starts
        self._line = HostIssuerLine(self, self.issuer_route, self.settings, keys)
        self._line.start()
        self._arrange_tick()

    def _recover(self) -> None:
        """Do what `tongbao.host.service` does before it serves anybody."""
        assert self.store is not None  # noqa: S101 - made above
        assert self._pump is not None  # noqa: S101 - made above
        node = self.settings.node
        last_payment_id = self.store.last_payment_id(node)
        waited_ms = self.settings.issuer_timeout_ms + self.settings.inquiry_timeout_ms
        look_back_us = waited_ms * 1000 + _LOOK_BACK_EXTRA_US
        since = lowest_id_at(time_of(last_payment_id) - look_back_us) if last_payment_id else 0
        payments = self.store.open_payments(node, since)
        self._pump.offer(Recovered(last_payment_id, payments, self.store.open_exceptions()))
        self._pump.turn()
        if payments:
            self.world.trace.note(self.name, f"recovers {len(payments)} payments")

    def turn(self) -> None:
        """Run one group."""
        if self._pump is None:
            return
        self._pump.turn()
        self._arrange_tick()

    def _tick_now(self) -> None:
        """Tell the core the time since the start if a tick has come since it was told last."""
        uptime_ms = (self.world.agenda.now_us - self._started_us) // 1000
        uptime_ms -= uptime_ms % _TICK_MS
        if uptime_ms != self._ticked_ms and self._pump is not None:
            self._ticked_ms = uptime_ms
            self._pump.offer(Tick(uptime_ms))

    def _arrange_tick(self) -> None:
        """Come back when the core has something due; a tick with nothing due changes nothing."""
        if self.core is None:
            return
        state = self.core.state
        due_ms = self._ticked_ms + _SWEEP_MS
        next_due_ms = state.next_due_ms()
        if next_due_ms is not None:
            due_ms = min(due_ms, next_due_ms)
        due_ms = max(due_ms, self._ticked_ms + 1)
        due_ms += -due_ms % _TICK_MS
        if self._next_tick is not None:
            self._next_tick.cancel()
        wait_us = self._started_us + due_ms * 1000 - self.world.agenda.now_us
        self._next_tick = self.later(wait_us, self._tick_due)

    def _tick_due(self) -> None:
        self._tick_now()
        self._arrange_tick()

    def _fail_stop(self, code: int, reason: str) -> None:
        error = sys.exc_info()[1]
        if code == EXIT_BUG and isinstance(error, WrongWorldError):
            raise error
        if code == EXIT_BUG:
            raise WrongWorldError("no bug", f"the host ended itself: {reason}") from error
        raise NodeStoppedError(code, reason)


def _forged(data: bytes) -> bytes:
    """Turn an approval into a decline or the other way round, and leave the MAC as it was."""
    at = _LENGTH_BYTES + ENVELOPE_BYTES
    message = UNIONPAY.decode(data[at:])
    if 64 not in message.fields or 39 not in message.fields:
        # Without a MAC a decline proves nothing either; see docs/reliability.md.
        return data
    message.fields[39] = "51" if message.fields[39] == "00" else "00"
    return add_length(data[_LENGTH_BYTES:at] + UNIONPAY.encode(message))


def _unsigned(data: bytes) -> bytes:
    """Turn an answer to a payment into a decline, and take its MAC away."""
    at = _LENGTH_BYTES + ENVELOPE_BYTES
    message = UNIONPAY.decode(data[at:])
    if 64 not in message.fields or 39 not in message.fields:
        return data
    message.fields[39] = "51"
    del message.fields[64]
    return add_length(data[_LENGTH_BYTES:at] + UNIONPAY.encode(message))


def _unbalanced(data: bytes, sides: tuple[int, ...]) -> bytes:
    """Say of these sides of the totals that they do not balance; the answer carries no MAC."""
    at = _LENGTH_BYTES + ENVELOPE_BYTES
    message = UNIONPAY.decode(data[at:])
    digits = message.fields.get(48)
    if not isinstance(digits, str):
        return data
    for flag_at in sides:
        digits = f"{digits[:flag_at]}2{digits[flag_at + 1 :]}"
    message.fields[48] = digits
    return add_length(data[_LENGTH_BYTES:at] + UNIONPAY.encode(message))


class _Connection:
    """The host's end of one terminal's connection; it belongs to one process of the host."""

    def __init__(self, host: HostNode, line: Line, number: int) -> None:
        self.line = line
        self.number = number
        self._host = host
        self._process_no = host.process_no
        self._splitter = FrameSplitter(host.settings.frame_bytes_max, _FRAME_BYTES_MIN)

    def received(self, data: bytes) -> None:
        """Offer every frame that is whole."""
        if self._is_of_this_process():
            self._host.enter(lambda: self._take(data))

    def lost(self) -> None:
        """Forget the connection."""
        if self._is_of_this_process():
            self._host.leave(self)

    def _take(self, data: bytes) -> None:
        host = self._host
        try:
            frames = self._splitter.feed(data)
        except ProtocolError as error:
            host.close_connection(self.number, str(error))
            return
        for frame in frames:
            host.point("received")
            host.offer(TerminalFrame(self.number, frame))

    def _is_of_this_process(self) -> bool:
        return self._host.is_up and self._host.process_no == self._process_no


class _Soon:
    """What the pump uses of an event loop: run the next group a little later."""

    def __init__(self, host: HostNode) -> None:
        self._host = host

    def call_soon(self, _turn: Callable[[], None]) -> None:
        """Run a group after what gathers meanwhile, as while a flush lasts."""
        self._host.later(2_000, self._host.turn)
