"""Everything but sales: holds, completions, voids, refunds, balances, inquiries, on both sides."""

from __future__ import annotations

import pytest

from tests.sandbox.acquirer import RIGHT_PIN, WRONG_PIN, Issuer
from tests.sandbox.asking import DAY_MS, OPENING, ask, money, undo
from tongbao.sandbox.issuer.book_view import read_book
from tongbao.wire.network.operation_messages import Balances
from tongbao.wire.network.operations import Operation as Op

# Balances.


def test_a_balance_tells_what_is_there_and_what_can_be_spent(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    fields = issuer.fields(issuer.acquirer.operation(2, Op.BALANCE))
    assert fields == {
        3: "310000",
        7: "1121020000",
        11: "000002",
        15: "1121",
        37: "R00000000002",
        39: "00",
        41: "00000001",
        42: "100000000000001",
        49: "156",
        54: "0001156C0000050000000002156C000004999000",
    }


def test_a_repeated_balance_is_told_what_it_was_told_first(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    body = issuer.acquirer.operation(1, Op.BALANCE)
    first = issuer.fields(body)
    issuer.ask(issuer.acquirer.sale(2, fen=700))
    assert issuer.fields(body) == first
    issuer.close()
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    assert issuer.fields(body) == first
    assert Balances.parse(first[54]).ledger.minor == OPENING
    issuer.close()


@pytest.mark.parametrize(
    ("options", "code"),
    [({"pin": None}, "55"), ({"pin": WRONG_PIN}, "55"), ({"card": "lost"}, "41")],
)
def test_a_balance_is_for_the_card_holder_only(issuer, options, code):
    fields = issuer.fields(issuer.acquirer.operation(1, Op.BALANCE, **options))
    assert fields[39] == code
    assert 54 not in fields


# Pre-authorisations.


def test_a_hold_moves_no_money_and_cannot_be_spent_twice(issuer):
    assert ask(issuer, 1, Op.PRE_AUTHORISATION, fen=4_000_000) == "00"
    assert money(issuer) == (0, 4_000_000)
    assert issuer.ask(issuer.acquirer.sale(2, fen=1_000_001)) == "51"
    assert ask(issuer, 3, Op.PRE_AUTHORISATION, fen=1_000_001) == "51"
    assert issuer.ask(issuer.acquirer.sale(4, fen=1_000_000)) == "00"
    assert money(issuer) == (1_000_000, 4_000_000)


def test_the_bytes_of_a_hold(issuer):
    assert issuer.fields(issuer.acquirer.operation(1, Op.PRE_AUTHORISATION, fen=1_000)) == {
        3: "030000",
        4: "000000001000",
        7: "1121020000",
        11: "000001",
        15: "1121",
        25: "06",
        37: "R00000000001",
        38: "000001",
        39: "00",
        41: "00000001",
        42: "100000000000001",
        49: "156",
    }


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"pin": WRONG_PIN}, "55"),
        ({"card": "expired"}, "54"),
        ({"card": "limit", "fen": 10_001}, "61"),
        ({"card": "no_funds"}, "51"),
        ({"change": {49: "840"}}, "12"),
        ({"change": {4: "000000000000"}}, "13"),
    ],
)
def test_a_hold_is_checked_as_a_sale_is(issuer, options, code):
    assert ask(issuer, 1, Op.PRE_AUTHORISATION, **options) == code


def test_a_void_releases_the_hold(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION)
    assert ask(issuer, 2, Op.PRE_AUTHORISATION_VOID, 1) == "00"
    assert money(issuer) == (0, 0)
    assert ask(issuer, 3, Op.PRE_AUTHORISATION_VOID, 1) == "12"
    assert ask(issuer, 4, Op.COMPLETION, 1) == "12"


@pytest.mark.parametrize("operation", [Op.COMPLETION, Op.COMPLETION_ADVICE])
@pytest.mark.parametrize(("fen", "code"), [(1, "00"), (1_000, "00"), (1_150, "00"), (1_151, "64")])
def test_a_completion_takes_up_to_its_share_and_frees_the_rest(issuer, operation, fen, code):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    assert ask(issuer, 2, operation, 1, fen) == code
    assert money(issuer) == ((fen, 0) if code == "00" else (0, 1_000))


