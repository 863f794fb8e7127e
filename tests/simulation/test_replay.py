"""A trace file is lived through again and every payment ends in the same rows."""

from __future__ import annotations

import json

import pytest

from tongbao.app.cli import main
from tongbao.platform.payments.traces.document import TraceKey, write_trace
from tongbao.platform.payments.traces.types import Trace, TracedEvent, TracedPayment
from tongbao.simulation.replay import replay

BASE_US = 1_795_000_000_000_000
MASKED = "620000*********0128"


def payment(*events: TracedEvent, number: int = 1, **changes: object) -> TracedPayment:
    values: dict[str, object] = {
        "rrn": f"{number:012d}",
        "kind": "sale",
        "terminal": "00000007",
        "merchant": "100000000000001",
        "batch": 1,
        "trace": number,
        "amount_minor": 1_000 + number,
        "currency": "156",
        "card": MASKED,
        "organisation": "CUP",
        "entry_mode": "021",
        "business_date": "2026-11-21",
        "route": "issuer",
        "original": "",
        "received_at_us": BASE_US + number * 120_000_000,
        "events": events,
    }
    return TracedPayment(**{**values, **changes})  # type: ignore[arg-type]  # checked by the tests


def event(kind: str, after_s: float = 1, code: str = "", detail: str = "") -> TracedEvent:
    at_us = BASE_US + 120_000_000 + int(after_s * 1_000_000)
    return TracedEvent(at_us=at_us, kind=kind, code=code, detail=detail)


def trace_of(*payments: TracedPayment) -> Trace:
    return Trace(
        subject=payments[0].rrn,
        made_at_us=BASE_US,
        is_sandbox=True,
        software="test",
        payments=payments,
    )


STORIES = {
    "approved": (event("approved", code="00"),),
    "declined": (event("declined", code="51"),),
    "wrong PIN": (event("declined", code="55"),),
    "the answer did not reach the terminal": (
        event("approved", code="00"),
        event("reversal_requested", 60, detail="terminal 98"),
        event("reversed", 61),
    ),
    "the issuer was silent": (
        event("inquired", 31, detail="silent"),
        event("reversal_requested", 35, detail="issuer timeout"),
        event("reversed", 36),
    ),
    "the issuer knew it when asked": (
        event("inquired", 31, detail="approved"),
        event("approved", 31, code="00"),
    ),
    "an odd answer": (
        event("reversal_requested", detail="issuer answer Z9 unclear"),
        event("reversed", 2),
    ),
    "the host was started anew": (
        event("reversal_requested", 20, detail="host restart"),
        event("reversed", 21),
    ),
    "the link broke": (
        event("reversal_requested", 2, detail="issuer link lost"),
        event("reversed", 5),
    ),
    "the reversal came first": (
        event("reversal_requested", 60, detail="reversal before original"),
        event("reversed", 60),
    ),
    "the answer came late": (
        event("inquired", 31, detail="silent"),
        event("reversal_requested", 35, detail="issuer timeout"),
        event("reversed", 36),
        event("late_answer", 80, code="00"),
        event("reversal_requested", 80, detail="late approval"),
        event("reversed", 81),
    ),
}


@pytest.mark.parametrize("name", list(STORIES))
def test_a_story_of_a_sale_is_repeated(name: str) -> None:
    (compared,) = replay(trace_of(payment(*STORIES[name])))
    assert compared.replayed == compared.recorded


def test_a_family_is_repeated_in_its_order() -> None:
    sale = payment(event("approved", code="00"))
    refund = payment(
        event("approved", code="00"), number=2, kind="refund", original=sale.rrn, amount_minor=400
    )
    too_much = payment(
        event("declined", code="64"),
        number=3,
        kind="refund",
        original=sale.rrn,
        amount_minor=900,
        terminal="00000008",
    )
    compared = replay(trace_of(sale, refund, too_much))
    assert [one.is_same for one in compared] == [True, True, True]


def test_a_replay_that_differs_says_so(tmp_path, capsys) -> None:
    told = payment(event("declined", code="51"), event("late_answer", 40, code="00"))
    file = tmp_path / "trace.json"
    file.write_bytes(write_trace(trace_of(told), TraceKey(bytes(32))))
    assert main(["simulate", "--trace", str(file), "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["payments"]
    assert row["same"] is False
    assert row["recorded"][:2] == ["declined", "declined 51"]
