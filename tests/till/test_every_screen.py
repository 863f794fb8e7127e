"""Every state of the terminal, looked at in both languages, sizes and themes.

What fits is a matter of size and words, what can be read one of colours: each screen is measured in
every size with every language, and read by axe once in each theme.
"""

from __future__ import annotations

from itertools import product

import pytest
from playwright.sync_api import Page, expect
from tests.till.conftest import OpenTill
from tests.till.looking import KEY_DELAY_MS, faults_of, on_screen
from tests.till.mock_terminal import MockTerminal
from tests.till.scenes import SCENES

# Together each size, language and theme.
TWO_LOOKS = [
    pytest.param("handheld", "en", False, id="handheld-en-light"),
    pytest.param("counter", "zh", True, id="counter-zh-dark"),
]
# With these each language meets each size and each theme.
LOOKS = [
    *TWO_LOOKS,
    pytest.param("counter", "en", False, id="counter-en-light"),
    pytest.param("handheld", "zh", True, id="handheld-zh-dark"),
]
READ_BY_AXE = (("handheld", False), ("counter", True))


def shown_as(terminal: MockTerminal) -> str:
    """The screen that belongs to the double's state."""
    phase: str = terminal.state["phase"]
    if terminal.state.get("newcomer"):
        return "new_pin"
    for name in ("self_test", "locked"):
        if terminal.state.get(name):
            return name
    return "doubt" if phase == "reversing" else phase


# Pages that a person opens: the scene to begin in, the keys to press, the page that is then shown.
OPENED = {
    "menu": ("idle", "F3", "menu"),
    "menu with everything barred": ("idle_must_settle", "F3", "menu"),
    "menu signed out": ("sign_in_failed", "F3", "menu"),
    "menu with a code": ("idle", "F3 0 3", "menu"),
    "menu with no such code": ("idle", "F3 7 7 Enter", "menu"),
    "form of a void": ("idle", "* 0 2 Enter", "form"),
    "form of a void, found": ("idle", "* 0 2 Enter 1 2 3 4 Enter", "form"),
    "form of a void, not found": ("idle", "* 0 2 Enter 9 9 Enter", "form"),
    "form of a void, not reversible": ("idle", "* 0 2 Enter 1 2 3 2 Enter", "form"),
    "approval": ("idle", "* 0 2 Enter 1 2 3 4 Enter Enter 1 2 3", "form"),
    "form of a refund": ("idle", "* 0 3 Enter 1 1 2 1 Enter 6 3 2 5", "form"),
    "form of a refund, wrong date": ("idle", "* 0 3 Enter 1 3 4 0 Enter", "form"),
    "form of a pre-authorisation": ("idle", "* 0 5 Enter 9 9 9 9 9 9 9 9 9", "form"),
    "form of a completion": ("idle", "* 0 7 Enter 1 1 2 0 Enter 4 8 a b", "form"),
    "form of an offline sale": ("idle", "* 1 0 Enter", "form"),
    "form of a tip": ("idle", "* 1 2 Enter 1 2 3 4 Enter Enter 1 2 0 0", "form"),
    "query": ("idle", "* 8 1 Enter", "query"),
    "query, nothing there": ("idle_empty", "* 8 1 Enter 4 4 Enter", "query"),
    "query, found": ("idle", "* 8 1 Enter 1 2 3 4 Enter", "query"),
    "totals": ("idle", "* 8 2 Enter", "totals"),
    "totals of nothing": ("idle_empty", "* 8 2 Enter", "totals"),
    "pending work": ("idle_pending", "F9", "pending"),
    "no pending work": ("idle", "* 8 3 Enter", "pending"),
    "settlement": ("idle_pending", "* 8 4 Enter", "settle"),
    "settlement, stopped": ("idle_settlement_stopped", "Enter", "settle"),
    "downloads": ("idle", "* 9 4 Enter", "downloads"),
    "function self-test": ("idle", "* 9 6 Enter", "grant"),
    "function with a password": ("idle_gated", "* 8 2 Enter 4 8 2", "menu"),
    "function of the supervisor": ("idle_gated", "* 8 4 Enter", "menu"),
    "operators": ("idle_supervisor", "* 9 9 Enter", "operators"),
    "another password": ("idle", "* 9 8 Enter 4 8 2 1 Enter 7 4 0", "change_pin"),
    "to training": ("idle", "* 9 7 Enter", "grant"),
    "approval of training": ("idle", "* 9 7 Enter Enter", "grant"),
    "back from training": ("training_idle", "* 9 7 Enter", "grant"),
    "signing": ("approved", "F7", "sign"),
    "keyed card": ("card_keyed", "6 2 0 0 0 0 1 2 3", "card"),
    "keyed or swiped card": ("card_either", "F7 6 2 Enter", "card"),
}


