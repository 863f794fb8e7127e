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


def confirm_by_sms(page, platform, title="Please confirm once more", phone=PHONE):
    """Answer the question for the second factor."""
    question = page.get_by_role("dialog", name=title)
    with page.expect_response("**/2fa/sms"):
        question.locator("form .row button").click()
    question.locator(".input--code").fill(newest_code(platform, phone))
    question.locator("button[type=submit]").click()


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
    platform.ask(lambda: forget_codes("lilei"))
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


def test_an_email_address_is_added_in_place_and_opens_the_account_when_forgotten(visit, platform):
    page = visit(size=(390, 844))
    platform.ask(lambda: forget_codes("lilei"))
    log_in(page, platform)
    expect(page.get_by_role("heading", name="Choose")).to_be_visible()
    page.goto(f"{platform.base}/portal/account")
    page.get_by_role("button", name="Add E-mail").click()
    page.get_by_role("textbox", name="E-mail").fill("lilei@example.com")
    page.get_by_role("button", name="Send a code").click()
    confirm_by_sms(page, platform)
    page.get_by_text("on its way to l…@example.com").wait_for()
    shot(page, "email-code")
    page.get_by_role("textbox", name="Code").fill(newest_letter(platform))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("lilei@example.com")).to_be_visible()
    expect(page.get_by_text("this computer").first).to_be_visible()
    shot(page, "account-phone")

    log_out(page, platform)
    page.get_by_role("link", name="Forgotten password").click()
    page.wait_for_url("**/password/forgotten")
    page.get_by_role("textbox").fill("lilei@example.com")
    with page.expect_response("**/password/request"):
        page.get_by_role("button", name="Send").click()
    page.get_by_role("textbox", name="The code you received").fill(newest_letter(platform))
    page.get_by_label("New password").fill("another-horse-battery-7")
    page.get_by_role("button", name="Set the new password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    platform.ask(lambda: set_password("lilei"))


def forget_codes(name):
    from tongbao.platform.accounts.models import OneTimeCode

    OneTimeCode.objects.filter(user__username=name).delete()


def set_password(name):
    from tongbao.platform.accounts.models import User

    user = User.objects.get(username=name)
    user.set_password(PASSWORD)
    user.save()


def newest_letter(platform):
    """The code in the newest letter."""
    return re.search(r"\d{6}", platform.providers.mail.sent[-1].text)[0]


def test_an_owner_invites_somebody_gives_a_role_and_retires_it(visit, platform):
    owner_page = visit(language="zh-CN")
    platform.ask(lambda: forget_codes("lilei"))
    log_in(owner_page, platform)
    owner_page.get_by_role("heading", name="选择").wait_for()
    people = f"{platform.base}/portal/m/{MERCHANT.merchant_id}/staff"
    owner_page.goto(people)
    owner_page.get_by_role("button", name="新增角色").click()
    owner_page.get_by_label("名称").fill("夜班")
    owner_page.get_by_role("button", name="保存").click()
    confirm_by_sms(owner_page, platform, "请再确认一次")
    owner_page.get_by_role("button", name="停用角色 夜班").wait_for()

    owner_page.get_by_role("button", name="邀请员工").click()
    owner_page.locator("#person input").nth(0).fill("19900005678")
    owner_page.locator("#person input").nth(1).fill("韩梅梅")
    owner_page.locator("#person select").select_option(label="夜班")
    owner_page.get_by_role("button", name="发送邀请").click()
    expect(owner_page.get_by_text("等待设置密码")).to_be_visible()
    shot(owner_page, "people")

    (text,) = [one.text for one in platform.providers.sms.sent if one.to == "+8619900005678"]
    link = re.search(r"http://\S+", text)[0]
    guest = visit(language="en", size=(390, 844))
    guest.goto(link)
    guest.get_by_label("New password").fill("first-horse-battery-3")
    shot(guest, "invited")
    guest.get_by_role("button", name="Set it and log in").click()
    guest.wait_for_url(f"{platform.base}/portal/m/{MERCHANT.merchant_id}")
    expect(guest.get_by_role("link", name="Payments").first).to_be_visible()

    owner_page.get_by_role("button", name="停用角色 夜班").click()
    owner_page.get_by_role("dialog").get_by_role("button", name="停用角色").click()
    expect(owner_page.get_by_text("还有人在用这个角色")).to_be_visible()
    owner_page.keyboard.press("Escape")
    owner_page.get_by_role("button", name="改角色 韩梅梅").click()
    owner_page.locator("#person select").select_option(label="只读")
    owner_page.get_by_role("button", name="保存").click()
    expect(owner_page.get_by_text("没有人使用")).to_be_visible()
    owner_page.get_by_role("button", name="停用角色 夜班").click()
    owner_page.get_by_role("dialog").get_by_role("button", name="停用角色").click()
    expect(owner_page.get_by_text("还没有自定义角色")).to_be_visible()


def test_switching_to_another_merchant_leaves_nothing_of_the_first(visit, platform):
    page = visit()
    log_in(page, platform)
    page.get_by_role("heading", name="Choose").wait_for()
    page.goto(f"{platform.base}/portal/m/{MERCHANT.merchant_id}/payments")
    rows = page.locator("tbody tr")
    rows.first.wait_for()
    seen = rows.all_inner_texts()
    asked = []
    page.on("request", lambda one: asked.append(one.url) if "/merchants/" in one.url else None)
    page.get_by_label("Switch merchant").select_option(EMPTY_MERCHANT.merchant_id)
    expect(page.get_by_text("No payments today yet")).to_be_visible()
    page.get_by_role("link", name="Payments").first.click()
    expect(page.get_by_text("No payments today yet")).to_be_visible()
    shot(page, "switched")
    left = page.locator("body").inner_text()
    assert not [row for row in seen if row.split("\n")[0] in left]
    assert {url.split("/merchants/")[1][:15] for url in asked} == {EMPTY_MERCHANT.merchant_id}
    kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert MERCHANT.merchant_id not in kept


def test_too_many_wrong_tries_count_down_on_the_page(visit, platform):
    platform.ask(lambda: owner("wang", "+8619900007777"))
    page = visit(language="zh-CN")
    log_in(page, platform, "wang", "wrong")
    for _ in range(5):
        expect(page.get_by_role("button", name="登录", exact=True)).to_be_enabled()
        page.get_by_label("密码", exact=True).fill("wrong")
        with page.expect_response("**/auth/login"):
            page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("0:0[12] 后可以再试"))).to_be_visible()
    expect(page.get_by_role("button", name="登录", exact=True)).to_be_disabled()
    shot(page, "locked-out")
    expect(page.get_by_role("button", name="登录", exact=True)).to_be_enabled()
