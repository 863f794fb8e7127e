"""The comparison of the three books: equal books agree, and every tampering is seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tongbao.app.demo.books import host_lines, issuer_lines
from tongbao.app.demo.comparison import (
    BookLine,
    BookStatus,
    BookTotal,
    PaymentKey,
    compare,
    total,
    totals_by_kind,
)
from tongbao.domain.money import Currency, Money

APPROVED, DECLINED = BookStatus.APPROVED, BookStatus.DECLINED
REVERSED, NOT_SENT, IN_DOUBT = BookStatus.REVERSED, BookStatus.NOT_SENT, BookStatus.IN_DOUBT


def fen(minor):
    return Money(minor, Currency.CNY)


def line(stan, status, minor=1000, terminal_id="00000001"):
    return BookLine(PaymentKey(terminal_id, 1, stan), fen(minor), status)


def day():
    """Three books that agree on 30.00 in two payments."""
    book = [
        line(1, APPROVED, 1000),
        line(2, DECLINED, 500),
        line(3, REVERSED, 700),
        line(4, APPROVED, 2000),
    ]
    return {"terminal": [*book], "host": [*book], "issuer": [*book]}


def verdict(books, owes=3000, balances=True):
    return compare(
        books["terminal"],
        books["host"],
        books["issuer"],
        issuer_owes=fen(owes),
        issuer_balances=balances,
    )


def test_equal_books_agree_with_no_difference():
    compared = verdict(day())
    assert compared.agrees
    assert not compared.in_doubt
    assert compared.difference == fen(0)
    assert [payment.key.stan for payment in compared.payments] == [1, 2, 3, 4]
    for book in (compared.terminal, compared.host, compared.issuer):
        assert (book.count, book.amount) == (2, fen(3000))


def test_no_payment_at_all_agrees():
    assert verdict({"terminal": [], "host": [], "issuer": []}, owes=0).agrees


def test_payments_that_nobody_charged_may_be_unknown_to_the_later_books():
    books = day()
    books["terminal"].append(line(5, NOT_SENT))
    books["host"] = [entry for entry in books["host"] if entry.key.stan != 2]
    books["issuer"] = [entry for entry in books["issuer"] if entry.key.stan not in (2, 3)]
    assert verdict(books).agrees


@pytest.mark.parametrize("book", ["terminal", "host", "issuer"])
@pytest.mark.parametrize("place", [0, 3])
def test_an_approved_payment_missing_from_one_book_is_a_difference(book, place):
    books = day()
    missing = books[book].pop(place)
    compared = verdict(books)
    assert not compared.agrees
    assert compared.difference == missing.amount


@pytest.mark.parametrize("book", ["terminal", "host", "issuer"])
@pytest.mark.parametrize("status", [DECLINED, REVERSED, NOT_SENT])
def test_another_end_in_one_book_is_a_difference(book, status):
    books = day()
    books[book][0] = replace(books[book][0], status=status)
    compared = verdict(books)
    assert not compared.agrees
    assert compared.difference == fen(1000)
    assert [payment.agrees for payment in compared.payments] == [False, True, True, True]


@pytest.mark.parametrize("book", ["terminal", "host", "issuer"])
def test_one_fen_in_one_book_is_a_difference(book):
    books = day()
    books[book][3] = replace(books[book][3], amount=fen(2001))
    compared = verdict(books)
    assert not compared.agrees
    assert compared.difference == fen(1)


def test_two_faults_that_cancel_out_in_the_sum_are_still_seen():
    books = day()
    books["host"][0] = replace(books["host"][0], amount=fen(1500))
    books["host"][3] = replace(books["host"][3], amount=fen(1500))
    compared = verdict(books)
    assert compared.difference == fen(0)
    assert not compared.agrees


def test_a_swap_of_two_payments_is_seen_though_count_and_sum_agree():
    books = day()
    books["issuer"][0] = line(9, APPROVED, 1000)
    compared = verdict(books)
    assert compared.difference == fen(0)
    assert not compared.agrees


@pytest.mark.parametrize("book", ["terminal", "host", "issuer"])
def test_a_payment_booked_twice_is_a_difference(book):
    books = day()
    books[book].append(books[book][0])
    compared = verdict(books)
    assert not compared.agrees
    assert compared.difference == fen(1000)


@pytest.mark.parametrize("book", ["terminal", "host", "issuer"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_payment_in_doubt_is_never_agreed(book, place):
    books = day()
    books[book][place] = replace(books[book][place], status=IN_DOUBT)
    compared = verdict(books)
    assert compared.in_doubt
    assert not compared.agrees


def test_the_same_trace_of_two_terminals_is_two_payments():
    books = day()
    for book in books.values():
        book.append(line(1, APPROVED, 50, terminal_id="00000002"))
    compared = verdict(books, owes=3050)
    assert compared.agrees
    assert len(compared.payments) == 5


def test_money_that_the_issuer_owes_without_a_payment_is_a_difference():
    compared = verdict(day(), owes=3001)
    assert compared.difference == fen(1)
    assert not compared.agrees


def test_an_issuer_whose_entries_do_not_sum_to_zero_never_agrees():
    assert not verdict(day(), balances=False).agrees


def test_the_hosts_payments_are_the_fold_of_their_events():
    def rows(stan, *kinds):
        rrn = f"R{stan:011d}"
        return [
            ("00000001", 3, stan, 100, "620000*****0018", rrn, kind, "sale", "") for kind in kinds
        ]

    lines, keys = host_lines(
        [
            *rows(1, "approved", "repeated"),
            *rows(2, "declined"),
            *rows(3, "reversal_requested", "reversed"),
            *rows(4, "approved", "reversal_requested"),
            *rows(5, None),
        ]
    )
    assert [(entry.key.stan, entry.status) for entry in lines] == [
        (1, APPROVED),
        (2, DECLINED),
        (3, REVERSED),
        (4, IN_DOUBT),
        (5, IN_DOUBT),
    ]
    assert keys["R00000000004"] == PaymentKey("00000001", 3, 4)


def test_host_and_issuer_name_the_original_by_its_key():
    sold = ("00000001", 3, 1, 100, "620000*****0018", "R00000000001", "approved", "sale", "")
    void = (*sold[:2], 2, *sold[3:5], "R00000000002", "approved", "void", "R00000000001")
    lines, keys = host_lines([sold, void])
    assert [entry.original for entry in lines] == [None, PaymentKey("00000001", 3, 1)]
    payment = {
        "rrn": "R00000000002",
        "operation": "void",
        "terminal_id": "00000001",
        "stan": 2,
        "amount_minor": 100,
        "status": "approved",
        "card_masked": "620000*****0018",
        "original_rrn": "R00000000001",
    }
    (entry,) = issuer_lines({"payments": [payment]}, keys)
    assert entry.original == PaymentKey("00000001", 3, 1)


def test_what_is_approved_is_counted_kind_by_kind():
    book = [
        line(1, APPROVED, 1000),
        line(2, APPROVED, 500),
        line(3, DECLINED, 70),
        replace(line(4, APPROVED, 200), kind="refund"),
        replace(line(5, REVERSED, 1), kind="void"),
    ]
    assert totals_by_kind(book) == {
        "sale": BookTotal(2, fen(1500)),
        "refund": BookTotal(1, fen(-200)),
    }


def test_an_issuers_payment_that_the_host_never_had_stands_alone():
    payment = {
        "rrn": "R00000000009",
        "operation": "sale",
        "terminal_id": "00000001",
        "stan": 9,
        "amount_minor": 100,
        "status": "approved",
        "card_masked": "620000*****0018",
    }
    (entry,) = issuer_lines({"payments": [payment]}, {})
    assert entry.key == PaymentKey("00000001", 0, 9)


def test_the_money_of_voids_and_refunds_goes_back_and_a_hold_moves_none():
    lines = [
        BookLine(PaymentKey("00000001", 1, stan), fen(amount), APPROVED, "", kind)
        for stan, (kind, amount) in enumerate(
            [
                ("sale", 500),
                ("void", 200),
                ("refund", 50),
                ("pre_authorisation", 900),
                ("completion", 800),
                ("completion_void", 100),
            ],
            start=1,
        )
    ]
    assert total(lines) == BookTotal(6, fen(500 - 200 - 50 + 800 - 100))


def test_a_balance_is_in_no_book_that_is_compared():
    payment = {"rrn": "R00000000009", "operation": "balance"}
    assert issuer_lines({"payments": [payment]}, {}) == []
