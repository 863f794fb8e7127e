"""The portal's log-in: any name, a second factor of any kind, a forgotten and a first password."""

import json
import re

import pytest

from tests.platform.api.conftest import OTHER, OWN, Caller, denials, member
from tests.platform.conftest import add_user, browser_of
from tests.platform.second_step import SECRET, give_second_factor, totp_code
from tests.platform.seed import seed
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.platform.providers.registry import using_providers

PASSWORD = "correct-horse-battery-9"
NEW = "another-horse-battery-7"
PHONE = "+8619900001234"
AUTH = "/_allauth/browser/v1/auth/"


@pytest.fixture
def phones():
    """The text messages that went out."""
    with using_providers(in_memory_providers()) as others:
        yield others.sms


@pytest.fixture
def person(django_sqlite):
    user = add_user("lilei", is_staff=False, password=PASSWORD)
    user.email, user.phone, user.staff_number = "lilei@example.com", PHONE, "S017"
    user.save()
    return user


def ask(browser, path, body=None, method="POST"):
    data = b"" if body is None else json.dumps(body).encode()
    return browser.generic(method, f"{AUTH}{path}", data, "application/json")


def log_in(browser=None, password=PASSWORD, **name):
    return ask(browser or browser_of(), "login", {**name, "password": password})


def code_in(message):
    return re.search(r"\d{6}", message.text)[0]


@pytest.mark.parametrize(
    "name",
    [
        {"username": "lilei"},
        {"email": "LiLei@example.com"},
        {"phone": PHONE},
        {"username": "199 0000 1234"},
        {"username": "s017"},
    ],
)
def test_any_name_of_a_person_logs_in(person, name):
    answer = log_in(**name)
    assert answer.status_code == 200
    assert answer.json()["data"]["user"]["username"] == "lilei"


def test_a_merchant_number_logs_its_owner_in(django_sqlite):
    seed(django_sqlite)
    for name, role in (("reader", "read_only"), ("owner", "owner")):
        user = member(name, role)
        user.set_password(PASSWORD)
        user.save()
    answer = log_in(username=OWN)
    assert answer.json()["data"]["user"]["username"] == "owner"
    assert log_in(username=OTHER).status_code == 400


@pytest.mark.parametrize("name", [{"username": "nobody"}, {"username": "lilei"}])
def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(person, name):
    answer = log_in(password="wrong-password-1", **name)
    assert answer.status_code == 400
    assert [one["code"] for one in answer.json()["errors"]] == ["username_password_mismatch"]


def test_guessing_is_slowed_down_whichever_name_is_tried(person):
    for name in ("lilei", "S017", PHONE, "lilei@example.com", "lilei"):
        assert log_in(username=name, password="guess").status_code == 400
    answer = log_in(username="s017")
    assert [one["code"] for one in answer.json()["errors"]] == ["throttled"]
    assert "Try again in" in answer.json()["errors"][0]["message"]
    assert 1 <= int(answer["Retry-After"]) <= 2


def test_an_account_that_slept_for_ninety_days_does_not_log_in(person):
    from datetime import timedelta

    from django.utils import timezone

    person.last_login = timezone.now() - timedelta(days=91)
    person.save()
    assert log_in(username="lilei").status_code == 400
    person.last_login = timezone.now() - timedelta(days=89)
    person.save()
    assert log_in(username="lilei").status_code == 200


def test_the_second_factor_is_asked_for_and_an_apps_code_is_good_once(django_sqlite, person):
    import time

    give_second_factor(django_sqlite, "lilei")
    browser = browser_of()
    answer = log_in(browser, username="lilei")
    assert answer.status_code == 401
    flows = {one["id"]: one for one in answer.json()["data"]["flows"]}
    assert flows["mfa_authenticate"]["is_pending"]
    code = totp_code(SECRET, time.time())
    assert ask(browser, "2fa/authenticate", {"code": code}).status_code == 200
    assert Caller().get("/me").status_code == 401
    second = browser_of()
    log_in(second, username="lilei")
    assert ask(second, "2fa/authenticate", {"code": code}).status_code == 400


def test_a_text_messages_code_is_a_second_factor_of_the_log_in_too(django_sqlite, person, phones):
    give_second_factor(django_sqlite, "lilei")
    browser = browser_of()
    assert ask(browser, "2fa/sms").status_code == 401
    assert phones.sent == []
    log_in(browser, username="lilei")
    assert ask(browser, "2fa/sms").status_code == 200
    assert ask(browser, "2fa/sms").status_code == 429
    (message,) = phones.sent
    assert message.to == PHONE
    answer = ask(browser, "2fa/authenticate", {"code": code_in(message)})
    assert answer.status_code == 200
    assert browser.get("/api/v1/me").json()["second_factor_at"] is not None


def test_who_has_a_phone_only_confirms_an_act_that_moves_money_by_text_message(
    django_sqlite, phones
):
    seed(django_sqlite)
    user = member("owner")
    user.phone = PHONE
    user.save()
    caller = Caller(user, second_factor=False)
    body = {"name": "Night shift", "permissions": ["payments_read"]}
    answer = caller.post(f"/merchants/{OWN}/roles", body)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
    assert denials() == [("role.add", OWN, "second_factor_needed")]
    assert ask(caller.client, "2fa/sms").status_code == 200
    code = code_in(phones.sent[0])
    assert ask(caller.client, "2fa/reauthenticate", {"code": "000000"}).status_code == 400
    assert ask(caller.client, "2fa/reauthenticate", {"code": code}).status_code == 200
    answer = caller.post(f"/merchants/{OWN}/roles", body)
    assert (answer.status_code, answer.json()["permissions"]) == (201, ["payments_read"])


