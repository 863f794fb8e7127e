"""The till page on the real terminal, host and sandbox, in real Chromium: whole sales."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.till.conftest import OpenTill
from tests.till.looking import faults_of, on_screen, type_keys

from tongbao.app.processes import Part
from tongbao.app.setup import PreparedWorld, SetUpOptions, prepare
from tongbao.app.world import host_part, sandbox_part, terminal_part

PIN = "135246"
WRONG_PIN = "654321"
# Short waits, so that a silent issuer costs seconds and not minutes.
OPTIONS = SetUpOptions(
    port_base=None,
    terminal_ids=("00000001",),
    host={"issuer_timeout_ms": 1_500, "reversal_retry_ms": 200},
    terminal={"host_timeout_ms": 20_000, "retry_first_ms": 300, "retry_max_ms": 1_000},
)
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
def terminal(world: PreparedWorld, host: Part) -> Iterator[Part]:
    """A terminal that was just switched on at the wall: its screen is dark."""
    with terminal_part(world) as part:
        yield part


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
        self.look("self_check")
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


@pytest.mark.parametrize(
    ("size", "language", "hands"),
    [
        pytest.param("counter", "zh", Cashier, id="counter-zh-taps"),
        pytest.param("handheld", "en", Cashier, id="handheld-en-taps"),
        pytest.param("handheld", "zh", Cashier, id="handheld-zh-taps"),
        pytest.param("counter", "en", TypingCashier, id="counter-en-keyboard"),
    ],
)
def test_a_day_at_the_till(
    terminal: Part,
    open_till: OpenTill,
    size: str,
    language: str,
    hands: Callable[[Page, str], Cashier],
) -> None:
    page = till_of(terminal, open_till, size, language)
    cashier = hands(page, language)
    cashier.power_on()
    cashier.log_in()

    cashier.sell("1280", "good", PIN)
    cashier.sees("approved")
    expect(page.locator(".result__amount")).to_contain_text("12.80")
    cashier.next_sale()

    cashier.sell("2000", "second", WRONG_PIN)
    cashier.sees("declined")
    cashier.next_sale()

    cashier.sell("3000", "silent", PIN)
    cashier.sees("reversed")
    # The sale was in doubt and said so before it was proven not to have happened.
    assert page.evaluate("() => window.screensSeen.slice(-3)") == ["authorising", "doubt", "result"]
    cashier.next_sale()

    assert PIN not in page.content()
    assert page.evaluate("() => JSON.stringify(localStorage)") == "{}"


def test_a_payment_stays_in_doubt_until_the_host_is_back(
    terminal: Part, host: Part, open_till: OpenTill
) -> None:
    page = till_of(terminal, open_till, "counter", "zh")
    cashier = Cashier(page, "zh")
    cashier.power_on()
    cashier.log_in()
    cashier.sell("4500", "silent", PIN)
    on_screen(page, "authorising")
    host.kill()
    on_screen(page, "doubt")
    expect(page.get_by_role("heading", level=1)).to_contain_text("查询中")
    expect(page.get_by_text("请勿再次收款")).to_be_visible()
    expect(page.get_by_test_id("charge")).to_have_count(0)
    expect(page.get_by_test_id("next")).to_have_count(0)
    assert faults_of(page) == []
    host.start()
    cashier.sees("reversed")
    cashier.next_sale()
    cashier.sell("4500", "good", PIN)
    cashier.sees("approved")


def test_the_page_is_blocked_while_the_terminal_process_is_down(
    terminal: Part, open_till: OpenTill
) -> None:
    page = till_of(terminal, open_till, "handheld", "zh")
    cashier = Cashier(page, "zh")
    cashier.power_on()
    cashier.log_in()
    terminal.kill()
    expect(page.get_by_role("alertdialog")).to_contain_text("终端没有连接")
    page.keyboard.press("5")
    page.keyboard.press("Enter")
    terminal.start()
    expect(page.get_by_role("alertdialog")).to_have_count(0)
    # The terminal has restarted and says so; the page invents nothing.
    on_screen(page, "off")


def test_a_wrong_password_is_refused_in_the_chosen_language(
    terminal: Part, open_till: OpenTill
) -> None:
    page = till_of(terminal, open_till, "counter", "en")
    cashier = Cashier(page, "en")
    cashier.power_on()
    cashier.digits("019999")
    cashier.press("log-in")
    expect(page.locator(".log-in__word")).to_contain_text("Wrong operator number or password")
    assert faults_of(page) == []


def test_a_page_opened_in_the_middle_shows_the_terminal_as_it_is(
    terminal: Part, open_till: OpenTill
) -> None:
    page = till_of(terminal, open_till, "counter", "zh")
    cashier = Cashier(page, "zh")
    cashier.power_on()
    cashier.log_in()
    cashier.charge("700")
    page.reload()
    on_screen(page, "card")
    expect(page.locator(".card__amount")).to_contain_text("7.00")
    page.get_by_test_id("cancel").click()
    on_screen(page, "idle")
