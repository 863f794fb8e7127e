"""What a seed means: the same plan each time, faults in their ranges, every card in the basket."""

from __future__ import annotations

from itertools import islice, pairwise

from tongbao.app.soak.plan import (
    HOST,
    ISSUER,
    LINES,
    FaultKind,
    plan_faults,
    sale_orders,
)
from tongbao.sandbox.cards import CARD_BY_ID

TERMINALS = ("terminal-00000001", "terminal-00000002")
HOUR_MS = 3_600_000


def test_the_same_seed_gives_the_same_plan():
    assert plan_faults(7, TERMINALS, HOUR_MS) == plan_faults(7, TERMINALS, HOUR_MS)
    assert plan_faults(7, TERMINALS, HOUR_MS) != plan_faults(8, TERMINALS, HOUR_MS)
    first, again = (list(islice(sale_orders(7, "00000001"), 50)) for _ in range(2))
    assert first == again
    assert first != list(islice(sale_orders(7, "00000002"), 50))


def test_a_longer_run_begins_like_a_shorter_one():
    short, long = (plan_faults(7, TERMINALS, lasting) for lasting in (60_000, 120_000))
    assert long[: len(short)] == short


def test_a_fault_strikes_every_two_to_ten_seconds():
    faults = plan_faults(1, TERMINALS, HOUR_MS)
    gaps = [later.at_ms - earlier.at_ms for earlier, later in pairwise(faults)]
    assert min(gaps) >= 2_000
    assert max(gaps) <= 10_000
    assert faults[-1].at_ms < HOUR_MS


def test_an_hour_meets_every_kind_of_fault_and_everybody():
    faults = plan_faults(1, TERMINALS, HOUR_MS)
    assert {fault.kind for fault in faults} == set(FaultKind)
    for kind in (FaultKind.KILL, FaultKind.STOP):
        targets = {fault.target for fault in faults if fault.kind is kind}
        assert targets == {HOST, ISSUER, *TERMINALS}
    for kind in set(FaultKind) - {FaultKind.KILL, FaultKind.STOP}:
        assert {fault.target for fault in faults if fault.kind is kind} == set(LINES)


def test_the_first_six_faults_are_six_different_ones():
    faults = plan_faults(3, TERMINALS, HOUR_MS)[:6]
    killed = {fault.target for fault in faults if fault.kind is FaultKind.KILL}
    assert len(killed) == 3
    assert {HOST, ISSUER} < killed


def test_nobody_is_stopped_for_more_than_twenty_seconds():
    stops = [fault for fault in plan_faults(1, TERMINALS, HOUR_MS) if fault.kind is FaultKind.STOP]
    assert all(1_000 <= fault.lasts_ms <= 20_000 for fault in stops)


def test_a_hold_is_followed_by_what_ends_it():
    orders = list(islice(sale_orders(1, "00000001"), 1_000))
    pairs = [(held.kind, ended.kind) for held, ended in pairwise(orders)]
    holds = [pair for pair in pairs if pair[0] == "pre_authorisation"]
    assert {ended for _, ended in holds} == {"completion", "pre_authorisation_void"}


def test_customers_bring_every_kind_of_card_and_pay_little():
    orders = list(islice(sale_orders(1, "00000001"), 1_000))
    assert {order.card_id for order in orders} == {
        "good",
        "second",
        "no_funds",
        "limit",
        "late",
        "silent",
    }
    assert {order.card_id for order in orders} < set(CARD_BY_ID)
    assert {order.card_id for order in orders if order.wrong_pin} == {"limit"}
    assert {order.kind for order in orders} == {
        "sale",
        "void",
        "refund",
        "pre_authorisation",
        "completion",
        "pre_authorisation_void",
        "balance",
    }
    assert 0.25 < sum(order.kind != "sale" for order in orders) / len(orders) < 0.4
    assert all(1 <= order.percent <= 115 for order in orders)
    assert 0 < sum(order.again for order in orders) < len(orders) / 4
    assert all(1 <= order.amount_minor <= 200 for order in orders)
    assert all(order.amount_minor > 1 for order in orders if order.card_id == "no_funds")
