"""The terminal process is gone, silent or slow: the page covers itself and keeps nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, WebSocket, WebSocketRoute, expect
from tests.till.conftest import OpenTill
from tests.till.looking import faults_of, on_screen, type_keys
from tests.till.mock_terminal import MockTerminal


class Line:
    """The page's WebSocket with a knife in it."""

    def __init__(self) -> None:
        self.up = True
        self._connections: list[WebSocketRoute] = []

    def carry(self, connection: WebSocketRoute) -> None:
        """Connect the page to the terminal, or hang up at once while the line is cut."""
        if self.up:
            connection.connect_to_server()
            self._connections.append(connection)
        else:
            connection.close(code=1001)

    def cut(self) -> None:
        """Cut what is connected and whatever tries to connect."""
        self.up = False
        for connection in self._connections:
            connection.close(code=1001)
        self._connections.clear()

    def mend(self) -> None:
        """Let the next try through."""
        self.up = True


@pytest.fixture
def line() -> Iterator[Line]:
    return Line()


def till_on(line: Line, terminal: MockTerminal, open_till: OpenTill, **more: object) -> Page:
    """A till page whose line can be cut."""
    page = open_till("about:blank", **more)
    page.route_web_socket("**/ws", line.carry)
    page.goto(terminal.url)
    return page


@pytest.mark.parametrize("size", ["counter", "handheld"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_is_covered_until_the_terminal_is_back(
    line: Line, terminal: MockTerminal, open_till: OpenTill, size: str, language: str
) -> None:
    terminal.show("idle")
    page = till_on(line, terminal, open_till, size=size, language=language)
    on_screen(page, "idle")
    line.cut()
    block = page.get_by_role("alertdialog")
    expect(block).to_be_visible()
    box = block.bounding_box()
    assert box is not None
    assert (box["x"], box["y"]) == (0, 0)
    assert page.viewport_size == {"width": box["width"], "height": box["height"]}
    assert faults_of(page) == []
    line.mend()
    expect(block).to_have_count(0)
    on_screen(page, "idle")


def test_taps_and_keys_while_the_terminal_is_gone_are_never_sent(
    line: Line, terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("idle")
    page = till_on(line, terminal, open_till)
    on_screen(page, "idle")
    type_keys(page, "1250")
    line.cut()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    type_keys(page, "99")
    page.keyboard.press("Enter")
    page.get_by_test_id("charge").dispatch_event("click")
    line.mend()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    # What was typed before is still there; what was typed into the cover is not.
    expect(page.get_by_test_id("draft")).to_contain_text("12.50")
    assert terminal.commands == []
    page.get_by_test_id("charge").click()
    assert terminal.wait_for_commands(1) == ["start"]


def test_the_language_can_be_changed_on_the_cover(
    line: Line, terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("idle")
    page = till_on(line, terminal, open_till, language="zh")
    on_screen(page, "idle")
    line.cut()
    block = page.get_by_role("alertdialog")
    expect(block).to_contain_text("终端没有连接")
    page.keyboard.press("F2")
    expect(block).to_contain_text("The terminal is not connected")
    block.get_by_role("button").click()
    expect(block).to_contain_text("终端没有连接")


def test_a_state_missed_while_the_line_was_cut_is_shown_when_it_is_back(
    line: Line, terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("authorising")
    page = till_on(line, terminal, open_till)
    on_screen(page, "authorising")
    line.cut()
    expect(page.get_by_role("alertdialog")).to_be_visible()
    terminal.show("approved")
    line.mend()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    on_screen(page, "result")


def test_a_terminal_that_does_not_acknowledge_is_treated_as_gone(
    terminal: MockTerminal, open_till: OpenTill
) -> None:
    terminal.show("idle")
    page = open_till("about:blank")
    connections: list[WebSocket] = []

    def note(connection: WebSocket) -> None:
        connections.append(connection)

    page.on("websocket", note)
    page.goto(terminal.url)
    on_screen(page, "idle")
    terminal.silent = True
    type_keys(page, "5")
    page.keyboard.press("Enter")
    # The silent connection is given up and a new one made.
    with page.expect_websocket():
        pass
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    assert len(connections) == 2
    assert connections[0].is_closed()
    assert terminal.wait_for_commands(1) == ["start"]
