"""Passkeys: made, good for the log-in and for each later step, and removed."""

import json
from datetime import timedelta

import pytest

from tests.platform.accounts.soft_authenticator import SoftAuthenticator
from tests.platform.conftest import add_user, browser_of

PASSWORD = "correct-horse-battery-9"
BASE = "/_allauth/browser/v1/"
MANAGE = "account/authenticators/webauthn"


@pytest.fixture
def person(django_sqlite):
    return add_user("lilei", is_staff=False, password=PASSWORD)


def ask(browser, path, body=None, method="POST"):
    data = b"" if body is None else json.dumps(body).encode()
    return browser.generic(method, f"{BASE}{path}", data, "application/json")


def options_of(browser, path, word="request_options"):
    answer = ask(browser, path, method="GET")
    assert answer.status_code == 200, answer.content
    return answer.json()["data"][word]


def logged_in():
    """Somebody who logged in and said the password once more."""
    browser = browser_of()
    ask(browser, "auth/login", {"username": "lilei", "password": PASSWORD})
    assert ask(browser, "auth/reauthenticate", {"password": PASSWORD}).status_code == 200
    return browser


def make_passkey(browser, authenticator):
    made = authenticator.make(options_of(browser, f"{MANAGE}?passwordless=", "creation_options"))
    return ask(browser, MANAGE, {"name": "Phone", "credential": made})


def sign(browser, authenticator, what="login"):
    path = f"auth/webauthn/{what}"
    return ask(browser, path, {"credential": authenticator.sign(options_of(browser, path))})


@pytest.fixture
def passkey(person):
    authenticator = SoftAuthenticator()
    assert make_passkey(logged_in(), authenticator).status_code == 200
    return authenticator


def test_a_passkey_is_made_told_and_written_down_and_brings_recovery_codes(person):
    from tongbao.platform.audit.models import AuditEntry

    browser = logged_in()
    answer = make_passkey(browser, SoftAuthenticator())
    assert answer.json()["meta"] == {"recovery_codes_generated": True}
    assert answer.json()["data"]["is_passwordless"] is True
    held = ask(browser, "account/authenticators", method="GET").json()["data"]
    assert {one["type"] for one in held} == {"webauthn", "recovery_codes"}
    entries = AuditEntry.objects.filter(operation="me.credentials")
    assert {json.loads(one.after)["kind"] for one in entries} == {"webauthn", "recovery_codes"}
    notices = browser.get("/api/v1/me/notices").json()["items"]
    assert "second_factor_added" in {one["kind"] for one in notices}


def test_a_passkey_logs_in_without_a_password_and_counts_as_both_factors(passkey):
    browser = browser_of()
    answer = sign(browser, passkey)
    assert answer.status_code == 200
    assert answer.json()["data"]["user"]["username"] == "lilei"
    assert browser.get("/api/v1/me").json()["second_factor_at"] is not None


def test_a_passkey_is_the_second_step_after_a_password(passkey):
    browser = browser_of()
    answer = ask(browser, "auth/login", {"username": "lilei", "password": PASSWORD})
    (step,) = [one for one in answer.json()["data"]["flows"] if one.get("is_pending")]
    assert (answer.status_code, "webauthn" in step["types"]) == (401, True)
    assert browser.get("/api/v1/me").status_code == 401
    assert sign(browser, passkey, "authenticate").status_code == 200
    assert browser.get("/api/v1/me").status_code == 200


def test_a_forged_answer_logs_nobody_in(passkey):
    others = {
        "origin": "http://evil.test",
        "site": "evil.test",
        "_flags": 1,  # present and not verified
        "_key": SoftAuthenticator()._key,
        "user_handle": "OTk5",
    }
    for name, value in others.items():
        right = getattr(passkey, name)
        setattr(passkey, name, value)
        browser = browser_of()
        answer = sign(browser, passkey)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "incorrect_code")
        assert browser.get("/api/v1/me").status_code == 401
        setattr(passkey, name, right)
    assert sign(browser_of(), passkey).status_code == 200


def test_an_answer_is_good_once(passkey):
    browser = browser_of()
    path = "auth/webauthn/login"
    signed = passkey.sign(options_of(browser, path))
    assert ask(browser_of(), path, {"credential": signed}).status_code == 400
    assert ask(browser, path, {"credential": signed}).status_code == 200
    again = browser_of()
    options_of(again, path)
    assert ask(again, path, {"credential": signed}).status_code == 400


def test_a_closed_or_sleeping_account_is_not_opened_by_a_passkey(person, passkey):
    from django.utils import timezone

    for is_active, days in ((False, 0), (True, 91)):
        person.refresh_from_db()
        person.is_active, person.last_login = is_active, timezone.now() - timedelta(days=days)
        person.save()
        browser = browser_of()
        assert sign(browser, passkey).status_code == 401
        assert browser.get("/api/v1/me").status_code == 401


def test_a_password_alone_changes_no_factor_of_who_has_one(person, passkey):
    from allauth.mfa.models import Authenticator

    from tests.platform.api.conftest import denials

    browser = browser_of(person, second_factor=False)
    before = Authenticator.objects.count()
    ask(browser, "auth/reauthenticate", {"password": PASSWORD})
    for path, method, body in (
        (MANAGE, "DELETE", {"authenticators": [1]}),
        ("account/authenticators/recovery-codes", "GET", None),
        ("account/authenticators/totp", "POST", {"code": "123456"}),
    ):
        answer = ask(browser, path, body, method)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["code"] == "second_factor_needed"
        assert "data" not in answer.json()
    assert Authenticator.objects.count() == before
    assert denials() == [("me.factors", "", "second_factor_needed")] * 3


def test_whoever_shows_the_passkey_removes_it_and_the_recovery_codes_go_with_it(passkey):
    from allauth.mfa.models import Authenticator

    browser = browser_of()
    sign(browser, passkey)
    (key,) = Authenticator.objects.filter(type="webauthn")
    answer = ask(browser, MANAGE, {"authenticators": [key.pk]}, "DELETE")
    assert answer.status_code == 200
    assert not Authenticator.objects.exists()
    assert sign(browser_of(), passkey).status_code == 400


def test_an_address_is_not_changed_behind_the_second_factors_back(person):
    browser = logged_in()
    for path in ("account/email", "account/phone"):
        body = {"email": "a@example.com", "phone": "+8619900001299"}
        assert ask(browser, path, body).status_code == 404
    person.refresh_from_db()
    assert (person.email, person.phone, person.pending_phone) == (None, None, "")
