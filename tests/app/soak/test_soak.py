"""The whole soak for a minute on each store, as a process like any user's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tongbao.app.postgresql import PostgresqlMissingError, find_binaries

LIMIT_S = 320
COMMAND = [sys.executable, "-m", "tongbao", "soak", "--terminals", "4", "--json"]


@pytest.fixture
def folder():
    """A folder for all that a soak leaves; the user `postgres` can enter it when root runs us."""
    folder = Path(tempfile.mkdtemp(prefix="tongbao-test-", dir="/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def processes_of(folder):
    """Numbers and command lines of all processes that name the folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().decode()
        except OSError:
            continue
        if str(folder) in line:
            found.append((int(file.parent.name), line.split("\0")))
    return found


@pytest.mark.parametrize(("store", "seed"), [("sqlite", 23), ("postgresql", 21)])
def test_a_minute_of_trouble_leaves_three_equal_books(folder, store, seed):
    if store == "postgresql":
        try:
            find_binaries()
        except PostgresqlMissingError as missing:
            pytest.skip(str(missing))
    done = subprocess.run(
        [*COMMAND, "--minutes", "1", "--store", store, "--seed", str(seed)],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        check=False,
        text=True,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    report = json.loads(done.stdout)
    assert report["violations"] == []
    assert report["ok"]
    assert report["books"]["terminals"] == report["books"]["host"] == report["books"]["issuer"]
    told_only = report["kinds"]["balance"]["approved"]
    assert report["books"]["terminals"]["count"] >= report["approved"] - told_only >= 15
    assert {"sale", "void", "refund", "pre_authorisation"} <= report["kinds"].keys()
    assert told_only >= 4
    assert sum(report["faults"].values()) >= 6
    assert report["convergence_ms"] < 90_000
    assert {life["name"] for life in report["processes"]} == {
        "sandbox",
        "host",
        *(f"terminal-{number:08d}" for number in range(1, 5)),
    }
    assert list(folder.iterdir()) == []


def test_an_interrupted_soak_leaves_no_process_and_no_folder(folder):
    process = subprocess.Popen(
        [*COMMAND[:4], "--terminals", "1", "--minutes", "5"],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = iter(process.stdout.readline, "")
        assert any("1 tills are open" in line for line in lines)
        assert processes_of(folder) != []
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, errors) == (130, "tongbao soak: interrupted\n")
    deadline = time.monotonic() + 20
    while processes_of(folder) and time.monotonic() < deadline:
        time.sleep(0.05)  # a watcher of another process's end; nothing else can tell
    assert processes_of(folder) == []
    assert list(folder.iterdir()) == []


def test_a_process_that_ends_without_having_been_told_to_is_a_violation(folder):
    command = [*COMMAND[:4], "--terminals", "1", "--minutes", "0.03", "--seed", "9"]
    with subprocess.Popen(
        command,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        lines = iter(process.stdout.readline, "")
        assert any("1 tills are open" in line for line in lines)
        [host] = [pid for pid, words in processes_of(folder) if "host" in words]
        os.kill(host, signal.SIGKILL)
        said, errors = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert "VIOLATION  process ended by itself: host at" in said
    assert "ended with code -9" in said
    assert said.endswith("tongbao soak --minutes 0.03 --terminals 1 --store sqlite --seed 9\n")
    kept = Path(errors.strip())
    assert kept.parent == folder
    assert '"what": "ended"' in (kept / "history.jsonl").read_text()


@pytest.mark.parametrize("wrong", [["--minutes", "0"], ["--minutes", "1", "--terminals", "65"], []])
def test_wrong_usage_is_refused_with_code_2(wrong):
    command = [sys.executable, "-m", "tongbao", "soak", *wrong]
    done = subprocess.run(command, capture_output=True, check=False, timeout=60)
    assert done.returncode == 2
