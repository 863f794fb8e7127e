"""Offline sales, adjustments and tips, mail orders, cards that sign, and refunds that come late."""

from __future__ import annotations

import pytest

from tests.sandbox.acquirer import RIGHT_PIN, WRONG_PIN, Issuer
from tests.sandbox.asking import DAY_MS, OPENING, ask, money, undo
from tongbao.sandbox.issuer.book_view import read_book
from tongbao.sandbox.issuer.core.issuer import IssuerRules
from tongbao.wire.network.operations import Operation as Op

# Offline sales.


def test_an_offline_sale_takes_the_money_without_a_pin(issuer):
    assert ask(issuer, 1, Op.OFFLINE_SALE, fen=700) == "00"
    assert money(issuer) == (700, 0)
    assert issuer.store.approvals() == 1


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"pin": RIGHT_PIN}, "00"),
        ({"pin": WRONG_PIN}, "55"),
        ({"keyed": True}, "00"),
        ({"card": "no_funds"}, "51"),
        ({"card": "limit", "fen": 10_001}, "61"),
        ({"card": "lost"}, "41"),
        ({"card": "expired"}, "54"),
        ({"change": {4: "000000000000"}}, "13"),
        ({"change": {49: "840"}}, "12"),
    ],
)
def test_an_offline_sale_is_checked_as_a_sale_is(issuer, options, code):
    assert ask(issuer, 1, Op.OFFLINE_SALE, **options) == code


