"""A keyed card, a card without a PIN, a cancel that is a request, and what a result says."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.till.conftest import OpenTill
from tests.till.hands import CARD_NUMBER, arguments_of, press, refuses, spaced
from tests.till.looking import names_sent_by, on_screen
from tests.till.mock_terminal import MockTerminal


def key_card(page: Page, number: str, expiry: str) -> None:
    """Type a card number and its expiry."""
    press(page, f"{spaced(number)} Enter {spaced(expiry)} Enter")


def test_a_keyed_card_is_sent_once_and_stays_nowhere(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    terminal.show("card_keyed")
    on_screen(page, "card")
    press(page, spaced(CARD_NUMBER))
    expect(page.get_by_test_id("pan")).to_have_text("6200 0000 0000 0000 125")
    press(page, "Enter 1 2 3 0")
    assert page.locator("input").count() == 0
    press(page, "Enter")
    terminal.wait_for_commands(1)
    assert arguments_of(page, "enter_card") == [{"pan": CARD_NUMBER, "expiry": "3012"}]
    expect(page.get_by_test_id("pan")).to_have_text("····")
    stored = page.evaluate("() => JSON.stringify([localStorage, sessionStorage, document.cookie])")
    for part in (CARD_NUMBER, "6200 0000", "12/30"):
        assert part not in page.content() + stored


def test_a_refused_card_number_is_cleared_and_typed_anew(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"enter_card": refuses("bad_card", "卡号无效", "Not a card number")}
    page = open_till(terminal.url, language="en")
    terminal.show("card_keyed")
    on_screen(page, "card")
    key_card(page, CARD_NUMBER, "1230")
    expect(page.locator(".card-keys__word")).to_contain_text("Not a card number")
    expect(page.get_by_test_id("pan")).to_have_text("····")


@pytest.mark.parametrize(
    ("number", "expiry", "words"),
    [
        ("6200000000000000126", "", "not a card number"),
        ("620000", "", "not a card number"),
        (CARD_NUMBER, "1330", "month, then year"),
    ],
)
def test_what_cannot_be_a_card_is_not_sent(
    terminal: MockTerminal, open_till: OpenTill, number: str, expiry: str, words: str
) -> None:
    page = open_till(terminal.url, language="en")
    terminal.show("card_keyed")
    on_screen(page, "card")
    press(page, f"{spaced(number)} Enter")
    if expiry:
        press(page, f"{spaced(expiry)} Enter")
    expect(page.locator(".card-keys__word")).to_contain_text(words)
    assert names_sent_by(page) == []


def test_a_scan_into_the_card_number_is_not_taken_for_one(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    terminal.show("card_keyed")
    on_screen(page, "card")
    page.evaluate(
        """(keys) => keys.forEach((key) => document.body.dispatchEvent(
             new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })))""",
        [*CARD_NUMBER, "Enter"],
    )
    expect(page.get_by_test_id("pan")).to_have_text("····")
    assert names_sent_by(page) == []


def test_swiping_and_keying_are_a_choice_where_both_are_allowed(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    terminal.show("card_either")
    on_screen(page, "card")
    page.locator("[data-card]").first.wait_for()
    press(page, "F7")
    expect(page.get_by_test_id("pan")).to_be_visible()
    press(page, "6 2 F7")
    page.locator("[data-card]").first.wait_for()
    press(page, "F7")
    expect(page.get_by_test_id("pan")).to_have_text("····")
    press(page, "Escape")
    assert terminal.wait_for_commands(1) == ["cancel"]


def test_a_terminal_that_takes_no_keyed_card_offers_none(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    terminal.show("card")
    on_screen(page, "card")
    page.locator("[data-card]").first.wait_for()
    press(page, "F7")
    expect(page.get_by_test_id("key-card")).to_have_count(0)
    expect(page.get_by_test_id("pan")).to_have_count(0)


@pytest.mark.parametrize("scene", ["pin_optional", "pin_optional_device"])
def test_a_card_without_a_pin_is_confirmed_with_one_key(
    terminal: MockTerminal, open_till: OpenTill, scene: str
) -> None:
    page = open_till(terminal.url)
    terminal.show(scene)
    on_screen(page, "pin")
    press(page, "Enter")
    assert terminal.wait_for_commands(1) == ["skip_pin"]


def test_a_pin_that_was_begun_is_not_skipped(terminal: MockTerminal, open_till: OpenTill) -> None:
    page = open_till(terminal.url, language="en")
    terminal.show("pin_optional")
    on_screen(page, "pin")
    press(page, "1 2 Enter")
    expect(page.locator(".pin__word")).to_contain_text("at least 4 digits")
    assert names_sent_by(page) == []


def test_a_pin_that_must_be_given_cannot_be_skipped(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    terminal.show("pin")
    on_screen(page, "pin")
    press(page, "Enter")
    expect(page.locator(".pin__word")).not_to_be_empty()
    assert names_sent_by(page) == []


def test_a_cancel_while_the_bank_decides_is_a_request(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    def note(mock: MockTerminal, _command: dict[str, Any]) -> None:
        mock.change(cancel_requested=True)

    terminal.reactions |= {"cancel": note}
    page = open_till(terminal.url, language="en")
    terminal.show("authorising")
    on_screen(page, "authorising")
    press(page, "Escape")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Cancel requested; waiting for the result"
    )
    expect(page.get_by_test_id("cancel")).to_have_count(0)
    press(page, "Escape")
    assert names_sent_by(page) == ["cancel"]
    # The approval wins over the wish.
    terminal.show("approved")
    on_screen(page, "result")
    expect(page.get_by_test_id("result")).to_have_attribute("data-outcome", "approved")


@pytest.mark.parametrize(
    ("scene", "words"),
    [
        ("approved_void", "nothing is charged"),
        ("approved_refund", "goes back to the card"),
        ("approved_pre_authorisation", "held, not yet charged"),
        ("declined_void", "the payment stands"),
        ("reversed_void", "the payment stands"),
        ("declined", "Nothing was charged"),
        ("reversed", "No payment taken"),
    ],
)
def test_a_result_says_what_has_come_of_it(
    terminal: MockTerminal, open_till: OpenTill, scene: str, words: str
) -> None:
    page = open_till(terminal.url, language="en")
    terminal.show(scene)
    on_screen(page, "result")
    expect(page.get_by_test_id("note")).to_contain_text(words)


def test_a_balance_is_shown_as_what_is_there_and_what_can_be_spent(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    terminal.show("balance")
    on_screen(page, "result")
    expect(page.get_by_test_id("balance")).to_contain_text("4,983.00")
    expect(page.locator(".result__second")).to_contain_text("5,123.45")
