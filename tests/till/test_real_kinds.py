"""Every other payment on the real terminal, host and sandbox, in real Chromium."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Page, expect
from tests.till.cashier import PIN, SUPERVISOR_PASSWORD, Cashier, TypingCashier, till_of
from tests.till.conftest import OpenTill
from tests.till.hands import CARD_NUMBER, draw, press, spaced
from tests.till.looking import faults_of, on_screen

from tongbao.app.processes import Part

APPROVE = f"{spaced(SUPERVISOR_PASSWORD)} Enter"


def open_day(real_terminal: Part, open_till: OpenTill, language: str = "zh") -> TypingCashier:
    """A cashier who types, logged in at the counter."""
    cashier = TypingCashier(till_of(real_terminal, open_till, "counter", language), language)
    cashier.power_on()
    cashier.log_in()
    return cashier


def facts_of(page: Page, trace: str) -> dict[str, str]:
    """Look a payment up as a cashier does; its facts by their names in English."""
    press(page, f"* 8 1 Enter {spaced(trace)} Enter")
    page.get_by_test_id("found").wait_for()
    names, values = page.locator(".found__facts dt"), page.locator(".found__facts dd")
    facts = dict(zip(names.all_inner_texts(), values.all_inner_texts(), strict=True))
    assert faults_of(page) == []
    press(page, "Escape Escape Escape")
    on_screen(page, "idle")
    return facts


def last_trace(page: Page) -> str:
    """The trace of the newest payment in the list at home."""
    said = page.locator(".recent__time").first.inner_text()
    return said.rpartition(" ")[2].lstrip("0")


def month_and_day(facts: dict[str, str]) -> str:
    """The date of a payment as four digits."""
    return facts["Time"].partition(" ")[0].replace("-", "")


def charged(cashier: Cashier, amount: str, card: str = "good") -> None:
    """Sell, see it approved, and go back home."""
    cashier.sell(amount, card, PIN)
    cashier.sees("approved")
    cashier.next_sale()


def note_of(page: Page) -> str:
    return page.get_by_test_id("note").inner_text()


def test_a_void_and_a_refund_with_a_supervisor(real_terminal: Part, open_till: OpenTill) -> None:
    cashier = open_day(real_terminal, open_till, "en")
    page = cashier.page
    charged(cashier, "2000")
    press(page, f"* 0 2 Enter {spaced(last_trace(page))} Enter")
    expect(page.get_by_test_id("found")).to_contain_text("20.00")
    cashier.look("form")
    press(page, "Enter 9 9 9 9 Enter")
    expect(page.get_by_test_id("approval")).to_contain_text("Wrong operator number or password")
    assert faults_of(page) == []
    press(page, APPROVE)
    on_screen(page, "card")
    cashier.take_card("good")
    cashier.sees("approved")
    assert note_of(page) == "The payment is cancelled; nothing is charged"
    cashier.next_sale()
    # Nobody was logged out, and what is void cannot be voided twice.
    expect(page.locator(".bar__sub")).to_contain_text("Operator 01")
    voided = str(int(last_trace(page)) - 1)
    press(page, f"* 0 2 Enter {spaced(voided)} Enter")
    expect(page.locator(".form__word")).to_contain_text("no longer possible")
    press(page, "Escape Escape")
    on_screen(page, "idle")

    charged(cashier, "3000")
    facts = facts_of(page, last_trace(page))
    press(page, f"* 0 3 Enter {spaced(month_and_day(facts))} Enter")
    press(page, f"{spaced(facts['Reference'])} Enter 1 0 0 1 Enter")
    press(page, APPROVE)
    on_screen(page, "card")
    cashier.take_card("good")
    cashier.sees("approved")
    assert note_of(page) == "The money goes back to the card"
    cashier.next_sale()
    expect(page.locator(".recent__amount").first).to_contain_text("−¥10.01")
    assert SUPERVISOR_PASSWORD not in page.content()


def test_a_pre_authorisation_is_completed_and_its_completion_voided(
    real_terminal: Part, open_till: OpenTill
) -> None:
    cashier = open_day(real_terminal, open_till, "en")
    page = cashier.page
    press(page, "* 0 5 Enter 5 0 0 0 Enter")
    on_screen(page, "card")
    cashier.take_card("good")
    cashier.enter_pin(PIN)
    cashier.sees("approved")
    assert note_of(page) == "The amount is held, not yet charged"
    cashier.next_sale()
    facts = facts_of(page, last_trace(page))
    hold = f"{spaced(month_and_day(facts))} Enter {spaced(facts['Authorisation'])} Enter"

    press(page, f"* 0 7 Enter {hold} 9 9 0 0 Enter")
    # More than the host profile allows of the hold: refused before any card, nothing lost.
    expect(page.locator(".form__word")).to_contain_text("at most 115 %")
    press(page, "Backspace Backspace Backspace Backspace 5 5 0 0 Enter")
    on_screen(page, "card")
    cashier.take_card("good")
    cashier.sees("approved")
    assert note_of(page) == "Charged from the pre-authorisation"
    cashier.next_sale()

    press(page, f"* 0 9 Enter {spaced(last_trace(page))} Enter Enter {APPROVE}")
    on_screen(page, "card")
    cashier.take_card("good")
    cashier.sees("approved")
    cashier.next_sale()


def test_a_balance_and_a_keyed_order(real_terminal: Part, open_till: OpenTill) -> None:
    cashier = open_day(real_terminal, open_till)
    page = cashier.page
    press(page, "* 0 4 Enter")
    on_screen(page, "card")
    page.locator("[data-card=good]").wait_for()
    expect(page.locator(".card__amount")).to_have_count(0)
    cashier.take_card("good")
    cashier.enter_pin(PIN)
    on_screen(page, "result")
    expect(page.get_by_test_id("balance")).to_be_visible()
    cashier.look_closely("balance")
    press(page, "Enter")

    press(page, "* 1 3 Enter 8 8 0 0 Enter")
    on_screen(page, "card")
    press(page, f"{spaced(CARD_NUMBER)} Enter 1 2 3 5 Enter")
    # Nobody issued this number: the issuer says so, and the page has kept none of it.
    on_screen(page, "result")
    expect(page.get_by_test_id("result")).to_have_attribute("data-outcome", "declined")
    assert CARD_NUMBER not in page.content()


def test_a_payment_is_found_and_printed_again_and_the_totals_are_right(
    real_terminal: Part, open_till: OpenTill
) -> None:
    cashier = open_day(real_terminal, open_till)
    page = cashier.page
    charged(cashier, "1234")
    charged(cashier, "4321", "foreign")
    trace = last_trace(page)
    press(page, f"* 8 1 Enter {spaced(trace)} Enter")
    expect(page.get_by_test_id("found")).to_contain_text("43.21")
    press(page, "Enter")
    expect(page.locator(".notice")).to_contain_text("重打印")
    press(page, "Escape Escape Escape * 8 2 Enter")
    cashier.look("totals")
    expect(page.locator("[data-side=foreign]")).to_contain_text("43.21")
    press(page, "Enter")
    expect(page.locator(".notice")).to_contain_text("汇总已打印")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_refund_is_repeated_until_the_host_that_died_is_back(
    real_terminal: Part, host: Part, open_till: OpenTill, language: str
) -> None:
    cashier = open_day(real_terminal, open_till, language)
    page = cashier.page
    charged(cashier, "6000")
    if language == "zh":
        page.keyboard.press("F2")
    facts = facts_of(page, last_trace(page))
    if language == "zh":
        page.keyboard.press("F2")
    press(page, f"* 0 3 Enter {spaced(month_and_day(facts))} Enter")
    press(page, f"{spaced(facts['Reference'])} Enter 6 0 0 0 Enter {APPROVE}")
    on_screen(page, "card")
    page.locator("[data-card=good]").wait_for()
    # The host is there but deaf, and dies with the refund in its hands.
    os.kill(host.pid, signal.SIGSTOP)
    cashier.take_card("good")
    on_screen(page, "authorising")
    host.kill()
    on_screen(page, "doubt")
    words = {"zh": "请勿重复办理", "en": "Do not do it again"}[language]
    expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_test_id("pending-badge")).to_be_visible()
    assert faults_of(page) == []
    host.start()
    cashier.sees("approved")
    cashier.next_sale()


def test_a_sale_is_signed_on_the_screen(real_terminal: Part, open_till: OpenTill) -> None:
    cashier = open_day(real_terminal, open_till, "en")
    page = cashier.page
    cashier.sell("2500", "good", PIN)
    cashier.sees("approved")
    press(page, "F7")
    cashier.look("sign")
    draw(page)
    press(page, "Enter")
    on_screen(page, "result")
    expect(page.locator(".result__signed")).to_have_text("Signed")
    cashier.next_sale()
    # It goes out by itself; the badge is there until it has.
    expect(page.get_by_test_id("pending-badge")).to_have_count(0, timeout=20_000)


def test_a_batch_is_settled(real_terminal: Part, open_till: OpenTill) -> None:
    cashier = open_day(real_terminal, open_till, "en")
    page = cashier.page
    charged(cashier, "2500")
    press(page, "* 8 2 Enter")
    batch = page.locator(".totals__sides h2").inner_text().removeprefix("Batch ")
    press(page, "Escape Escape")
    on_screen(page, "idle")
    press(page, "* 8 4 Enter")
    cashier.look("settle")
    press(page, "Enter")
    on_screen(page, "settling")
    expect(page.get_by_role("heading", level=1)).to_have_text("Batch settled", timeout=20_000)
    expect(page.locator("[data-side=domestic]")).to_contain_text("Balanced")
    cashier.look_closely("settling")
    press(page, "F8")
    slip = page.locator(".slip-dialog img")
    slip.wait_for()
    assert slip.evaluate("(image) => image.naturalWidth") > 300
    press(page, "Escape")
    slip.wait_for(state="detached")
    press(page, "Enter")
    on_screen(page, "idle")
    expect(page.get_by_test_id("pending-badge")).to_have_count(0)
    press(page, "* 8 2 Enter")
    expect(page.locator(".totals__sides h2")).to_have_text(f"Batch {int(batch) + 1:06d}")
    expect(page.locator(".totals__kinds")).to_contain_text("No payments in this batch yet")


def test_the_line_is_tried_and_parameters_are_fetched(
    real_terminal: Part, open_till: OpenTill
) -> None:
    cashier = open_day(real_terminal, open_till, "en")
    page = cashier.page
    press(page, "* 9 3 Enter")
    expect(page.locator(".notice")).to_contain_text("The host answers in")
    press(page, "9 4 Enter 1")
    on_screen(page, "idle")
    press(page, "* 9 4 Enter")
    expect(page.locator("[data-what=parameters]")).to_contain_text("Last:")
    press(page, "Escape 9 2 Enter")
    expect(page.locator(".notice")).to_contain_text("Signed off")
