"""The checker of a soak: books that agree pass, and every planted violation is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tongbao.app.demo.comparison import BookLine, BookStatus, PaymentKey
from tongbao.app.soak.checker import Evidence, JournalSale, check
from tongbao.app.soak.history import SaleRecord, Shown, ShownKey, Told
from tongbao.app.soak.rules import Rule
from tongbao.domain.money import Currency, Money

TERMINAL = "00000001"
APPROVED, DECLINED, REVERSED = BookStatus.APPROVED, BookStatus.DECLINED, BookStatus.REVERSED
NOT_SENT, IN_DOUBT = BookStatus.NOT_SENT, BookStatus.IN_DOUBT


def fen(minor):
    return Money(minor, Currency.CNY)


def key(trace):
    return PaymentKey(TERMINAL, 1, trace)


def line(trace, status, minor, kind="sale", original=None):
    named = None if original is None else key(original)
    return BookLine(key(trace), fen(minor), status, "", kind, named)


def sale(trace, told, minor, *, given_ms=10, kind="sale"):
    return SaleRecord(
        command_id=f"command-{trace}",
        terminal_id=TERMINAL,
        card_id="good",
        amount_minor=minor,
        begun_ms=0,
        kind=kind,
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


def day_of_all_kinds(*more, owes=0, holds=None):
    """Sold 100 and voided, sold 200 of which 50 went back, held 300 and took 250, held 400."""
    lines = [
        line(1, APPROVED, 100),
        line(2, APPROVED, 100, "void", 1),
        line(3, APPROVED, 200),
        line(4, APPROVED, 50, "refund", 3),
        line(5, APPROVED, 300, "pre_authorisation"),
        line(6, APPROVED, 250, "completion", 5),
        line(7, APPROVED, 400, "pre_authorisation"),
        line(8, APPROVED, 500, "pre_authorisation"),
        line(9, APPROVED, 500, "pre_authorisation_void", 8),
        *more,
    ]
    return Evidence(
        sales=[sale(one.key.stan, Told.UNKNOWN, one.amount.minor, kind=one.kind) for one in lines],
        shown={},
        journal=[JournalSale(f"command-{one.key.stan}", one) for one in lines],
        host=lines,
        issuer=lines,
        issuer_owes=fen(400 + owes),
        issuer_balances=True,
        holds={key(7): fen(400)} if holds is None else holds,
    )


def everywhere(good, trace, **changes):
    """The same change in all three books."""
    return replace(
        good,
        journal=journal_changed(good.journal, trace, **changes),
        host=changed(good.host, trace, **changes),
        issuer=changed(good.issuer, trace, **changes),
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
    words = [Shown(Told.DECLINED, 200), Shown(Told.REVERSED, 200)]
    shown = {**good.shown, ShownKey(TERMINAL, 3): words}
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


def test_books_with_every_kind_that_agree_hold():
    assert check(day_of_all_kinds()) == []


def test_a_balance_that_was_told_and_shown_needs_no_book():
    good = day_of_all_kinds()
    asked = replace(sale(10, Told.OK, 0, kind="balance"), balance_minor=12_345)
    assert check(replace(good, sales=[*good.sales, asked])) == []
    silent = replace(asked, balance_minor=None)
    found = check(replace(good, sales=[*good.sales, silent]))
    assert broken(found) == {(Rule.SHOWN_IS_KEPT, 10)}


@pytest.mark.parametrize("book", ["host", "issuer"])
@pytest.mark.parametrize("trace", [2, 4, 5, 6, 7, 9])
def test_an_approval_of_any_kind_that_a_later_book_lost_is_found(book, trace):
    good = day_of_all_kinds()
    found = check(replace(good, **{book: without(getattr(good, book), trace)}))
    assert (Rule.NO_LOST_APPROVAL, trace) in broken(found)
    assert (Rule.BOOKS_AGREE, None) in broken(found)


def test_kinds_whose_sums_agree_only_together_are_told_one_by_one():
    good = day_of_all_kinds()
    swapped = changed(changed(good.host, 2, kind="refund"), 4, kind="void")
    found = check(replace(good, host=swapped))
    sums = [violation.text for violation in found if violation.rule is Rule.BOOKS_AGREE]
    assert sums == [
        "refund: terminal 1 / -0.50, host 1 / -1.00, issuer 1 / -0.50",
        "void: terminal 1 / -1.00, host 1 / -0.50, issuer 1 / -1.00",
    ]
    assert {(Rule.SAME_KIND, 2), (Rule.SAME_KIND, 4)} < broken(found)


def test_another_kind_than_the_cashier_asked_for_is_found():
    good = day_of_all_kinds()
    sales = [replace(good.sales[0], kind="refund"), *good.sales[1:]]
    assert broken(check(replace(good, sales=sales))) == {(Rule.SAME_KIND, 1)}


def test_books_that_name_different_originals_are_found():
    good = day_of_all_kinds(line(10, APPROVED, 60), owes=60)
    found = check(replace(good, issuer=changed(good.issuer, 4, original=key(10))))
    assert broken(found) == {(Rule.SAME_KIND, 4)}


@pytest.mark.parametrize("minor", [151, 200])
def test_more_given_back_than_was_paid_is_found(minor):
    found = check(day_of_all_kinds(line(10, APPROVED, minor, "refund", 3), owes=-minor))
    assert broken(found) == {(Rule.NO_OVER_REFUND, 3)}


def test_all_that_was_paid_may_go_back():
    assert check(day_of_all_kinds(line(10, APPROVED, 150, "refund", 3), owes=-150)) == []


def test_a_refund_of_a_completion_counts_against_what_it_took():
    good = day_of_all_kinds(line(10, APPROVED, 250, "refund", 6), owes=-250)
    assert check(good) == []
    found = check(day_of_all_kinds(line(10, APPROVED, 251, "refund", 6), owes=-251))
    assert broken(found) == {(Rule.NO_OVER_REFUND, 6)}


@pytest.mark.parametrize("kind", ["void", "refund"])
def test_what_is_void_cannot_be_given_back_once_more(kind):
    found = check(day_of_all_kinds(line(10, APPROVED, 100, kind, 1), owes=-100))
    assert broken(found) == {(Rule.NO_OVER_REFUND, 1)}


def test_a_void_of_another_amount_is_found():
    good = replace(everywhere(day_of_all_kinds(), 2, amount=fen(90)), issuer_owes=fen(410))
    sales = [
        replace(one, amount_minor=90) if one.command_id == "command-2" else one
        for one in good.sales
    ]
    assert broken(check(replace(good, sales=sales))) == {(Rule.SAME_AMOUNT, 1)}


@pytest.mark.parametrize(
    ("original", "follower", "rule", "owes"),
    [(1, 2, "NO_OVER_REFUND", -100), (3, 4, "NO_OVER_REFUND", -200), (5, 6, "HOLD_ENDS_ONCE", 0)],
)
def test_what_stands_upon_a_payment_that_was_reversed_is_found(original, follower, rule, owes):
    good = everywhere(day_of_all_kinds(owes=owes), original, status=REVERSED)
    assert broken(check(good)) == {(Rule[rule], follower)}


def test_a_void_that_names_nothing_is_found_where_the_original_must_be_known():
    good = day_of_all_kinds()
    assert check(replace(good, journal=journal_changed(good.journal, 2, original=None))) == []
    found = check(replace(good, host=changed(good.host, 2, original=None)))
    assert broken(found) == {(Rule.NO_OVER_REFUND, 2)}


@pytest.mark.parametrize("kind", ["completion", "pre_authorisation_void"])
def test_a_hold_that_ended_twice_is_found(kind):
    owes = 40 if kind == "completion" else 0
    found = check(day_of_all_kinds(line(10, APPROVED, 40, kind, 5), owes=owes))
    assert broken(found) == {(Rule.HOLD_ENDS_ONCE, 5)}


def test_a_completion_above_the_hosts_share_is_found():
    took = day_of_all_kinds(line(10, APPROVED, 460, "completion", 7), owes=460, holds={})
    assert check(took) == []
    above = day_of_all_kinds(line(10, APPROVED, 461, "completion", 7), owes=461, holds={})
    assert broken(check(above)) == {(Rule.HOLD_ENDS_ONCE, 7)}


@pytest.mark.parametrize(
    ("holds", "trace"),
    [
        ({7: 400, 5: 300}, 5),
        ({7: 400, 99: 1}, 99),
        ({7: 401}, 7),
        ({}, 7),
    ],
)
def test_a_hold_without_an_owner_and_an_owner_without_a_hold_are_found(holds, trace):
    held = {key(number): fen(minor) for number, minor in holds.items()}
    assert broken(check(day_of_all_kinds(holds=held))) == {(Rule.HOLD_ENDS_ONCE, trace)}


def test_a_hold_that_the_till_says_was_reversed_but_the_issuer_keeps_is_found():
    good = day_of_all_kinds()
    found = check(everywhere(good, 7, status=REVERSED))
    assert broken(found) == {(Rule.HOLD_ENDS_ONCE, 7)}
