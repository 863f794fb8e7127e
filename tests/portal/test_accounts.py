"""A person's account in the portal, on the real platform in a real browser."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.platform.conftest import add_user
from tests.platform.seed import EMPTY_MERCHANT, MERCHANT, seed
from tests.portal.serving import served
from tests.till.conftest import (
    CHROMIUM_OPTIONS,
    built_pages,  # noqa: F401 - a fixture
    chromium_path,
)
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.platform.providers.registry import using_providers
from tongbao.platform.schema import migrate

PASSWORD = "correct-horse-battery-9"
PHONE = "+8619900001234"
# Set to a folder to keep pictures of what is tried here.
SHOTS = os.environ.get("TONGBAO_PORTAL_SHOTS")


def owner(name, phone, *merchants):
    """A person with a phone who owns these merchants."""
    from tongbao.platform.accounts.members import make_owner
    from tongbao.platform.clock import now_us

    user = add_user(name, is_staff=False, password=PASSWORD)
    user.phone = phone
    user.save()
    for merchant in merchants:
        make_owner(user, merchant.merchant_id, now_us=now_us())
    return user


@pytest.fixture(scope="module")
def platform(tmp_path_factory, _fast_django):
    """A served platform with two merchants; what it sends out stays here."""
    url = f"sqlite:///{tmp_path_factory.mktemp('accounts') / 'platform.sqlite3'}"
    migrate(url)
    seed(url)
    with using_providers(in_memory_providers()) as others, served(url) as platform:
        owner("lilei", PHONE, MERCHANT, EMPTY_MERCHANT)
        platform.providers = others
        yield platform


@pytest.fixture(scope="module")
def chromium(platform, built_pages):  # noqa: F811 - the fixture of that name
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium here; install one or name it in TONGBAO_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, platform):
    contexts = []

    def make(language="en", size=(1280, 800)):
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale=language, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        for page in context.pages:
            assert getattr(page, "complaints", []) == []
        context.close()


def shot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def log_in(page, platform, name="lilei", password=PASSWORD):
    page.goto(f"{platform.base}/portal/login")
    page.locator("form input").nth(0).fill(name)
    page.locator("form input").nth(1).fill(password)
    page.keyboard.press("Enter")


def log_out(page, platform):
    page.context.clear_cookies()
    page.goto(f"{platform.base}/portal/login")


def newest_code(platform, phone=PHONE):
    """The code in the newest message to a phone."""
    texts = [one.text for one in platform.providers.sms.sent if one.to == phone]
    return re.search(r"\d{6}", texts[-1])[0]


def confirm_by_sms(page, platform, phone=PHONE):
    """Answer the question for the second factor."""
    page.get_by_role("button", name="Send a code").click()
    page.get_by_text("Sent; valid").wait_for()
    page.locator(".input--code").fill(newest_code(platform, phone))
    page.get_by_role("button", name="Confirm").click()


def give_authenticator(page):
    """Give this page's browser an authenticator whose owner always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_made_logs_in_is_the_second_step_and_is_removed(visit, platform):
    page = visit()
    give_authenticator(page)
    log_in(page, platform)
    expect(page.get_by_role("heading", name="Choose")).to_be_visible()
    page.goto(f"{platform.base}/portal/account")
    page.get_by_role("button", name="Add a passkey").click()
    confirm_by_sms(page, platform)
    expect(page.get_by_role("heading", name="Recovery code")).to_be_visible()
    shot(page, "passkey-codes")
    page.keyboard.press("Escape")
    expect(page.get_by_text("Passkey 1")).to_be_visible()
    shot(page, "passkey-made")

    log_out(page, platform)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_role("heading", name="Choose")).to_be_visible()

    log_out(page, platform)
    log_in(page, platform)
    page.get_by_role("button", name="Use the passkey").click()
    expect(page.get_by_role("heading", name="Choose")).to_be_visible()

    page.goto(f"{platform.base}/portal/account")
    expect(page.get_by_text(re.compile("used on"))).to_be_visible()
    page.get_by_role("button", name="Remove Passkey 1").click()
    shot(page, "passkey-remove")
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Passkey 1")).to_have_count(0)

    log_out(page, platform)
    page.get_by_role("button", name="Log in with a passkey").click()
    expect(page.get_by_text("does not open any account here")).to_be_visible()
