"""Every page in a real Chromium, in both languages and sizes.

It fits, everybody can read it, the browser says nothing and nothing leaves this machine. The server
behind the pages is made of cardboard.
"""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.portal.cardboard import BASE, Cardboard, RefusalError
from tests.till.conftest import (
    CHROMIUM_OPTIONS,
    built_pages,  # noqa: F401 - a fixture
    chromium_path,
)
from tests.till.looking import AXE, axe_findings

MERCHANT = "105290053110001"
OTHER = "105290053110002"
ANSWERS = json.loads(
    Path(__file__).with_name("answers.json").read_text("utf-8").replace("{merchant}", MERCHANT)
)
HOME = f"/portal/m/{MERCHANT}"
SIZES = {"desk": (1280, 800), "phone": (390, 844)}
# Set to a folder to keep pictures of each page.
SHOTS = os.environ.get("TONGBAO_PORTAL_SHOTS")
WIDER_BY = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def press(number, selector=".button"):
    return lambda page: page.locator(selector).nth(number).click()


def log_in(page):
    page.locator("form input").nth(0).fill("wang@example.com")
    page.locator("form input").nth(1).fill("a password of sand 1")
    page.keyboard.press("Enter")
    page.locator(".input--code").wait_for()


def activate(page):
    for place, value in enumerate(("TB26110002", "00000002", "12345678")):
        page.locator("main form input").nth(place).fill(value)
    page.locator("main form button[type=submit]").click()
    page.locator("[aria-current=step]").wait_for()


PAGES = {
    "public": ("/", press(0, "#device button[type=submit]")),
    "login": ("/portal/login?lost", None),
    "factor": ("/portal/login", log_in),
    "register": ("/portal/register", press(0, "button[type=submit]")),
    "forgotten": ("/portal/password/forgotten", None),
    "choose": ("/portal", None),
    "missing": ("/portal/nowhere", None),
    "apply": ("/portal/apply", None),
    "applications": ("/portal/applications", None),
    "form": ("/portal/applications/draft", press(0, "footer .button")),
    "papers": ("/portal/applications/draft", press(4, ".steps__one")),
    "send": ("/portal/applications/draft", press(5, ".steps__one")),
    "correct": ("/portal/applications/fix", press(0, "main .two .button")),
    "progress": ("/portal/applications/review", None),
    "signed": ("/portal/applications/signed", None),
    "contract": (f"{HOME}/contract", None),
    "home": (HOME, None),
    "payments": (f"{HOME}/payments", None),
    "filters": (f"{HOME}/payments?status=declined", press(0, ".search .button--quiet")),
    "payment": (f"{HOME}/payments/261121000009", press(0, "summary")),
    "terminals": (f"{HOME}/terminals", None),
    "terminal": (f"{HOME}/terminals/00000002", None),
    "settings": (f"{HOME}/terminals/00000001/settings", None),
    "setting": (f"{HOME}/settings", press(4, ".row-setting .button")),
    "activate": (f"{HOME}/activate", activate),
    "shops": (f"{HOME}/shops", press(0, ".place .button--quiet")),
    "keys": (f"{HOME}/keys", press(0, "main .row .button")),
    "webhooks": (f"{HOME}/webhooks", press(0, ".panel .button--quiet")),
    "operators": (f"{HOME}/operators", press(0, "main header .button")),
    "staff": (f"{HOME}/staff", press(0, "main header .button")),
    "account": ("/portal/account", None),
    "audit": (f"{HOME}/audit", press(0, "summary")),
}


@pytest.fixture(scope="module")
def chromium(built_pages):  # noqa: F811 - the fixture of that name
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium here; install one or name it in TONGBAO_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


class Visitor:
    """A browser before a cardboard platform; it notes whatever the browser complains about."""

    def __init__(self, chromium, size="desk", language="zh-CN", scheme="light", **answers):
        width, height = SIZES[size]
        self.platform = Cardboard({**ANSWERS, **answers.get("first", {})})
        self.context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        self.platform.serve(self.context)
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.complaints = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._note)

    def _note(self, message):
        # What the server refused on purpose is reported by the browser itself.
        refused = "the server responded with a status of" in message.text
        if message.type in ("error", "warning") and not refused:
            self.complaints.append(message.text)

    def open(self, path):
        self.page.goto(BASE + path)
        self.page.locator("h1").first.wait_for()
        expect(self.page.locator(".waiting")).to_have_count(0)

    def go(self, path):
        """Open a page of the same merchant as a link does, without loading everything anew."""
        self.page.evaluate(
            "path => document.querySelector('#app').__vue_app__"
            ".config.globalProperties.$router.push(path)",
            path,
        )
        self.page.locator("h1").first.wait_for()
        expect(self.page.locator(".waiting")).to_have_count(0)


