"""The console in a real browser: both sizes, both languages, light and dark, by keyboard."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.platform.running import NAME, PASSWORD, running_console
from tests.platform.seed import MERCHANT
from tests.platform.seed_beside import EXCEPTION
from tests.till.looking import AXE, axe_findings

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
# Set to a folder to keep pictures of each page.
SHOTS = os.environ.get("TONGBAO_CONSOLE_SHOTS")
# What a screen reader would call the element that has the focus.
NAME_OF_FOCUSED = """() => {
  const element = document.activeElement.cloneNode(true);
  element.querySelectorAll('[aria-hidden]').forEach(hidden => hidden.remove());
  return element.getAttribute('aria-label') || element.textContent.trim();
}"""
LIST = "/console/payments/payment/"

pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="needs Debian's chromium")


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with running_console(tmp_path_factory.mktemp("console"), more_approved=60) as running:
        yield running
        Visitor.session = None


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Visitor:
    """A page that notes whatever a browser complains about and whatever leaves this machine."""

    # The cookie of the module's one log-in; each context is a window of the same person's browser.
    session = None

    def __init__(self, chromium, console, size="desk", language="en", scheme="light"):
        width, height = SIZES[size]
        self.context = chromium.new_context(
            viewport={"width": width, "height": height}, locale=language, color_scheme=scheme
        )
        self.page = self.context.new_page()
        self.base = console.base
        self.codes = console.codes
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)
        self.page.on("request", self._check)

    def _note(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _check(self, request):
        if not request.url.startswith((f"{self.base}/", "data:", "blob:")):
            self.complaints.append(f"leaves this machine: {request.url}")

    def open(self, path):
        self.page.goto(self.base + path)

    def come_in(self):
        """Open the first page as somebody who has logged in before."""
        if Visitor.session is None:
            self.log_in()
            cookies = self.context.cookies()
            Visitor.session = [one for one in cookies if one["name"] == "tongbao_session"]
        else:
            self.context.add_cookies(Visitor.session)
            self.open("/console/")

    def log_in(self):
        self.open("/console/login/")
        self.page.fill("#id_username", NAME)
        self.page.fill("#id_password", PASSWORD)
        self.page.press("#id_password", "Enter")
        self.page.wait_for_url(f"{self.base}/console/second-step/**")
        self.page.fill("#id_code", self.codes.pop())
        self.page.press("#id_code", "Enter")
        self.page.wait_for_url(f"{self.base}/console/")

    def too_wide_by(self):
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )


@pytest.fixture
def visit(chromium, console):
    visitors = []

    def make(**options):
        visitors.append(Visitor(chromium, console, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()


def pages_of(console):
    payment = f"{LIST}{console.payments['reversed']}/change/"
    return {
        "dashboard": "/console/",
        "payments": LIST,
        "in-doubt": f"{LIST}?status=in_doubt",
        "nothing": f"{LIST}?q=nothing",
        "payment": payment,
        "signed-payment": f"{LIST}{console.payments['approved']}/change/",
        "exceptions": "/console/payments/paymentexception/",
        "exception": f"/console/payments/paymentexception/{EXCEPTION}/change/",
        "batches": "/console/payments/batchevent/",
        "batch": "/console/payments/batchevent/1/change/",
        "terminals": "/console/fleet/terminal/",
        "terminal": "/console/fleet/terminal/00000001/change/",
        "merchants": "/console/merchants/merchant/",
        "merchant": f"/console/merchants/merchant/{MERCHANT.merchant_id}/change/",
        "password": "/console/password_change/",
    }


# Each language, size and theme once; the words of the other language are shorter or as long.
@pytest.mark.parametrize(
    ("size", "language", "scheme"), [("desk", "zh-CN", "dark"), ("phone", "en", "light")]
)
def test_each_page_fits_and_the_browser_complains_of_nothing(
    visit, console, size, language, scheme
):
    visitor = visit(size=size, language=language, scheme=scheme)
    visitor.come_in()
    for name, path in pages_of(console).items():
        visitor.open(path)
        assert visitor.too_wide_by() <= 0, name
        assert visitor.page.locator(".dark").count() == (scheme == "dark"), name
        if SHOTS:
            picture = Path(SHOTS) / f"{name}-{size}-{language[:2]}-{scheme}.png"
            visitor.page.screenshot(path=picture, full_page=size == "phone")
    assert visitor.complaints == []


def test_the_language_is_chosen_on_the_log_in_page_and_stays(visit):
    visitor = visit(language="en")
    visitor.open("/console/login/")
    visitor.page.get_by_role("button", name="中文").click()
    expect(visitor.page.get_by_text("运营控制台")).to_be_visible()
    visitor.log_in()
    expect(visitor.page.get_by_role("heading", name="今天")).to_be_visible()
    visitor.page.get_by_role("button", name="English").click()
    expect(visitor.page.get_by_role("heading", name="Today")).to_be_visible()


def test_a_wrong_password_is_answered_in_one_sentence(visit):
    visitor = visit()
    visitor.open("/console/login/")
    visitor.page.fill("#id_username", "nobody")
    visitor.page.fill("#id_password", "nothing")
    visitor.page.press("#id_password", "Enter")
    expect(visitor.page.get_by_text("Wrong name or password.")).to_be_visible()
    expect(visitor.page.locator(".errornote:visible")).to_have_count(1)


def test_a_total_leads_to_the_payments_behind_it(visit):
    visitor = visit()
    visitor.come_in()
    visitor.page.get_by_role("link", name=re.compile("In doubt, 7 days")).click()
    rows = visitor.page.locator("#result_list tbody tr.data-row")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("link").click()
    expect(visitor.page.get_by_role("heading", name="Timeline")).to_be_visible()
    expect(visitor.page.locator(".tb-hero-status")).to_contain_text("In doubt")


def test_an_exception_is_taken_noted_and_closed_by_hand(visit):
    visitor = visit()
    visitor.come_in()
    visitor.page.get_by_role("link", name=re.compile("Open exceptions")).click()
    visitor.page.locator("#result_list tbody tr.data-row").first.get_by_role("link").click()
    visitor.page.get_by_role("button", name="Take", exact=True).click()
    expect(visitor.page.get_by_text("Written down.")).to_be_visible()
    expect(visitor.page.get_by_role("heading", name="You have taken this")).to_be_visible()
    visitor.page.get_by_role("button", name="Note and close").click()
    expect(visitor.page.get_by_text("Write a note first")).to_be_visible()
    visitor.page.fill("#note", "The issuer, Ms Wang: never booked.")
    visitor.page.get_by_role("button", name="Note and close").click()
    expect(visitor.page.get_by_text("never booked")).to_be_visible()
    expect(visitor.page.locator("#note")).to_have_count(0)
    assert visitor.complaints == []


def test_a_terminal_is_told_what_to_do_next(visit):
    visitor = visit(size="phone", language="zh-CN")
    visitor.come_in()
    visitor.open("/console/fleet/terminal/00000001/change/")
    visitor.page.select_option("#act", label="上送状态")
    visitor.page.get_by_role("button", name="下达").click()
    expect(visitor.page.get_by_text("已下达：将随下一个应答发出。")).to_be_visible()
    expect(visitor.page.get_by_text("上送状态 · 等待中")).to_be_visible()


def test_the_fields_of_a_message_open_by_keyboard(visit, console):
    visitor = visit()
    visitor.come_in()
    visitor.open(f"{LIST}{console.payments['reversed']}/change/")
    message = visitor.page.locator(".tb-messages summary").first
    expect(visitor.page.get_by_text("processing code").first).to_be_hidden()
    message.focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_text("processing code").first).to_be_visible()


def test_searching_and_filtering_work_together(visit):
    visitor = visit()
    visitor.come_in()
    visitor.open(LIST)
    visitor.page.fill("#searchbar", "0128")
    visitor.page.press("#searchbar", "Enter")
    visitor.page.get_by_role("button", name="Filters").click()
    visitor.page.get_by_role("link", name="Declined", exact=True).click()
    expect(visitor.page.locator("#result_list tbody tr.data-row")).to_have_count(3)
    visitor.page.get_by_role("button", name="Filters").click()
    visitor.page.fill("input[name=terminal]", "0000009")
    visitor.page.get_by_role("button", name="Apply Filters").click()
    expect(visitor.page.get_by_text("Nothing matches")).to_be_visible()
    visitor.page.get_by_role("link", name="Show everything").click()
    expect(visitor.page.locator("#result_list tbody tr.data-row")).to_have_count(25)
    assert visitor.complaints == []


def test_everything_on_the_first_page_is_reached_by_keyboard(visit):
    visitor = visit()
    visitor.come_in()
    reached = set()
    for _ in range(60):
        visitor.page.keyboard.press("Tab")
        reached.add(visitor.page.evaluate(NAME_OF_FOCUSED))
    wanted = {"Payments", "Terminals", "Merchants", "Change password", "Log out", "中文", "English"}
    assert wanted | {"Light or dark", "All payments"} <= reached


def test_the_menu_opens_on_a_phone(visit):
    visitor = visit(size="phone", language="zh-CN")
    visitor.come_in()
    visitor.page.get_by_role("button", name="菜单", exact=True).click()
    visitor.page.get_by_role("link", name="终端", exact=True).click()
    expect(visitor.page.get_by_role("heading", name="终端")).to_be_visible()


def test_light_and_dark_can_be_switched_and_are_remembered(visit):
    visitor = visit()
    visitor.come_in()
    visitor.page.get_by_role("button", name="Light or dark").click()
    expect(visitor.page.locator("html.dark")).to_have_count(1)
    visitor.open(LIST)
    expect(visitor.page.locator("html.dark")).to_have_count(1)


def test_logging_out_closes_the_console(visit):
    visitor = visit()
    visitor.log_in()
    visitor.page.get_by_role("button", name="Log out").click()
    visitor.page.wait_for_url("**/console/login/")
    visitor.open("/console/")
    assert "/console/login/" in visitor.page.url


def test_a_missing_page_says_so_in_our_look(visit):
    visitor = visit(language="zh-CN")
    visitor.come_in()
    visitor.open(f"{LIST}5/change/")
    expect(visitor.page.get_by_role("heading", name="没有这个页面")).to_be_visible()
    visitor.page.get_by_role("link", name="返回控制台").click()
    expect(visitor.page.get_by_role("heading", name="今天")).to_be_visible()


@pytest.fixture(scope="module")
def office(console):
    """The offices' pages by name, each with something to show."""
    from tests.platform.conftest import django_on
    from tests.platform.console.office import fill_office

    def fill():
        with django_on(console.url):
            return fill_office()

    # The browser's loop runs in this thread, and Django works in no thread with a loop.
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(fill).result()


