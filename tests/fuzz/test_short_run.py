"""A short campaign with a fixed seed: each target a few seconds at most under atheris."""

import json
import os
import re
import subprocess
import sys

import pytest

from tests.fuzz.catalogue import TARGETS
from tests.fuzz.target import ROOT

pytest.importorskip("atheris", reason="atheris has no wheel for this Python or machine")

RUNS = 2_000
SECONDS_MAX = 3


def fuzz(name, folder):
    """Fuzz a target for a moment; return how often it ran and what was found."""
    corpus, findings = folder / "corpus", folder / "findings"
    corpus.mkdir()
    findings.mkdir()
    command = [sys.executable, "-m", "tests.fuzz.engine", name]
    command += ["--corpus", str(corpus), "--findings", str(findings)]
    command += ["--runs", str(RUNS), "--seconds", str(SECONDS_MAX), "--seed", "1"]
    run = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )
    executed = re.search(r"number_of_executed_units: +(\d+)", run.stderr)
    assert run.returncode == 0, run.stderr[-2000:]
    assert executed is not None, run.stderr[-2000:]
    stories = [json.loads(path.read_text("utf-8")) for path in findings.glob("*.json")]
    # Slow inputs are suspects only while coverage is measured; the corpus replay times for real.
    return int(executed[1]), [story for story in stories if story["signature"] != "slow"]


@pytest.mark.parametrize("name", list(TARGETS))
def test_nothing_but_the_typed_error_escapes_in_a_short_run(name, tmp_path):
    executions, wrong = fuzz(name, tmp_path)
    assert wrong == []
    assert executions >= 100


def test_a_short_run_finds_a_planted_bug_and_keeps_its_input(tmp_path):
    _, wrong = fuzz("planted", tmp_path)
    assert [story["signature"] for story in wrong] == [wrong[0]["signature"]]
    assert "KeyError" in wrong[0]["signature"]
    (kept,) = (tmp_path / "findings").glob("*.input")
    assert kept.stat().st_size > 0