def test_a_hold_is_completed_once(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    assert ask(issuer, 2, Op.COMPLETION, 1, 500) == "00"
    assert ask(issuer, 3, Op.COMPLETION, 1, 500) == "12"
    assert ask(issuer, 4, Op.COMPLETION_ADVICE, 1, 500) == "12"
    assert ask(issuer, 5, Op.PRE_AUTHORISATION_VOID, 1, 1_000) == "12"
    assert money(issuer) == (500, 0)


def test_what_a_completion_takes_above_its_hold_must_be_there(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=OPENING)
    assert ask(issuer, 2, Op.COMPLETION, 1, OPENING + 1) == "51"
    assert ask(issuer, 3, Op.COMPLETION, 1, OPENING) == "00"
    assert money(issuer) == (OPENING, 0)


def test_a_hold_that_ran_out_is_released_by_the_next_message(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    ask(issuer, 1, Op.PRE_AUTHORISATION)
    issuer.now = issuer.now.plus_ms(30 * DAY_MS - 1)
    assert ask(issuer, 2, Op.BALANCE) == "00"
    assert money(issuer) == (0, 1234)
    issuer.now = issuer.now.plus_ms(1)
    assert ask(issuer, 3, Op.COMPLETION, 1) == "22"
    assert money(issuer) == (0, 0)
    assert ask(issuer, 4, Op.PRE_AUTHORISATION_VOID, 1) == "22"
    # Once over, over: a clock that is set back brings no hold back.
    issuer.now = issuer.now.plus_ms(-DAY_MS)
    issuer.close()
    now, issuer = issuer.now, Issuer(tmp_path / "issuer.sqlite3")
    issuer.now = now
    assert ask(issuer, 5, Op.COMPLETION, 1) == "22"
    assert undo(issuer, 5, Op.COMPLETION) == "00"
    assert undo(issuer, 1, Op.PRE_AUTHORISATION) == "00"
    assert money(issuer) == (0, 0)
    issuer.close()


def test_a_hold_runs_out_after_a_restart_too(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    ask(issuer, 1, Op.PRE_AUTHORISATION)
    issuer.close()
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    assert money(issuer) == (0, 1234)
    issuer.now = issuer.now.plus_ms(30 * DAY_MS)
    issuer.ask(issuer.acquirer.inquiry(9))
    assert money(issuer) == (0, 0)
    issuer.close()


# Completion voids.


def test_a_completion_void_gives_the_money_back_and_not_the_hold(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    ask(issuer, 2, Op.COMPLETION, 1, 900)
    assert ask(issuer, 3, Op.COMPLETION_VOID, 2, 899) == "64"
    assert ask(issuer, 4, Op.COMPLETION_VOID, 2, 900) == "00"
    assert money(issuer) == (0, 0)
    assert ask(issuer, 5, Op.COMPLETION_VOID, 2, 900) == "12"
    assert ask(issuer, 6, Op.COMPLETION, 1, 900) == "12"


def test_a_completion_can_be_refunded_and_is_then_not_voided(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    ask(issuer, 2, Op.COMPLETION_ADVICE, 1, 900)
    assert ask(issuer, 3, Op.REFUND, 2, 400) == "00"
    assert ask(issuer, 4, Op.COMPLETION_VOID, 2, 900) == "12"
    assert ask(issuer, 5, Op.REFUND, 2, 501) == "64"
    assert ask(issuer, 6, Op.REFUND, 2, 500) == "00"
    assert money(issuer) == (0, 0)


# Voids and refunds.


def test_a_void_gives_the_whole_back_once(issuer):
    ask(issuer, 1, Op.SALE, fen=700)
    assert ask(issuer, 2, Op.VOID, 1, 699) == "64"
    assert ask(issuer, 3, Op.VOID, 1, 700) == "00"
    assert ask(issuer, 4, Op.VOID, 1, 700) == "12"
    assert ask(issuer, 5, Op.REFUND, 1, 700) == "12"
    assert money(issuer) == (0, 0)


def test_the_answer_to_a_void_names_the_original(issuer):
    ask(issuer, 1, Op.SALE, fen=700)
    fields = issuer.fields(issuer.acquirer.operation(2, Op.VOID, 1, 700))
    assert (fields[3], fields[38], fields[39], fields[62]) == (
        "200000",
        "000002",
        "00",
        "R00000000001",
    )


def test_refunds_add_up_to_what_was_paid_over_many_days(tmp_path):
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    ask(issuer, 1, Op.SALE, fen=1_000)
    issuer.close()
    issuer = Issuer(tmp_path / "issuer.sqlite3")
    for number, fen in ((2, 300), (3, 300), (4, 399)):
        issuer.now = issuer.now.plus_ms(40 * DAY_MS)
        assert ask(issuer, number, Op.REFUND, 1, fen, keyed=True) == "00"
    assert ask(issuer, 5, Op.REFUND, 1, 2) == "64"
    assert ask(issuer, 6, Op.VOID, 1, 1_000) == "12"
    assert money(issuer) == (1, 0)
    assert ask(issuer, 7, Op.REFUND, 1, 1) == "00"
    assert ask(issuer, 8, Op.REFUND, 1, 1) == "64"
    assert money(issuer) == (0, 0)
    issuer.close()


def test_two_refunds_in_one_group_share_what_is_left(issuer):
    bodies = [
        issuer.acquirer.operation(1, Op.SALE, fen=1_000),
        issuer.acquirer.operation(2, Op.REFUND, 1, 600),
        issuer.acquirer.operation(3, Op.REFUND, 1, 600),
    ]
    replies = issuer.run(*bodies)
    assert [issuer.acquirer.read(reply.body)[1][39] for reply in replies] == ["00", "00", "64"]
    assert money(issuer) == (400, 0)


@pytest.mark.parametrize("operation", [op for op in Op if op.names_original])
def test_what_names_an_original_needs_it_and_its_card(issuer, operation):
    assert ask(issuer, 1, operation, 99) == "25"
    ask(issuer, 2, Op.SALE)
    assert ask(issuer, 3, operation, 2, card="second") == "14"
    assert ask(issuer, 4, operation, 4) == "25"
    track = "6200000000000009993"
    change = {35: f"{track}=49122200000000".replace("=", "D")}
    assert ask(issuer, 5, operation, 2, change=change) == "14"
    assert money(issuer) == (1234, 0)


@pytest.mark.parametrize("operation", [op for op in Op if op.names_original])
def test_an_original_that_was_declined_or_reversed_is_12(issuer, operation):
    assert ask(issuer, 1, Op.SALE, pin=WRONG_PIN) == "55"
    assert ask(issuer, 2, operation, 1) == "12"
    ask(issuer, 3, Op.PRE_AUTHORISATION)
    undo(issuer, 3, Op.PRE_AUTHORISATION)
    assert ask(issuer, 4, operation, 3) == "12"
    undo(issuer, 5, Op.SALE)
    assert ask(issuer, 6, operation, 5) == "12"
    assert money(issuer) == (0, 0)


@pytest.mark.parametrize(
    ("original", "operation"),
    [
        (Op.SALE, Op.COMPLETION),
        (Op.SALE, Op.PRE_AUTHORISATION_VOID),
        (Op.SALE, Op.COMPLETION_VOID),
        (Op.PRE_AUTHORISATION, Op.VOID),
        (Op.PRE_AUTHORISATION, Op.REFUND),
        (Op.PRE_AUTHORISATION, Op.COMPLETION_VOID),
        (Op.BALANCE, Op.VOID),
    ],
)
def test_an_operation_of_another_family_is_22(issuer, original, operation):
    ask(issuer, 1, original)
    assert ask(issuer, 2, operation, 1) == "22"


def test_a_pin_with_a_void_must_be_right(issuer):
    ask(issuer, 1, Op.SALE)
    assert ask(issuer, 2, Op.VOID, 1, pin=WRONG_PIN) == "55"
    assert ask(issuer, 3, Op.VOID, 1, pin=RIGHT_PIN) == "00"


def test_used_up_pin_tries_stop_a_pin_and_not_a_void_without_one(issuer):
    ask(issuer, 1, Op.SALE)
    for number in (2, 3, 4):
        ask(issuer, number, Op.BALANCE, pin=WRONG_PIN)
    assert ask(issuer, 5, Op.VOID, 1, pin=RIGHT_PIN) == "75"
    assert ask(issuer, 6, Op.VOID, 1) == "00"


def test_a_keyed_sale_is_a_sale(issuer):
    assert ask(issuer, 1, Op.SALE, keyed=True) == "00"
    assert money(issuer) == (1234, 0)


# Idempotency.


@pytest.mark.parametrize("operation", Op)
def test_a_repeat_gets_the_first_answer_and_another_content_94(issuer, operation):
    head = Op.SALE if operation in (Op.VOID, Op.REFUND) else Op.PRE_AUTHORISATION
    original = None
    if operation.names_original:
        ask(issuer, 1, head)
        original = 1
    if operation is Op.COMPLETION_VOID:
        ask(issuer, 2, Op.COMPLETION, 1)
        original = 2
    body = issuer.acquirer.operation(5, operation, original)
    first = issuer.run(body)
    before = money(issuer)
    issuer.now = issuer.now.plus_ms(DAY_MS)
    assert issuer.run(body, body) == first * 2
    others = [{"card": "second"}, {"stan": 9}] + [{"fen": 7}] * (operation is not Op.BALANCE)
    for changed in others:
        assert ask(issuer, 5, operation, original, **changed) == "94"
    other = Op.BALANCE if operation is Op.SALE else Op.SALE
    assert ask(issuer, 5, other) == "94"
    if original is not None:
        assert ask(issuer, 5, operation, 8) == "94"
    assert money(issuer) == before


# Inquiries.


def test_an_inquiry_tells_approved_declined_reversed_and_unknown(issuer):
    ask(issuer, 1, Op.SALE, fen=700)
    ask(issuer, 2, Op.SALE, pin=WRONG_PIN)
    ask(issuer, 3, Op.SALE)
    undo(issuer, 3, Op.SALE)
    undo(issuer, 4, Op.COMPLETION, 55)
    ask(issuer, 5, Op.VOID, 99)
    answers = {number: issuer.fields(issuer.acquirer.inquiry(number)) for number in range(1, 7)}
    assert answers[1] == {
        3: "000000",
        4: "000000000700",
        7: "1121020100",
        11: "000001",
        15: "1121",
        37: "R00000000001",
        38: "000001",
        39: "00",
        41: "00000001",
        42: "100000000000001",
        49: "156",
        62: "R00000000001",
    }
    known = {n: (fields[39], fields.get(3), fields.get(38)) for n, fields in answers.items()}
    assert known[2] == ("55", "000000", None)
    assert known[3] == ("R0", "000000", None)
    assert known[4] == ("R0", "000000", None)
    # A void that was declined for want of an original is known; the sixth never came.
    assert known[5] == ("25", "200000", None)
    assert known[6] == ("25", None, None)


def test_an_inquiry_about_a_silent_card_stays_without_an_answer(issuer):
    assert issuer.run(issuer.acquirer.operation(1, Op.SALE, card="silent")) == []
    assert issuer.run(issuer.acquirer.inquiry(1)) == []
    assert undo(issuer, 1, Op.SALE) == "00"


def test_an_inquiry_is_answered_anew_each_time(issuer):
    assert issuer.ask(issuer.acquirer.inquiry(1)) == "25"
    late = issuer.acquirer.operation(1, Op.SALE, card="late")
    assert len(issuer.run(late)) == 1
    assert issuer.ask(issuer.acquirer.inquiry(1)) == "00"
    issuer.run(issuer.acquirer.undo(1, Op.SALE))
    assert issuer.ask(issuer.acquirer.inquiry(1)) == "R0"


@pytest.mark.parametrize("change", [{62: None}, {37: None}, {62: "            "}])
def test_an_inquiry_without_a_number_is_a_format_error(issuer, change):
    refused, reply = issuer.run(issuer.acquirer.inquiry(1, change=change))
    mti, fields = issuer.acquirer.read(reply.body)
    assert (mti, fields[39]) == ("0610", "30")
    assert refused.reason.startswith("F")


# The book.


def test_the_book_shows_kinds_originals_and_holds(issuer):
    ask(issuer, 1, Op.PRE_AUTHORISATION, fen=1_000)
    ask(issuer, 2, Op.SALE, fen=700)
    ask(issuer, 3, Op.REFUND, 2, 100)
    undo(issuer, 4, Op.COMPLETION)
    view = read_book(issuer.store.connection, issuer.state, 500)
    shown = {payment["rrn"][-1]: payment for payment in view["payments"]}
    assert {number: payment["operation"] for number, payment in shown.items()} == {
        "1": "pre_authorisation",
        "2": "sale",
        "3": "refund",
        "4": "completion",
    }
    assert shown["3"]["original_rrn"] == "R00000000002"
    assert view["totals"] == {"approved": {"count": 1, "amount_minor": 700}}
    assert view["operations"]["refund"] == {"approved": {"count": 1, "amount_minor": 100}}
    assert view["holds"] == [
        {
            "rrn": "R00000000001",
            "account_id": "good",
            "card_masked": "620000*********0018",
            "amount_minor": 1_000,
            "at_us": issuer.now.us,
            "expires_at_us": issuer.now.plus_ms(30 * DAY_MS).us,
            "at": "2026-11-21T10:00:00.000+08:00",
            "expires_at": "2026-12-21T10:00:00+08:00",
        }
    ]
    account = next(one for one in view["accounts"] if one["account_id"] == "good")
    assert (account["balance_minor"], account["held_minor"], account["available_minor"]) == (
        OPENING - 600,
        1_000,
        OPENING - 1_600,
    )
