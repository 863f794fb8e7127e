"""People at the real till: they tap or type, and look at every screen with care the first time."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from tests.till.conftest import OpenTill
from tests.till.looking import faults_of, on_screen, type_keys

from tongbao.app.processes import Part

PIN = "135246"
WRONG_PIN = "654321"
SUPERVISOR_PASSWORD = "123456"
WORDS = {
    "zh": {"approved": "成功", "declined": "失败", "reversed": "已冲正", "doubt": "查询中"},
    "en": {
        "approved": "Approved",
        "declined": "Declined",
        "reversed": "Reversed",
        "doubt": "Being checked",
    },
}
# Every screen a page has shown, for those that pass too quickly to be waited for.
REMEMBER_SCREENS = """
window.screensSeen = [];
new MutationObserver(() => {
  const name = document.querySelector('.stage')?.dataset.screen;
  if (name && window.screensSeen.at(-1) !== name) window.screensSeen.push(name);
}).observe(document, { subtree: true, childList: true, attributes: true });
"""


class Cashier:
    """Somebody at the till who taps and looks at every screen with care the first time."""

    def __init__(self, page: Page, language: str) -> None:
        self.page = page
        self.words = WORDS[language]
        self.known: set[str] = set()

    def look(self, screen: str) -> None:
        """Wait for a screen and find nothing wrong with it."""
        on_screen(self.page, screen)
        self.look_closely(screen)

    def look_closely(self, screen: str) -> None:
        """Find nothing wrong with a screen, the first time it is seen."""
        if screen not in self.known:
            assert faults_of(self.page) == []
            self.known.add(screen)

    def press(self, test_id: str) -> None:
        self.page.get_by_test_id(test_id).click()

    def digits(self, text: str) -> None:
        for digit in text:
            self.page.get_by_role("button", name=digit, exact=True).click()

    def take_card(self, card: str) -> None:
        self.page.locator(f"[data-card={card}]").click()

    def power_on(self) -> None:
        self.look("off")
        self.press("power-on")
        # It leaves by itself; looked at closely it is in the test of every screen.
        on_screen(self.page, "self_check")
        expect(self.page.locator(".check__part--ok")).to_have_count(7)
        self.look("logged_out")
        expect(self.page.locator(".failed")).to_have_count(0)

    def log_in(self) -> None:
        self.digits("010000")
        self.press("log-in")
        self.look("idle")

    def charge(self, amount: str) -> None:
        self.digits(amount)
        self.press("charge")
        self.page.locator("[data-card=good]").wait_for()
        self.look("card")

    def enter_pin(self, pin: str) -> None:
        self.look("pin")
        self.digits(pin)
        self.press("confirm-pin")

    def next_sale(self) -> None:
        self.press("next")
        self.look("idle")

    def sell(self, amount: str, card: str, pin: str) -> None:
        self.charge(amount)
        self.take_card(card)
        self.enter_pin(pin)

    def sees(self, outcome: str) -> None:
        """The result fills the screen, with its word, and its slip unless it was declined."""
        on_screen(self.page, "result")
        result = self.page.get_by_test_id("result")
        expect(result).to_have_attribute("data-outcome", outcome)
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(self.words[outcome])
        if outcome != "declined":
            slip = self.page.locator(".result__slip img")
            expect(slip).to_have_js_property("complete", value=True)
            assert slip.evaluate("(image) => image.naturalWidth") > 300
        self.look_closely(outcome)


class TypingCashier(Cashier):
    """The same with the keyboard alone."""

    def press(self, test_id: str) -> None:
        self.page.keyboard.press("Enter")

    def digits(self, text: str) -> None:
        type_keys(self.page, text)

    def take_card(self, card: str) -> None:
        key = self.page.locator(f"[data-card={card}] .key-hint").text_content()
        assert key is not None
        self.page.keyboard.press(key)


def till_of(terminal: Part, open_till: OpenTill, size: str, language: str) -> Page:
    """The page that the terminal serves."""
    page = open_till("about:blank", size=size, language=language)
    page.add_init_script(REMEMBER_SCREENS)
    page.goto(f"http://{terminal.ready['address']}/")
    return page
