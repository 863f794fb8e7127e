"""The batch and what is pending: query, totals, settlement, downloads, signatures, by any hand."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.till.conftest import OpenTill
from tests.till.hands import SUPERVISOR, arguments_of, at_rest, draw, goes_to, press, refuses
from tests.till.looking import faults_of, names_sent_by, on_screen
from tests.till.mock_terminal import MockTerminal
from tests.till.scenes_work import NO_ANSWER, PENDING, settlement


def test_pending_work_is_counted_on_every_screen_and_opened_from_home(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    for name, screen in (("card", "card"), ("approved", "result"), ("reversing", "doubt")):
        terminal.show(name, pending=PENDING[:2])
        on_screen(page, screen)
        expect(page.get_by_test_id("pending-badge")).to_contain_text("2 items pending")
    at_rest(page, terminal, "idle_pending")
    badge = page.get_by_test_id("pending-badge")
    expect(badge).to_contain_text("Needs a person")
    badge.click()
    on_screen(page, "pending")


def test_a_reversal_stands_first_and_says_what_to_do(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal, "idle_pending")
    press(page, "F9")
    on_screen(page, "pending")
    rows = page.locator(".item")
    kinds = [row.get_attribute("data-kind") for row in rows.all()]
    assert kinds == ["reversal", "signature", "advice", "script_result"]
    expect(rows.first).to_contain_text("8 tries so far")
    expect(rows.first).to_contain_text("under 1 min")
    expect(rows.first).to_contain_text("call your acquirer")
    expect(rows.nth(1)).to_contain_text("2 hours")
    expect(rows.nth(2)).to_contain_text("Being sent")
    rows.nth(1).get_by_role("button").click()
    terminal.wait_for_commands(1)
    press(page, "Enter")
    expect(rows.nth(2).get_by_role("button")).to_be_disabled()
    assert arguments_of(page, "send_now")[0] == {"work": "work-2"}


def test_enter_sends_all_that_is_pending(terminal: MockTerminal, open_till: OpenTill) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal, "idle_pending")
    press(page, "F9 Enter")
    terminal.wait_for_commands(1)
    assert arguments_of(page, "send_now") == [{}]


def test_nothing_is_sent_while_there_is_no_line(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal, "idle_pending")
    terminal.change(link="down")
    press(page, "F9")
    expect(page.get_by_text("as soon as the network is back")).to_be_visible()
    press(page, "Enter")
    expect(page.get_by_test_id("send-now")).to_be_disabled()
    assert names_sent_by(page) == []


def test_a_payment_is_found_by_its_trace_and_printed_again(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, "* 8 1 Enter 1 2 3 4 Enter")
    expect(page.get_by_test_id("found")).to_contain_text("632510001234")
    press(page, "Enter")
    expect(page.locator(".notice")).to_contain_text("marked as a reprint")
    assert arguments_of(page, "find") == [{"trace": 1234}]
    assert arguments_of(page, "reprint") == [{"batch": 1, "trace": 1234}]


def test_a_payment_is_chosen_from_the_list_and_voided_from_there(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, "* 8 1 Enter")
    on_screen(page, "query")
    page.locator(".query__list .recent__row").first.click()
    expect(page.get_by_test_id("found")).to_be_visible()
    assert arguments_of(page, "find") == [{"trace": 1234, "batch": 1}]
    page.get_by_test_id("void").click()
    on_screen(page, "form")
    expect(page.locator("[data-field=original_trace]")).to_contain_text("1234")
    press(page, "Escape")
    on_screen(page, "query")


def test_a_payment_that_is_void_already_is_not_offered_to_be_voided(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, "* 8 1 Enter 1 2 3 2 Enter")
    expect(page.get_by_test_id("found")).to_be_visible()
    expect(page.get_by_test_id("void")).to_have_count(0)
    press(page, "F6")
    on_screen(page, "query")


def test_a_trace_that_is_not_there_can_be_typed_anew(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, "* 8 1 Enter 4 4 Enter")
    expect(page.locator(".query__word")).to_contain_text("No trace 000044")
    press(page, "1 2 3 4")
    expect(page.get_by_test_id("typed")).to_have_text("001234")
    press(page, "Enter")
    expect(page.get_by_test_id("found")).to_be_visible()


def test_the_totals_are_printed_with_one_key(terminal: MockTerminal, open_till: OpenTill) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, "* 8 2 Enter")
    on_screen(page, "totals")
    expect(page.locator("[data-side=domestic]")).to_contain_text("12,845.50")
    expect(page.locator("[data-side=foreign]")).to_contain_text("1,560.00")
    expect(page.locator(".totals__kinds")).to_contain_text("Refund")
    press(page, "Enter")
    expect(page.locator(".notice")).to_contain_text("printed")
    assert names_sent_by(page) == ["print_totals"]


def test_a_settlement_is_confirmed_watched_and_left(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {
        "settle": goes_to("settling_totals"),
        "dismiss": goes_to("idle"),
    }
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal, "idle_pending")
    press(page, "* 8 4 Enter")
    on_screen(page, "settle")
    expect(page.get_by_text("4 pending items are sent first")).to_be_visible()
    assert names_sent_by(page) == []
    press(page, "Enter")
    on_screen(page, "settling")
    expect(page.locator("[data-step=totals]")).to_have_class("is-now")
    # There is nothing to press while it runs.
    press(page, "Enter Escape")
    terminal.show("settling_unbalanced")
    expect(page.get_by_role("heading", level=1)).to_contain_text("not balanced")
    expect(page.locator("[data-side=domestic]")).to_contain_text("Not balanced")
    # The terminal is in its next batch by now; this was about the one before.
    terminal.change(batch_no=2)
    expect(page.locator(".settling__batch")).to_have_text("Batch 000001")
    expect(page.locator("[data-side=foreign]")).to_contain_text("Balanced")
    press(page, "F8")
    page.locator(".slip-dialog img").wait_for()
    press(page, "Escape")
    page.locator(".slip-dialog").wait_for(state="detached")
    press(page, "Enter")
    on_screen(page, "idle")
    assert names_sent_by(page) == ["settle", "dismiss"]


def test_a_settlement_that_asks_for_a_supervisor_gets_one(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    def react(mock: MockTerminal, command: dict[str, Any]) -> dict[str, str] | None:
        if "supervisor" not in command:
            return {"code": "supervisor_needed", "zh": "需要主管授权", "en": "Supervisor"}
        mock.show("settling_totals")
        return None

    terminal.reactions |= {"settle": react}
    page = open_till(terminal.url)
    at_rest(page, terminal)
    press(page, "* 8 4 Enter Enter")
    expect(page.get_by_test_id("approval")).to_contain_text("需要主管授权")
    press(page, "1 2 3 4 5 6 Enter")
    on_screen(page, "settling")


def test_advices_that_do_not_arrive_are_left_with_a_supervisors_approval(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"dismiss": goes_to("idle"), "settle": goes_to("settling_totals")}
    page = open_till(terminal.url, language="en")
    terminal.show("settling_advices_left")
    on_screen(page, "settling")
    press(page, "F6")
    on_screen(page, "settle")
    press(page, "1 2 3 4 5 6 Enter")
    on_screen(page, "settling")
    assert names_sent_by(page) == ["dismiss", "settle"]
    assert arguments_of(page, "settle") == [{"supervisor": SUPERVISOR}]


def test_a_settlement_is_broken_off_while_nothing_has_gone_out(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    terminal.show("settling_pending_work")
    on_screen(page, "settling")
    press(page, "Escape")
    terminal.wait_for_commands(1)
    terminal.show("settling_totals")
    expect(page.get_by_test_id("cancel")).to_have_count(0)
    press(page, "Escape")
    assert names_sent_by(page) == ["cancel"]


def test_a_settlement_that_stopped_can_go_on_or_wait(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {
        "settle": goes_to("settling_upload"),
        "dismiss": goes_to("idle_settlement_stopped"),
    }
    page = open_till(terminal.url, language="en")
    terminal.show("settling_stopped")
    on_screen(page, "settling")
    expect(page.get_by_role("alert")).to_contain_text("No answer from the host")
    press(page, "Escape")
    on_screen(page, "idle")
    expect(page.get_by_test_id("must-settle")).to_contain_text("not finished")
    # Nothing can be typed or charged until it is.
    press(page, "1 0 0")
    expect(page.get_by_test_id("charge")).to_have_count(0)
    press(page, "Enter")
    on_screen(page, "settle")
    expect(page.get_by_test_id("settle")).to_contain_text("Go on settling")
    press(page, "Enter")
    on_screen(page, "settling")
    expect(page.locator(".settling__count")).to_have_text("16/42")
    assert names_sent_by(page) == ["dismiss", "settle"]


def test_a_nearly_full_batch_reminds_and_still_sells(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal, "idle_nearly_full")
    expect(page.get_by_test_id("nearly-full")).to_contain_text("470")
    press(page, "5 0 0 Enter")
    terminal.wait_for_commands(1)
    assert arguments_of(page, "start") == [{"kind": "sale", "amount_minor": 500}]


def test_a_full_batch_leads_to_its_settlement(terminal: MockTerminal, open_till: OpenTill) -> None:
    page = open_till(terminal.url)
    at_rest(page, terminal, "idle_must_settle")
    expect(page.get_by_test_id("charge")).to_have_count(0)
    press(page, "5 Enter")
    on_screen(page, "settle")
    assert names_sent_by(page) == []


@pytest.mark.parametrize(("key", "what"), [("1", "parameters"), ("4", "blacklist")])
def test_a_download_begins_with_its_key_and_shows_how_far_it_is(
    terminal: MockTerminal, open_till: OpenTill, key: str, what: str
) -> None:
    def react(mock: MockTerminal, command: dict[str, Any]) -> None:
        loading = {"what": command["what"], "done": 1, "total": 4, "error": None}
        mock.show("loading", loading=loading)

    terminal.reactions |= {"download": react, "dismiss": goes_to("idle")}
    page = open_till(terminal.url, language="en")
    at_rest(page, terminal)
    press(page, f"* 9 4 Enter {key}")
    on_screen(page, "loading")
    assert arguments_of(page, "download") == [{"what": what}]
    expect(page.locator(".loading__count")).to_have_text("1/4")
    terminal.change(loading={"what": what, "done": 1, "total": 4, "error": NO_ANSWER})
    expect(page.get_by_text("No answer from the host")).to_be_visible()
    press(page, "Escape")
    on_screen(page, "idle")
    assert names_sent_by(page) == ["download", "dismiss"]


def black_of(sign: dict[str, Any]) -> list[tuple[int, int]]:
    """The black dots of a sent signature as (column, row)."""
    bits = base64.b64decode(sign["bitmap"], validate=True)
    row_bytes = (sign["width"] + 7) // 8
    assert len(bits) == row_bytes * sign["height"]
    return [
        (column, row)
        for row in range(sign["height"])
        for column in range(sign["width"])
        if bits[row * row_bytes + column // 8] & (0x80 >> (column % 8))
    ]


def test_a_signature_is_drawn_and_sent_as_one_small_picture(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    def signed(mock: MockTerminal, _command: dict[str, Any]) -> None:
        mock.change(result={**mock.state["result"], "signature": "done"})

    terminal.reactions |= {"sign": signed}
    page = open_till(terminal.url, language="en")
    terminal.show("approved")
    on_screen(page, "result")
    page.get_by_test_id("sign").click()
    on_screen(page, "sign")
    expect(page.get_by_test_id("sign-done")).to_be_disabled()
    draw(page)
    page.get_by_test_id("sign-done").click()
    on_screen(page, "result")
    expect(page.locator(".result__signed")).to_have_text("Signed")
    (sent,) = arguments_of(page, "sign")
    assert (sent["batch"], sent["trace"], sent["width"], sent["height"]) == (1, 1235, 256, 96)
    black = black_of(sent)
    columns = [column for column, _row in black]
    rows = [row for _column, row in black]
    # The two strokes cross the field from a fifth to four fifths, and nothing else is black.
    assert (min(columns), max(columns)) == pytest.approx((51, 205), abs=3)
    assert (min(rows), max(rows)) == pytest.approx((19, 77), abs=3)
    assert 300 < len(black) < 1500


def test_a_signature_can_be_cleared_and_a_blot_is_not_one(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="en")
    terminal.show("approved")
    on_screen(page, "result")
    press(page, "F7")
    on_screen(page, "sign")
    draw(page)
    expect(page.get_by_test_id("sign-done")).to_be_enabled()
    press(page, "Backspace")
    expect(page.get_by_test_id("sign-done")).to_be_disabled()
    page.get_by_test_id("sign-field").click()
    press(page, "Enter")
    expect(page.locator(".sign__word")).to_contain_text("Sign first")
    assert names_sent_by(page) == []


def test_a_signature_is_drawn_with_a_finger(terminal: MockTerminal, open_till: OpenTill) -> None:
    page = open_till(terminal.url, size="handheld")
    terminal.show("approved")
    on_screen(page, "result")
    page.get_by_test_id("sign").click()
    on_screen(page, "sign")
    box = page.get_by_test_id("sign-field").bounding_box()
    assert box is not None
    finger = page.context.new_cdp_session(page)
    places = [(box["x"] + 40 + step * 12, box["y"] + 30 + step * 4) for step in range(24)]
    for kind, (x, y) in zip(
        ["touchStart", *["touchMove"] * (len(places) - 1)], places, strict=True
    ):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert faults_of(page) == []
    page.get_by_test_id("sign-done").click()
    terminal.wait_for_commands(1)
    assert len(black_of(arguments_of(page, "sign")[0])) > 100


def test_without_a_hand_on_the_screen_it_is_signed_on_paper(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url)
    terminal.show("approved")
    on_screen(page, "result")
    press(page, "F7")
    on_screen(page, "sign")
    press(page, "Escape")
    on_screen(page, "result")
    assert names_sent_by(page) == []


def test_a_refused_signature_stays_on_the_screen(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"sign": refuses("bad_bitmap", "签名图像有误", "Not a signature")}
    page = open_till(terminal.url, language="en")
    terminal.show("approved")
    on_screen(page, "result")
    press(page, "F7")
    on_screen(page, "sign")
    draw(page)
    press(page, "Enter")
    expect(page.locator(".sign__word")).to_contain_text("Not a signature")
    expect(page.get_by_test_id("sign-done")).to_be_enabled()


def test_a_sale_is_not_slowed_down_by_a_signature(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"dismiss": goes_to("idle")}
    page = open_till(terminal.url)
    terminal.show("approved")
    on_screen(page, "result")
    press(page, "Enter")
    on_screen(page, "idle")
    assert names_sent_by(page) == ["dismiss"]


def test_a_settlement_error_shown_at_home_is_the_terminals_own(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    page = open_till(terminal.url, language="zh")
    terminal.show("idle", settlement=settlement("stopped", error=NO_ANSWER))
    on_screen(page, "idle")
    expect(page.get_by_test_id("must-settle")).to_contain_text("主机无应答，请稍后重试")
