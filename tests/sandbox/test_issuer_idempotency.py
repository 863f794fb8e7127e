"""One payment, one booking: however often and in whatever order its messages come."""

from __future__ import annotations

import itertools

import pytest

from tests.sandbox.acquirer import WRONG_PIN, Issuer, rrn

OPENING = 5_000_000


def clearing(issuer):
    return issuer.store.balances()["clearing"]


def test_a_repeated_sale_gets_the_same_bytes_and_is_booked_once(issuer):
    body = issuer.acquirer.sale(1, fen=700)
    first = issuer.run(body)
    issuer.now = issuer.now.plus_ms(86_400_000)
    assert issuer.run(body) == first
    assert issuer.state.balances["good"] == OPENING - 700
    assert clearing(issuer) == 700


def test_a_sale_twice_in_one_group_is_booked_once(issuer):
    body = issuer.acquirer.sale(1, fen=700)
    first, second = issuer.run(body, body)
    assert first == second
    assert clearing(issuer) == 700


def test_a_repeated_decline_stays_declined_and_counts_its_pin_once(issuer):
    body = issuer.acquirer.sale(1, pin=WRONG_PIN)
    for _ in range(5):
        assert issuer.ask(body) == "55"
    assert issuer.ask(issuer.acquirer.sale(2)) == "00"


def test_a_repeated_sale_is_recognised_after_a_restart(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    issuer = Issuer(path)
    body = issuer.acquirer.sale(1, fen=700)
    first = issuer.run(body)
    issuer.close()
    issuer = Issuer(path)
    assert issuer.run(body) == first
    assert clearing(issuer) == 700
    issuer.close()


@pytest.mark.parametrize("changed", [{"fen": 701}, {"card": "second"}, {"change": {11: "000009"}}])
def test_the_same_reference_with_another_content_is_94_and_changes_nothing(issuer, changed):
    issuer.ask(issuer.acquirer.sale(1, fen=700))
    (reply,) = issuer.run(issuer.acquirer.sale(1, **{"fen": 700, **changed}))
    fields = issuer.acquirer.read(reply.body)[1]
    assert fields[39] == "94"
    assert 38 not in fields
    assert clearing(issuer) == 700


def test_a_reversal_gives_the_money_back(issuer):
    issuer.ask(issuer.acquirer.sale(1, fen=700))
    (reply,) = issuer.run(issuer.acquirer.reversal(1, fen=700))
    assert issuer.acquirer.read(reply.body) == (
        "0430",
        {
            3: "000000",
            4: "000000000700",
            7: "1121020000",
            11: "000001",
            37: "R00000000001",
            39: "00",
            41: "00000001",
            42: "100000000000001",
            49: "156",
        },
    )
    assert issuer.state.balances["good"] == OPENING
    assert clearing(issuer) == 0


def test_a_repeated_reversal_is_answered_the_same_and_booked_once(issuer):
    issuer.ask(issuer.acquirer.sale(1, fen=700))
    body = issuer.acquirer.reversal(1, fen=700)
    first = issuer.run(body)
    assert issuer.run(body) == first
    assert issuer.run(body, body) == first * 2
    assert issuer.state.balances["good"] == OPENING


def test_a_reversal_before_its_sale_refuses_the_sale_for_ever(issuer):
    reversal = issuer.acquirer.reversal(1, fen=700)
    sale = issuer.acquirer.sale(1, fen=700)
    assert issuer.ask(reversal) == "25"
    assert issuer.ask(sale) == "12"
    assert issuer.ask(sale) == "12"
    assert issuer.ask(reversal) == "25"
    assert issuer.state.balances["good"] == OPENING


def test_a_reversal_before_its_sale_is_remembered_after_a_restart(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    issuer = Issuer(path)
    assert issuer.ask(issuer.acquirer.reversal(1)) == "25"
    issuer.close()
    issuer = Issuer(path)
    assert issuer.ask(issuer.acquirer.sale(1)) == "12"
    issuer.close()


def test_a_sale_refused_by_its_reversal_compares_no_pin(issuer):
    for number in range(1, 6):
        issuer.ask(issuer.acquirer.reversal(number))
        assert issuer.ask(issuer.acquirer.sale(number, pin=WRONG_PIN)) == "12"
    assert issuer.ask(issuer.acquirer.sale(9)) == "00"


def test_the_reversal_of_a_declined_sale_moves_nothing(issuer):
    assert issuer.ask(issuer.acquirer.sale(1, pin=WRONG_PIN)) == "55"
    assert issuer.ask(issuer.acquirer.reversal(1)) == "00"
    assert issuer.state.balances["good"] == OPENING


def test_a_reversal_of_another_amount_is_64_and_changes_nothing(issuer):
    issuer.ask(issuer.acquirer.sale(1, fen=700))
    assert issuer.ask(issuer.acquirer.reversal(1, fen=699)) == "64"
    assert clearing(issuer) == 700
    assert issuer.ask(issuer.acquirer.reversal(1, fen=700)) == "00"
    assert clearing(issuer) == 0


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("order", sorted(set(itertools.permutations("ssrr"))))
def test_any_order_of_two_sales_and_two_reversals_ends_without_a_charge(issuer, order, grouped):
    bodies = {"s": issuer.acquirer.sale(1, fen=700), "r": issuer.acquirer.reversal(1, fen=700)}
    messages = [bodies[letter] for letter in order]
    if grouped:
        issuer.run(*messages)
    else:
        for message in messages:
            issuer.run(message)
    assert issuer.state.balances == issuer.store.balances()
    assert issuer.state.balances["good"] == OPENING
    assert clearing(issuer) == 0
    assert set(issuer.store.recall([rrn(1).value])) == {"R00000000001"}
