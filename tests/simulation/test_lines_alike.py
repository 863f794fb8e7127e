"""The lines of the simulator do what the real ones do, at the same time and in the same order.

A script of random deeds (open, send, renew, close; a server that is there, away or mute, speaks,
hangs up) is played to the real line on a virtual asyncio loop and to the simulator's on its agenda.
Everything that the owner hears and everything that goes onto the wire must be the same.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.simulation.virtual_loop import VirtualLoop
from tongbao.domain.dates import Instant
from tongbao.domain.ids import MerchantId, TerminalId
from tongbao.host.core.outbox import NETWORK_MAC, ZAK
from tongbao.host.settings import HostSettings
from tongbao.host.upstream import IssuerLink
from tongbao.simulation.agenda import Agenda, NodeClock
from tongbao.simulation.cards import KeyRing
from tongbao.simulation.host_issuer_line import HostIssuerLine
from tongbao.simulation.terminal_line import TerminalLine
from tongbao.terminal.link import HostLink
from tongbao.terminal.settings import TerminalSettings
from tongbao.wire.framing import FrameSplitter, add_length
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.messages import MAC_FIELD, NetworkManagement

CONNECT_MS = 20
ANSWER_MS = 30
END_MS = 120_000
START = Instant(1_795_000_000_000_000)
HELLO = add_length(bytes(range(40)))
NONSENSE = b"\x00\x01x"
KEYS = KeyRing(1, ("00000001",))
TERMINAL = TerminalSettings(
    terminal_id=TerminalId("00000001"),
    merchant_id=MerchantId("100000000000001"),
    merchant_name="店",
    merchant_name_en="Shop",
    data_folder=Path("nowhere"),
    key_file=Path("nowhere"),
    master_key_file=Path("nowhere"),
    host_tls=False,
    operators={},
)
HOST = HostSettings(tls=False, key_file=Path("nowhere"), master_key_file=Path("nowhere"))
Deed = tuple[int, str, int]


def script_of(seed: int, words: tuple[str, ...], count: int) -> list[Deed]:
    """Return deeds as microsecond, word and number; no two at one time."""
    chance = random.Random(seed)
    times = sorted(chance.sample(range(1_000, 90_000_000), count))
    return [(at, chance.choice(words), number) for number, at in enumerate(times, 1)]


@dataclass
class Server:
    """Who is at the other end, and the chronicle of one play."""

    mood: str = "there"
    chronicle: list[tuple[int, str]] = field(default_factory=list)
    answers: bool = True

    def note(self, now_us: float, what: str) -> None:
        self.chronicle.append((round(now_us / 1000), what))

    def obey(self, word: str) -> bool:
        """Change the mood if the word is about the server."""
        if word in ("there", "away", "mute"):
            self.mood = word
        elif word in ("answering", "silent"):
            self.answers = word == "answering"
        else:
            return False
        return True


def reply_to(frame: bytes) -> bytes | None:
    """Answer a management request as the issuer does."""
    if frame[:2] != b"\x08\x00":
        return None
    message = NETWORK.decode(frame)
    message.mti = "0810"
    message.fields[39] = "00"
    message.fields.pop(MAC_FIELD["0800"], None)
    NetworkManagement.from_message(NETWORK.decode(_signed(message)))
    return add_length(_signed(message))


def _signed(message: Any) -> bytes:
    unsigned = NETWORK.encode_unsigned(message, MAC_FIELD[message.mti])
    return unsigned + KEYS.issuer.mac(ZAK, NETWORK_MAC, unsigned)


class Real:
    """The real line on a virtual loop."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.loop = VirtualLoop(self._connect)
        self.protocol: Any = None
        self.listens = False

    async def _connect(self, factory: Any) -> Any:
        if self.server.mood == "mute":
            await asyncio.sleep(3_600)
        await asyncio.sleep(CONNECT_MS / 1000)
        if self.server.mood != "there":
            raise ConnectionRefusedError
        protocol = factory()
        transport = _Transport(self, protocol)
        self.protocol = protocol
        protocol.connection_made(transport)
        return transport, protocol

    def now_us(self) -> float:
        return self.loop.time() * 1e6

    def wire(self, transport: _Transport, data: bytes) -> None:
        self.server.note(self.now_us(), f"wire {data.hex()}")
        if self.listens and self.server.answers:
            for frame in FrameSplitter(4_096).feed(data):
                answer = reply_to(frame)
                if answer is not None:
                    self.loop.call_later(ANSWER_MS / 1000, transport.hear, answer)

    def hear(self, data: bytes) -> None:
        if self.protocol is not None and not self.protocol_transport().gone:
            self.protocol.data_received(data)

    def reset(self) -> None:
        if self.protocol is not None:
            self.protocol_transport().lose()

    def protocol_transport(self) -> _Transport:
        found: _Transport = self.protocol.fake_transport
        return found


