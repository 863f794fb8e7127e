"""What a careful person would check on any screen: it fits, can be hit, can be read by a reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from playwright.sync_api import Page, WebSocket, expect

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
TOUCH_PX = 48
# Slower than any scanner, as a hand types.
KEY_DELAY_MS = 45

_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_TARGETS = """(least) => [...document.querySelectorAll(
    'button, a[href], input, [role=button], [tabindex="0"]')]
  .filter((element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([, box]) => box.width < least - 0.5 || box.height < least - 0.5)
  .map(([element, box]) => `${element.outerHTML.slice(0, 90)}: ${box.width} x ${box.height}`)"""
_OVERFLOWING = """() => [document.documentElement, ...document.querySelectorAll('main, section')]
  .filter((element) => element.scrollWidth > element.clientWidth + 1)
  .map((element) => element.outerHTML.slice(0, 90))"""
_CUT_OFF = """() => [...document.querySelectorAll('h1, .amount, button')]
  .filter((element) => element.checkVisibility({ opacityProperty: true }))
  .map((element) => [element, element.getBoundingClientRect()])
  .filter(([element, box]) => box.width > 0 && (box.left < 0 || box.right > innerWidth + 0.5
    || (element.matches('button') && getComputedStyle(element).overflowX === 'visible'
      && element.scrollWidth > element.clientWidth + 1)))
  .map(([element]) => element.outerHTML.slice(0, 90))"""


_SENT: WeakKeyDictionary[Page, list[dict[str, Any]]] = WeakKeyDictionary()


def watch_commands(page: Page) -> None:
    """Keep every command that this page hands to its socket from now on."""
    sent: list[dict[str, Any]] = []
    _SENT[page] = sent

    def note(connection: WebSocket) -> None:
        connection.on("framesent", lambda frame: sent.append(json.loads(frame)))

    page.on("websocket", note)


def sent_by(page: Page) -> list[dict[str, Any]]:
    """The commands that the page has sent so far, in order."""
    page.evaluate("() => 0")  # What the browser has reported before its answer is all there is.
    return _SENT[page]


def names_sent_by(page: Page) -> list[str]:
    """The names of the commands that the page has sent so far."""
    return [command["command"] for command in sent_by(page)]


def on_screen(page: Page, name: str) -> None:
    """Wait until a screen is shown and takes taps."""
    expect(page.locator(f".stage[data-screen={name}][data-settled=true]")).to_have_count(1)


def type_keys(page: Page, text: str) -> None:
    """Type as a hand does."""
    for key in text:
        page.keyboard.press(key, delay=KEY_DELAY_MS)


def faults_of(page: Page, *, with_axe: bool = True) -> list[str]:
    """Everything wrong with the page as it is shown now, as words; empty when nothing is."""
    faults = [f"too small to hit: {each}" for each in page.evaluate(_TARGETS, TOUCH_PX)]
    faults += [f"wider than its place: {each}" for each in page.evaluate(_OVERFLOWING)]
    faults += [f"cut off: {each}" for each in page.evaluate(_CUT_OFF)]
    return faults + axe_findings(page) if with_axe else faults


def axe_findings(page: Page) -> list[str]:
    """What axe-core finds against WCAG A and AA and its own good practice."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    report: dict[str, Any] = page.evaluate(
        "(rules) => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })", _RULES
    )
    return [
        f"axe {finding['id']}: {node['html'][:120]} {node.get('failureSummary', '')[:200]}"
        for finding in report["violations"]
        for node in finding["nodes"]
    ]
