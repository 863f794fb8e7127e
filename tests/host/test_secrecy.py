"""Card numbers, PINs, tracks and keys are in no file, row, log line or printed value."""

from __future__ import annotations

import asyncio
import itertools
import json
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.host.live import LiveIssuer, live_terminal
from tests.host.parties import PAN, PIN, TMK, TOKEN, TRACK2, ZAK, ZPK, ScriptedTerminal
from tests.host.test_sigkill import new_host, write_settings
from tests.host.world import World
from tongbao.domain.secrets import Purpose
from tongbao.host.core.events import SendToTerminal, SendUpstream, TerminalFrame, UpstreamFrame
from tongbao.host.core.requests import Request, read_swiped_sale


def shapes(digits: str) -> Iterator[bytes]:
    """The ways in which digits could lie in a file."""
    yield digits.encode()
    yield digits.encode("utf-16-le")
    packed = digits if len(digits) % 2 == 0 else digits + "0"
    yield bytes.fromhex(packed.replace("D", "d"))
    yield digits.encode().hex().encode()
    yield packed.lower().encode()


def canaries() -> list[bytes]:
    found = [shape for digits in (PAN, TRACK2) for shape in shapes(digits)]
    for key in (TMK, ZPK, ZAK, TOKEN):
        clear = key.reveal(Purpose.TEST)
        found += [clear, clear.hex().encode()]
    return found


def leaks(content: bytes) -> list[bytes]:
    return [canary for canary in canaries() if canary in content]


def test_a_run_leaves_no_card_data_and_no_key_behind(store_url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        issuer = LiveIssuer()
        await issuer.start()
        issuer.silent = lambda request: request.fields.get(11) == "000004"
        file = write_settings(
            tmp_path, store_url, issuer.port, log_debug=True, issuer_timeout_ms=200
        )
        host = new_host(file)
        await asyncio.to_thread(host.start)
        address = str(host.ready["address"])
        async with live_terminal(address) as terminal:
            scripted: ScriptedTerminal = terminal.scripted
            await terminal.sell_until_approved(100)
            for stan in (2, 3, 4):
                assert await terminal.ask(scripted.sale(stan)) is not None
            for frame in (
                scripted.sale(2),
                scripted.sale(5, change={35: TRACK2 + "0" * 9}),
                scripted.reversal(3, change={2: PAN}),
                scripted.sale(6)[:-1] + b"0",
            ):
                assert await terminal.ask(frame) is not None
            broken = scripted.sale(7)
            assert await terminal.ask(broken[:60] + b"\xff" + broken[61:]) is None
        assert await asyncio.to_thread(host.stop) == 0
        await issuer.stop()

    asyncio.run(scenario())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"host.log", "tongbao.toml", "host.json"} <= {path.name for path in files}
    for path in files:
        assert leaks(path.read_bytes()) == [], path.name
    log = (tmp_path / "host.log").read_text()
    kinds = {json.loads(line).get("kind") for line in log.splitlines()}
    assert kinds >= {"approved", "repeated", "reversal_requested", "reversed"}
    assert PIN not in log
    if store_url.startswith("postgresql"):
        with psycopg.connect(store_url) as connection:
            for table in ("payments_payment", "payments_paymentevent", "fleet_terminalsession"):
                rows = connection.execute(f"SELECT * FROM {table}").fetchall()
                assert rows
                assert leaks(repr(rows).encode()) == []


def test_values_on_their_way_do_not_print_what_they_hold() -> None:
    world = World()
    terminal = world.signed_in()
    frame = terminal.sale(2)[2:]
    request = Request(1, frame)
    facts = read_swiped_sale(request)
    assert facts is not None
    request.facts = facts
    world.send(terminal.sale(2))
    values: list[object] = [
        TerminalFrame(1, frame),
        UpstreamFrame(frame),
        SendToTerminal(1, frame, 1),
        SendUpstream(frame, 1),
        request,
        request.facts,
        *world.core.state.pending.values(),
        *world.core.state.terminals.values(),
        world.keys,
    ]
    for value, show in itertools.product(values, (repr, str, "{}".format)):
        text = show(value)
        assert leaks(text.encode()) == []
        assert frame.hex() not in text
        assert repr(frame)[2:40] not in text


def test_an_unexpected_error_leaves_no_card_data_in_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    terminal = world.signed_in()
    monkeypatch.setattr(world.keys.__class__, "token", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        world.core.step(TerminalFrame(1, terminal.sale(2)[2:]), world.now())
    assert leaks("".join(traceback.format_exception(caught.value)).encode()) == []
