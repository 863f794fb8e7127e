import sys
from pathlib import Path

import pytest

from tongbao.app import processes
from tongbao.app.processes import Part, PartFailedError


@pytest.fixture
def scripted(tmp_path, monkeypatch):
    """Make a part whose process runs the given Python text instead of the command line."""

    def make(text: str) -> Part:
        script = tmp_path / "python"
        script.write_text(
            f'#!/bin/sh\nexec {sys.executable} -c "$TONGBAO_TEST_SCRIPT"\n', encoding="utf-8"
        )
        script.chmod(0o755)
        monkeypatch.setattr(processes.sys, "executable", str(script))
        return Part(
            "part", [], tmp_path / "logs" / "part.log", environment={"TONGBAO_TEST_SCRIPT": text}
        )

    return make


READY = (
    "import json, signal; "
    "print(json.dumps({'ready': 'part', 'address': '127.0.0.1:1'}), flush=True); "
)


def test_a_part_is_ready_when_it_says_so_and_stops_when_asked(scripted):
    part = scripted(READY + "signal.pause()")
    assert part.start() == {"ready": "part", "address": "127.0.0.1:1"}
    assert part.running()
    assert part.stop() == -15
    assert not part.running()


def test_a_part_that_ignores_the_request_is_killed(scripted):
    part = scripted(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        + READY
        + "\nwhile True: signal.pause()"
    )
    part.start()
    assert part.stop(timeout_s=0.2) == -9


def test_a_part_that_dies_shows_the_tail_of_its_log(scripted):
    part = scripted("raise SystemExit('no such file')")
    with pytest.raises(PartFailedError, match="ended with code 1\nno such file"):
        part.start()


def test_a_part_that_is_never_ready_is_killed(scripted):
    part = scripted("import signal; signal.pause()")
    with pytest.raises(PartFailedError, match="was not ready"):
        part.start(timeout_s=0.3)
    assert not part.running()


@pytest.mark.parametrize("line", ["hello", "[1]"])
def test_a_part_that_prints_something_else_is_refused(scripted, line):
    part = scripted(f"import signal; print('{line}', flush=True); signal.pause()")
    with pytest.raises(PartFailedError, match="no ready line"):
        part.start()
    assert not part.running()


def test_the_pid_of_a_part_that_was_never_started_is_an_error(tmp_path):
    with pytest.raises(PartFailedError, match="was not started"):
        _ = Part("part", [], Path(tmp_path / "x.log")).pid
