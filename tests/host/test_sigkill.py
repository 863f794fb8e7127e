"""The real process, killed without warning under load: what was said stands, doubt is ended."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.host.conftest import TERMINALS
from tests.host.live import PATIENCE_S, LiveIssuer, LiveTerminal, write_key_files
from tests.host.parties import ScriptedTerminal
from tongbao.app.processes import Part
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.records import StoredPayment, TraceKey
from tongbao.host.store.opening import open_store

ROUNDS = 4


def write_settings(folder: Path, url: str, issuer_port: int, **more: object) -> Path:
    write_key_files(folder, TERMINALS)
    host = {
        "listen_port": 0,
        "tls": False,
        "key_file": "host.json",
        "master_key_file": "host.master",
        "issuer_port": issuer_port,
        "reconnect_ms": 1,
        "reversal_retry_ms": 50,
        **more,
    }
    lines = ["[database]", f"url = {json.dumps(url)}", "[host]"]
    lines += [f"{name} = {json.dumps(value)}" for name, value in host.items()]
    file = folder / "tongbao.toml"
    file.write_text("\n".join(lines))
    return file


def new_host(settings_file: Path) -> Part:
    log_file = settings_file.with_name("host.log")
    return Part("host", ["host", "--config", str(settings_file)], log_file)


class Till:
    """A terminal that sells until its host is gone; remembers what it was told."""

    def __init__(self, terminal_id: str) -> None:
        self.terminal = LiveTerminal(ScriptedTerminal(terminal_id=terminal_id))
        self.stan = 1
        self.told: dict[int, str] = {}
        self.asked: set[int] = set()

    async def sell(self, address: str, on_answer: Callable[[], None]) -> None:
        try:
            await self.terminal.connect(address)
            self.stan += 1
            await self.terminal.sign_in(self.stan)
            while True:
                self.stan += 1
                self.asked.add(self.stan)
                reply = await self.terminal.ask(self.terminal.scripted.sale(self.stan, self.stan))
                if reply is None:
                    return
                self.told[self.stan] = reply.text(39)
                on_answer()
        except (ConnectionError, AssertionError):
            return
        finally:
            await self.terminal.close()


async def kill_under_load(host: Part, tills: list[Till], answers: int) -> None:
    """Let every till sell, and kill the host when so many answers have come in."""
    address = str(host.ready["address"])
    left = answers

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(host.pid, signal.SIGKILL)

    await asyncio.gather(*(till.sell(address, count) for till in tills))


def stored_payments(url: str, tills: list[Till]) -> dict[TraceKey, StoredPayment]:
    store = open_store(url)
    try:
        keys = [
            TraceKey(till.terminal.scripted.terminal_id, 1, s) for till in tills for s in till.asked
        ]
        return store.load_payments(keys)
    finally:
        store.close()


async def until_nothing_is_open(url: str) -> None:
    store = open_store(url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while store.open_payments(0, 0):  # noqa: ASYNC110 - another process changes it
                await asyncio.sleep(0.01)
    finally:
        store.close()


def test_a_killed_host_keeps_its_word_and_ends_every_doubt(store_url: str, tmp_path: Path) -> None:
    chance = random.Random(20261121)

    async def scenario() -> None:
        issuer = LiveIssuer()
        await issuer.start()
        # Every fifth sale is booked at the issuer without an answer that arrives.
        issuer.silent = lambda request: request.mti == "0200" and chance.random() < 0.2
        file = write_settings(tmp_path, store_url, issuer.port, issuer_timeout_ms=300)
        tills = [Till(terminal_id) for terminal_id in TERMINALS]
        for _ in range(ROUNDS):
            host = new_host(file)
            await asyncio.to_thread(host.start)
            await kill_under_load(host, tills, chance.randrange(1, 120))
            assert await asyncio.to_thread(host.kill) == -signal.SIGKILL
        issuer.silent = lambda _: False
        host = new_host(file)
        await asyncio.to_thread(host.start)
        await until_nothing_is_open(store_url)
        stored = stored_payments(store_url, tills)
        states = {key: stand_of(payment.events).state for key, payment in stored.items()}
        for till in tills:
            for stan, code in till.told.items():
                state = states[TraceKey(till.terminal.scripted.terminal_id, 1, stan)]
                if code == "00":
                    assert state is PaymentState.APPROVED
                elif code == "98":
                    assert state is PaymentState.REVERSED
        approved = {
            stored[key].payment.rrn: stored[key].payment.amount_minor
            for key, state in states.items()
            if state is PaymentState.APPROVED
        }
        assert issuer.model.charged() == approved
        assert set(states.values()) <= {
            PaymentState.APPROVED,
            PaymentState.REVERSED,
            PaymentState.DECLINED,
        }
        told = [code for till in tills for code in till.told.values()]
        assert told.count("00") >= ROUNDS
        assert await asyncio.to_thread(host.stop) == 0
        await issuer.stop()

    asyncio.run(scenario())


def test_a_second_host_of_the_same_node_does_not_start(store_url: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        issuer = LiveIssuer()
        await issuer.start()
        file = write_settings(tmp_path, store_url, issuer.port)
        host = new_host(file)
        await asyncio.to_thread(host.start)
        second = await asyncio.to_thread(
            subprocess.run, _command(file), capture_output=True, timeout=PATIENCE_S, text=True
        )
        assert second.returncode == 3
        assert "another host runs as node 0" in second.stderr
        assert second.stdout == ""
        assert await asyncio.to_thread(host.stop) == 0
        await issuer.stop()

    asyncio.run(scenario())


def test_a_database_that_cannot_be_written_ends_the_process_with_its_code(tmp_path: Path) -> None:
    import sqlite3

    from tests.host.conftest import prepare

    database = tmp_path / "host.sqlite3"
    url = f"sqlite:///{database}"
    prepare(url)

    async def scenario() -> None:
        issuer = LiveIssuer()
        await issuer.start()
        file = write_settings(tmp_path, url, issuer.port)
        host = new_host(file)
        await asyncio.to_thread(host.start)
        # Somebody takes the table away: the commit fails in the middle of a group.
        connection = sqlite3.connect(database)
        connection.execute("ALTER TABLE payments_payment RENAME TO gone")
        connection.commit()
        connection.close()
        till = Till("00000001")
        await till.sell(str(host.ready["address"]), lambda: None)
        assert till.told == {}
        async with asyncio.timeout(PATIENCE_S):
            while host.running():  # noqa: ASYNC110 - another process ends
                await asyncio.sleep(0.01)
        assert host.exit_code() == 74
        assert [m.mti for m in issuer.seen] == ["0800"]
        last = json.loads(host.log_tail().splitlines()[-1])
        assert (last["event"], last["exit_code"]) == ("stopped", 74)
        host.kill()
        await issuer.stop()

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "database.url is missing"),
        ('[database]\nurl = "sqlite:///x"', "no [host] table"),
    ],
)
def test_settings_that_do_not_do_are_said_and_not_guessed(
    tmp_path: Path, content: str, told: str
) -> None:
    file = tmp_path / "tongbao.toml"
    file.write_text(content)
    result = subprocess.run(
        _command(file), capture_output=True, timeout=PATIENCE_S, text=True, check=False
    )
    assert result.returncode == 3
    assert told in result.stderr
    assert result.stdout == ""


def _command(file: Path) -> list[str]:
    import sys

    return [sys.executable, "-m", "tongbao", "host", "--config", str(file)]
