"""`tongbao terminal` as a process: ready line, clean end, exit codes."""

import asyncio
import json
import sqlite3
import subprocess
import sys

import pytest

from tests.terminal.live import LIMIT_S, LiveHost, LiveTerminal, live_settings, write_keys
from tests.terminal.rig import HASHED_0000
from tongbao.app.commands.terminal import EXIT_JOURNAL_DAMAGED
from tongbao.app.processes import Part
from tongbao.terminal.journal import JOURNAL_NAME, Journal
from tongbao.terminal.process import TerminalAddresses


def write_config(folder, **changes):
    keys = write_keys(folder / "keys")
    values = {
        "terminal_id": "00000001",
        "merchant_id": "100000000000001",
        "merchant_name": "通宝便利店",
        "merchant_name_en": "Tongbao Corner Shop",
        "data_folder": "terminal",
        "key_file": str(keys["key_file"]),
        "master_key_file": str(keys["master_key_file"]),
        "host_tls": False,
        "screen_port": 0,
        "reader_port": 0,
        "on_screen_pin": True,
        **changes,
    }
    lines = ["[database]", 'url = "sqlite:///platform.sqlite3"', "[terminal.00000001]"]
    lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    lines += ["[terminal.00000001.operators]", f'01 = "{HASHED_0000}"']
    config = folder / "tongbao.toml"
    config.write_text("\n".join(lines), encoding="utf-8")
    return config


def run_to_the_end(config, terminal="00000001"):
    return subprocess.run(
        [
            *(sys.executable, "-m", "tongbao", "terminal"),
            *("--config", str(config), "--terminal", terminal),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


def test_a_sale_through_the_command_and_a_clean_end(tmp_path):
    async def story():
        host = LiveHost()
        await host.start()
        config = write_config(tmp_path, host_port=host.port)
        part = Part(
            "terminal",
            ["terminal", "--config", str(config), "--terminal", "00000001"],
            tmp_path / "terminal.log",
        )
        ready = await asyncio.to_thread(part.start)
        try:
            assert set(ready) == {"ready", "address", "reader"}
            assert ready["ready"] == "terminal"
            live = LiveTerminal(live_settings(tmp_path))
            live.addresses = TerminalAddresses(ready["address"], ready["reader"])
            page = await live.page()
            await page.get_ready()
            await page.phase("idle")
            await live.sell(page)
            await page.phase("result")
            assert page.state["result"]["outcome"] == "approved"
            await page.close()
        finally:
            code = await asyncio.to_thread(part.stop)
            await host.stop()
        assert code == 0, part.log_tail()
        for line in part.log_tail().splitlines():
            assert json.loads(line)["level"] == "info"

    asyncio.run(story())


def test_what_is_missing_is_named(tmp_path):
    ended = run_to_the_end(tmp_path / "tongbao.toml")
    assert ended.returncode == 3
    assert "does not exist" in ended.stderr
    config = write_config(tmp_path)
    ended = run_to_the_end(config, "00000009")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert "no [terminal.00000009] section" in ended.stderr
    (tmp_path / "keys" / "terminal.master").unlink()
    ended = run_to_the_end(config)
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr


def test_a_second_process_for_the_same_terminal_does_not_start(tmp_path):
    journal = Journal.open(tmp_path / "terminal", "00000001")
    ended = run_to_the_end(write_config(tmp_path))
    journal.close()
    assert ended.returncode == 3
    assert ended.stderr == "tongbao terminal: another process runs this terminal; stop it first\n"


def test_a_terminal_does_not_start_on_a_damaged_journal(tmp_path):
    Journal.open(tmp_path / "terminal", "00000001").close()
    database = sqlite3.connect(tmp_path / "terminal" / JOURNAL_NAME)
    database.execute("INSERT INTO entries VALUES (1, 2, 'logged_in', '{}', x'00')")
    database.commit()
    database.close()
    ended = run_to_the_end(write_config(tmp_path))
    assert (ended.returncode, ended.stdout) == (EXIT_JOURNAL_DAMAGED, "")
    assert "does not hold together at record 1; call support" in ended.stderr


def test_a_taken_port_is_named(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_to_the_end(write_config(tmp_path, screen_port=port))
    assert ended.returncode == 3
    assert "in use" in ended.stderr


@pytest.mark.parametrize(
    ("error", "code"),
    [("JournalError(Retry.NEVER, 'x')", 74), ("InvariantViolationError('x')", 70)],
)
def test_a_failed_flush_and_a_bug_have_their_own_exit_codes(error, code, monkeypatch, tmp_path):
    from tongbao.app.commands import terminal as command
    from tongbao.domain.errors import InvariantViolationError, Retry
    from tongbao.terminal import process
    from tongbao.terminal.journal import JournalError

    names = {
        "JournalError": JournalError,
        "Retry": Retry,
        "InvariantViolationError": InvariantViolationError,
    }

    async def fail(*_arguments):
        raise eval(error, names)

    monkeypatch.setattr(process, "run_terminal", fail)
    assert command._run(live_settings(tmp_path), tmp_path) == code
