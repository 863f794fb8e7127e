"""The kit itself: its cases, its plans, its verdicts and its command."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tongbao.app.cli import main
from tongbao.app.conform.case import (
    Case,
    CaseFailedError,
    NotApplicableError,
    Verdict,
    check,
)
from tongbao.app.conform.grading import grade_all
from tongbao.app.conform.host_grading import HOST_CASES
from tongbao.app.conform.plan import Plan, PlanError, TestCard, TestTerminal, read_plan, write_plan
from tongbao.app.conform.reporting import certificate_text
from tongbao.app.conform.terminal_grading import TERMINAL_CASES
from tongbao.domain.secrets import KeyBytes, Pin, Purpose
from tongbao.sandbox.cards import CARD_BY_ID

GOOD = CARD_BY_ID["good"]
_TERMINAL = f"""
[terminal]
id = "00000091"
merchant = "100000000000091"
master_key = "{"00" * 16}"
"""


def plan() -> Plan:
    return Plan(
        terminal=TestTerminal("00000091", "100000000000091", KeyBytes(bytes(range(16)))),
        second_terminal=TestTerminal("00000092", "100000000000091", KeyBytes(bytes(16))),
        cards={"good": TestCard(GOOD.track2, GOOD.pin)},
        claims=frozenset({"void", "refund"}),
        answer_ms=200,
    )


def test_there_are_at_least_120_cases_and_no_two_of_a_party_have_one_name() -> None:
    host, terminal = ({case.name for case in cases} for cases in (HOST_CASES, TERMINAL_CASES))
    assert len(host) == len(HOST_CASES)
    assert len(terminal) == len(TERMINAL_CASES)
    assert len(host) + len(terminal) >= 120


def test_every_case_says_its_rule_and_its_clause() -> None:
    for case in (*HOST_CASES, *TERMINAL_CASES):
        assert case.rule.endswith("."), case.name
        assert case.source, case.name


def test_a_plan_reads_back_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(write_plan(plan()), encoding="utf-8")
    read = read_plan(file)
    assert read.terminal.terminal_id == "00000091"
    assert read.terminal.master_key == plan().terminal.master_key
    assert read.second_terminal is not None
    assert read.settling_terminal is None
    assert read.cards["good"].pin == GOOD.pin
    assert read.cards["good"].track2 == GOOD.track2
    assert read.claims == frozenset({"void", "refund"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"\[terminal\] is missing"),
        ('[terminal]\nid = "1"\nmerchant = "2"\nmaster_key = "xx"', "hex digits"),
        (f'[terminal]\nid = "1"\nmerchant = "2"\nmaster_key = "{"00" * 16}"', "8 and merchant 15"),
        ("terminal = 3", "must be a table"),
        ("[terminal", "not valid TOML"),
        (
            f'{_TERMINAL}\n[cards.good]\ntrack2 = "no card"\npin = "123456"',
            r"\[cards.good\]",
        ),
    ],
)
def test_a_plan_that_cannot_be_used_says_why(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match=words):
        read_plan(file)


def test_a_plan_does_not_print_its_keys_and_cards() -> None:
    shown = repr(plan())
    assert bytes(range(16)).hex() not in shown
    assert GOOD.pan.reveal(Purpose.TEST) not in shown
    assert Pin(GOOD.pin.reveal(Purpose.TEST)).reveal(Purpose.TEST) not in shown


def _failing(_side: None) -> None:
    check(False, "this", "that")


def _left_out(_side: None) -> None:
    raise NotApplicableError("no such card")


def _hung_up(_side: None) -> None:
    raise ConnectionResetError


def test_each_end_of_a_case_is_its_own_verdict() -> None:
    cases = [
        Case("a.passes", "Rule.", "1", lambda _side: None),
        Case("a.fails", "Rule.", "1", _failing),
        Case("a.left_out", "Rule.", "1", _left_out),
        Case("a.hung_up", "Rule.", "1", _hung_up),
    ]
    heard = []
    certificate = grade_all("host", cases, lambda: None, heard.append)
    verdicts = [grade.verdict for grade in certificate.grades]
    assert verdicts == [
        Verdict.PASSED,
        Verdict.FAILED,
        Verdict.NOT_APPLICABLE,
        Verdict.FAILED,
    ]
    assert certificate.grades[1].words == "expected this; came that"
    assert certificate.failed == ("a.fails", "a.hung_up")
    assert not certificate.conforms
    assert list(certificate.grades) == heard
    assert "1 passed, 2 failed, 1 do not apply: does not conform" in certificate_text(certificate)


def test_a_party_at_which_nothing_was_tried_does_not_conform() -> None:
    cases = [Case("a.left_out", "Rule.", "1", _left_out)]
    assert not grade_all("host", cases, lambda: None, lambda _grade: None).conforms


def test_a_bug_of_the_kit_is_no_verdict() -> None:
    def broken(_side: None) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        grade_all("host", [Case("a.b", "Rule.", "1", broken)], lambda: None, print)


def test_check_passes_what_holds() -> None:
    check(True, "this", "that")
    with pytest.raises(CaseFailedError):
        _failing(None)


def test_the_command_lists_its_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["conform", "host", "--list"]) == 0
    assert f"{len(HOST_CASES)} cases" in capsys.readouterr().out
    assert main(["conform", "terminal", "--list"]) == 0
    assert f"{len(TERMINAL_CASES)} cases" in capsys.readouterr().out


def test_a_host_that_cannot_be_reached_conforms_to_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(write_plan(plan()), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    code = main(
        [
            "conform",
            "host",
            "--address",
            address,
            "--plan",
            str(file),
            "--json",
            "--only",
            "framing",
        ]
    )
    assert code == 3
    assert "tongbao conform host" in capsys.readouterr().err


def test_a_missing_plan_says_how_to_get_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        ["conform", "host", "--address", "127.0.0.1:1", "--plan", str(tmp_path / "none.toml")]
    )
    assert code == 3
    assert "tongbao conform plan" in capsys.readouterr().err


def test_json_has_every_case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(write_plan(plan()), encoding="utf-8")
    # A party that never answers: everything fails, and the certificate says so.
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.listen()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        arguments = ["conform", "host", "--address", address, "--plan", str(file), "--json"]
        assert main([*arguments, "--only", "framing.one_byte_at_a_time"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["failed"] == 1
    assert document["cases"][0]["name"] == "framing.one_byte_at_a_time"