@pytest.mark.parametrize(("size", "language"), [("desk", "zh-CN"), ("phone", "en")])
def test_the_offices_pages_fit_and_leave_nobody_out(visit, office, size, language):
    visitor = visit(size=size, language=language)
    visitor.come_in()
    found = []
    for name, path in office.items():
        visitor.open(path)
        if visitor.too_wide_by() > 0:
            found.append(f"{name}: too wide by {visitor.too_wide_by()}")
        if AXE.exists() and size == "desk":
            found += [f"{name}: {one}" for one in axe_findings(visitor.page)]
        if SHOTS:
            picture = Path(SHOTS) / f"{name}-{size}-{language[:2]}.png"
            visitor.page.screenshot(path=picture, full_page=True)
    assert found == []
    assert visitor.complaints == []


def test_a_passkey_is_made_on_ones_own_page_and_opens_the_next_log_in(visit):
    visitor = visit(language="en")
    # A passkey belongs to a name, and browsers make none for a bare address.
    visitor.base = visitor.base.replace("127.0.0.1", "localhost")
    authenticator = visitor.context.new_cdp_session(visitor.page)
    authenticator.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    authenticator.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    visitor.log_in()
    visitor.page.get_by_role("link", name="Second step").click()
    visitor.page.fill("#passkey_name", "Laptop at the office")
    visitor.page.get_by_role("button", name="Make a passkey").click()
    expect(visitor.page.get_by_text("Laptop at the office")).to_be_visible()
    visitor.page.get_by_role("button", name="Log out").click()
    assert not AXE.exists() or axe_findings(visitor.page) == []
    visitor.page.fill("#id_username", NAME)
    visitor.page.fill("#id_password", PASSWORD)
    visitor.page.press("#id_password", "Enter")
    visitor.page.get_by_role("button", name="Use a passkey").wait_for()
    assert not AXE.exists() or axe_findings(visitor.page) == []
    visitor.page.get_by_role("button", name="Use a passkey").click()
    expect(visitor.page.get_by_role("heading", name="Today")).to_be_visible()
    visitor.page.get_by_role("link", name="Second step").click()
    visitor.page.get_by_role("button", name="Remove Laptop at the office").click()
    expect(visitor.page.get_by_text("No passkey yet.")).to_be_visible()
    assert visitor.complaints == []
