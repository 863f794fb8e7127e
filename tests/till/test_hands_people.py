"""What people do about themselves at the till: their own password, a locked till, operators."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.till.conftest import OpenTill
from tests.till.hands import SUPERVISOR, arguments_of, at_rest, press, refuses, spaced
from tests.till.looking import faults_of, names_sent_by, on_screen
from tests.till.mock_terminal import MockTerminal
from tests.till.scenes import OPERATORS


def test_a_first_password_is_changed_by_keys_and_two_that_differ_are_not_sent(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("new_pin")
    page = open_till(terminal.url)
    on_screen(page, "new_pin")
    terminal.reactions["change_pin"] = lambda mock, _command: mock.show("idle")
    press(page, f"{spaced('7402')} Enter {spaced('7403')} Enter")
    expect(page.get_by_role("alert")).to_contain_text("不一致")
    assert "change_pin" not in names_sent_by(page)
    press(page, f"{spaced('7402')} Enter {spaced('7402')} Enter")
    on_screen(page, "idle")
    assert arguments_of(page, "change_pin") == [{"new": "7402"}]


def test_a_locked_till_asks_its_operator_for_the_password_only(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("logged_out_locked")
    page = open_till(terminal.url)
    on_screen(page, "logged_out")
    expect(page.get_by_test_id("locked-for")).to_contain_text("01")
    press(page, f"{spaced('0000')} Enter")
    page.wait_for_function("() => true")
    assert arguments_of(page, "log_in") == [{"operator": "01", "password": "0000"}]


def test_a_function_opens_with_its_password_and_goes_on_by_itself(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    at_rest(page := open_till(terminal.url), terminal, "idle_gated")
    terminal.reactions["open_function"] = refuses("wrong_password", "密码错误", "Wrong password")
    press(page, f"* 8 2 Enter {spaced('4821')} Enter")
    expect(page.get_by_role("alert")).to_contain_text("密码错误")
    terminal.reactions["open_function"] = lambda _mock, _command: None
    press(page, f"{spaced('482193')} Enter")
    on_screen(page, "totals")
    assert arguments_of(page, "open_function") == [
        {"function": "totals", "password": "4821"},
        {"function": "totals", "password": "482193"},
    ]


def test_an_operator_is_added_with_a_name_and_a_first_password(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = _operators(terminal, open_till)
    page.get_by_test_id("add-operator").click()
    page.get_by_test_id("operator-name").fill("阿芳")
    page.keyboard.press("Enter")
    assert faults_of(page) == []
    press(page, f"{spaced('7402')} Enter {spaced('7402')} Enter {spaced('123456')} Enter")
    expect(page.locator(".people__list")).to_be_visible()
    assert arguments_of(page, "manage_operator") == [
        {
            "act": "added",
            "number": "02",
            "name": "阿芳",
            "role": "cashier",
            "pin": "7402",
            "supervisor": SUPERVISOR,
        }
    ]


def test_an_operator_is_ended_with_an_approval(terminal: MockTerminal, open_till: OpenTill) -> None:
    page = _operators(terminal, open_till)
    expect(page.get_by_test_id("end-00")).to_have_count(0)
    expect(page.get_by_test_id("reset-99")).to_have_count(0)
    page.get_by_test_id("end-05").click()
    press(page, f"Enter {spaced('123456')} Enter")
    expect(page.locator(".people__list")).to_be_visible()
    assert arguments_of(page, "manage_operator") == [
        {"act": "ended", "number": "05", "supervisor": SUPERVISOR}
    ]


def _operators(terminal: MockTerminal, open_till: OpenTill) -> Page:
    at_rest(page := open_till(terminal.url), terminal, "idle_supervisor")
    press(page, "* 9 9 Enter")
    on_screen(page, "operators")
    expect(page.locator(".people__row")).to_have_count(len(OPERATORS))
    return page
