"""A real Chromium, the built pages and a terminal to show them, for the tests of the till."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.till.looking import AXE, watch_commands
from tests.till.mock_terminal import MockTerminal, running

from tongbao.app.processes import Part
from tongbao.app.setup import PreparedWorld, SetUpOptions, prepare
from tongbao.app.world import host_part, sandbox_part, terminal_part

ROOT = Path(__file__).parents[2]
# No sandbox of its own (tests run as root in containers), no graphics card, no calls home.
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"counter": (1280, 800), "handheld": (480, 800)}
LOCALES = {"zh": "zh-CN", "en": "en-US"}

OpenTill = Callable[..., Page]

# A wait is over as soon as it can be; a busy machine must not fail a test that is right.
expect.set_options(timeout=20_000)

# Short waits, so that a silent issuer or a wrong password costs seconds and not minutes.
OPTIONS = SetUpOptions(
    port_base=None,
    terminal_ids=("00000001",),
    host={"issuer_timeout_ms": 1_500, "inquiry_timeout_ms": 700, "reversal_retry_ms": 200},
    terminal={
        "host_timeout_ms": 20_000,
        "retry_first_ms": 300,
        "retry_max_ms": 1_000,
        "log_in_delay_first_ms": 1,
    },
)


def chromium_path() -> str | None:
    """Find Chromium: where a variable says, or under its usual names."""
    named = os.environ.get("TONGBAO_CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome")
    return named or next((path for path in map(shutil.which, names) if path), None)


@pytest.fixture(scope="session")
def built_pages() -> None:
    """The pages as the sources are now; done at once when they are built."""
    # Pages may be built where axe was never installed, as from a copied folder.
    options = [] if AXE.exists() else ["--force"]
    subprocess.run([sys.executable, str(ROOT / "scripts" / "build_web.py"), *options], check=True)


# A module's, not the session's: while Playwright runs, no other test may start an event loop.
@pytest.fixture(scope="module")
def browser(built_pages: None) -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium here; install one or name it in TONGBAO_CHROMIUM")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield chromium
        chromium.close()


@pytest.fixture
def terminal() -> Iterator[MockTerminal]:
    """The cardboard terminal."""
    with running(MockTerminal()) as mock:
        yield mock


@pytest.fixture
def open_till(browser: Browser) -> Iterator[OpenTill]:
    """Open a till page; at the end the test fails if the page complained or called elsewhere."""
    contexts: list[BrowserContext] = []
    trouble: list[str] = []

    def note_console(message: Any) -> None:
        # A cut connection is reported by the browser itself, not by the page.
        if message.type in ("error", "warning") and "WebSocket connection" not in message.text:
            trouble.append(f"console: {message.text}")

    def note_request(request: Any) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:")):
            trouble.append(f"request: {request.url}")

    def open_page(
        url: str,
        *,
        size: str = "counter",
        language: str = "zh",
        dark: bool = False,
        complaints_expected: bool = False,
    ) -> Page:
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=LOCALES[language],
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watch_commands(page)
        if not complaints_expected:  # The browser itself reports a failed request.
            page.on("console", note_console)
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("request", note_request)
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


@pytest.fixture(scope="module")
def world(built_pages: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreparedWorld]:
    """A prepared data folder with the sandbox running."""
    prepared = prepare(tmp_path_factory.mktemp("till") / "data", OPTIONS)
    with sandbox_part(prepared):
        yield prepared


@pytest.fixture
def host(world: PreparedWorld) -> Iterator[Part]:
    with host_part(world) as part:
        yield part


@pytest.fixture
def real_terminal(world: PreparedWorld, host: Part) -> Iterator[Part]:
    """A terminal that was just switched on at the wall: its screen is dark."""
    with terminal_part(world) as part:
        yield part