def open_by_keys(page: Page, terminal: MockTerminal, name: str) -> None:
    """Show a scene, press the keys as a hand does, and wait for the page they open."""
    scene, keys, shown = OPENED[name]
    terminal.show("off")
    on_screen(page, "off")
    terminal.show(scene)
    on_screen(page, shown_as(terminal))
    for key in keys.split():
        page.keyboard.press(key, delay=KEY_DELAY_MS)
        expect(page.locator(".stage[data-settled=true]")).to_have_count(1)
    on_screen(page, shown)


@pytest.mark.parametrize(("size", "language", "dark"), LOOKS)
def test_every_screen_fits_can_be_hit_and_read(
    terminal: MockTerminal, open_till: OpenTill, size: str, language: str, dark: bool
) -> None:
    page = open_till(terminal.url, size=size, language=language, dark=dark)
    faults: dict[str, list[str]] = {}
    for name in SCENES:
        terminal.show(name)
        on_screen(page, shown_as(terminal))
        if found := faults_of(page, with_axe=(size, dark) in READ_BY_AXE):
            faults[name] = found
    assert faults == {}


@pytest.mark.parametrize(("size", "language", "dark"), TWO_LOOKS)
def test_every_page_that_is_opened_fits_can_be_hit_and_read(
    terminal: MockTerminal, open_till: OpenTill, size: str, language: str, dark: bool
) -> None:
    page = open_till(terminal.url, size=size, language=language, dark=dark)
    faults: dict[str, list[str]] = {}
    for name in OPENED:
        open_by_keys(page, terminal, name)
        if found := faults_of(page):
            faults[name] = found
    assert faults == {}


@pytest.mark.parametrize(("size", "language", "dark"), TWO_LOOKS)
def test_menu_slip_and_list_fit_can_be_hit_and_read(
    terminal: MockTerminal, open_till: OpenTill, size: str, language: str, dark: bool
) -> None:
    terminal.show("idle")
    page = open_till(terminal.url, size=size, language=language, dark=dark)
    on_screen(page, "idle")
    page.locator(".menu-button").click()
    page.locator(".till-menu").wait_for()
    assert faults_of(page) == []
    page.keyboard.press("Escape")
    page.locator(".till-menu").wait_for(state="detached")
    page.keyboard.press("F8")
    page.locator(".slip-dialog img").wait_for()
    assert faults_of(page) == []
    page.keyboard.press("Escape")
    page.locator(".slip-dialog").wait_for(state="detached")
    if size == "handheld":
        page.locator(".today__open").click()
        page.locator(".sheet").wait_for()
        assert faults_of(page) == []


SCREENS_WITH_AMOUNTS = (
    "card",
    "pin",
    "authorising",
    "reversing",
    "approved",
    "declined",
    "approved_refund",
    "authorising_refund",
)


@pytest.mark.parametrize("size", ["counter", "handheld"])
def test_no_amount_is_ever_cut_off(terminal: MockTerminal, open_till: OpenTill, size: str) -> None:
    page = open_till(terminal.url, size=size)
    for name, amount_minor in product(SCREENS_WITH_AMOUNTS, (99_999_999, 999_999_999)):
        terminal.show(name, amount_minor=amount_minor)
        parts = {
            part: {**terminal.state[part], "amount_minor": amount_minor}
            for part in ("doubt", "result")
            if terminal.state[part]
        }
        terminal.change(**parts)
        on_screen(page, shown_as(terminal))
        width = page.viewport_size["width"] if page.viewport_size else 0
        boxes = [each.bounding_box() for each in page.locator(".amount__figures").all()]
        assert all(box and box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes), (
            name
        )
