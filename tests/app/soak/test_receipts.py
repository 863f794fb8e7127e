"""What a cashier remembers: which payment an errand names, and what is left of it."""

from __future__ import annotations

import pytest

from tongbao.app.demo.order import start_arguments
from tongbao.app.soak.history import SaleRecord
from tongbao.app.soak.plan import SaleOrder
from tongbao.app.soak.receipts import Receipts, give_back, use

KINDS = [
    {"kind": "sale", "needs": ["amount", "card", "pin"]},
    {"kind": "void", "needs": ["supervisor", "original_trace", "card"]},
    {
        "kind": "refund",
        "needs": ["supervisor", "original_rrn", "original_date", "amount", "card"],
    },
    {"kind": "completion", "needs": ["original_date", "auth_code", "amount", "card"]},
]


def record(kind="sale", minor=100, card_id="good"):
    return SaleRecord("command", "00000001", card_id, minor, 0, kind)


def kept(*sales):
    receipts = Receipts()
    for number, sale in enumerate(sales, start=1):
        result = {"trace": number, "rrn": f"R{number:011d}", "auth_code": f"{number:06d}"}
        clock = "2026-11-21T10:00:00+08:00"
        receipts.keep(sale, {"result": result, "clock": clock, "kinds": KINDS})
    return receipts


def order(kind, **changes):
    return SaleOrder("second", 77, 0, wrong_pin=True, kind=kind, **changes)


@pytest.mark.parametrize("kind", ["sale", "pre_authorisation"])
def test_what_names_no_earlier_payment_stays_as_it_is(kind):
    assert kept(record()).fit(order(kind)) == (order(kind), None)


def test_a_balance_has_no_amount():
    fitted, original = kept().fit(order("balance"))
    assert (fitted.amount_minor, fitted.card_id, original) == (0, "second", None)


@pytest.mark.parametrize("kind", ["void", "refund", "completion", "pre_authorisation_void"])
def test_an_errand_that_finds_nothing_to_name_becomes_a_sale(kind):
    fitted, original = kept().fit(order(kind))
    assert (fitted.kind, fitted.card_id, fitted.amount_minor) == ("sale", "second", 77)
    assert original is None


def test_a_void_takes_card_and_amount_of_its_sale():
    fitted, original = kept(record("pre_authorisation"), record(minor=120)).fit(order("void"))
    assert (fitted.kind, fitted.card_id, fitted.amount_minor) == ("void", "good", 120)
    assert not fitted.wrong_pin
    assert original.trace == 2


@pytest.mark.parametrize(("percent", "minor"), [(1, 1), (25, 25), (100, 100), (115, 100)])
def test_a_refund_takes_a_part_of_what_is_left(percent, minor):
    fitted, _ = kept(record()).fit(order("refund", percent=percent))
    assert fitted.amount_minor == minor


def test_refunds_take_no_more_than_what_was_paid_until_one_does_not_succeed():
    receipts = kept(record())
    fitted, original = receipts.fit(order("refund", percent=60))
    use(original, record("refund", fitted.amount_minor))
    assert receipts.fit(order("refund"))[0].amount_minor == 40
    use(original, record("refund", 40))
    assert receipts.fit(order("refund"))[0].kind == "sale"
    give_back(original, record("refund", 40))
    assert receipts.fit(order("refund"))[0].amount_minor == 40


def test_what_is_used_is_named_again_only_where_a_refusal_is_wanted():
    receipts = kept(record("pre_authorisation"))
    _, hold = receipts.fit(order("completion", percent=50))
    use(hold, record("completion", 50))
    assert receipts.fit(order("pre_authorisation_void"))[0].kind == "sale"
    again, original = receipts.fit(order("completion", percent=115, again=True))
    assert (again.kind, again.amount_minor, original) == ("completion", 115, hold)


def test_no_refund_on_a_card_that_answers_late_because_it_is_repeated_for_ever():
    receipts = kept(record(card_id="late"))
    assert receipts.fit(order("refund"))[0].kind == "sale"
    assert receipts.fit(order("void"))[0].kind == "void"


def test_the_till_is_given_exactly_what_the_kind_needs():
    _, original = kept(record()).fit(order("void"))
    supervisor = {"operator": "00", "password": "123456"}
    assert start_arguments({"kinds": KINDS}, "sale", 5, None) == {
        "kind": "sale",
        "amount_minor": 5,
    }
    assert start_arguments({"kinds": KINDS}, "void", 100, original) == {
        "kind": "void",
        "supervisor": supervisor,
        "original": {"trace": 1},
    }
    assert start_arguments({"kinds": KINDS}, "refund", 30, original) == {
        "kind": "refund",
        "amount_minor": 30,
        "supervisor": supervisor,
        "original": {"rrn": "R00000000001", "date": "1121"},
    }
    assert start_arguments({"kinds": KINDS}, "completion", 90, original) == {
        "kind": "completion",
        "amount_minor": 90,
        "original": {"date": "1121", "auth_code": "000001"},
    }
