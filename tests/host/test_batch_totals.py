"""Which payments count in the totals of a batch, and on which side."""

from __future__ import annotations

import pytest

from tests.host.batch_messages import Books, side, totals
from tongbao.host.core.batch_totals import (
    compare,
    counted_of,
    read_totals,
    totals_of,
    write_totals,
)


def add_up(books: Books, void_totals: str = "subtract") -> str:
    return write_totals(totals_of(counted_of(books.rows, void_totals)), "00")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sale", side(debit=(100, 1))),
        ("mail_order", side(debit=(100, 1))),
        ("completion", side(debit=(100, 1))),
        ("completion_advice", side(debit=(100, 1))),
        ("offline_sale", side(debit=(100, 1))),
        ("chip_offline_sale", side(debit=(100, 1))),
        ("refund", side(credit=(100, 1))),
        ("balance", side()),
        ("pre_authorisation", side()),
        ("pre_authorisation_void", side()),
    ],
)
def test_each_kind_counts_on_its_side(kind: str, expected: str) -> None:
    books = Books()
    books.add(kind, 100)
    assert add_up(books) == totals(expected)


@pytest.mark.parametrize(
    ("events", "counts"),
    [
        (("approved",), True),
        (("pending",), False),
        (("declined",), False),
        (("approved", "reversal_requested"), False),
        (("approved", "reversal_requested", "reversed"), False),
        (("reversal_requested", "late_answer", "reversed"), False),
    ],
)
def test_only_what_was_approved_and_not_reversed_counts(
    events: tuple[str, ...], counts: bool
) -> None:
    books = Books()
    books.add("sale", 500, *events)
    assert add_up(books) == totals(side(debit=(500, 1)) if counts else side())


def test_foreign_cards_have_a_side_of_their_own() -> None:
    books = Books()
    books.add("sale", 100)
    books.add("sale", 200, organisation="VIS")
    books.add("refund", 50, organisation="MCC")
    assert add_up(books) == totals(side(debit=(100, 1)), side(debit=(200, 1), credit=(50, 1)))


@pytest.mark.parametrize("kinds", [("sale", "void"), ("completion", "completion_void")])
def test_a_void_is_taken_off_or_counted_as_credit_as_the_profile_says(
    kinds: tuple[str, str],
) -> None:
    books = Books()
    books.add("sale", 700)
    original = books.add(kinds[0], 300)
    books.add(kinds[1], 300, original=original)
    assert add_up(books, "subtract") == totals(side(debit=(700, 1)))
    assert add_up(books, "credit") == totals(side(debit=(1_000, 2), credit=(300, 1)))


@pytest.mark.parametrize(
    "events", [("declined",), ("reversal_requested", "reversed"), ("pending",)]
)
def test_a_void_that_did_not_happen_takes_nothing_off(events: tuple[str, ...]) -> None:
    books = Books()
    original = books.add("sale", 300)
    books.add("void", 300, *events, original=original)
    assert add_up(books, "subtract") == totals(side(debit=(300, 1)))
    assert add_up(books, "credit") == totals(side(debit=(300, 1)))


def test_a_void_of_another_batch_is_credit_under_every_profile() -> None:
    books = Books()
    original = books.add("completion", 300)._replace(payment_id=1)
    books.rows.clear()
    books.add("completion_void", 300, original=original)
    for void_totals in ("subtract", "credit"):
        assert add_up(books, void_totals) == totals(side(credit=(300, 1)))


def test_the_newest_tip_or_adjustment_gives_the_amount_and_no_count() -> None:
    books = Books()
    sale = books.add("sale", 1_000)
    offline = books.add("offline_sale", 400)
    books.add("tip", 1_150, original=sale)
    books.add("adjustment", 450, original=offline)
    books.add("adjustment", 430, original=offline)
    books.add("adjustment", 999, "declined", original=offline)
    assert add_up(books) == totals(side(debit=(1_580, 2)))


def test_a_void_of_a_sale_with_a_tip_leaves_nothing_of_it() -> None:
    books = Books()
    sale = books.add("sale", 1_000)
    books.add("tip", 1_150, original=sale)
    books.add("void", 1_150, original=sale)
    assert add_up(books, "subtract") == totals()
    assert add_up(books, "credit") == totals(side(debit=(1_150, 1), credit=(1_150, 1)))


def test_a_total_that_does_not_fit_is_cut_and_never_balanced() -> None:
    books = Books()
    for _ in range(1_000):
        books.add("sale", 1)
    assert add_up(books) == totals(side(debit=(1_000, 999)))
    many = totals_of(counted_of(books.rows, "subtract"))
    assert many.domestic == (1_000, 1_000, 0, 0)
    assert compare(read_totals(totals(side(debit=(1_000, 999)))), many) == "21"
    books = Books()
    books.add("refund", 999_999_999_999)
    books.add("refund", 1)
    assert add_up(books) == totals(side(credit=(999_999_999_999, 2)))
    large = totals_of(counted_of(books.rows, "subtract"))
    assert compare(read_totals(add_up(books)), large) == "21"


def test_flags_say_which_side_is_balanced_whatever_flags_came() -> None:
    own = read_totals(totals(side(debit=(100, 1)), side(credit=(5, 1))))
    cases = {
        totals(side(debit=(100, 1)), side(credit=(5, 1)), "10"): "11",
        totals(side(debit=(101, 1)), side(credit=(5, 1))): "21",
        totals(side(debit=(100, 2)), side(credit=(5, 1))): "21",
        totals(side(debit=(100, 1)), side(debit=(5, 1))): "12",
        totals(): "22",
    }
    for sent, flags in cases.items():
        assert compare(read_totals(sent), own) == flags
    assert write_totals(own, "12") == totals(side(debit=(100, 1)), side(credit=(5, 1)), "12")
