"""Fingers, keys and a scanner: what is pressed once is done once, and nothing else is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.till.conftest import OpenTill
from tests.till.looking import KEY_DELAY_MS, names_sent_by, on_screen, sent_by, type_keys
from tests.till.mock_terminal import MockTerminal


def goes_to(scene: str) -> Any:
    """A reaction that pushes a scene, keeping the amount."""

    def react(mock: MockTerminal, command: dict[str, Any]) -> None:
        amount = command.get("amount_minor", mock.state["amount_minor"])
        mock.show(scene, amount_minor=amount)

    return react


def scan(page: Page, code: str) -> None:
    """Type as a scanner does: everything within a few milliseconds, then Enter."""
    page.evaluate(
        """(keys) => keys.forEach((key) => (document.activeElement ?? document.body).dispatchEvent(
             new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })))""",
        [*code, "Enter"],
    )


def test_a_whole_sale_goes_by_keyboard_alone(terminal: MockTerminal, open_till: OpenTill) -> None:
    terminal.reactions |= {
        "power_on": goes_to("logged_out"),
        "log_in": goes_to("idle"),
        "start": goes_to("card"),
        "swipe": goes_to("pin"),
        "enter_pin": goes_to("approved"),
        "dismiss": goes_to("idle"),
    }
    page = open_till(terminal.url)
    on_screen(page, "off")
    page.keyboard.press("Enter")
    on_screen(page, "logged_out")
    type_keys(page, "010000")
    page.keyboard.press("Enter")
    on_screen(page, "idle")
    type_keys(page, "1259")
    page.keyboard.press("Backspace")
    type_keys(page, "8")
    page.keyboard.press("Enter")
    on_screen(page, "card")
    page.locator("[data-card]").first.wait_for()
    page.keyboard.press("2")
    on_screen(page, "pin")
    type_keys(page, "123456")
    page.keyboard.press("Enter")
    on_screen(page, "result")
    page.keyboard.press("Enter")
    on_screen(page, "idle")
    assert names_sent_by(page) == ["power_on", "log_in", "start", "enter_pin", "dismiss"]
    sent = {command["command"]: command for command in sent_by(page)}
    assert (sent["log_in"]["operator"], sent["log_in"]["password"]) == ("01", "0000")
    assert sent["start"]["amount_minor"] == 1258
    assert sent["enter_pin"]["pin"] == "123456"
    assert terminal.swipes == ["second"]
    assert [command["phase"] for command in sent_by(page)] == [
        "off",
        "logged_out",
        "idle",
        "pin",
        "result",
    ]
    assert len({command["id"] for command in sent_by(page)}) == 5


def test_a_failed_self_check_stays_until_it_was_read(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"power_on": goes_to("logged_out_failed")}
    page = open_till(terminal.url, language="en")
    on_screen(page, "off")
    page.keyboard.press("Enter")
    on_screen(page, "self_check")
    expect(page.get_by_test_id("go-on")).to_be_visible()
    expect(page.locator(".check__part--fail")).to_contain_text(
        ["Check the paper roll", "Check the cable"]
    )
    page.keyboard.press("Enter")
    on_screen(page, "logged_out")
    expect(page.locator(".failed li")).to_have_count(2)


def test_everything_can_be_reached_with_tab(terminal: MockTerminal, open_till: OpenTill) -> None:
    terminal.show("idle")
    page = open_till(terminal.url)
    on_screen(page, "idle")
    wanted = page.locator("button:visible:not([disabled])").count()
    reached: set[int] = set()
    for _ in range(wanted + 10):
        page.keyboard.press("Tab")
        place, outline = page.evaluate(
            """() => [[...document.querySelectorAll('button')].indexOf(document.activeElement),
                      getComputedStyle(document.activeElement).outlineWidth]"""
        )
        if place >= 0:
            reached.add(place)
            assert outline == "3px"
    assert len(reached) == wanted


def test_enter_presses_a_button_reached_with_tab(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("approved")
    page = open_till(terminal.url, language="zh")
    on_screen(page, "result")
    language = page.locator(".language")
    for _ in range(10):
        page.keyboard.press("Tab")
        if language.evaluate("(element) => element === document.activeElement"):
            break
    expect(language).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Approved")
    assert names_sent_by(page) == []


def test_enter_never_presses_the_button_touched_last(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("idle")
    page = open_till(terminal.url, language="zh")
    on_screen(page, "idle")
    type_keys(page, "500")
    page.locator(".language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.keyboard.press("Enter")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert names_sent_by(page) == ["start"]


@pytest.mark.parametrize("scene", ["idle", "card", "pin", "logged_out", "approved"])
def test_a_scanned_code_does_nothing_and_says_so(
    terminal: MockTerminal, open_till: OpenTill, scene: str
) -> None:
    terminal.show(scene)
    page = open_till(terminal.url, language="en")
    on_screen(page, "result" if scene == "approved" else scene)
    if scene == "card":
        page.locator("[data-card]").first.wait_for()
    scan(page, "6901234567892")
    expect(page.locator(".notice")).to_contain_text("Scanning is not available")
    if scene == "idle":
        expect(page.get_by_test_id("draft")).to_contain_text("0.00")
    if scene == "pin":
        expect(page.locator(".dots__dot.is-set")).to_have_count(0)
    # Longer than the page waits before it takes a lone key for a choice of card.
    page.wait_for_timeout(200)
    assert names_sent_by(page) == []
    assert terminal.swipes == []


def test_a_scan_leaves_the_amount_typed_before_as_it_was(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("idle")
    page = open_till(terminal.url)
    on_screen(page, "idle")
    type_keys(page, "1250")
    page.wait_for_timeout(KEY_DELAY_MS)
    scan(page, "6901234567892")
    expect(page.get_by_test_id("draft")).to_contain_text("12.50")
    assert names_sent_by(page) == []


def test_a_double_tap_on_charge_is_one_sale_and_no_card(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.reactions |= {"start": goes_to("card")}
    terminal.show("idle")
    page = open_till(terminal.url)
    on_screen(page, "idle")
    type_keys(page, "1")
    page.get_by_test_id("charge").dblclick()
    on_screen(page, "card")
    page.locator("[data-card]").first.wait_for()
    assert names_sent_by(page) == ["start"]
    assert terminal.swipes == []


def test_a_key_held_down_is_one_key(terminal: MockTerminal, open_till: OpenTill) -> None:
    terminal.show("idle")
    page = open_till(terminal.url)
    on_screen(page, "idle")
    page.keyboard.down("7")
    page.wait_for_timeout(KEY_DELAY_MS)
    page.keyboard.down("7")
    page.keyboard.up("7")
    expect(page.get_by_test_id("draft")).to_contain_text("0.07")
    page.wait_for_timeout(KEY_DELAY_MS)
    page.keyboard.down("Enter")
    page.wait_for_timeout(KEY_DELAY_MS)
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert names_sent_by(page) == ["start"]


def test_enter_behind_an_open_slip_closes_the_slip_and_charges_nothing(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("idle")
    page = open_till(terminal.url)
    on_screen(page, "idle")
    type_keys(page, "100")
    page.keyboard.press("F8")
    page.locator(".slip-dialog img").wait_for()
    type_keys(page, "9")
    page.keyboard.press("Enter")
    page.locator(".slip-dialog").wait_for(state="detached")
    expect(page.get_by_test_id("draft")).to_contain_text("1.00")
    assert names_sent_by(page) == []


def test_the_pin_stays_nowhere_on_the_page(terminal: MockTerminal, open_till: OpenTill) -> None:
    terminal.reactions |= {"enter_pin": goes_to("authorising")}
    terminal.show("pin")
    page = open_till(terminal.url)
    on_screen(page, "pin")
    type_keys(page, "271828")
    expect(page.locator(".dots__dot.is-set")).to_have_count(6)
    assert "271828" not in page.content()
    page.keyboard.press("Enter")
    on_screen(page, "authorising")
    stored = page.evaluate("() => JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert "271828" not in page.content() + stored
    assert sent_by(page)[-1]["pin"] == "271828"


def test_a_short_pin_is_not_sent(terminal: MockTerminal, open_till: OpenTill) -> None:
    terminal.show("pin")
    page = open_till(terminal.url, language="en")
    on_screen(page, "pin")
    type_keys(page, "123")
    page.keyboard.press("Enter")
    expect(page.locator(".pin__word")).to_contain_text("at least 4 digits")
    assert names_sent_by(page) == []


def test_a_terminal_with_a_pin_pad_of_its_own_takes_no_pin_here(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("pin_device")
    page = open_till(terminal.url, language="en")
    on_screen(page, "pin")
    expect(page.get_by_text("Enter it on the PIN pad")).to_be_visible()
    expect(page.locator(".pad")).to_have_count(0)
    type_keys(page, "123456")
    page.keyboard.press("Enter")
    assert names_sent_by(page) == []


@pytest.mark.parametrize("scene", ["idle_doubt", "logged_out_doubt"])
def test_no_sale_is_offered_while_a_payment_is_in_doubt(
    terminal: MockTerminal, open_till: OpenTill, scene: str
) -> None:
    terminal.show(scene)
    page = open_till(terminal.url, language="en")
    banner = page.get_by_test_id("doubt-banner")
    on_screen(page, scene.removesuffix("_doubt"))
    expect(banner).to_contain_text("A payment is being checked")
    expect(page.get_by_test_id("charge")).to_have_count(0)
    if scene == "idle_doubt":
        type_keys(page, "100")
        page.keyboard.press("Enter")
        assert names_sent_by(page) == ["resolve_now"]
    banner.click()
    on_screen(page, "doubt")
    expect(page.get_by_text("Do not charge again")).to_be_visible()


def test_the_drawer_of_cards_says_when_it_cannot_open(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.cards = None
    terminal.show("card")
    page = open_till(terminal.url, language="en", complaints_expected=True)
    expect(page.get_by_text("The card drawer does not answer")).to_be_visible()
    on_screen(page, "card")
    terminal.cards = []
    page.keyboard.press("Enter")
    expect(page.get_by_text("The drawer is empty")).to_be_visible()


def test_a_card_that_the_reader_refuses_can_be_swiped_again(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.refuse_card = True
    terminal.show("card")
    page = open_till(terminal.url, language="en", complaints_expected=True)
    on_screen(page, "card")
    card = page.locator("[data-card=good]")
    card.click()
    expect(page.locator(".notice")).to_contain_text("The terminal takes no card now")
    assert terminal.swipes == []
    terminal.refuse_card = False
    with page.expect_response("**/swipe"):
        card.click()
    assert terminal.swipes == ["good"]


def test_the_chosen_language_and_theme_outlive_a_reload(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("idle")
    page = open_till(terminal.url, language="zh")
    on_screen(page, "idle")
    page.keyboard.press("F2")
    page.keyboard.press("F4")
    page.locator(".menu-button").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    on_screen(page, "idle")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    kept = page.evaluate("() => ({ ...localStorage })")
    assert kept == {
        "tongbao.language": "en",
        "tongbao.theme": "dark",
        "tongbao.sound": "off",
    }


_LISTENING = """
window.heard = [];
class FakeParam { setValueAtTime() {} exponentialRampToValueAtTime() {} set value(hertz) { if (this.pitch) window.heard.push(hertz); } }
window.AudioContext = class {
  currentTime = 0; state = 'running'; destination = {};
  async resume() {}
  createOscillator() { const frequency = new FakeParam(); frequency.pitch = true; return { frequency, connect: (next) => next, start() {}, stop() {} }; }
  createGain() { return { gain: new FakeParam(), connect: (next) => next }; }
};
"""  # noqa: E501 - a stand-in browser part, one line a class


def test_power_on_and_outcomes_sound_once_unless_muted(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.state = {**terminal.state, "sound": {"id": 1, "name": "declined"}}
    page = open_till("about:blank")
    page.add_init_script(_LISTENING)
    page.goto(terminal.url)
    on_screen(page, "off")
    terminal.reactions |= {
        "power_on": lambda mock, _: mock.show("logged_out", sound={"id": 2, "name": "power_on"})
    }
    page.get_by_test_id("power-on").click()
    on_screen(page, "logged_out")
    heard = json.loads(page.evaluate("() => JSON.stringify(window.heard)"))
    assert heard == [523.25, 783.99, 1046.5]
    terminal.change(operator="01")
    terminal.show("approved", sound={"id": 3, "name": "approved"})
    on_screen(page, "result")
    assert page.evaluate("() => window.heard.slice(3)") == [659.25, 987.77]
    page.keyboard.press("F4")
    terminal.show("declined", sound={"id": 4, "name": "declined"})
    on_screen(page, "result")
    assert page.evaluate("() => window.heard.length") == 5
