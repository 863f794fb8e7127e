"""The lines between the parties: streams of bytes that lose, delay, double, break and freeze.

A frame that was sent goes through the faults as a whole; what arrives are bytes, cut as the faults
have it, and each end puts them together with the real frame splitter. Without a fault a line keeps
its order. What was on its way when the client hung up may still reach the server.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from tongbao.simulation.agenda import Agenda, dice
from tongbao.simulation.faults import Fault, Faults
from tongbao.simulation.trace import Trace

_SECOND_US: Final = 1_000_000
_JOIN_WAIT_US: Final = 200_000
# Behind length, TPDU and header.
_SIGNED_FROM: Final = 13
_MAC_BYTES: Final = 8
_BLOCK_BYTES: Final = 8
_LENGTH_BYTES: Final = 2


class Way(Enum):
    """Which way a frame goes on a line."""

    REQUEST = "->"
    RESPONSE = "<-"


class Peer(Protocol):
    """One end of a connection."""

    def received(self, data: bytes) -> None:
        """Take bytes from the line."""

    def lost(self) -> None:
        """Learn that the line is gone."""


class Listener(Protocol):
    """A server that takes connections, or not."""

    def accept(self, line: Line) -> Peer | None:
        """Return the server's end of a new line; None when nobody is at home."""


@dataclass(slots=True)
class Route:
    """The way between one client and one server, over which lines are made one after another."""

    name: str
    listener: Listener
    frozen_until_us: int = 0
    current: Line | None = None


@dataclass(slots=True, eq=False)
class Line:
    """One connection. An end that is None has closed."""

    route: Route
    client: Peer | None
    server: Peer | None = None
    behind: Peer | None = None
    """The server's end while frames that left before the client hung up may still arrive."""
    free_at_us: dict[Way, int] = field(default_factory=lambda: {Way.REQUEST: 0, Way.RESPONSE: 0})
    held: dict[Way, bytes] = field(default_factory=dict)

    def end(self, way: Way) -> Peer | None:
        """Return who receives what goes this way."""
        if way is Way.RESPONSE:
            return self.client
        return self.server or self.behind


class Wiretap(Protocol):
    """Somebody who sees every frame that is sent, whole and before any fault."""

    def frame(self, route: str, way: Way, data: bytes) -> None:
        """Look at a frame, length prefix included."""


