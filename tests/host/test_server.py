"""The host on real sockets: framing, limits, TLS, the issuer's link, stopping."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.host.conftest import TERMINALS
from tests.host.live import PATIENCE_S, LiveIssuer, LiveTerminal, live_terminal
from tests.host.memory_store import MemoryStore
from tests.host.parties import MERCHANT, TERMINAL, ScriptedTerminal, host_keys
from tests.host.world import register, settings
from tongbao.app.certificates import ensure_certificates
from tongbao.host.logs import make_log
from tongbao.host.service import HostService


class Live:
    """A host service, its issuer, and what it logged."""

    def __init__(self, service: HostService, issuer: LiveIssuer, address: str) -> None:
        self.service = service
        self.issuer = issuer
        self.address = address

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run until something has happened."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():  # noqa: ASYNC110 - a poll of what the same loop changes
                await asyncio.sleep(0)


@asynccontextmanager
async def live_host(**changes: object) -> AsyncIterator[Live]:
    issuer = LiveIssuer()
    await issuer.start()
    changes = {
        "listen_port": 0,
        "issuer_port": issuer.port,
        "reconnect_ms": 1,
        "drain_ms": 100,
    } | changes
    store = MemoryStore(*(register(name) for name in TERMINALS))
    stops: list[tuple[int, str]] = []
    service = HostService(
        settings(**changes),
        store,
        host_keys(*TERMINALS),
        make_log(debug=False),
        lambda code, reason: stops.append((code, reason)),
    )
    address = await service.start()
    live = Live(service, issuer, address)
    try:
        await live.until(lambda: service.core.state.link_up)
        yield live
    finally:
        await service.stop()
        await issuer.stop()
    assert stops == []


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scenario()

    asyncio.run(bounded())


def log_of(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_sale_goes_all_the_way() -> None:
    async def scenario() -> None:
        async with live_host() as live, live_terminal(live.address) as terminal:
            reply = await terminal.ask(terminal.scripted.sale(2))
            assert reply is not None
            assert (reply.mti, reply.fields[39]) == ("0210", "00")
            assert len(live.issuer.model.charged()) == 1

    run(scenario)


def test_two_frames_in_one_segment_are_two_messages() -> None:
    async def scenario() -> None:
        async with live_host() as live, live_terminal(live.address) as terminal:
            terminal.writer.write(terminal.scripted.sale(2) + terminal.scripted.sale(3))
            stans = set()
            for _ in range(2):
                frame = await terminal.frame()
                assert frame is not None
                stans.add(terminal.scripted.read(frame).text(11))
            assert stans == {"000002", "000003"}

    run(scenario)


def test_a_frame_in_single_bytes_is_one_message() -> None:
    async def scenario() -> None:
        async with live_host() as live, live_terminal(live.address) as terminal:
            for byte in terminal.scripted.sale(2):
                terminal.writer.write(bytes([byte]))
                await terminal.writer.drain()
                await asyncio.sleep(0)
            frame = await terminal.frame()
            assert frame is not None
            assert terminal.scripted.read(frame).fields[39] == "00"

    run(scenario)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x00",
        b"\xff\xff" + b"\x00" * 100,
        b"\x00\x14" + b"\x60" * 20,
        b"\x00\x40" + b"\x60\x00\x03\x00\x00\x60\x31\x00\x31\x00\x01\x02\x00" + b"\xff" * 51,
        b"GET / HTTP/1.1\r\nHost: example\r\n\r\n",
    ],
)
def test_garbage_closes_its_connection_with_one_line_and_nobody_elses(
    data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        async with live_host() as live, live_terminal(live.address) as honest:
            other = LiveTerminal(ScriptedTerminal())
            await other.connect(live.address)
            other.writer.write(data)
            assert await other.frame() is None
            await other.close()
            reply = await honest.ask(honest.scripted.sale(2))
            assert reply is not None
            assert reply.fields[39] == "00"

    run(scenario)
    closed = [line for line in log_of(capsys) if line["event"] == "connection_closed"]
    assert len(closed) == 1
    assert closed[0]["level"] == "warning"


def test_a_terminal_that_hangs_up_early_harms_nobody() -> None:
    async def scenario() -> None:
        async with live_host() as live, live_terminal(live.address) as honest:
            live.issuer.silent = lambda request: request.fields.get(11) == "000009"
            async with live_terminal(live.address, "00000002") as leaving:
                leaving.writer.write(leaving.scripted.sale(9))
                await live.until(lambda: len(live.service.core.state.pending) == 1)
                leaving.writer.transport.abort()
            reply = await honest.ask(honest.scripted.sale(2))
            assert reply is not None
            assert reply.fields[39] == "00"

    run(scenario)


def test_a_connection_stuck_in_a_frame_is_closed(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with live_host(frame_limit_ms=50) as live:
            slow = LiveTerminal(ScriptedTerminal())
            await slow.connect(live.address)
            slow.writer.write(b"\x00\x60\x60")
            assert await slow.frame() is None
            await slow.close()

    run(scenario)
    reasons = [line["reason"] for line in log_of(capsys) if line["event"] == "connection_closed"]
    assert reasons == ["a frame was not finished in time"]


def test_a_silent_connection_is_closed_after_the_idle_limit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario() -> None:
        async with live_host(idle_limit_ms=50) as live:
            idle = LiveTerminal(ScriptedTerminal())
            await idle.connect(live.address)
            assert await idle.frame() is None
            await idle.close()

    run(scenario)
    reasons = [line["reason"] for line in log_of(capsys) if line["event"] == "connection_closed"]
    assert reasons == ["silent too long"]


def test_more_connections_than_allowed_are_turned_away() -> None:
    async def scenario() -> None:
        async with live_host(connections_max=1) as live, live_terminal(live.address) as honest:
            second = LiveTerminal(ScriptedTerminal())
            await second.connect(live.address)
            assert await second.frame() is None
            await second.close()
            reply = await honest.ask(honest.scripted.sale(2))
            assert reply is not None
            assert reply.fields[39] == "00"

    run(scenario)


def test_a_peer_that_does_not_read_is_hung_up_on(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with live_host(unread_bytes_max=1) as live:
            deaf = LiveTerminal(ScriptedTerminal())
            await deaf.connect(live.address)
            deaf.writer.transport.pause_reading()
            frame = deaf.scripted.frame("0820", {41: TERMINAL, 42: MERCHANT, 60: "00000001301"})
            async with asyncio.timeout(PATIENCE_S):
                while live.service._server.connections:
                    deaf.writer.write(frame * 2_000)
                    await asyncio.sleep(0)
            deaf.writer.transport.abort()

    run(scenario)
    reasons = [line["reason"] for line in log_of(capsys) if line["event"] == "connection_closed"]
    assert reasons == ["the peer does not read"]


def test_terminals_speak_tls_when_it_is_on(tmp_path: Path) -> None:
    files = ensure_certificates(tmp_path)

    async def scenario() -> None:
        trusting = ssl.create_default_context(cafile=str(files.authority_certificate))
        strange = ssl.create_default_context()
        async with live_host(
            tls=True,
            tls_certificate_file=files.host_certificate,
            tls_key_file=files.host_key,
        ) as live:
            async with live_terminal(live.address, tls=trusting) as terminal:
                reply = await terminal.ask(terminal.scripted.sale(2))
                assert reply is not None
                assert reply.fields[39] == "00"
                protocol = terminal.writer.get_extra_info("ssl_object").version()
                assert protocol == "TLSv1.3"
            with pytest.raises(ssl.SSLCertVerificationError):
                await LiveTerminal(ScriptedTerminal()).connect(live.address, strange)
            plain = LiveTerminal(ScriptedTerminal())
            await plain.connect(live.address)
            plain.writer.write(plain.scripted.sign_in())
            with pytest.raises((ConnectionError, AssertionError)):
                assert await plain.frame() is not None
            await plain.close()

    run(scenario)


def test_the_link_comes_back_and_reversals_with_it() -> None:
    async def scenario() -> None:
        async with (
            live_host(reversal_retry_ms=1) as live,
            live_terminal(live.address) as terminal,
        ):
            live.issuer.silent = lambda request: request.mti == "0200"
            terminal.writer.write(terminal.scripted.sale(2))
            await live.until(lambda: bool(live.issuer.model.answers))
            live.issuer.hang_up()
            frame = await terminal.frame()
            assert frame is not None
            assert terminal.scripted.read(frame).fields[39] == "98"
            await live.until(lambda: bool(live.issuer.model.reversed))
            assert live.issuer.model.charged() == {}
            live.issuer.silent = lambda _: False
            await live.until(lambda: not live.service.core.state.reversing)
            reply = await terminal.ask(terminal.scripted.sale(3))
            assert reply is not None
            assert reply.fields[39] == "00"

    run(scenario)


def test_an_issuer_that_does_not_sign_on_is_no_link() -> None:
    async def scenario() -> None:
        async with live_host(sign_on_timeout_ms=20) as live:
            live.issuer.silent = lambda request: request.mti == "0800"
            live.issuer.hang_up()
            await live.until(lambda: not live.service.core.state.link_up)
            before = len(live.issuer.seen)
            await live.until(lambda: len(live.issuer.seen) >= before + 3)
            assert not live.service.core.state.link_up
            async with live_terminal(live.address) as terminal:
                reply = await terminal.ask(terminal.scripted.sale(2))
                assert reply is not None
                assert reply.fields[39] == "91"

    run(scenario)


def test_a_silent_link_is_tested_and_dropped() -> None:
    async def scenario() -> None:
        async with live_host(echo_interval_ms=20, sign_on_timeout_ms=50) as live:
            await live.until(lambda: any(m.fields.get(70) == "301" for m in live.issuer.seen))
            assert live.service.core.state.link_up
            live.issuer.silent = lambda _: True
            await live.until(lambda: not live.service.core.state.link_up)

    run(scenario)


def test_bad_frames_from_the_issuer_drop_the_link() -> None:
    async def scenario() -> None:
        async with live_host() as live:
            (writer,) = live.issuer._writers
            writer.write(b"\x00\x00garbage")
            await live.until(lambda: live.issuer._writers != {writer})
            await live.until(lambda: live.service.core.state.link_up)

    run(scenario)


def test_a_stop_answers_what_is_waiting_first() -> None:
    async def scenario() -> None:
        async with live_host() as live:
            terminal = LiveTerminal(ScriptedTerminal())
            await terminal.connect(live.address)
            await terminal.sign_in()
            live.issuer.silent = lambda request: request.mti == "0200"
            terminal.writer.write(terminal.scripted.sale(2))
            await live.until(lambda: live.issuer.seen[-1].mti == "0200")
            stopping = asyncio.ensure_future(live.service.stop())
            await asyncio.sleep(0)
            request = live.issuer.seen[-1]
            (writer,) = live.issuer._writers
            writer.write(live.issuer.scripted.framed(request))
            frame = await terminal.frame()
            assert frame is not None
            assert terminal.scripted.read(frame).fields[39] == "00"
            assert await terminal.frame() is None
            await stopping
            await terminal.close()

    run(scenario)


def test_a_stop_that_cannot_wait_leaves_no_payment_without_an_event() -> None:
    async def scenario() -> None:
        async with live_host(drain_ms=20) as live:
            terminal = LiveTerminal(ScriptedTerminal())
            await terminal.connect(live.address)
            await terminal.sign_in()
            live.issuer.silent = lambda request: request.mti == "0200"
            terminal.writer.write(terminal.scripted.sale(2))
            await live.until(lambda: bool(live.service.core.state.pending))
            await live.service.stop()
            frame = await terminal.frame()
            assert frame is not None
            assert terminal.scripted.read(frame).fields[39] == "98"
            await terminal.close()
            store = live.service._store
            assert isinstance(store, MemoryStore)
            assert [event.kind for event in store.events] == ["reversal_requested"]

    run(scenario)


def test_the_counters_line_tells_what_happened(capsys: pytest.CaptureFixture[str]) -> None:
    async def scenario() -> None:
        async with live_host() as live, live_terminal(live.address) as terminal:
            await terminal.ask(terminal.scripted.sale(2))
            live.service.log_counters()

    run(scenario)
    line = next(line for line in log_of(capsys) if line["event"] == "counters")
    assert line["approved"] == 1
    assert line["sign_ins"] == 1
    assert line["connections"] == 1
    assert line["records"] == 3
