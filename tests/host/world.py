"""A host without sockets: the real core and pump, a store, a clock that the test moves."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, TERMINAL, ScriptedIssuer, ScriptedTerminal, host_keys
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.dates import Instant
from tongbao.host.core.core import HostCore
from tongbao.host.core.events import (
    Event,
    Recovered,
    TerminalFrame,
    Tick,
    UpstreamDown,
    UpstreamFrame,
    UpstreamUp,
)
from tongbao.host.core.payment_ids import lowest_id_at
from tongbao.host.pump import Pump
from tongbao.host.records import EventRecord, TerminalRecord, TraceKey
from tongbao.host.settings import HostSettings
from tongbao.host.store.port import HostStore
from tongbao.wire.iso8583.codec import Message

# 2026-11-21 10:00:00 in China.
START_US = 1_795_226_400_000_000


def settings(**changes: object) -> HostSettings:
    values: dict[str, object] = {"tls": False, "key_file": "-", "master_key_file": "-"}
    return HostSettings(**(values | changes))


def register(terminal_id: str = TERMINAL, **changes: object) -> TerminalRecord:
    return TerminalRecord(terminal_id, MERCHANT, 1, True, True, "5411")._replace(**changes)


class StoppedError(Exception):
    """The pump asked for the end of the process."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code


class World:
    """One host process and the two parties it talks to; several worlds may share a store."""

    def __init__(
        self,
        store: HostStore | None = None,
        *,
        host: HostSettings | None = None,
        keys: SoftwareKeyStore | None = None,
        link: bool = True,
        start_us: int = START_US,
    ) -> None:
        self.settings = host or settings()
        self.store = store if store is not None else MemoryStore(register())
        self.keys = keys or host_keys()
        self.issuer = ScriptedIssuer()
        self.now_us = start_us
        self.uptime_ms = 0
        self._random = itertools.count(1)
        self.to_terminals: list[tuple[int, bytes]] = []
        self.to_issuer_frames: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.notes: list[str] = []
        self.start()
        if link:
            self.step(UpstreamUp())

    def start(self) -> None:
        """Begin a run of the host on what the store holds."""
        self.core = HostCore(self.settings, self.keys, self.random_bytes)
        self.pump = Pump(self.core, self.store, self, self.now, self.stop, 512)
        node = self.settings.node
        last = self.store.last_payment_id(node)
        since = lowest_id_at(self.now_us - 3_600_000_000)
        found = self.store.open_payments(node, since)
        self.step(Recovered(last, found, self.store.open_exceptions()))
        self.step(Tick(self.uptime_ms))

    def restart(self, *, link: bool = True) -> None:
        """Lose everything in memory and start again."""
        self.keys = host_keys(*(name[4:] for name in self.keys.names() if name[:4] == "tmk/"))
        self.uptime_ms = 0
        self.to_issuer_frames.clear()
        self.to_terminals.clear()
        self.start()
        if link:
            self.step(UpstreamUp())
            self.advance(100)

    # The shell.

    def now(self) -> Instant:
        return Instant(self.now_us)

    def random_bytes(self, count: int) -> bytes:
        return bytes((next(self._random) * 7 + n) % 256 for n in range(count))

    def stop(self, code: int, reason: str) -> None:
        raise StoppedError(code, reason)

    def to_terminal(self, connection: int, data: bytes) -> None:
        self.to_terminals.append((connection, data))

    def to_issuer(self, frames: Sequence[bytes]) -> None:
        self.to_issuer_frames.extend(frames)

    def close_connection(self, connection: int, reason: str) -> None:
        self.closed.append((connection, reason))

    def note(self, name: str, values: dict[str, str | int]) -> None:
        self.notes.append(name)

    # What tests do.

    def step(self, *events: Event) -> None:
        """Offer events as one group and run until nothing waits."""
        for event in events:
            self.pump.offer(event)
        self.pump.turn()
        while self.pump.waiting:
            self.pump.turn()

    def advance(self, ms: int) -> None:
        """Let time pass, with one tick at its end."""
        self.now_us += ms * 1000
        self.uptime_ms += ms
        self.step(Tick(self.uptime_ms))

    def give_up(self) -> None:
        """Let the issuer's time pass, and the time of the question what became of it."""
        self.advance(self.settings.issuer_timeout_ms)
        inquiries = [frame for frame in self.to_issuer_frames if frame[2:4] == b"\x06\x00"]
        for frame in inquiries:
            self.to_issuer_frames.remove(frame)
        self.advance(self.settings.inquiry_timeout_ms)

    def link_down(self) -> None:
        self.step(UpstreamDown())

    def link_up(self) -> None:
        self.step(UpstreamUp())
        self.advance(100)

    def send(self, frame: bytes, connection: int = 1) -> None:
        """A terminal's frame, length prefix included, arrives."""
        self.step(TerminalFrame(connection, frame[2:]))

    def sent(self) -> bytes | None:
        """Take the oldest frame for a terminal that was not taken yet."""
        return self.to_terminals.pop(0)[1] if self.to_terminals else None

    def ask(self, terminal: ScriptedTerminal, frame: bytes) -> Message | None:
        """Send a frame and read the one answer, if there is one at once."""
        self.send(frame)
        data = self.sent()
        assert not self.to_terminals
        return None if data is None else terminal.read(data)

    def signed_in(self, terminal_id: str = TERMINAL) -> ScriptedTerminal:
        """A terminal that has just signed in."""
        terminal = ScriptedTerminal(terminal_id=terminal_id)
        self.send(terminal.sign_in())
        data = self.sent()
        assert data is not None
        terminal.accept_sign_in(data)
        return terminal

    def asked(self) -> Message:
        """Take the oldest frame for the issuer that was not taken yet."""
        return self.issuer.read(self.to_issuer_frames.pop(0))

    def answer(self, request: Message, code: str = "00", **more: object) -> None:
        """The issuer answers a request."""
        self.step(UpstreamFrame(self.issuer.answer(request, code, **more)))

    def kinds(self, stan: int, batch_no: int = 1, terminal_id: str = TERMINAL) -> list[str]:
        """The kinds of the events of a payment, as stored."""
        return [event.kind for event in self.events(stan, batch_no, terminal_id)]

    def events(
        self, stan: int, batch_no: int = 1, terminal_id: str = TERMINAL
    ) -> tuple[EventRecord, ...]:
        key = TraceKey(terminal_id, batch_no, stan)
        return self.store.load_payments([key])[key].events
