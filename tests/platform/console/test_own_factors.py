"""Everybody's own second factors: passkeys at the log-in and on the page in the menu."""

import json
import re

import pytest

from tests.platform.accounts.soft_authenticator import SoftAuthenticator
from tests.platform.conftest import add_user, browser_of
from tests.platform.second_step import SECRET, give_second_factor
from tests.platform.test_second_step import PASSWORD, STEP, is_open, log_in, step

PAGE = "/console/my-security/"
OPTIONS = re.compile(r'<script id="passkey-options" type="application/json">(.*?)</script>')
ORIGIN = "http://localhost"


@pytest.fixture
def person(django_sqlite):
    return add_user("lilei", password=PASSWORD)


def options_of(answer):
    assert answer.status_code == 200
    return json.loads(OPTIONS.search(answer.content.decode())[1])


def made(browser, page=PAGE):
    """A passkey's answer to the page's challenge, and the passkey."""
    passkey = SoftAuthenticator(ORIGIN)
    return passkey, json.dumps(passkey.make(options_of(browser.get(page))))


def signed(passkey, browser):
    return json.dumps(passkey.sign(options_of(browser.get(STEP))))


def kinds():
    from allauth.mfa.models import Authenticator

    return sorted(Authenticator.objects.values_list("type", flat=True))


def noted():
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.order_by("entry_id")
    return [(one.operation, one.outcome) for one in rows]


def test_a_first_passkey_opens_the_console_now_and_at_the_next_log_in(person):
    browser = log_in()
    passkey, credential = made(browser, STEP)
    assert (
        "passkey was not made" in step(browser, "enrol_passkey", credential="{}").content.decode()
    )
    passkey, credential = made(browser, STEP)
    assert step(browser, "enrol_passkey", name="Laptop", credential=credential).status_code == 302
    codes = re.findall(r"<li><code>(\d{8})</code></li>", browser.get(STEP).content.decode())
    assert len(set(codes)) == 10
    step(browser, "kept")
    assert is_open(browser)
    assert kinds() == ["recovery_codes", "webauthn"]
    again = log_in()
    assert not is_open(again)
    used = signed(passkey, again)
    assert step(again, "passkey", credential=used)["Location"] == "/console/fleet/terminal/"
    assert is_open(again)
    third = log_in()
    third.get(STEP)
    assert "was not taken" in step(third, "passkey", credential=used).content.decode()
    assert not is_open(third)
    assert noted()[-1] == ("person.second_factor", "denied")
    stranger = SoftAuthenticator(ORIGIN)
    assert (
        "was not taken"
        in step(third, "passkey", credential=signed(stranger, third)).content.decode()
    )
    assert step(third, "code", codes[0]).status_code == 302


def test_a_stolen_password_makes_no_passkey(django_sqlite, person):
    give_second_factor(django_sqlite, "lilei")
    before = kinds()
    browser = log_in()
    assert "passkey-options" not in browser.get(STEP).content.decode()
    assert browser.get(PAGE)["Location"].startswith(STEP)
    answer = browser.post(PAGE, {"act": "make_passkey", "credential": "{}"})
    assert answer["Location"].startswith(STEP)
    answer = step(browser, "enrol_passkey", credential="{}")
    assert "You have a second factor already." in answer.content.decode()
    assert kinds() == before


def test_a_passkey_is_made_named_and_removed_on_ones_own_page(django_sqlite, person):
    from allauth.mfa.models import Authenticator

    give_second_factor(django_sqlite, "lilei")
    browser = browser_of(person)
    page = browser.get(PAGE).content.decode()
    assert "Your app gives a code for each log-in." in page
    assert "40 codes are left." in page
    assert SECRET not in page
    _passkey, credential = made(browser)
    form = {"act": "make_passkey", "name": "Key at home", "credential": credential}
    page = browser.post(PAGE, form, follow=True).content.decode()
    assert "Key at home" in page
    assert "Remove Key at home" in page
    assert noted() == [("me.credentials", "done")]
    for kind in ("totp", "webauthn"):
        key = Authenticator.objects.get(type=kind).pk
        page = browser.post(PAGE, {"act": "remove", "key": key}, follow=True).content.decode()
    assert "This is your only second factor" in page
    assert kinds() == ["recovery_codes", "webauthn"]
    other = Authenticator.objects.create(
        user=add_user("hanmeimei"), type="totp", data={"secret": "x"}
    )
    browser.post(PAGE, {"act": "remove", "key": other.pk})
    assert Authenticator.objects.filter(pk=other.pk).exists()


def test_new_recovery_codes_are_shown_once_and_end_the_old_ones(django_sqlite, person):
    old = give_second_factor(django_sqlite, "lilei")
    browser = browser_of(person)
    answer = browser.post(PAGE, {"act": "codes"}, follow=True)
    codes = re.findall(r"<li><code>(\d{8})</code></li>", answer.content.decode())
    assert len(codes) == 10
    step(browser, "kept")
    assert "10 codes are left." in browser.get(PAGE).content.decode()
    again = log_in()
    assert "not right" in step(again, "code", old[0]).content.decode()
    assert step(again, "code", codes[3]).status_code == 302


def test_after_ten_minutes_a_change_asks_for_the_second_step(django_sqlite, person):
    from tongbao.platform.accounts.second_factor import mark_second_factor
    from tongbao.platform.clock import now_us

    give_second_factor(django_sqlite, "lilei")
    browser = browser_of(person)
    session = browser.session
    mark_second_factor(session, at_us=now_us() - 11 * 60 * 1_000_000)
    session.save()
    page = browser.get(PAGE).content.decode()
    assert "more than ten minutes ago" in page
    assert "Remove the app" not in page
    before = kinds()
    answer = browser.post(PAGE, {"act": "codes"})
    assert answer["Location"] == f"{STEP}?next=%2Fconsole%2Fmy-security%2F"
    assert kinds() == before
