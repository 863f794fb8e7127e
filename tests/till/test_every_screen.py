"""Every state of the terminal, looked at in both languages, sizes and themes."""

from __future__ import annotations

from itertools import product

import pytest
from tests.till.conftest import OpenTill
from tests.till.looking import faults_of, on_screen
from tests.till.mock_terminal import MockTerminal
from tests.till.scenes import SCENES

# Every scene in four looks, so that each language meets each size and each theme.
LOOKS = [
    pytest.param("counter", "zh", False, id="counter-zh-light"),
    pytest.param("handheld", "en", False, id="handheld-en-light"),
    pytest.param("counter", "en", True, id="counter-en-dark"),
    pytest.param("handheld", "zh", True, id="handheld-zh-dark"),
]


def shown_as(terminal: MockTerminal) -> str:
    """The screen that belongs to the double's state."""
    phase: str = terminal.state["phase"]
    return "doubt" if phase == "reversing" else phase


@pytest.mark.parametrize(("size", "language", "dark"), LOOKS)
def test_every_screen_fits_can_be_hit_and_read(
    terminal: MockTerminal, open_till: OpenTill, size: str, language: str, dark: bool
) -> None:
    page = open_till(terminal.url, size=size, language=language, dark=dark)
    faults: dict[str, list[str]] = {}
    for name in SCENES:
        terminal.show(name)
        on_screen(page, shown_as(terminal))
        if found := faults_of(page):
            faults[name] = found
    assert faults == {}


@pytest.mark.parametrize(("size", "language", "dark"), LOOKS)
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


SCREENS_WITH_AMOUNTS = ("card", "pin", "authorising", "reversing", "approved", "declined")


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
