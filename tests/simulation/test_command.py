"""The command line of the simulator."""

import json

import pytest

from tests.simulation.planted_bugs import terminal_writes_the_pin_into_its_journal
from tongbao.app.cli import main


def test_one_world_as_json(capsys):
    assert main(["simulate", "--seed", "5", "--sales", "2", "--faults", "none", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["good"] is True
    assert result["faults"] == {}
    assert result["seed"] == 5
    assert len(result["trace"]) == 64


def test_a_story_names_what_happened(capsys):
    assert main(["simulate", "--seed", "5", "--sales", "1", "--faults", "none", "--story"]) == 0
    out = capsys.readouterr().out
    assert "journal: payment_intended" in out
    assert "every invariant held" in out


def test_many_worlds_give_a_table(capsys):
    options = ["--seeds", "1-3", "--sales", "2", "--jobs", "1", "--faults", "duplicate=0.2"]
    assert main(["simulate", *options]) == 0
    out = capsys.readouterr().out
    assert "duplicate" in out
    assert "3 seeds, 0 failures" in out


def test_a_failure_is_told_as_a_story_with_its_command(capsys, monkeypatch):
    terminal_writes_the_pin_into_its_journal(monkeypatch)
    assert main(["simulate", "--seed", "2"]) == 1
    out = capsys.readouterr().out
    assert "FAILED, secrecy" in out
    assert "repeat it with: tongbao simulate --seed 2 --terminals 1 --sales 1" in out


def test_the_faults_can_be_listed(capsys):
    assert main(["simulate", "--list-faults"]) == 0
    assert "power_cut" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--seeds", "5-1"],
        ["--seed", "1", "--faults", "gremlins=0.5"],
        ["--seed", "1", "--faults", "delay=2"],
        ["--seed", "1", "--only", "delay"],
        ["--seed", "1", "--terminals", "9"],
        ["--seed", "1", "--sales", "0"],
        ["--seed", "1", "--plant", "reply_before_flush"],
    ],
)
def test_wrong_usage_is_refused(options):
    with pytest.raises(SystemExit) as refused:
        main(["simulate", *options])
    assert refused.value.code == 2
