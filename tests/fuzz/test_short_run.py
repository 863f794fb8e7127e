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


def fuzz(names, folder):
    """Fuzz targets for a moment each; return of each how often it ran and what was found."""
    corpus, findings = folder / "corpus", folder / "findings"
    corpus.mkdir()
    findings.mkdir()
    command = [sys.executable, "-m", "tests.fuzz.engine", *names]
    command += ["--corpus", str(corpus), "--findings", str(findings)]
    command += ["--runs", str(RUNS), "--seconds", str(SECONDS_MAX), "--seed", "1"]
    run = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )
    logs = {name: (findings / name / "engine.log").read_text("utf-8", "replace") for name in names}
    assert run.returncode == 0, (run.stderr[-2000:], [log[-500:] for log in logs.values()])
    return {name: (executions(logs[name]), stories_in(findings / name)) for name in names}


def executions(log):
    executed = re.search(r"number_of_executed_units: +(\d+)", log)
    assert executed is not None, log[-2000:]
    return int(executed[1])


def stories_in(folder):
    stories = [json.loads(path.read_text("utf-8")) for path in folder.glob("*.json")]
    # Slow inputs are suspects only while coverage is measured; the corpus replay times for real.
    return [story for story in stories if story["signature"] != "slow"]


def test_a_short_run_finds_nothing_but_a_planted_bug_and_keeps_its_input(tmp_path):
    """One process loads the measured code for all targets; each is a fork of it."""
    found = fuzz([*TARGETS, "planted"], tmp_path)
    _, wrong = found.pop("planted")
    assert [story["signature"] for story in wrong] == [wrong[0]["signature"]]
    assert "KeyError" in wrong[0]["signature"]
    (kept,) = (tmp_path / "findings" / "planted").glob("*.input")
    assert kept.stat().st_size > 0
    assert {name: stories for name, (_, stories) in found.items() if stories} == {}
    assert {name: count for name, (count, _) in found.items() if count < 100} == {}
    assert set(found) == set(TARGETS)
