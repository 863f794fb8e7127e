"""Nothing of the console opens before the second step, and each way to make it."""

import re
import time

import pytest

from tests.platform.conftest import add_user, browser_of
from tests.platform.second_step import SECRET, give_second_factor, totp_code
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.platform.providers.registry import using_providers

PASSWORD = "correct-horse-battery-9"
STEP = "/console/second-step/"
PHONE = "+8619900001234"


@pytest.fixture
def clock(monkeypatch):
    """The clock of authenticator apps, standing still until it is moved."""
    from allauth.mfa.totp.internal import auth

    class Clock:
        now_s = 1_795_226_400

        def time(self):
            return self.now_s

        def code(self, steps=0):
            return totp_code(SECRET, self.now_s + 30 * steps)

    standing = Clock()
    monkeypatch.setattr(auth, "time", standing)
    return standing


@pytest.fixture
def phones():
    """The text messages that went out."""
    with using_providers(in_memory_providers()) as others:
        yield others.sms


@pytest.fixture
def person(django_sqlite):
    return add_user("lilei", password=PASSWORD)


@pytest.fixture
def with_app(django_sqlite, person):
    give_second_factor(django_sqlite, "lilei")
    return person


def log_in():
    browser = browser_of()
    answer = browser.post("/console/login/", {"username": "lilei", "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def is_open(browser):
    return browser.get("/console/").status_code == 200


def step(browser, act, code="", **more):
    return browser.post(f"{STEP}?next=/console/fleet/terminal/", {"act": act, "code": code, **more})


def test_the_password_alone_opens_no_page(with_app):
    browser = log_in()
    for address in ("/console/", "/console/payments/payment/", "/console/password_change/"):
        answer = browser.get(address)
        assert (answer.status_code, answer.content) == (302, b"")
        assert answer["Location"].startswith(f"{STEP}?next=%2Fconsole%2F")


def test_a_code_of_the_app_opens_the_page_that_was_wanted(with_app, clock):
    browser = log_in()
    assert "Code of your authenticator app" in browser.get(STEP).content.decode()
    answer = step(browser, "code", clock.code())
    assert (answer.status_code, answer["Location"]) == (302, "/console/fleet/terminal/")
    assert is_open(browser)


@pytest.mark.parametrize("steps", [-1, 1])
def test_a_phone_whose_clock_is_one_step_off_is_understood(with_app, clock, steps):
    browser = log_in()
    assert step(browser, "code", clock.code(steps)).status_code == 302
    assert is_open(browser)


@pytest.mark.parametrize("steps", [-2, 2])
def test_a_code_two_steps_off_is_refused_and_written_down(with_app, clock, steps):
    from tongbao.platform.audit.models import AuditEntry

    browser = log_in()
    answer = step(browser, "code", clock.code(steps))
    assert "This code is not right." in answer.content.decode()
    assert not is_open(browser)
    denied = AuditEntry.objects.filter(operation="person.second_factor", outcome="denied")
    assert [one.actor_name for one in denied] == ["lilei"]


def test_a_used_code_is_refused_for_as_long_as_its_window_lasts(with_app, clock):
    from django.core.cache import cache

    code = clock.code(1)
    assert step(log_in(), "code", code).status_code == 302
    cache.clear()  # another process knows nothing of what this one remembers
    clock.now_s += 59
    browser = log_in()
    assert "This code is not right." in step(browser, "code", code).content.decode()
    assert "This code is not right." in step(browser, "code", clock.code(-1)).content.decode()
    assert not is_open(browser)
    assert step(browser, "code", clock.code(1)).status_code == 302


def test_a_recovery_code_works_once(with_app, clock):
    code = "10000007"
    assert step(log_in(), "code", code).status_code == 302
    browser = log_in()
    assert "This code is not right." in step(browser, "code", code).content.decode()
    assert not is_open(browser)


def test_guessing_codes_is_stopped(with_app, clock):
    browser = log_in()
    for number in range(10):
        assert "not right" in step(browser, "code", f"{number:06}").content.decode()
    assert "Wait five minutes" in step(browser, "code", clock.code()).content.decode()
    assert not is_open(browser)


def test_who_has_no_second_factor_sets_one_up_and_gets_recovery_codes_once(person, clock):
    browser = log_in()
    page = browser.get(STEP).content.decode()
    assert "data:image/svg+xml;base64," in page
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page)[1]
    assert "not right" in step(browser, "enrol", "000000").content.decode()
    assert not is_open(browser)
    answer = step(browser, "enrol", totp_code(secret, clock.now_s))
    assert answer.status_code == 302
    page = browser.get(STEP).content.decode()
    codes = re.findall(r"<li><code>(\d{8})</code></li>", page)
    assert len(set(codes)) == 10
    assert step(browser, "kept")["Location"] == "/console/fleet/terminal/"
    assert is_open(browser)
    assert codes[0] not in browser.get(STEP).content.decode()
    assert step(log_in(), "code", codes[0]).status_code == 302


def test_no_secret_of_a_second_factor_lies_in_the_database(person, clock, tmp_path):
    browser = log_in()
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", browser.get(STEP).content.decode())[1]
    secret = secret.replace(" ", "")
    step(browser, "enrol", totp_code(secret, clock.now_s))
    from allauth.mfa.models import Authenticator

    data = repr(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in data
    assert browser.session.get("mfa.totp.secret") is None


def test_a_stolen_password_cannot_replace_the_app(with_app, clock):
    from allauth.mfa.models import Authenticator

    before = list(Authenticator.objects.values())
    browser = log_in()
    assert "You have a second factor already." in step(browser, "enrol", "1").content.decode()
    assert list(Authenticator.objects.values()) == before
    assert not is_open(browser)


def test_a_code_by_text_message_opens_the_console_too(person, phones):
    person.phone = PHONE
    person.save()
    browser = log_in()
    assert "phone ending in 1234" in browser.get(STEP).content.decode()
    assert step(browser, "send").status_code == 302
    (message,) = phones.sent
    assert message.to == PHONE
    code = re.search(r"\d{6}", message.text)[0]
    assert "not right" in step(browser, "sms", "12345x").content.decode()
    assert step(browser, "sms", code).status_code == 302
    assert is_open(browser)
    again = log_in()
    assert "not right" in step(again, "sms", code).content.decode()
    assert not is_open(again)


def test_text_messages_are_not_sent_in_a_row(person, phones):
    person.phone = PHONE
    person.save()
    browser = log_in()
    step(browser, "send")
    assert "Wait a minute." in step(browser, "send").content.decode()
    assert len(phones.sent) == 1
    phones.is_down = True


def test_a_message_that_cannot_be_sent_is_said(person, phones):
    person.phone = PHONE
    person.save()
    phones.is_down = True
    assert "could not be sent" in step(log_in(), "send").content.decode()


def test_five_wrong_tries_end_a_text_messages_code(person, phones):
    person.phone = PHONE
    person.save()
    browser = log_in()
    step(browser, "send")
    code = re.search(r"\d{6}", phones.sent[0].text)[0]
    for _ in range(5):
        step(browser, "sms", "x")
    assert "too old" in step(browser, "sms", code).content.decode()
    assert not is_open(browser)


def test_a_second_factor_is_of_one_person_only(with_app, clock):
    other = add_user("hanmeimei", password=PASSWORD)
    browser = log_in()
    step(browser, "code", clock.code())
    assert is_open(browser)
    session = browser.session
    session["_auth_user_id"] = str(other.pk)
    session["_auth_user_hash"] = other.get_session_auth_hash()
    session.save()
    assert browser.get("/console/").status_code == 302


def test_a_stranger_sees_no_second_step(django_sqlite):
    assert browser_of().get(STEP)["Location"] == "/console/login/?next=/console/"
    merchant = add_user("shop", is_staff=False)
    assert browser_of(merchant).get(STEP)["Location"] == "/console/login/?next=/console/"


def test_the_step_leads_nowhere_else(with_app, clock):
    answer = log_in().post(
        f"{STEP}?next=https://evil.example/", {"act": "code", "code": "10000001"}
    )
    assert answer["Location"] == "/console/"


def test_staff_who_do_nothing_for_fifteen_minutes_log_in_again(with_app, clock, monkeypatch):
    from tongbao.platform.console import security

    now = [time.time_ns() // 1000]
    monkeypatch.setattr(security, "now_us", lambda: now[0])
    browser = browser_of(with_app)
    assert is_open(browser)
    now[0] += 15 * 60 * 1_000_000
    assert is_open(browser)
    now[0] += 15 * 60 * 1_000_000 + 1_000_000
    assert browser.get("/console/")["Location"].startswith("/console/login/")
    assert browser.session.get("_auth_user_id") is None