def test_a_stranger_signs_up_with_a_phone_and_proves_it(django_sqlite, phones):
    browser = browser_of()
    answer = ask(browser, "signup", {"phone": PHONE, "password": PASSWORD})
    assert answer.status_code == 401
    assert browser.get("/api/v1/me").status_code == 401
    assert log_in(phone=PHONE).status_code == 400
    answer = ask(browser, "phone/verify", {"code": code_in(phones.sent[0])})
    assert answer.status_code == 200
    assert browser.get("/api/v1/me").json()["phone"] == PHONE
    assert log_in(phone=PHONE).status_code == 200


@pytest.mark.parametrize(
    "password", ["short-1", "onlylettersinhere", "836275918364", "password1234"]
)
def test_a_weak_password_is_refused_at_the_sign_up(django_sqlite, phones, password):
    from tongbao.platform.accounts.models import User

    answer = ask(browser_of(), "signup", {"phone": PHONE, "password": password})
    assert answer.status_code == 400
    assert {one["param"] for one in answer.json()["errors"]} == {"password"}
    assert not User.objects.exists()
    assert phones.sent == []


def test_a_forgotten_password_is_replaced_with_a_code(person, phones):
    browser = browser_of()
    answer = ask(browser, "password/request", {"username": "s017"})
    assert answer.status_code == 401
    assert answer.json()["data"]["flows"][1] == {"id": "password_reset_by_code", "is_pending": True}
    code = code_in(phones.sent[0])
    answer = ask(browser, "password/reset", {"key": "000000", "password": NEW})
    assert (answer.status_code, answer.json()["errors"][0]["param"]) == (400, "key")
    answer = ask(browser, "password/reset", {"key": code, "password": "short"})
    assert (answer.status_code, answer.json()["errors"][0]["param"]) == (400, "password")
    assert ask(browser, "password/reset", {"key": code, "password": NEW}).status_code == 401
    assert log_in(username="lilei", password=NEW).status_code == 200
    assert (
        ask(browser_of(), "password/reset", {"key": code, "password": PASSWORD}).status_code == 400
    )


def test_asking_for_a_reset_tells_nobody_who_has_an_account(person, phones):
    known = ask(browser_of(), "password/request", {"phone": PHONE})
    unknown = ask(browser_of(), "password/request", {"phone": "+8619900009999"})
    assert (known.status_code, known.json()) == (unknown.status_code, unknown.json())
    assert len(phones.sent) == 1


def test_none_of_the_last_four_passwords_is_taken_again(person):
    from tongbao.platform.accounts.password_rules import NotUsedLately

    passwords = [f"horse-number-{number}-x" for number in range(5)]
    for password in passwords:
        person.set_password(password)
        person.save()
    rule = NotUsedLately()
    rule.validate(passwords[0], person)
    for password in passwords[1:]:
        with pytest.raises(Exception, match="before"):
            rule.validate(password, person)


def test_a_new_device_is_told_about_and_a_known_one_is_not(person, phones):
    first = browser_of()
    log_in(first, username="lilei")
    assert phones.sent == []
    second = browser_of()
    log_in(second, username="lilei")
    assert [one.to for one in phones.sent] == [PHONE]
    notices = second.get("/api/v1/me/notices").json()["items"]
    assert [one["kind"] for one in notices] == ["new_device"]
    assert "127.0.0.1" in notices[0]["words"]
    ask(second, "session", method="DELETE")
    log_in(second, username="lilei")
    assert len(phones.sent) == 1


def test_sessions_are_listed_and_one_can_be_ended(person, phones):
    first, second = browser_of(), browser_of()
    log_in(first, username="lilei")
    log_in(second, username="lilei")
    caller = Caller()
    caller.client = first
    items = caller.get("/me/sessions").json()["items"]
    assert len(items) == 2
    assert {one["address"] for one in items} == {"127.0.0.1"}
    (other,) = [one["session_id"] for one in items if not one["is_this_one"]]
    assert caller.send("DELETE", f"/me/sessions/{other}").status_code == 204
    assert second.get("/api/v1/me").status_code == 401
    assert caller.send("DELETE", f"/me/sessions/{other}").status_code == 404


def test_a_changed_password_is_written_down_and_told(person, phones):
    from tongbao.platform.audit.models import AuditEntry

    browser = browser_of()
    log_in(browser, username="lilei")
    body = json.dumps({"current_password": PASSWORD, "new_password": NEW})
    change = "/_allauth/browser/v1/account/password/change"
    assert browser.post(change, body, "application/json").status_code == 200
    assert log_in(username="lilei", password=NEW).status_code == 200
    (entry,) = AuditEntry.objects.filter(operation="me.credentials")
    assert json.loads(entry.after) == {"kind": "password", "status": "password_changed"}
    notices = browser.get("/api/v1/me/notices").json()["items"]
    assert "password_changed" in {one["kind"] for one in notices}
