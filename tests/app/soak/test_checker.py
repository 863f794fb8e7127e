"""The checker of a soak: books that agree pass, and every planted violation is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tongbao.app.demo.comparison import BookLine, BookStatus, PaymentKey
from tongbao.app.soak.checker import Evidence, JournalSale, Rule, check
from tongbao.app.soak.history import SaleRecord, Shown, ShownKey, Told
from tongbao.domain.money import Currency, Money

TERMINAL = "00000001"
APPROVED, DECLINED, REVERSED = BookStatus.APPROVED, BookStatus.DECLINED, BookStatus.REVERSED
NOT_SENT, IN_DOUBT = BookStatus.NOT_SENT, BookStatus.IN_DOUBT


def fen(minor):
    return Money(minor, Currency.CNY)


def line(trace, status, minor):
    return BookLine(PaymentKey(TERMINAL, 1, trace), fen(minor), status)


def sale(trace, told, minor, *, given_ms=10):
    return SaleRecord(
        command_id=f"command-{trace}",
        terminal_id=TERMINAL,
        card_id="good",
        amount_minor=minor,
        begun_ms=0,
        given_ms=given_ms,
        ended_ms=20,
        told=told,
        trace=None if told is Told.UNKNOWN else trace,
    )


def evidence():
    """One approved, one declined, one reversed, one not sent and one unknown that was charged."""
    lines = {
        2: line(2, APPROVED, 100),
        3: line(3, DECLINED, 200),
        4: line(4, REVERSED, 300),
        5: line(5, NOT_SENT, 400),
        6: line(6, APPROVED, 500),
    }
    told = {2: Told.OK, 3: Told.DECLINED, 4: Told.REVERSED, 5: Told.NOT_SENT, 6: Told.UNKNOWN}
    known = [lines[trace] for trace in (2, 3, 4, 6)]
    return Evidence(
        sales=[sale(trace, told[trace], entry.amount.minor) for trace, entry in lines.items()],
        shown={
            ShownKey(TERMINAL, trace): [Shown(told[trace], lines[trace].amount.minor)]
            for trace in (2, 3, 4, 5)
        },
        journal=[JournalSale(f"command-{trace}", entry) for trace, entry in lines.items()],
        host=known,
        issuer=known,
        issuer_owes=fen(600),
        issuer_balances=True,
        traces={TERMINAL: [(1, trace) for trace in range(1, 7)]},
    )


def broken(found):
    return {(violation.rule, violation.key and violation.key.stan) for violation in found}


def without(book, trace):
    return [entry for entry in book if entry.key.stan != trace]


def changed(book, trace, **changes):
    return [replace(entry, **changes) if entry.key.stan == trace else entry for entry in book]


def journal_changed(journal, trace, **changes):
    return [
        replace(entry, line=replace(entry.line, **changes))
        if entry.line.key.stan == trace
        else entry
        for entry in journal
    ]


def test_books_that_agree_hold():
    assert check(evidence()) == []


def test_an_unknown_sale_may_also_have_come_to_nothing():
    good = evidence()
    gone = replace(
        good,
        journal=journal_changed(good.journal, 6, status=REVERSED),
        host=changed(good.host, 6, status=REVERSED),
        issuer=changed(good.issuer, 6, status=REVERSED),
        issuer_owes=fen(100),
    )
    assert check(gone) == []


def test_an_unknown_sale_may_never_have_reached_the_journal():
    good = evidence()
    gone = replace(
        good,
        journal=good.journal[:-1],
        host=without(good.host, 6),
        issuer=without(good.issuer, 6),
        issuer_owes=fen(100),
    )
    assert check(gone) == []


@pytest.mark.parametrize("book", ["host", "issuer"])
@pytest.mark.parametrize("status", [None, DECLINED, REVERSED])
def test_an_approval_that_a_later_book_lost_is_found(book, status):
    good = evidence()
    lines = getattr(good, book)
    lost = without(lines, 2) if status is None else changed(lines, 2, status=status)
    found = check(replace(good, **{book: lost}))
    assert (Rule.NO_LOST_APPROVAL, 2) in broken(found)
    assert (Rule.BOOKS_AGREE, None) in broken(found)


def test_an_approval_that_all_books_lost_is_found_because_it_was_shown():
    good = evidence()
    found = check(
        replace(
            good,
            journal=[entry for entry in good.journal if entry.line.key.stan != 2],
            host=without(good.host, 2),
            issuer=without(good.issuer, 2),
            issuer_owes=fen(500),
        )
    )
    assert broken(found) == {(Rule.NO_LOST_APPROVAL, 2)}


def test_an_approval_that_all_books_reversed_is_found_because_it_was_shown():
    good = evidence()
    found = check(
        replace(
            good,
            journal=journal_changed(good.journal, 2, status=REVERSED),
            host=changed(good.host, 2, status=REVERSED),
            issuer=changed(good.issuer, 2, status=REVERSED),
            issuer_owes=fen(500),
        )
    )
    assert broken(found) == {(Rule.NO_LOST_APPROVAL, 2)}


@pytest.mark.parametrize("book", ["host", "issuer"])
@pytest.mark.parametrize("trace", [3, 4])
def test_a_charge_that_the_till_denied_is_found(book, trace):
    good = evidence()
    found = check(replace(good, **{book: changed(getattr(good, book), trace, status=APPROVED)}))
    assert (Rule.NO_SILENT_CHARGE, trace) in broken(found)


def test_a_payment_charged_twice_under_one_number_is_found():
    good = evidence()
    found = check(
        replace(good, issuer=[*good.issuer, line(2, APPROVED, 100)], issuer_owes=fen(700))
    )
    assert (Rule.NO_DOUBLE_CHARGE, 2) in broken(found)


def test_a_command_charged_twice_under_two_numbers_is_found():
    good = evidence()
    again = line(7, APPROVED, 100)
    found = check(
        replace(
            good,
            journal=[*good.journal, JournalSale("command-2", again)],
            host=[*good.host, again],
            issuer=[*good.issuer, again],
            issuer_owes=fen(700),
        )
    )
    assert broken(found) == {(Rule.NO_DOUBLE_CHARGE, 2)}


@pytest.mark.parametrize("trace", [2, 3, 4, 6])
def test_a_doubt_that_stays_open_in_the_journal_is_found(trace):
    good = evidence()
    found = check(replace(good, journal=journal_changed(good.journal, trace, status=IN_DOUBT)))
    assert (Rule.DOUBT_CLOSES, trace) in broken(found)


def test_a_doubt_that_stays_open_at_the_host_is_found():
    good = evidence()
    found = check(replace(good, host=changed(good.host, 4, status=IN_DOUBT)))
    assert broken(found) == {(Rule.DOUBT_CLOSES, 4)}


def test_an_approval_whose_end_the_host_does_not_know_is_lost_and_in_doubt():
    good = evidence()
    found = check(replace(good, host=changed(good.host, 2, status=IN_DOUBT)))
    assert broken(found) == {
        (Rule.DOUBT_CLOSES, 2),
        (Rule.NO_LOST_APPROVAL, 2),
        (Rule.BOOKS_AGREE, None),
    }


def test_a_charge_that_no_journal_knows_is_found():
    good = evidence()
    stray = line(9, APPROVED, 1)
    found = check(
        replace(good, host=[*good.host, stray], issuer=[*good.issuer, stray], issuer_owes=fen(601))
    )
    assert (Rule.NO_STRAY_CHARGE, 9) in broken(found)


def test_a_sale_whose_pin_nobody_gave_is_found():
    good = evidence()
    sales = [sale(2, Told.OK, 100, given_ms=None), *good.sales[1:]]
    assert broken(check(replace(good, sales=sales))) == {(Rule.NO_STRAY_CHARGE, 2)}


def test_another_amount_is_found():
    good = evidence()
    found = check(replace(good, host=changed(good.host, 3, amount=fen(201))))
    assert broken(found) == {(Rule.SAME_AMOUNT, 3)}


def test_another_amount_than_the_cashier_asked_for_is_found():
    good = evidence()
    sales = [replace(good.sales[0], amount_minor=101), *good.sales[1:]]
    assert broken(check(replace(good, sales=sales))) == {(Rule.SAME_AMOUNT, 2)}


def test_a_screen_that_said_two_things_is_found():
    good = evidence()
    key = ShownKey(TERMINAL, 3)
    shown = {**good.shown, key: [Shown(Told.DECLINED, 200), Shown(Told.REVERSED, 200)]}
    assert broken(check(replace(good, shown=shown))) == {(Rule.SHOWN_IS_KEPT, 3)}


def test_a_decline_that_the_journal_calls_reversed_is_found():
    good = evidence()
    found = check(replace(good, journal=journal_changed(good.journal, 3, status=REVERSED)))
    assert broken(found) == {(Rule.SHOWN_IS_KEPT, 3)}


@pytest.mark.parametrize("numbers", [[1, 2, 2], [1, 3, 2]])
def test_a_trace_number_used_again_is_found(numbers):
    good = evidence()
    traces = {TERMINAL: [(1, number) for number in numbers]}
    assert broken(check(replace(good, traces=traces))) == {(Rule.TRACES_RISE, 2)}


def test_money_that_the_issuer_owes_without_a_payment_is_found():
    found = check(replace(evidence(), issuer_owes=fen(601)))
    assert broken(found) == {(Rule.BOOKS_AGREE, None)}


def test_an_issuer_whose_entries_do_not_sum_to_zero_is_found():
    found = check(replace(evidence(), issuer_balances=False))
    assert broken(found) == {(Rule.BOOKS_AGREE, None)}


def test_the_gravest_violations_come_first():
    good = evidence()
    found = check(
        replace(
            good,
            host=changed(changed(good.host, 2, status=DECLINED), 4, status=IN_DOUBT),
            issuer_balances=False,
        )
    )
    assert [violation.rule for violation in found] == [
        Rule.DOUBT_CLOSES,
        Rule.NO_LOST_APPROVAL,
        Rule.BOOKS_AGREE,
        Rule.BOOKS_AGREE,
    ]


def test_a_batch_that_the_host_counts_differently_is_found():
    found = check(replace(evidence(), settled={TERMINAL: ("balanced", "unbalanced")}))
    assert broken(found) == {(Rule.BATCHES_BALANCE, 0)}
    assert check(replace(evidence(), settled={TERMINAL: ("balanced", "balanced")})) == []