class _Transport:
    def __init__(self, real: Real, protocol: Any) -> None:
        self._real = real
        self._protocol = protocol
        protocol.fake_transport = self
        self.gone = False

    def get_extra_info(self, _name: str) -> None:
        return None

    def write(self, data: bytes) -> None:
        if not self.gone:
            self._real.wire(self, data)

    def hear(self, data: bytes) -> None:
        if not self.gone:
            self._protocol.data_received(data)

    def abort(self) -> None:
        if not self.gone:
            self.gone = True
            self._real.server.note(self._real.now_us(), "hangs up")
            self._real.loop.call_soon(self._protocol.connection_lost, None)

    def lose(self) -> None:
        if not self.gone:
            self.gone = True
            self._protocol.connection_lost(None)


class Modelled:
    """The simulator's line on its agenda, with the simulator's machine and network replaced."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.agenda = Agenda()
        self.line: Any = None
        self.client: Any = None
        self.listens = False
        self.process_no = 1
        self.is_up = True
        self.clock = NodeClock(self.agenda, START.us)
        self.world = SimpleNamespace(
            network=self, trace=SimpleNamespace(note=lambda *_: None), agenda=self.agenda
        )
        self.offered: Any = None

    # What a machine offers.

    def enter(self, deed: Any) -> None:
        deed()

    def later(self, delay_us: int, deed: Any) -> Any:
        return self.agenda.after(delay_us, deed)

    def point(self, _where: str) -> None: ...

    def offer(self, event: Any) -> None:
        self.offered(event)

    # What a network offers.

    def connect(self, _route: Any, client: Any, timeout_us: int, answer: Any) -> None:
        if self.server.mood == "mute":
            self.agenda.after(timeout_us, lambda: answer(None))
            return

        def arrive() -> None:
            if self.server.mood != "there":
                answer(None)
                return
            line = SimpleNamespace(gone=False, client=client, taken=False)
            self.line, self.client = line, client
            answer(line)
            line.taken = True

        self.agenda.after(CONNECT_MS * 1000, arrive)

    def send(self, line: Any, _way: Any, data: bytes) -> None:
        if line.gone:
            return
        self.server.note(self.agenda.now_us, f"wire {data.hex()}")
        if self.listens and self.server.answers:
            for frame in FrameSplitter(4_096).feed(data):
                answer = reply_to(frame)
                if answer is not None:
                    self.agenda.after(ANSWER_MS * 1000, partial(self._tell, line, answer))

    def close(self, line: Any, *, by_client: bool) -> None:
        assert by_client
        if not line.gone:
            line.gone = True
            if line.taken:
                # One that was given up while it was made: a real loop tells nobody.
                self.server.note(self.agenda.now_us, "hangs up")

    def _tell(self, line: Any, data: bytes) -> None:
        if not line.gone:
            line.client.received(data)

    def hear(self, data: bytes) -> None:
        if self.line is not None:
            self._tell(self.line, data)

    def reset(self) -> None:
        if self.line is not None and not self.line.gone:
            self.line.gone = True
            self.client.lost()


def serve(other_end: Any, server: Server, deed: Deed) -> bool:
    """Do what a deed asks of the server; False when it is the client's."""
    _, word, number = deed
    if server.obey(word):
        return True
    if word == "says":
        other_end.hear(HELLO[:-1] + bytes([number % 256]))
    elif word == "babbles":
        other_end.hear(NONSENSE)
    elif word == "resets":
        other_end.reset()
    else:
        return False
    return True


