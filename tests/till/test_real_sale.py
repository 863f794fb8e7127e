"""The till page on the real terminal, host and sandbox, in real Chromium: whole sales."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.till.cashier import PIN, WRONG_PIN, Cashier, TypingCashier, till_of
from tests.till.conftest import OpenTill
from tests.till.looking import faults_of, on_screen

from tongbao.app.processes import Part


@pytest.mark.parametrize(
    ("size", "language", "hands"),
    [
        pytest.param("counter", "zh", Cashier, id="counter-zh-taps"),
        pytest.param("handheld", "en", Cashier, id="handheld-en-taps"),
        pytest.param("handheld", "zh", Cashier, id="handheld-zh-taps"),
        pytest.param("counter", "en", TypingCashier, id="counter-en-keyboard"),
    ],
)
def test_a_day_at_the_till(
    real_terminal: Part,
    open_till: OpenTill,
    size: str,
    language: str,
    hands: Callable[[Page, str], Cashier],
) -> None:
    page = till_of(real_terminal, open_till, size, language)
    cashier = hands(page, language)
    cashier.power_on()
    cashier.log_in()

    cashier.sell("1280", "good", PIN)
    cashier.sees("approved")
    expect(page.locator(".result__amount")).to_contain_text("12.80")
    cashier.next_sale()

    cashier.sell("2000", "second", WRONG_PIN)
    cashier.sees("declined")
    cashier.next_sale()

    cashier.sell("3000", "silent", PIN)
    cashier.sees("reversed")
    # The sale was in doubt and said so before it was proven not to have happened.
    assert page.evaluate("() => window.screensSeen.slice(-3)") == ["authorising", "doubt", "result"]
    cashier.next_sale()

    assert PIN not in page.content()
    assert page.evaluate("() => JSON.stringify(localStorage)") == "{}"


def test_a_payment_stays_in_doubt_until_the_host_is_back(
    real_terminal: Part, host: Part, open_till: OpenTill
) -> None:
    page = till_of(real_terminal, open_till, "counter", "zh")
    cashier = Cashier(page, "zh")
    cashier.power_on()
    cashier.log_in()
    cashier.sell("4500", "silent", PIN)
    on_screen(page, "authorising")
    host.kill()
    on_screen(page, "doubt")
    expect(page.get_by_role("heading", level=1)).to_contain_text("查询中")
    expect(page.get_by_text("请勿再次收款")).to_be_visible()
    expect(page.get_by_test_id("charge")).to_have_count(0)
    expect(page.get_by_test_id("next")).to_have_count(0)
    assert faults_of(page) == []
    host.start()
    cashier.sees("reversed")
    cashier.next_sale()
    cashier.sell("4500", "good", PIN)
    cashier.sees("approved")


def test_the_page_is_blocked_while_the_terminal_process_is_down(
    real_terminal: Part, open_till: OpenTill
) -> None:
    page = till_of(real_terminal, open_till, "handheld", "zh")
    cashier = Cashier(page, "zh")
    cashier.power_on()
    cashier.log_in()
    real_terminal.kill()
    expect(page.get_by_role("alertdialog")).to_contain_text("终端没有连接")
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    real_terminal.start()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    # The terminal has restarted and says so; the page invents nothing.
    on_screen(page, "off")


def test_a_wrong_password_is_refused_in_the_chosen_language(
    real_terminal: Part, open_till: OpenTill
) -> None:
    page = till_of(real_terminal, open_till, "counter", "en")
    cashier = Cashier(page, "en")
    cashier.power_on()
    cashier.digits("019999")
    cashier.press("log-in")
    expect(page.locator(".log-in__word")).to_contain_text("Wrong operator number or password")
    assert faults_of(page) == []


def test_a_page_opened_in_the_middle_shows_the_terminal_as_it_is(
    real_terminal: Part, open_till: OpenTill
) -> None:
    page = till_of(real_terminal, open_till, "counter", "zh")
    cashier = Cashier(page, "zh")
    cashier.power_on()
    cashier.log_in()
    cashier.charge("700")
    page.reload()
    on_screen(page, "card")
    expect(page.locator(".card__amount")).to_contain_text("7.00")
    page.get_by_test_id("cancel").click()
    on_screen(page, "idle")
