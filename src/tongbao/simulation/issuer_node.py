"""The issuer: the real core and the real pump, its book on a simulated disk, and its bad days."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.errors import InvariantViolationError, ProtocolError
from tongbao.sandbox.issuer.core.events import FrameArrived, Refused, Reply
from tongbao.sandbox.issuer.core.issuer import ZAK, IssuerCore, IssuerRules
from tongbao.sandbox.issuer.pump import IssuerPump
from tongbao.sandbox.issuer.server import FRAME_BYTES_MAX
from tongbao.sandbox.issuer.store import StoreFailedError
from tongbao.simulation.faults import Fault
from tongbao.simulation.issuer_store import VirtualIssuerStore
from tongbao.simulation.network import Line, Way
from tongbao.simulation.node import EXIT_CRASHED, Machine, NodeStoppedError, WrongWorldError
from tongbao.wire.framing import FrameSplitter, add_length
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.messages import MAC_FIELD

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from tongbao.crypto.key_store import KeyStore
    from tongbao.sandbox.issuer.core.book import Record
    from tongbao.sandbox.issuer.core.state import IssuerState
    from tongbao.simulation.agenda import NodeClock
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.node import World

EXIT_STORE: Final = 74
_GROUP_US: Final = 2_000
_LATE_CARD_MS: Final = 8_000
# A0 as for a copy that was damaged on the way, while the whole one is booked.
# To requests, advices and inquiries; sign-on, echo and reversals are let alone.
_ANSWERS: Final = frozenset({"0110", "0210", "0230", "0610"})
_ODD_CODES: Final = ("Z9", "10", "68", "11", "A0")


class IssuerWitness(Protocol):
    """Somebody outside who sees what the issuer books and says."""

    def books(self, records: Sequence[Record]) -> None:
        """See the records that are about to be written."""

    def replies(self, store: VirtualIssuerStore, body: bytes) -> None:
        """See a message that leaves for the host, before any misbehaviour of the issuer."""


class IssuerNode(Machine):
    """The issuer's machine."""

    def __init__(
        self,
        world: World,
        clock: NodeClock,
        keys: KeyStore,
        disk: Disk[Record],
        fresh_state: Callable[[], IssuerState],
        witness: IssuerWitness,
    ) -> None:
        super().__init__(world, "issuer", clock)
        self.disk = disk
        self._keys = keys
        self._fresh_state = fresh_state
        self._witness = witness
        self.store: VirtualIssuerStore | None = None
        self.state: IssuerState | None = None
        self._pump: IssuerPump | None = None
        self._connections: dict[int, _Connection] = {}
        self._last_number = 0
        self._waiting: list[FrameArrived] = []

    def start(self) -> None:
        """Start the process from its book."""
        self.begin()
        self._waiting.clear()
        self.enter(self._boot)

    def accept(self, line: Line) -> _Connection | None:
        """Take the host's connection."""
        if not self.is_up:
            return None
        self._last_number += 1
        connection = _Connection(self, line, self._last_number)
        self._connections[connection.number] = connection
        return connection

    def take(self, number: int, bodies: list[bytes]) -> None:
        """Queue messages and make sure that a group will run."""
        for body in bodies:
            self.point("received")
            self._waiting.append(FrameArrived(number, body))
        if bodies:
            self.later(_GROUP_US, self._group)

    def drop(self, number: int) -> None:
        """Hang up."""
        found = self._connections.pop(number, None)
        if found is not None:
            self.world.network.close(found.line, by_client=False)

    def leave(self, number: int) -> None:
        """Forget a connection that the host closed."""
        self._connections.pop(number, None)

    def point(self, where: str) -> None:
        """Pass a named point, where the process may die."""
        if self.world.faults.fires(Fault.ISSUER_CRASH):
            raise NodeStoppedError(EXIT_CRASHED, f"crash, {where}")

    def cleaned_up(self) -> None:
        """Break the lines and leave the disk as it is without power."""
        for number in list(self._connections):
            self.drop(number)
        self._pump = None
        self.disk.crash()

    def _boot(self) -> None:
        self.point("starting")
        self.store = VirtualIssuerStore(self.disk, self.point, self._witness.books)
        self.state = self._fresh_state()
        self.store.load(self.state)
        core = IssuerCore(self._keys, self.state, IssuerRules(_LATE_CARD_MS))
        self._pump = IssuerPump(core, self.store)

    def _group(self) -> None:
        if self._pump is None or not self._waiting:
            return
        group, self._waiting = self._waiting, []
        try:
            sayings = self._pump.run(group, self.clock.now())
        except StoreFailedError as error:
            raise NodeStoppedError(EXIT_STORE, str(error)) from error
        except InvariantViolationError as error:
            raise WrongWorldError("no bug", f"the issuer ended itself: {error}") from error
        for saying in sayings:
            if isinstance(saying, Refused):
                if saying.hang_up:
                    self.drop(saying.connection)
            else:
                self._say(saying)

    def _say(self, reply: Reply) -> None:
        """Answer, or do what an issuer does on a bad day."""
        assert self.store is not None  # noqa: S101 - a started issuer has its store
        self._witness.replies(self.store, reply.body)
        self.point("sending")
        fires = self.world.faults.fires
        body, delay_us = reply.body, reply.delay_ms * 1000
        is_answer = body[:2].hex() in _ANSWERS
        if is_answer and fires(Fault.ISSUER_SILENT):
            self.world.trace.note(self.name, "says nothing")
            return
        if is_answer and (chance := fires(Fault.ISSUER_ODD_CODE)):
            body = self._with_code(body, chance.choice(_ODD_CODES))
        if chance := fires(Fault.ISSUER_WRONG_MAC):
            body = self._forged(body, chance)
        if is_answer and (chance := fires(Fault.ISSUER_LATE)):
            delay_us += chance.randrange(5_000_000, 100_000_000)
        if chance := fires(Fault.ISSUER_DUPLICATE):
            again_us = delay_us + chance.randrange(40_000_000)
            self.later(again_us, lambda: self._send(reply.connection, body))
        if delay_us:
            self.later(delay_us, lambda: self._send(reply.connection, body))
        else:
            self._send(reply.connection, body)

    def _send(self, number: int, body: bytes) -> None:
        found = self._connections.get(number)
        if found is not None:
            self.world.network.send(found.line, Way.RESPONSE, add_length(body))

    def recoded(self, frame: bytes, code: str) -> bytes:
        """Return an answer, length prefix included, with another code and a right MAC."""
        return add_length(self._with_code(frame[2:], code))

    def _forged(self, body: bytes, chance: random.Random) -> bytes:
        """Say the opposite half of the time, under a MAC that proves nothing."""
        message = NETWORK.decode(body)
        if chance.random() < 0.5:
            body = self._with_code(body, "51" if message.fields.get(39) == "00" else "00")
        return body[:-8] + chance.randbytes(8)

    def _with_code(self, body: bytes, code: str) -> bytes:
        message = NETWORK.decode(body)
        message.fields[39] = code
        mac_field = MAC_FIELD[message.mti]
        message.fields.pop(mac_field)
        unsigned = NETWORK.encode_unsigned(message, mac_field)
        return unsigned + self._keys.mac(ZAK, MacAlgorithm.CMAC_AES, unsigned)


class _Connection:
    """The issuer's end of the host's connection; it belongs to one process of the issuer."""

    def __init__(self, issuer: IssuerNode, line: Line, number: int) -> None:
        self.line = line
        self.number = number
        self._issuer = issuer
        self._process_no = issuer.process_no
        self._splitter = FrameSplitter(max_length=FRAME_BYTES_MAX)

    def received(self, data: bytes) -> None:
        """Queue every frame that is whole."""
        if self._is_of_this_process():
            self._issuer.enter(lambda: self._take(data))

    def lost(self) -> None:
        """Forget the connection."""
        if self._is_of_this_process():
            self._issuer.leave(self.number)

    def _take(self, data: bytes) -> None:
        try:
            bodies = self._splitter.feed(data)
        except ProtocolError:
            self._issuer.drop(self.number)
            return
        self._issuer.take(self.number, bodies)

    def _is_of_this_process(self) -> bool:
        return self._issuer.is_up and self._issuer.process_no == self._process_no
