"""The whole demo with real processes, on both databases: it ends well or it says why not."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from tongbao.app.commands import demo
from tongbao.app.postgresql import PostgresqlMissingError, find_binaries
from tongbao.app.settings import read_settings


def run_demo(tmp_path, *options):
    """Run the demo with its temporary folders below ours; returns the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "tongbao", "demo", *options],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path), "LANG": "en_US.UTF-8", "LC_ALL": ""},
    )


def check_day(document):
    assert document["agrees"] is True
    assert document["fault"] is None
    assert document["difference"] == "0.00"
    ends = {slip["scene"]: (slip["outcome"], slip["amount_minor"]) for slip in document["slips"]}
    killed = ends.pop("host_killed")
    assert killed in {("reversed", 9_999), ("approved", 9_999)}
    assert ends == {
        "good": ("approved", 1_234),
        "wrong_pin": ("declined", 2_000),
        "second_try": ("approved", 2_000),
        "no_funds": ("declined", 8_800),
        "silent": ("reversed", 6_660),
        "afterwards": ("approved", 500),
        "mistake": ("approved", 3_000),
        "void": ("approved", 3_000),
        "refund": ("approved", 234),
        "hold": ("approved", 10_000),
        "completion": ("approved", 9_550),
        "repeated": ("approved", 4_560),
    }
    # 12.34 + 20.00 + 5.00 + 30.00 - 30.00 - 2.34 + 95.50 + 45.60; the hold moves nothing.
    count, amount = (9, 17_610) if killed[0] == "reversed" else (10, 27_609)
    assert document["totals"] == {
        book: {"count": count, "amount_minor": amount} for book in ("terminal", "host", "issuer")
    }
    # The second terminal's message was sent twice and is one payment in each book.
    repeated = [line for line in document["payments"] if line["terminal_id"] == "00000002"]
    assert len(repeated) == 1
    assert (repeated[0]["terminal"], repeated[0]["host"], repeated[0]["issuer"]) == (
        "approved",
        "approved",
        "approved",
    )


def test_the_demo_proves_its_books_on_postgresql_and_leaves_nothing_behind():
    try:
        find_binaries()
    except PostgresqlMissingError as error:
        pytest.skip(str(error))
    # Started by root the server runs as another user, who needs a folder such as /tmp is.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o1777)
        finished = run_demo(folder, "--json", "--store", "postgresql")
        assert finished.returncode == 0, finished.stderr
        check_day(json.loads(finished.stdout))
        assert list(Path(folder).iterdir()) == []


def test_the_demo_tells_its_story_and_keeps_the_books_when_asked(tmp_path):
    finished = run_demo(tmp_path, "--keep", "--language", "zh")
    assert finished.returncode == 0, finished.stderr
    assert "差额 difference 0.00  三方账目一致" in finished.stdout
    assert "SIGKILL" in finished.stdout
    assert "176.10" in finished.stdout or "276.09" in finished.stdout
    folder = Path(finished.stderr.strip().splitlines()[-1])
    assert folder.parent == tmp_path
    assert list(folder.glob("world-*/platform.sqlite3"))
    # Books that were tampered with afterwards do not pass.
    import sqlite3

    from tongbao.app.demo.books import host_lines, read_host_rows, read_journals

    (settings_file,) = folder.glob("world-*/tongbao.toml")
    settings = read_settings(settings_file)
    journals = {name: terminal.data_folder for name, terminal in settings.terminals.items()}
    path = settings.database_url.removeprefix("sqlite:///")
    before, _ = host_lines(read_host_rows(settings.database_url))
    statuses = {line.key: line.status for line in before}
    assert statuses == {line.key: line.status for line in read_journals(journals)}
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE payments_payment SET amount_minor = amount_minor + 1")


def test_an_interrupted_demo_stops_what_it_started_and_removes_its_folder(tmp_path):
    running = subprocess.Popen(
        [sys.executable, "-m", "tongbao", "demo", "--language", "en"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    for line in running.stdout:
        if "signed in" in line:
            break
    settings = read_settings(next(tmp_path.glob("tongbao-demo-*/world-*/tongbao.toml")))
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert said == "tongbao demo: interrupted\n"
    assert list(tmp_path.iterdir()) == []
    for port in (settings.host.listen_port, settings.sandbox.http_port):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_day_that_leaves_the_script_fails_though_the_books_agree(monkeypatch, capsys):
    from tests.app.demo.test_comparison import day, verdict
    from tongbao.app.demo.report import Language

    telling = demo._Telling(Language.EN, as_json=True)
    telling.books(verdict(day()), "good ended declined, not approved")
    printed = capsys.readouterr()
    assert json.loads(printed.out)["fault"] == "good ended declined, not approved"
    assert printed.err == "tongbao demo: good ended declined, not approved\n"


@pytest.mark.parametrize(
    ("fault", "tampered", "code"), [("", False, 0), ("", True, 1), ("left the script", False, 1)]
)
def test_only_books_that_agree_after_the_whole_script_exit_0(
    monkeypatch, tmp_path, fault, tampered, code
):
    import contextlib

    from tests.app.demo.test_comparison import day, verdict
    from tongbao.app.demo import script, stage
    from tongbao.app.demo.report import Language

    books = day()
    if tampered:
        books["host"].pop()

    class ScriptedDay:
        def __init__(self, *_):
            pass

        def play(self):
            if fault:
                raise script.DemoFailedError(fault)

        def settle(self):
            return verdict(books)

    monkeypatch.setattr(script, "Day", ScriptedDay)
    standing = SimpleNamespace(log_tails=lambda: "")
    monkeypatch.setattr(stage, "set_stage", lambda *_: contextlib.nullcontext(standing))
    telling = demo._Telling(Language.EN, as_json=True)
    assert demo._play(tmp_path, None, telling) == code