def words_of(event: Any) -> str:
    name = type(event).__name__
    parts = [getattr(event, part, None) for part in ("ticket", "tickets", "sent", "frame")]
    return f"{name} {parts}"


TERMINAL_WORDS = (
    *("open", "open", "send", "send", "send", "renew", "close", "says", "says", "resets"),
    *("babbles", "there", "there", "there", "away", "mute"),
)


def drive_terminal(line: Any, deed: Deed) -> None:
    _, word, number = deed
    if word == "send":
        line.send(HELLO, number)
    else:
        getattr(line, word)()


def real_terminal(script: list[Deed]) -> list[tuple[int, str]]:
    server = Server()
    real = Real(server)

    async def play() -> None:
        link = HostLink(TERMINAL, lambda e: server.note(real.now_us(), words_of(e)), None)
        for deed in script:
            await asyncio.sleep(deed[0] / 1e6 - real.loop.time())
            if not serve(real, server, deed):
                drive_terminal(link, deed)
        await asyncio.sleep(END_MS / 1000 - real.loop.time())
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    real.loop.run_until_complete(play())
    real.loop.close()
    return server.chronicle


def modelled_terminal(script: list[Deed]) -> list[tuple[int, str]]:
    server = Server()
    model = Modelled(server)
    line = TerminalLine(
        model,  # type: ignore[arg-type]  # stands for a machine
        None,  # type: ignore[arg-type]  # no route is looked at
        TERMINAL.connect_timeout_ms,
        lambda event: server.note(model.agenda.now_us, words_of(event)),
    )
    for deed in script:

        def come(deed: Deed = deed) -> None:
            if not serve(model, server, deed):
                drive_terminal(line, deed)

        model.agenda.after(deed[0], come)
    model.agenda.run(END_MS * 1000, lambda: False)
    return server.chronicle


@pytest.mark.parametrize("seed", range(100))
def test_the_terminals_line(seed: int) -> None:
    script = script_of(seed, TERMINAL_WORDS, 40)
    assert modelled_terminal(script) == real_terminal(script)


ISSUER_WORDS = (
    *("send", "send", "send", "says", "says", "resets", "babbles", "there", "there", "there"),
    *("away", "mute", "silent", "answering", "answering"),
)


def real_issuer_line(script: list[Deed]) -> list[tuple[int, str]]:
    server = Server()
    real = Real(server)
    real.listens = True

    async def play() -> None:
        link = IssuerLink(
            HOST,
            KEYS.host(),
            lambda event: server.note(real.now_us(), words_of(event)),
            lambda: START.plus_ms(round(real.loop.time() * 1000)),
            _Mute(),  # type: ignore[arg-type]  # a log that nobody reads
        )
        link.start(lambda code, reason: pytest.fail(f"{code} {reason}"))
        for deed in script:
            await asyncio.sleep(deed[0] / 1e6 - real.loop.time())
            if not serve(real, server, deed):
                link.to_issuer([HELLO])
        await asyncio.sleep(END_MS / 1000 - real.loop.time())
        end = len(server.chronicle)
        await link.stop()
        del server.chronicle[end:]

    real.loop.run_until_complete(play())
    real.loop.close()
    return server.chronicle


class _Mute:
    def info(self, *_args: Any, **_more: Any) -> None: ...

    warning = info


def modelled_issuer_line(script: list[Deed]) -> list[tuple[int, str]]:
    server = Server()
    model = Modelled(server)
    model.listens = True
    model.offered = lambda event: server.note(model.agenda.now_us, words_of(event))
    line = HostIssuerLine(model, None, HOST, KEYS.host())  # type: ignore[arg-type]  # as above
    line.start()
    for deed in script:

        def come(deed: Deed = deed) -> None:
            if not serve(model, server, deed):
                line.send([HELLO])

        model.agenda.after(deed[0], come)
    model.agenda.run(END_MS * 1000, lambda: False)
    return server.chronicle


@pytest.mark.parametrize("seed", range(100))
def test_the_hosts_line_to_the_issuer(seed: int) -> None:
    script = script_of(seed, ISSUER_WORDS, 40)
    assert modelled_issuer_line(script) == real_issuer_line(script)
