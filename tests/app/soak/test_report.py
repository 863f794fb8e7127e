"""The report: figures in words and as one object, and what to do when a rule was broken."""

from __future__ import annotations

from tongbao.app.demo.comparison import PaymentKey
from tongbao.app.soak.measure import Gauge, Life, Sample
from tongbao.app.soak.plan import Direction, Fault, FaultKind
from tongbao.app.soak.report import document, text
from tongbao.app.soak.rules import Rule, Violation
from tongbao.app.soak.run import Options, Outcome, fault_text

from .test_checker import evidence

OPTIONS = Options(seed=42, minutes=0.5, terminals=2, store="sqlite")


def outcome(**changes):
    life = Life("host", 7, 0.0, Sample(10.0, 2048, 20), Sample(60.0, 3072, 21))
    faults = [Fault(2_000, FaultKind.KILL, "host", 1_500), Fault(9_000, FaultKind.CUT, "line")]
    given = {"convergence_s": 1.25, "longest_doubt_ms": 4_600, **changes}
    return Outcome(OPTIONS, faults, evidence=evidence(), lives=[life], **given)


def test_a_run_that_holds_is_told_with_its_figures():
    said = text(outcome())
    assert "5  (1 approved, 1 declined, 1 reversed, 1 not_sent, 1 unknown)" in said
    assert "approved       1 of 5 sale" in said
    assert "1 kill, 0 stop, 1 cut" in said
    assert "host           2 approved, 600 fen" in said
    assert "longest doubt  4.6 s" in said
    assert "all at rest    1.2 s after the faults" in said
    assert "memory 2.0 to 3.0 MiB, open files 20 to 21" in said
    assert said.endswith("Every payment ended once, and the three books agree. Seed 42.")


def test_a_violation_is_told_with_its_story_and_the_command_that_repeats_it():
    key = PaymentKey("00000001", 1, 12)
    violation = Violation(Rule.NO_LOST_APPROVAL, "host: nothing", key)
    said = text(outcome(violations=[violation], stories=["terminal 00000001, trace 000012:"]))
    assert "VIOLATION  lost approval [00000001 000012]: host: nothing" in said
    assert "terminal 00000001, trace 000012:" in said
    assert said.endswith("tongbao soak --minutes 0.5 --terminals 2 --store sqlite --seed 42")


def test_the_object_has_the_same_facts():
    facts = document(outcome(convergence_s=None, violations=[Violation(Rule.CONVERGES, "late")]))
    assert not facts["ok"]
    assert facts["seed"] == 42
    assert facts["payments"] == 5
    assert facts["kinds"] == {"sale": {"asked": 5, "approved": 1}}
    assert facts["faults"]["kill"] == 1
    assert facts["books"]["issuer"] == {"count": 2, "amount_minor": 600}
    assert facts["convergence_ms"] is None
    assert facts["processes"] == [
        {"name": "host", "watched_s": 60.0, "memory_kib": [2048, 3072], "files": [20, 21]}
    ]
    assert facts["violations"] == [
        {"rule": "no end in time", "text": "late", "terminal_id": None, "trace": None}
    ]


def test_a_fault_is_told_with_its_time_its_target_and_its_way():
    fault = Fault(12_300, FaultKind.FREEZE, "issuer line", 4_000, (Direction.DOWN,))
    assert fault_text(fault) == "  12.3 s  freeze issuer line down for 4.0 s"


def test_the_gauge_keeps_the_longest_life_of_a_process():
    gauge = Gauge()
    gauge.lives += [
        Life("host", 1, 0.0, Sample(5.0, 1, 1), Sample(9.0, 1, 1)),
        Life("host", 2, 9.0, Sample(5.0, 2, 2), Sample(30.0, 2, 2)),
        Life("host", 3, 39.0),
    ]
    assert gauge.longest("host").pid == 2
    assert gauge.longest("sandbox") is None
