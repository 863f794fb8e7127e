"""Batches and terminals in the console: totals, differences, reports and orders."""

import pytest

from tests.platform.conftest import browser_of
from tests.platform.seed_beside import seed_families, totals_of
from tests.platform.test_access import fingerprint
from tests.platform.test_pages import text_of
from tongbao.platform.payments.batch_rules import (
    Balance,
    BatchTotals,
    Booked,
    Count,
    Difference,
    Side,
    Uploaded,
    balances_of,
    differences,
    read_totals,
)

CARD, OTHER = bytes(16), bytes(15) + b"\x01"
TERMINAL = "/console/fleet/terminal/00000001/"


def test_totals_are_read_as_the_dialect_writes_them():
    nothing = Count(0, 0)
    assert read_totals(totals_of(3, 41_233, 12_000, "21")) == BatchTotals(
        Side(Count(3, 41_233), nothing), Side(Count(1, 12_000), nothing)
    )
    assert read_totals("") is None
    assert read_totals("x" * 62) is None


def test_a_result_is_two_flags_or_nothing():
    assert balances_of("12") == (Balance.BALANCED, Balance.UNBALANCED)
    for result in ("", "1", "19", "111"):
        assert balances_of(result) is None


def booked(stan, *amounts, token=CARD, is_approved=True, must_come=True):
    return Booked(stan, amounts or (5,), token, is_approved=is_approved, must_come=must_come)


@pytest.mark.parametrize(
    ("uploaded", "known", "found"),
    [
        ((), (booked(1),), {}),
        ((Uploaded(1, 5, CARD),), (booked(1),), {}),
        ((Uploaded(1, 5, CARD),), (), {1: Difference.UNKNOWN_TO_HOST}),
        ((Uploaded(1, 6, CARD),), (booked(1),), {1: Difference.OTHER_AMOUNT}),
        ((Uploaded(1, 6, CARD),), (booked(1, 5, 6),), {}),
        ((Uploaded(1, 5, b""),), (booked(1),), {}),
        ((Uploaded(1, 5, OTHER),), (booked(1),), {1: Difference.OTHER_CARD}),
        (
            (Uploaded(1, 5, CARD),),
            (booked(1, is_approved=False),),
            {1: Difference.NOT_APPROVED},
        ),
        (
            (Uploaded(1, 5, CARD),),
            (booked(1), booked(2), booked(3, must_come=False), booked(4, is_approved=False)),
            {2: Difference.NOT_UPLOADED},
        ),
    ],
)
def test_differences_are_found_one_by_one(uploaded, known, found):
    assert differences(uploaded, known) == found


def test_an_unbalanced_batch_shows_both_totals_and_each_difference(staff):
    page = text_of(browser_of(staff).get("/console/payments/batchevent/1/change/"))
    for part in (
        "Domestic cards difference Not balanced".replace("difference ", ""),
        "Debit ¥412.33 3 payments ¥312.33 2 payments",
        "Foreign cards Balanced",
        "Being settled",
        "000077 – ¥100.00 – The host has no such payment",
        "000011 Sale ¥180.00 ¥188.88 Another amount at the host",
    ):
        assert part in page


def test_a_batch_is_one_row_and_keeps_its_address_when_it_closes(staff, stories, django_sqlite):
    seed_families(django_sqlite)
    browser = browser_of(staff, "zh-CN")
    page = text_of(browser.get("/console/payments/batchevent/"))
    assert page.count("000005") == 1
    for number in (2, 3):
        page = text_of(browser.get(f"/console/payments/batchevent/{number}/change/"))
        assert "批次 000005" in page
        assert "已关闭" in page
        assert "内卡 对账平" in page


@pytest.mark.parametrize("query", ["?q=00000002", "?terminal=00000002", "?q=5"])
def test_batches_are_found_by_terminal_and_number(staff, stories, django_sqlite, query):
    seed_families(django_sqlite)
    page = text_of(browser_of(staff).get(f"/console/payments/batchevent/{query}"))
    assert "000005" in page
    assert "000001" not in page


def orders():
    from tongbao.platform.fleet.models import TerminalOrder

    return list(TerminalOrder.objects.order_by("order_id").values_list("terminal_id", "act"))


def test_a_terminal_shows_its_reports_and_what_it_was_told(staff):
    page = text_of(browser_of(staff).get(f"{TERMINAL}change/"))
    for part in ("0123456789", "Sign in again · done", "Download the blacklist · waits"):
        assert part in page


def test_an_order_is_one_row(staff):
    before = orders()
    answer = browser_of(staff).post(f"{TERMINAL}order/", {"act": "4"}, follow=True)
    assert "Ordered: it goes out with the next answer." in text_of(answer)
    assert orders() == [*before, ("00000001", "4")]


@pytest.mark.parametrize("act", ["7", "0", "9", "", "44", "sign_in"])
def test_an_order_that_waits_already_or_means_nothing_is_refused(staff, act):
    before = fingerprint()
    answer = browser_of(staff).post(f"{TERMINAL}order/", {"act": act}, follow=True)
    assert "Nothing was ordered" in text_of(answer)
    assert fingerprint() == before


def test_what_was_done_can_be_ordered_again(staff):
    before = orders()
    browser_of(staff).post(f"{TERMINAL}order/", {"act": "3"})
    assert orders() == [*before, ("00000001", "3")]


def test_an_order_to_an_unknown_terminal_is_not_found(staff):
    before = orders()
    address = "/console/fleet/terminal/99999999/order/"
    assert browser_of(staff).post(address, {"act": "1"}).status_code == 404
    assert orders() == before