def test_a_repeated_offline_sale_is_answered_as_first_and_booked_once(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    body = issuer.acquirer.operation(1, Op.OFFLINE_SALE, fen=700)
    (first, second) = issuer.run(body, body)
    assert first.body == second.body
    issuer.close()
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    (third,) = issuer.run(body)
    assert third.body == first.body
    assert money(issuer) == (700, 0)
    assert ask(issuer, 1, Op.OFFLINE_SALE, fen=701) == "94"
    assert ask(issuer, 1, Op.SALE, fen=700) == "94"
    assert money(issuer) == (700, 0)
    issuer.close()


def test_the_bytes_of_an_offline_sale(issuer):
    fields = issuer.fields(issuer.acquirer.operation(1, Op.OFFLINE_SALE, fen=700))
    assert (fields[3], fields[38], fields[39]) == ("000000", "000001", "00")
    assert 62 not in fields


# Adjustments.


@pytest.mark.parametrize("head", [Op.SALE, Op.OFFLINE_SALE])
@pytest.mark.parametrize("total", [1, 999, 1_000, 1_150, 3_000])
def test_an_adjustment_makes_its_amount_the_total(issuer, head, total):
    ask(issuer, 1, head, fen=1_000)
    assert ask(issuer, 2, Op.ADJUSTMENT, 1, total) == "00"
    assert money(issuer) == (total, 0)


def test_the_bytes_of_an_adjustment(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    assert issuer.fields(issuer.acquirer.operation(2, Op.ADJUSTMENT, 1, 1_150)) == {
        3: "020000",
        4: "000000001150",
        7: "1121020000",
        11: "000002",
        15: "1121",
        37: "R00000000002",
        38: "000002",
        39: "00",
        41: "00000001",
        42: "100000000000001",
        49: "156",
        62: "R00000000001",
    }


def test_the_book_says_that_it_was_an_adjustment(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    ask(issuer, 2, Op.ADJUSTMENT, 1, 1_150)
    ask(issuer, 3, Op.ADJUSTMENT, 1, 900)
    entries = read_book(issuer.store.connection, issuer.state, 6)["entries"]
    moved = [(one["kind"], one["amount_minor"]) for one in entries if one["account_id"] == "good"]
    # Newest first; the card holder loses what is negative.
    assert moved == [("adjustment", 250), ("adjustment", -150), ("sale", -1_000)]


def test_a_repeated_adjustment_adjusts_once(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    body = issuer.acquirer.operation(2, Op.ADJUSTMENT, 1, 1_150)
    first = issuer.run(body)
    assert issuer.run(body, body) == first * 2
    assert money(issuer) == (1_150, 0)
    assert ask(issuer, 2, Op.ADJUSTMENT, 1, 1_151) == "94"


def test_of_two_adjustments_the_later_made_counts_in_whatever_order_they_come(issuer):
    ask(issuer, 1, Op.OFFLINE_SALE, fen=1_000)
    assert ask(issuer, 9, Op.ADJUSTMENT, 1, 1_200) == "00"
    assert ask(issuer, 5, Op.ADJUSTMENT, 1, 1_100) == "00"
    assert money(issuer) == (1_200, 0)
    assert ask(issuer, 10, Op.VOID, 1, 1_200) == "00"
    assert money(issuer) == (0, 0)


def test_an_adjusted_sale_is_voided_by_its_total_only(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    ask(issuer, 2, Op.ADJUSTMENT, 1, 1_150)
    assert ask(issuer, 3, Op.VOID, 1, 1_000) == "64"
    assert ask(issuer, 4, Op.VOID, 1, 1_150) == "00"
    assert money(issuer) == (0, 0)
    assert ask(issuer, 5, Op.ADJUSTMENT, 1, 1_200) == "12"


def test_a_refund_stays_within_the_adjusted_total(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    ask(issuer, 2, Op.ADJUSTMENT, 1, 1_150)
    assert ask(issuer, 3, Op.REFUND, 1, 1_151) == "64"
    assert ask(issuer, 4, Op.REFUND, 1, 1_100) == "00"
    assert ask(issuer, 5, Op.REFUND, 1, 51) == "64"
    assert ask(issuer, 6, Op.REFUND, 1, 50) == "00"
    assert money(issuer) == (0, 0)


def test_an_adjustment_down_lowers_what_a_refund_may_give(issuer):
    ask(issuer, 1, Op.OFFLINE_SALE, fen=1_000)
    ask(issuer, 2, Op.ADJUSTMENT, 1, 400)
    assert ask(issuer, 3, Op.REFUND, 1, 401) == "64"
    assert ask(issuer, 4, Op.REFUND, 1, 400) == "00"
    assert money(issuer) == (0, 0)


def test_a_refunded_sale_is_not_adjusted_any_more(issuer):
    ask(issuer, 1, Op.SALE, fen=1_000)
    ask(issuer, 2, Op.REFUND, 1, 1)
    assert ask(issuer, 3, Op.ADJUSTMENT, 1, 1_150) == "12"
    assert money(issuer) == (999, 0)


def test_what_an_adjustment_adds_must_be_there(issuer):
    ask(issuer, 1, Op.SALE, fen=OPENING)
    assert ask(issuer, 2, Op.ADJUSTMENT, 1, OPENING + 1) == "51"
    assert ask(issuer, 3, Op.ADJUSTMENT, 1, OPENING - 100) == "00"
    assert ask(issuer, 4, Op.ADJUSTMENT, 1, OPENING) == "00"
    assert money(issuer) == (OPENING, 0)


@pytest.mark.parametrize(
    ("head", "original", "options", "code"),
    [
        (Op.SALE, 99, {}, "25"),
        (Op.PRE_AUTHORISATION, 1, {}, "22"),
        (Op.BALANCE, 1, {}, "22"),
        (Op.SALE, 1, {"card": "second"}, "14"),
        (Op.SALE, 1, {"pin": WRONG_PIN}, "55"),
        (Op.SALE, 1, {"fen": 0}, "13"),
    ],
)
def test_an_adjustment_that_does_not_fit_changes_nothing(issuer, head, original, options, code):
    ask(issuer, 1, head)
    before = money(issuer)
    assert ask(issuer, 2, Op.ADJUSTMENT, original, **{"fen": 1_500, **options}) == code
    assert money(issuer) == before


def test_a_completion_takes_no_tip(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    ask(issuer, 2, Op.COMPLETION, 1, 1_000)
    assert ask(issuer, 3, Op.ADJUSTMENT, 2, 1_100) == "22"
    assert money(issuer) == (1_000, 0)


def test_an_adjustment_survives_a_restart(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    ask(issuer, 1, Op.SALE, fen=1_000)
    ask(issuer, 2, Op.ADJUSTMENT, 1, 1_150)
    issuer.close()
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    assert money(issuer) == (1_150, 0)
    assert ask(issuer, 3, Op.VOID, 1, 1_000) == "64"
    assert ask(issuer, 4, Op.VOID, 1, 1_150) == "00"
    assert money(issuer) == (0, 0)
    issuer.close()


# Cards that are keyed in, mail orders, cards whose holder signs.


@pytest.mark.parametrize("condition", ["08", "18"])
@pytest.mark.parametrize(
    ("pin", "code"), [(None, "00"), (RIGHT_PIN, "00"), (WRONG_PIN, "55")], ids=str
)
def test_a_mail_order_needs_no_pin_but_no_wrong_one(issuer, condition, pin, code):
    options = {"condition": condition, "keyed": True, "pin": pin}
    assert ask(issuer, 1, Op.SALE, **options) == code


@pytest.mark.parametrize("operation", [Op.PRE_AUTHORISATION, Op.BALANCE, Op.SALE])
def test_without_a_mail_order_a_keyed_card_needs_its_pin(issuer, operation):
    assert ask(issuer, 1, operation, keyed=True, pin=None) == "55"
    assert ask(issuer, 2, operation, keyed=True) == "00"


def test_a_balance_by_mail_is_for_nobody(issuer):
    assert ask(issuer, 1, Op.BALANCE, keyed=True, pin=None, condition="08") == "55"


@pytest.mark.parametrize(("expiry", "code"), [("4912", "00"), ("4911", "54"), (None, "00")])
def test_a_keyed_card_needs_its_own_expiry_if_there_is_one(issuer, expiry, code):
    assert ask(issuer, 1, Op.SALE, keyed=True, expiry=expiry) == code


def test_the_expiry_on_the_stripe_is_not_held_against_the_field(issuer):
    assert ask(issuer, 1, Op.SALE, expiry="4911") == "00"


def test_a_mail_order_can_be_voided_refunded_and_reversed(issuer):
    mail = {"condition": "08", "keyed": True, "pin": None}
    for number in (1, 11, 21):
        assert ask(issuer, number, Op.SALE, fen=1_000, **mail) == "00"
    assert ask(issuer, 2, Op.VOID, 1, 1_000, **mail) == "00"
    assert ask(issuer, 12, Op.REFUND, 11, 400, **mail) == "00"
    assert undo(issuer, 21, Op.SALE, 1_000) == "00"
    assert money(issuer) == (600, 0)


@pytest.mark.parametrize(
    ("pin", "code"), [(None, "00"), (RIGHT_PIN, "00"), (WRONG_PIN, "55")], ids=str
)
@pytest.mark.parametrize("operation", [Op.SALE, Op.PRE_AUTHORISATION, Op.BALANCE])
def test_a_card_whose_holder_signs_needs_no_pin_but_no_wrong_one(issuer, operation, pin, code):
    assert ask(issuer, 1, operation, card="foreign", pin=pin) == code


def test_a_signing_card_signs_after_a_restart_too(tmp_path):
    for number in (1, 2):
        issuer = Issuer(tmp_path / "issuer.sqlite3")
        assert ask(issuer, number, Op.SALE, card="foreign", pin=None) == "00"
        assert ask(issuer, number + 10, Op.SALE, card="good", pin=None) == "55"
        issuer.close()


# Refunds that come late.


@pytest.mark.parametrize(("days", "code"), [(0, "00"), (30, "00"), (31, "22")])
def test_a_refund_is_taken_up_to_its_limit(tmp_path, days, code):
    issuer = Issuer(tmp_path / "issuer.sqlite3", rules=IssuerRules(0, refund_ms=30 * DAY_MS))
    ask(issuer, 1, Op.SALE, fen=1_000)
    issuer.now = issuer.now.plus_ms(days * DAY_MS)
    assert ask(issuer, 2, Op.REFUND, 1, 400) == code
    assert money(issuer) == ((600, 0) if code == "00" else (1_000, 0))
    issuer.close()


def test_the_limit_counts_from_the_completion_and_is_for_refunds_only(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3", rules=IssuerRules(0, refund_ms=10 * DAY_MS))
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    issuer.now = issuer.now.plus_ms(9 * DAY_MS)
    ask(issuer, 2, Op.COMPLETION, 1, 1_000)
    issuer.now = issuer.now.plus_ms(9 * DAY_MS)
    assert ask(issuer, 3, Op.REFUND, 2, 100) == "00"
    issuer.now = issuer.now.plus_ms(2 * DAY_MS)
    assert ask(issuer, 4, Op.REFUND, 2, 100) == "22"
    ask(issuer, 5, Op.SALE, fen=500)
    issuer.now = issuer.now.plus_ms(11 * DAY_MS)
    assert ask(issuer, 6, Op.VOID, 5, 500) == "00"
    issuer.close()


def test_a_refund_is_refused_the_same_way_for_ever(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3", rules=IssuerRules(0, refund_ms=DAY_MS))
    ask(issuer, 1, Op.SALE, fen=1_000)
    issuer.now = issuer.now.plus_ms(2 * DAY_MS)
    body = issuer.acquirer.operation(2, Op.REFUND, 1, 400)
    first = issuer.run(body)
    issuer.now = issuer.now.plus_ms(-2 * DAY_MS)
    assert issuer.run(body) == first
    issuer.close()


# Chip data passes by.


def test_chip_data_changes_nothing_for_the_issuer(issuer):
    data = bytes.fromhex("9F2608A1B2C3D4E5F60718")
    assert ask(issuer, 1, Op.SALE, change={55: data, 23: "001"}) == "00"
    fields = issuer.fields(issuer.acquirer.operation(2, Op.SALE, change={55: data}))
    assert 55 not in fields