@pytest.fixture
def visit(chromium):
    visitors = []

    def make(**options):
        visitors.append(Visitor(chromium, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.context.close()
        assert visitor.complaints == []
        assert visitor.platform.unknown == []


@pytest.mark.parametrize(
    ("size", "language", "scheme"), [("desk", "zh-CN", "light"), ("phone", "en", "dark")]
)
def test_each_page_fits_and_can_be_read_by_everybody(visit, size, language, scheme):
    visitor = visit(size=size, language=language, scheme=scheme)
    assert AXE.exists()
    faults = {}
    for number, (name, (path, act)) in enumerate(PAGES.items()):
        if path.startswith(f"{HOME}/"):
            visitor.go(path)
            expect(visitor.page).to_have_url(BASE + path)
        else:
            visitor.open(path)
        if act is not None:
            act(visitor.page)
        wider = visitor.page.evaluate(WIDER_BY)
        found = [f"{wider} px too wide"] if wider > 0 else []
        # Readers meet the same in both sizes but for the menus: a third of them is enough.
        if size == "phone" or number % 3 == 0:
            found += axe_findings(visitor.page)
        if found:
            faults[name] = found
        if SHOTS:
            picture = Path(SHOTS) / f"{name}-{size}-{language[:2]}-{scheme}.png"
            visitor.page.screenshot(path=picture, full_page=True)
    assert faults == {}


def test_a_stranger_finds_prices_in_the_own_language_and_the_way_in(visit):
    visitor = visit(language="en")
    visitor.open("/")
    expect(visitor.page.get_by_text("Cards, codes and cash on one terminal")).to_be_visible()
    visitor.page.get_by_role("button", name="中文").click()
    expect(visitor.page.get_by_role("heading", name="费率", exact=True)).to_be_visible()
    assert visitor.page.locator("html").get_attribute("lang") == "zh-Hans"
    visitor.page.get_by_role("link", name="登录", exact=True).click()
    expect(visitor.page.get_by_label("账号")).to_be_visible()


def test_a_lost_session_leads_to_the_log_in_and_back_to_where_one_was(visit):
    lost = {"on": False}

    def payments(_body):
        if lost["on"]:
            raise RefusalError(401, "not_logged_in")
        return ANSWERS[f"GET /api/v1/merchants/{MERCHANT}/payments"]

    first = {
        f"GET /api/v1/merchants/{MERCHANT}/payments": payments,
        "POST /_allauth/browser/v1/auth/login": {
            "status": 200,
            "meta": {"is_authenticated": True},
        },
    }
    visitor = visit(language="en", first=first)
    visitor.open(f"{HOME}/payments?status=declined")
    lost["on"] = True
    visitor.page.get_by_role("searchbox").fill("328.50")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_text("Your log-in has ended")).to_be_visible()
    lost["on"] = False
    visitor.page.get_by_label("Account").fill("wang")
    visitor.page.get_by_label("Password", exact=True).fill("a password of sand 1")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("heading", name="Payments")).to_be_visible()
    assert visitor.page.url == f"{BASE}{HOME}/payments?search=328.50&status=declined"


def test_another_merchant_is_another_world(visit):
    empty = {"items": [], "next_cursor": None}
    first = {
        f"GET /api/v1/merchants/{OTHER}/payments": empty,
        f"GET /api/v1/merchants/{OTHER}/payments/summary": {
            "day": "2026-11-21",
            "by_status": [],
            "by_hour": [],
            "by_kind": [],
        },
        f"GET /api/v1/merchants/{OTHER}/payments/feed": {
            "items": [],
            "next_cursor": "z",
            "is_all": True,
            "poll_after_s": 60,
        },
    }
    visitor = visit(language="en", first=first)
    visitor.open(HOME)
    expect(visitor.page.locator("main")).to_contain_text("4,149")
    before = len(visitor.platform.asked)
    visitor.page.get_by_label("Switch merchant").select_option(OTHER)
    expect(visitor.page.get_by_text("No payments today yet")).to_be_visible()
    expect(visitor.page.locator("main")).not_to_contain_text("4,149")
    # The second one is an accountant's: no terminals, no keys.
    expect(visitor.page.get_by_role("link", name="API keys")).to_have_count(0)
    asked = {path for _, path, _ in visitor.platform.asked[before:] if "/merchants/" in path}
    assert {path.split("/")[4] for path in asked} == {OTHER}


def test_a_draft_saves_itself_and_says_when_it_could_not(visit):
    broken = {"on": True}

    def save(_body):
        if broken["on"]:
            raise RefusalError(503, "server")
        return ANSWERS["GET /api/v1/applications/draft"]

    visitor = visit(language="en", first={"PATCH /api/v1/applications/.*": save})
    visitor.open("/portal/applications/draft")
    visitor.page.get_by_label("English name").fill("Hutong Noodles")
    expect(visitor.page.get_by_text("1 not saved yet")).to_be_visible()
    expect(visitor.page.get_by_role("button", name="Save now")).to_be_visible()
    broken["on"] = False
    visitor.page.get_by_role("button", name="Save now").click()
    expect(visitor.page.get_by_text("Draft saved")).to_be_visible()
    sent = [body for method, _, body in visitor.platform.asked if method == "PATCH"]
    assert sent[-1] == {"name_en": "Hutong Noodles"}


def test_everything_on_a_merchants_first_page_is_reached_by_keyboard(visit):
    visitor = visit(language="en")
    visitor.open(HOME)
    reached = set()
    for _ in range(40):
        visitor.page.keyboard.press("Tab")
        reached.add(visitor.page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Skip to content", "Payments", "Terminals", "API keys", "All payments"} <= reached


def test_a_key_is_shown_once_and_then_nowhere(visit):
    visitor = visit(language="en")
    visitor.open(f"{HOME}/keys")
    visitor.page.get_by_role("button", name="New key").click()
    visitor.page.get_by_label("Name", exact=True).fill("Reports")
    visitor.page.get_by_role("button", name="Make the key").click()
    shown = visitor.page.locator("input[readonly]")
    expect(shown).to_have_value(ANSWERS[f"POST /api/v1/merchants/{MERCHANT}/api-keys"]["key"])
    visitor.page.get_by_role("button", name="I have kept it; close").click()
    expect(shown).to_have_count(0)
