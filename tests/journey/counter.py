"""The person before the new terminal: reads its code, answers its self-test, sells."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import expect

from tests.journey.walker import Walker
from tests.till.looking import on_screen, type_keys

CARD: Final = "good"
PIN: Final = "135246"
OWN_PIN: Final = "7402"


class Counter:
    """Somebody at the screen of a terminal, with a keyboard."""

    def __init__(self, walker: Walker, address: str) -> None:
        self.walker = walker
        self.page = walker.page
        self.address = address

    def read_code(self) -> str:
        """Switch on, and read the eight digits from the screen."""
        self.page.goto(f"http://{self.address}/")
        code = self.page.get_by_test_id("activation-code")
        go = self.page.get_by_test_id("activation-go")
        expect(code.or_(go)).to_be_visible()
        if go.is_visible():  # It waited to be given to somebody; a person does not wait for it.
            go.click()
        code.wait_for()
        self.walker.look("code")
        return code.inner_text().replace(" ", "")

    def pass_self_test(self) -> None:
        """Answer what only a person can: do the colours show, do the keys work."""
        page = self.page
        page.get_by_test_id("test-yes").click(timeout=60_000)
        code = page.get_by_test_id("test-code")
        code.wait_for()
        self.walker.look("self-test")
        type_keys(page, code.inner_text())

    def begin(self) -> None:
        """Leave the activation when all its stages are done, for the till."""
        page = self.page
        go = page.get_by_test_id("activation-go")
        go.wait_for(timeout=60_000)
        self.walker.look("ready")
        go.click()
        on_screen(page, "off")

    def log_in(self, number: str, first_pin: str) -> None:
        """Switch the till on, log in with the first PIN and choose one of one's own."""
        page = self.page
        # The till begins in the language of its settings; a person taps their own.
        named = page.evaluate("document.documentElement.lang")
        if not named.startswith(self.walker.manner.language):
            page.locator("button.language").click()
        page.get_by_test_id("power-on").click()
        on_screen(page, "logged_out")
        self.walker.look("log-in")
        type_keys(page, number + first_pin)
        page.keyboard.press("Enter")
        on_screen(page, "new_pin")
        self.walker.look("own-pin")
        for _ in ("new", "again"):
            type_keys(page, OWN_PIN)
            page.keyboard.press("Enter")
        on_screen(page, "idle")
        self.walker.look("idle")

    def sell(self, fen: str) -> None:
        """Take a card for an amount, and see that it was approved."""
        page = self.page
        type_keys(page, fen)
        page.keyboard.press("Enter")
        page.locator(f"[data-card={CARD}]").click()
        on_screen(page, "pin")
        type_keys(page, PIN)
        page.keyboard.press("Enter")
        on_screen(page, "result")
        expect(page.get_by_test_id("result")).to_have_attribute("data-outcome", "approved")
        self.walker.look("approved")
