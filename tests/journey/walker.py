"""A person before a browser: finds things by their words, and looks at each page with care."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.journey.words import WORDS
from tests.till.looking import axe_findings

# Set to a folder to keep a picture of each station.
SHOTS = os.environ.get("TONGBAO_JOURNEY_SHOTS")
LOCALES = {"zh": "zh-CN", "en": "en-US"}
_FADING_DIALOG = ".q-dialog[aria-labelledby]:not(:has(h2))"
_WIDER_BY = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_PATIENCE_MS = 30_000


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody looks at the world: language and size of the window."""

    language: str
    width: int
    height: int

    @property
    def name(self) -> str:
        return f"{self.language}-{self.width}"


@dataclass(slots=True)
class Walker:
    """One person's browser; `faults` is everything wrong that was seen on the way."""

    page: Page
    manner: Manner
    who: str
    faults: list[str]
    # What axe finds that this person's pages are not asked for.
    spared: tuple[str, ...] = ()
    # The sandbox's own pages say everything in both languages.
    hears_both: bool = False
    _station: int = 0

    def word(self, name: str) -> str:
        """The words of a button, a link or a heading in this person's language."""
        return WORDS[name][self.manner.language]

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=self.word(name), exact=True)

    def press(self, name: str) -> None:
        self.button(name).first.click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=self.word(name), exact=True).first.click()

    def field(self, name: str) -> Locator:
        return self.page.get_by_label(self.word(name), exact=True)

    def see(self, name: str) -> None:
        """Wait until these words stand on the page, wherever."""
        expect(self.page.get_by_text(self.word(name)).first).to_be_visible()

    def title(self, name: str) -> None:
        """Wait until the page is the one with this heading."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(self.word(name))

    def look(self, station: str) -> None:
        """Look at a page with care: it fits and can be read by everybody."""
        self._station += 1
        # A dialog that was just answered stands empty until it has faded.
        expect(self.page.locator(_FADING_DIALOG)).to_have_count(0)
        if SHOTS:
            name = f"{self.manner.name}-{self.who}-{self._station:02}-{station}.png"
            self.page.screenshot(path=Path(SHOTS) / name, full_page=True)
        wider = self.page.evaluate(_WIDER_BY)
        found = [f"{wider} px too wide"] if wider > 0 else []
        named = self.page.evaluate("document.documentElement.lang")
        if not (self.hears_both or named.startswith(self.manner.language)):
            found.append(f"the page names {named} and speaks {self.manner.language}")
        found += [one for one in axe_findings(self.page) if not one.startswith(self.spared)]
        self.faults += [f"{self.who} at {station}: {fault}" for fault in found]


@contextmanager
def walker(browser: Browser, manner: Manner, who: str, faults: list[str]) -> Iterator[Walker]:
    """Open a browser for a person; what it complains about is added to `faults`."""
    context = browser.new_context(
        viewport={"width": manner.width, "height": manner.height},
        locale=LOCALES[manner.language],
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    one = Walker(page, manner, who, faults)
    _listen(context, one)
    try:
        yield one
    finally:
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{manner.name}-{who}-99-last.png")
        context.close()


def _listen(context: BrowserContext, one: Walker) -> None:
    def note_console(message: Any) -> None:
        # What a server refused, or a terminal that restarts, is reported by the browser itself.
        is_its_own = "the server responded with" in message.text or "WebSocket" in message.text
        if message.type in ("error", "warning") and not is_its_own:
            one.faults.append(f"{one.who}: console: {message.text}")

    def note_request(request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "blob:", "data:")):
            one.faults.append(f"{one.who}: called {request.url}")

    def note_answer(answer: Any) -> None:
        if answer.status >= 500:
            one.faults.append(f"{one.who}: {answer.status} from {answer.url}")

    context.on("console", note_console)
    context.on("weberror", lambda error: one.faults.append(f"{one.who}: {error.error}"))
    context.on("request", note_request)
    context.on("response", note_answer)
