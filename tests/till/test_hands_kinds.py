"""Every kind of payment by keyboard alone and by function code, and what a refusal leaves."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.till.conftest import OpenTill
from tests.till.hands import (
    SUPERVISOR,
    arguments_of,
    at_rest,
    ends_in,
    goes_to,
    press,
    refuses,
    spaced,
)
from tests.till.looking import names_sent_by, on_screen, sent_by
from tests.till.mock_terminal import MockTerminal
from tests.till.scenes_work import KINDS, NO_ANSWER

PASSWORD = "1 2 3 4 5 6 Enter"
# The keys from the home screen on, and what the terminal is then told.
BY_KEYS = {
    "sale": ("1 2 5 0 Enter", {"amount_minor": 1250}),
    "void": (
        f"* 0 2 Enter 1 2 3 4 Enter Enter {PASSWORD}",
        {"original": {"trace": 1234}, "supervisor": SUPERVISOR},
    ),
    "refund": (
        f"* 0 3 Enter 1 1 2 0 Enter {spaced('63251000123a')} Enter 9 0 0 Enter {PASSWORD}",
        {
            "amount_minor": 900,
            "original": {"rrn": "63251000123A", "date": "1120"},
            "supervisor": SUPERVISOR,
        },
    ),
    "balance": ("* 0 4 Enter", {}),
    "pre_authorisation": ("* 0 5 Enter 5 . Enter", {"amount_minor": 500}),
    "pre_authorisation_void": (
        f"* 0 6 Enter 0 2 2 9 Enter 4 8 2 9 1 3 Enter 5 . Enter {PASSWORD}",
        {
            "amount_minor": 500,
            "original": {"date": "0229", "auth_code": "482913"},
            "supervisor": SUPERVISOR,
        },
    ),
    "completion": (
        "* 0 7 Enter 1 1 2 1 Enter 4 8 2 9 1 3 Enter 5 . 5 Enter",
        {"amount_minor": 550, "original": {"date": "1121", "auth_code": "482913"}},
    ),
    "completion_void": (
        f"* 0 9 Enter 1 2 2 9 Enter Enter {PASSWORD}",
        {"original": {"trace": 1229}, "supervisor": SUPERVISOR},
    ),
    "offline_sale": (
        f"* 1 0 Enter a 1 b 2 Enter 4 4 0 0 0 Enter {PASSWORD}",
        {"amount_minor": 44000, "original": {"auth_code": "A1B2"}, "supervisor": SUPERVISOR},
    ),
    "adjustment": (
        f"* 1 1 Enter 1 2 2 5 Enter Enter 4 3 0 0 0 Enter {PASSWORD}",
        {"amount_minor": 43000, "original": {"trace": 1225}, "supervisor": SUPERVISOR},
    ),
    "tip": (
        "* 1 2 Enter 1 2 3 4 Enter Enter 1 2 0 0 Enter",
        {"tip_minor": 1200, "original": {"trace": 1234}},
    ),
    "mail_order": ("* 1 3 Enter 8 8 0 0 Enter", {"amount_minor": 8800}),
}


def test_every_kind_that_is_open_has_its_keys_here() -> None:
    assert set(BY_KEYS) == {kind["kind"] for kind in KINDS if kind["allowed"]}


@pytest.mark.parametrize("kind", BY_KEYS)
def test_a_payment_of_every_kind_goes_by_keyboard_alone(
    terminal: MockTerminal, open_till: OpenTill, kind: str
) -> None:
    keys, wanted = BY_KEYS[kind]
    without_card = kind in {"adjustment", "tip"}
    terminal.reactions |= {
        "start": ends_in(kind) if without_card else goes_to("card"),
        "swipe": goes_to("pin"),
        "enter_pin": ends_in(kind),
        "dismiss": goes_to("idle"),
    }
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, keys)
    if not without_card:
        on_screen(page, "card")
        page.locator("[data-card]").first.wait_for()
        press(page, "1")
        on_screen(page, "pin")
        press(page, "1 2 3 4 5 6 Enter")
    on_screen(page, "result")
    press(page, "Enter")
    on_screen(page, "idle")
    assert arguments_of(page, "start") == [{"kind": kind, **wanted}]
    start = next(command for command in sent_by(page) if command["command"] == "start")
    assert start["phase"] == "idle"
    assert type(start["seq"]) is int
    assert len(start["id"]) == 36
    assert SUPERVISOR["password"] not in page.content()


def test_a_void_goes_by_touch_on_a_handheld(terminal: MockTerminal, open_till: OpenTill) -> None:
    terminal.reactions |= {"start": goes_to("card")}
    page = open_till(terminal.url, size="handheld", language="en")
    at_rest(page, terminal)
    page.get_by_test_id("functions").click()
    on_screen(page, "menu")
    page.locator("[data-code='02']").click()
    on_screen(page, "form")
    for digit in "1234":
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_test_id("form-next").click()
    expect(page.get_by_test_id("found")).to_contain_text("620000*********0128")
    expect(page.get_by_test_id("found")).to_contain_text("128.00")
    page.get_by_test_id("form-next").click()
    approval = page.get_by_test_id("approval")
    expect(approval).to_contain_text("Void · ¥128.00 · Trace 001234")
    for digit in "123456":
        approval.get_by_role("button", name=digit, exact=True).click()
    page.get_by_test_id("approve").click()
    on_screen(page, "card")
    assert arguments_of(page, "start") == [
        {"kind": "void", "original": {"trace": 1234}, "supervisor": SUPERVISOR}
    ]


@pytest.mark.parametrize(
    ("code", "screen"),
    [
        ("01", "idle"),
        ("02", "form"),
        ("81", "query"),
        ("82", "totals"),
        ("83", "pending"),
        ("84", "settle"),
        ("94", "downloads"),
    ],
)
def test_a_function_code_opens_its_page_and_esc_leads_back(
    terminal: MockTerminal, open_till: OpenTill, code: str, screen: str
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, f"* {spaced(code)} Enter")
    on_screen(page, screen)
    if screen != "idle":
        press(page, "Escape")
        on_screen(page, "menu")
        press(page, "Escape")
    on_screen(page, "idle")
    assert names_sent_by(page) == []


@pytest.mark.parametrize(
    ("code", "command"),
    [("91", "sign_in"), ("92", "sign_off"), ("93", "echo"), ("95", "report_status")],
)
def test_a_function_code_sends_its_command(
    terminal: MockTerminal, open_till: OpenTill, code: str, command: str
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, f"* {spaced(code)} Enter")
    assert terminal.wait_for_commands(1) == [command]


@pytest.mark.parametrize(
    ("error", "words"),
    [(None, "The host answers in 38 ms"), (NO_ANSWER, "Echo test failed: No answer from the host")],
)
def test_the_end_of_an_echo_test_is_told_once(
    terminal: MockTerminal, open_till: OpenTill, error: dict[str, str] | None, words: str
) -> None:
    service = {"what": "echo", "at": "2026-11-21T10:45:07+08:00", "round_trip_ms": 38}
    terminal.show("idle", service={**service, "error": error})
    page = open_till(terminal.url, language="en")
    on_screen(page, "idle")
    # What had ended before the page came is not news.
    expect(page.locator(".notice")).to_have_count(0)
    later = {**service, "at": "2026-11-21T10:46:00+08:00", "error": error}
    terminal.change(service=later)
    expect(page.locator(".notice")).to_contain_text(words)


def test_the_menu_can_be_walked_with_the_arrow_keys(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, "F3 ArrowDown ArrowRight ArrowDown")
    expect(page.locator("[data-code='06']")).to_be_focused()
    press(page, "Enter")
    on_screen(page, "form")
    expect(page.get_by_role("heading", level=1)).to_contain_text("预授权撤销")


@pytest.mark.parametrize(
    ("scene", "code", "why"),
    [
        ("idle", "08", "may not do this payment"),
        ("sign_in_failed", "03", "not signed in"),
        ("offline", "03", "Offline"),
        ("idle_doubt", "03", "being checked"),
        ("idle_must_settle", "03", "batch is full"),
        ("idle_settlement_stopped", "05", "not finished"),
        ("offline", "84", "Offline"),
        ("sign_in_failed", "92", "not signed in"),
    ],
)
def test_a_barred_function_says_why_and_does_nothing(
    terminal: MockTerminal, open_till: OpenTill, scene: str, code: str, why: str
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal, scene)
    press(page, f"F3 {spaced(code)} Enter")
    expect(page.locator(".notice")).to_contain_text(why)
    expect(page.locator(f"[data-code='{code}']")).to_have_attribute("aria-disabled", "true")
    on_screen(page, "menu")
    assert names_sent_by(page) == []


def test_a_sale_taken_offline_by_phone_needs_no_line(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal, "offline")
    press(page, "F3 1 0 Enter")
    on_screen(page, "form")


def test_the_amount_typed_at_home_outlives_a_look_into_the_menu(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, "1 2 5 0 F3 Escape")
    expect(page.get_by_test_id("draft")).to_contain_text("12.50")
    press(page, "* 0 5 Enter")
    expect(page.locator("[data-field=amount]")).to_contain_text("12.50")


def test_a_wrong_supervisor_password_keeps_the_cashier_and_what_was_typed(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"start": refuses("wrong_password", "操作员号或密码错误", "Wrong")}
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, "* 0 2 Enter 1 2 3 4 Enter Enter 9 9 9 9 Enter")
    approval = page.get_by_test_id("approval")
    expect(approval).to_contain_text("操作员号或密码错误")
    expect(approval.locator(".dots__dot.is-set")).to_have_count(0)
    press(page, "Escape")
    expect(approval).to_have_count(0)
    on_screen(page, "form")
    expect(page.locator("[data-field=original_trace]")).to_contain_text("1234")
    assert names_sent_by(page) == ["find", "start"]
    assert "log_out" not in names_sent_by(page)


def test_another_operator_number_can_be_typed_over_the_supervisors(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, "* 0 2 Enter 1 2 3 4 Enter Enter Backspace Backspace Backspace 0 5 7 7 7 7 Enter")
    wanted = [{"operator": "05", "password": "7777"}]
    terminal.wait_for_commands(2)
    assert [start["supervisor"] for start in arguments_of(page, "start")] == wanted


def test_a_refused_refund_keeps_every_field_and_says_why(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    words = ("refund_too_large", "退货金额超过原交易可退金额", "More than is left to refund")
    terminal.reactions |= {"start": refuses(*words)}
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, BY_KEYS["refund"][0])
    expect(page.get_by_test_id("approval")).to_have_count(0)
    expect(page.locator(".form__word")).to_contain_text("More than is left to refund")
    expect(page.locator("[data-field=original_date]")).to_contain_text("11-20")
    expect(page.locator("[data-field=original_rrn]")).to_contain_text("63251000123A")
    expect(page.locator("[data-field=amount]")).to_contain_text("9.00")


@pytest.mark.parametrize(
    ("trace", "words"),
    [("99", "No trace 000099"), ("1231", "no longer possible"), ("1232", "no longer possible")],
)
def test_a_void_of_nothing_that_can_be_voided_is_not_started(
    terminal: MockTerminal, open_till: OpenTill, trace: str, words: str
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, f"* 0 2 Enter {spaced(trace)} Enter")
    expect(page.locator(".form__word")).to_contain_text(words)
    press(page, "Enter Enter")
    expect(page.get_by_test_id("approval")).to_have_count(0)
    assert "start" not in names_sent_by(page)


def test_an_original_found_before_is_asked_for_again(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    terminal.change(found={"trace": 1234, "batch": 1, "payment": None})
    press(page, "* 0 2 Enter 1 2 3 4")
    expect(page.get_by_test_id("found")).to_have_count(0)
    press(page, "Enter")
    expect(page.get_by_test_id("found")).to_have_count(1)
    # Another trace is another payment: what was found no longer stands under it.
    press(page, "5")
    expect(page.get_by_test_id("found")).to_have_count(0)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("Enter", "month, then day"),
        ("1 3 0 1 Enter", "month, then day"),
        ("0 2 3 0 Enter", "month, then day"),
        ("1 1 2 1 Enter 6 3 Enter", "12 characters"),
        (f"1 1 2 1 Enter {spaced('632510001234')} Enter Enter", "Type an amount"),
    ],
)
def test_a_field_that_is_not_right_says_what_it_wants(
    terminal: MockTerminal, open_till: OpenTill, keys: str, words: str
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, f"* 0 3 Enter {keys}")
    expect(page.locator(".form__word")).to_contain_text(words)
    assert names_sent_by(page) == []


def test_letters_can_be_touched_where_a_number_holds_some(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, size="handheld")
    at_rest(page, terminal)
    press(page, "* 1 0 Enter")
    page.get_by_role("button", name="ABC").click()
    page.get_by_role("button", name="K", exact=True).click()
    page.get_by_role("button", name="123").click()
    page.get_by_role("button", name="7", exact=True).click()
    expect(page.locator("[data-field=auth_code]")).to_contain_text("K7")


def test_a_declined_refund_can_be_done_again_without_typing_it_again(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {
        "start": goes_to("declined_refund"),
        "dismiss": lambda mock, _command: mock.show("idle"),
    }
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, BY_KEYS["refund"][0])
    on_screen(page, "result")
    expect(page.get_by_test_id("note")).to_have_text("Nothing was refunded")
    press(page, "F6")
    on_screen(page, "form")
    expect(page.locator("[data-field=original_rrn]")).to_contain_text("63251000123A")
    press(page, "Enter")
    # The approval was for the first try; the second one is asked for again.
    expect(page.locator(".approval .dots__dot.is-set")).to_have_count(0)
    assert names_sent_by(page) == ["start", "dismiss"]


def test_nothing_can_be_done_again_while_it_is_in_doubt(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"start": goes_to("repeating_refund")}
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, BY_KEYS["refund"][0])
    on_screen(page, "doubt")
    expect(page.get_by_text("Do not do it again.")).to_be_visible()
    expect(page.get_by_text("sends it again until the bank answers")).to_be_visible()
    press(page, "F6")
    expect(page.get_by_test_id("again")).to_have_count(0)
    assert names_sent_by(page) == ["start"]