class Network:
    """All routes of a world."""

    def __init__(
        self, seed: int, agenda: Agenda, faults: Faults, trace: Trace, tap: Wiretap
    ) -> None:
        self._seed = seed
        self._agenda = agenda
        self._faults = faults
        self._trace = trace
        self._tap = tap
        self._chance = dice(seed, "network")
        # Mean delay of one way: 20 ms to 2 s, mostly short.
        self._mean_us = int(20_000 * 100 ** (dice(seed, "latency").random() ** 2))
        self.in_flight = 0
        self.frames = 0

    def connect(
        self, route: Route, client: Peer, timeout_us: int, answer: Callable[[Line | None], None]
    ) -> None:
        """Try to connect; `answer` gets the line, or None when refused or too late."""
        frozen_us = route.frozen_until_us - self._agenda.now_us
        if frozen_us >= timeout_us:
            self._agenda.after(timeout_us, lambda: answer(None))
            return

        def arrive() -> None:
            line = Line(route, client)
            line.server = line.behind = route.listener.accept(line)
            if line.server is None:
                answer(None)
                return
            route.current = line
            answer(line)

        self._agenda.after(max(0, frozen_us) + self._delay_us() * 2, arrive)

    def send(self, line: Line, way: Way, data: bytes) -> None:
        """Send a frame, length prefix included."""
        self.frames += 1
        self._trace.bytes(data)
        self._tap.frame(line.route.name, way, data)
        lost = Fault.REQUEST_LOST if way is Way.REQUEST else Fault.RESPONSE_LOST
        fires = self._faults.fires
        if fires(lost):
            self._note(line, way, "a frame is lost")
            return
        if chance := fires(Fault.DUPLICATE):
            self._note(line, way, "a frame is doubled")
            self._post(line, way, data, chance.randrange(3 * _SECOND_US))
        if chance := fires(Fault.REPLAY):
            wait_us = chance.randrange(5 * _SECOND_US, 300 * _SECOND_US)
            self._agenda.after(wait_us, lambda: self.replay(line, way, data))
        extra_us = 0
        if chance := fires(Fault.CORRUPT):
            self._note(line, way, "a frame is damaged")
            if chance.random() < 0.5:
                # Somebody on the way noticed and sent it again, whole.
                self._post(line, way, _damaged(data, chance), 0)
            else:
                data = _damaged(data, chance)
        if chance := fires(Fault.DELAY):
            extra_us = chance.randrange(30 * _SECOND_US, 120 * _SECOND_US)
            self._note(line, way, f"a frame is delayed by {extra_us // _SECOND_US} s")
        if chance := fires(Fault.REORDER):
            self._note(line, way, "a frame may be overtaken")
            self._post(line, way, data, extra_us + chance.randrange(5 * _SECOND_US))
            return
        begin_us = max(self._agenda.now_us + self._delay_us() + extra_us, line.free_at_us[way])
        line.free_at_us[way] = begin_us
        self._post(line, way, data, begin_us - self._agenda.now_us)

    def replay(self, line: Line, way: Way, data: bytes) -> None:
        """Deliver a frame of the past once more, over whatever line stands now."""
        if not self._faults.active:
            return
        self._note(line, way, "a frame of the past comes again")
        self._post(line.route.current or line, way, data, 0)

    def close(self, line: Line, *, by_client: bool) -> None:
        """Hang up one end; the other learns it after a while."""
        other: Peer | None
        if by_client:
            other, line.client = line.server, None
        else:
            other, line.server, line.behind = line.client, None, None
        if other is None:
            return

        def notice() -> None:
            end = line.server if by_client else line.client
            if end is not other:
                return
            if by_client:
                line.server = None
            else:
                line.client = None
            end.lost()

        self._agenda.after(self._frozen_us(line) + self._delay_us(), notice)

    def reset(self, line: Line) -> None:
        """Break a line in the middle: both ends lose it now."""
        ends = (line.client, line.server)
        line.client = line.server = line.behind = None
        for end in ends:
            if end is not None:
                end.lost()

    def freeze(self, route: Route, us: int) -> None:
        """Let nothing through for a while; it is late then, not lost."""
        route.frozen_until_us = max(route.frozen_until_us, self._agenda.now_us + us)

    def _post(self, line: Line, way: Way, data: bytes, wait_us: int) -> None:
        self.in_flight += 1
        self._agenda.after(wait_us, lambda: self._arrive(line, way, data))

    def _arrive(self, line: Line, way: Way, data: bytes) -> None:
        frozen_us = self._frozen_us(line)
        if frozen_us:
            self._agenda.after(frozen_us, lambda: self._arrive(line, way, data))
            return
        self.in_flight -= 1
        fires = self._faults.fires
        if chance := fires(Fault.TRUNCATE):
            self._note(line, way, "a frame breaks off, the line is reset")
            end = line.end(way)
            if end is not None:
                end.received(data[: chance.randrange(len(data))])
            self.reset(line)
            return
        if way not in line.held and fires(Fault.JOINED):
            line.held[way] = data
            self._agenda.after(_JOIN_WAIT_US, lambda: self._release(line, way))
            return
        data = line.held.pop(way, b"") + data
        if fires(Fault.BYTEWISE):
            for at in range(len(data)):
                self._hand_over(line, way, data[at : at + 1])
            return
        self._hand_over(line, way, data)

    def _release(self, line: Line, way: Way) -> None:
        data = line.held.pop(way, b"")
        if data:
            self._hand_over(line, way, data)

    def _hand_over(self, line: Line, way: Way, data: bytes) -> None:
        end = line.end(way)
        if end is not None:
            end.received(data)

    def _frozen_us(self, line: Line) -> int:
        return max(0, line.route.frozen_until_us - self._agenda.now_us)

    def _delay_us(self) -> int:
        return int(self._chance.expovariate(1.0 / self._mean_us)) + 500

    def _note(self, line: Line, way: Way, what: str) -> None:
        self._trace.note(line.route.name, f"{way.value} {what}")


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Flip 1 to 8 bits behind the length, or take a byte out and make the length fit.

    The dialect's MAC is taken over the XOR of all blocks, so two flipped bits can hide each other
    from it. Only TLS sees such damage; it is not dealt out here, where the lines are bare.
    """
    if chance.random() < 0.25:
        at = chance.randrange(_LENGTH_BYTES, len(data))
        content = data[_LENGTH_BYTES:at] + data[at + 1 :]
        return len(content).to_bytes(_LENGTH_BYTES, "big") + content
    damaged = bytearray(data)
    for _ in range(chance.randrange(1, 9)):
        damaged[chance.randrange(_LENGTH_BYTES, len(data))] ^= 1 << chance.randrange(8)
    if len(data) > _SIGNED_FROM and damaged != data and _folded(damaged) == _folded(data):
        damaged[chance.randrange(_SIGNED_FROM, len(data))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def _folded(frame: bytes | bytearray) -> int:
    """Return the XOR of a message's blocks of 8 bytes, which its MAC is taken over."""
    body = frame[_SIGNED_FROM:-_MAC_BYTES]
    folded = 0
    for at in range(0, len(body), _BLOCK_BYTES):
        folded ^= int.from_bytes(body[at : at + _BLOCK_BYTES].ljust(_BLOCK_BYTES, b"\0"), "big")
    return folded
