"""Another phone or e-mail address: proven at the new one, told to the old one, after a factor."""

import json
import re

import pytest

from tests.platform.api.conftest import Caller, denials
from tests.platform.conftest import add_user, browser_of
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.platform.providers.ports import Place
from tongbao.platform.providers.registry import using_providers

PASSWORD = "correct-horse-battery-9"
NEW_PASSWORD = "another-horse-battery-7"
PHONE, NEW_PHONE = "+8619900001234", "+8619900005678"
OLD, NEW = "lilei@example.com", "li@example.org"
AUTH = "/_allauth/browser/v1/auth/"


@pytest.fixture
def others():
    with using_providers(in_memory_providers()) as others:
        yield others


@pytest.fixture
def person(django_sqlite):
    user = add_user("lilei", is_staff=False, password=PASSWORD)
    user.phone, user.email, user.is_email_proven, user.language = PHONE, OLD, True, "en"
    user.save()
    return user


def code_in(text):
    return re.search(r"\d{6}", text)[0]


def ask(browser, path, body):
    return browser.post(f"{AUTH}{path}", json.dumps(body), "application/json")


def test_a_new_email_address_counts_once_its_code_came_back_and_the_old_one_is_told(person, others):
    caller = Caller(person)
    answer = caller.post("/me/email", {"email": "Li@Example.org"})
    assert (answer.status_code, answer.json()["sent_to"]) == (202, "l…@example.org")
    (letter,) = others.mail.sent
    assert (letter.to, letter.subject) == (NEW, "Tongbao: please confirm this e-mail address")
    assert caller.get("/me").json()["email"] == OLD
    assert caller.post("/me/email/confirm", {"code": "000000"}).status_code == 422
    answer = caller.post("/me/email/confirm", {"code": code_in(letter.text)})
    assert (answer.status_code, answer.json()["email"]) == (200, NEW)
    assert answer.json()["is_email_proven"] is True
    told = others.mail.sent[1]
    assert (told.to, "is now l…@example.org" in told.text) == (OLD, True)
    assert [one.to for one in others.sms.sent] == [PHONE]
    again = caller.post("/me/email/confirm", {"code": code_in(letter.text)})
    assert (again.status_code, again.json()["fields"][0]["code"]) == (422, "wrong_code")


def test_a_new_phone_is_proven_by_sms_and_the_old_one_and_the_mailbox_are_told(person, others):
    from tongbao.platform.audit.models import AuditEntry

    caller = Caller(person)
    assert caller.post("/me/phone", {"phone": "199 0000 5678"}).status_code == 202
    code = code_in(others.sms.sent[0].text)
    answer = caller.post("/me/phone/confirm", {"code": code})
    assert answer.json()["phone"] == NEW_PHONE
    assert [one.to for one in others.sms.sent] == [NEW_PHONE, PHONE]
    assert [one.to for one in others.mail.sent] == [OLD]
    asked, done = AuditEntry.objects.filter(operation="me.contact").order_by("entry_id")
    named = {"name": "+86…5678"}
    assert json.loads(asked.after) == {"kind": "new_phone", "status": "asked", **named}
    assert json.loads(done.after) == {"kind": "phone_changed", **named}
    assert ask(browser_of(), "login", {"phone": PHONE, "password": PASSWORD}).status_code == 400
    assert ask(browser_of(), "login", {"phone": NEW_PHONE, "password": PASSWORD}).status_code == 200


def test_nothing_tells_who_asks_that_an_address_is_somebody_elses(person, others):
    other = add_user("hanmeimei", is_staff=False)
    other.email, other.phone = NEW, NEW_PHONE
    other.save()
    caller = Caller(person)
    assert caller.post("/me/email", {"email": NEW}).status_code == 202
    assert caller.post("/me/phone", {"phone": NEW_PHONE}).status_code == 202
    (letter,), (text,) = others.mail.sent, others.sms.sent
    assert (letter.to, text.to) == (NEW, NEW_PHONE)
    for sent in (letter.text, text.text):
        assert "opens yours already" in sent
        assert not re.search(r"\d{6}", sent)
    for way in ("email", "phone"):
        assert caller.post(f"/me/{way}/confirm", {"code": "000000"}).status_code == 422
    person.refresh_from_db()
    assert (person.email, person.phone) == (OLD, PHONE)


@pytest.mark.parametrize(
    ("way", "value", "code"),
    [
        ("email", "no address", "email_malformed"),
        ("email", OLD, "is_yours"),
        ("phone", "110", "phone_malformed"),
        ("phone", PHONE, "is_yours"),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_its_field(person, others, way, value, code):
    answer = Caller(person).post(f"/me/{way}", {way: value})
    (field,) = answer.json()["fields"]
    assert (answer.status_code, field["field"], field["code"]) == (422, way, code)
    assert (others.mail.sent, others.sms.sent) == ([], [])


def test_without_a_second_factor_no_address_is_changed_and_nothing_is_sent(person, others):
    caller = Caller(person, second_factor=False)
    for path, body in (
        ("/me/email", {"email": NEW}),
        ("/me/phone", {"phone": NEW_PHONE}),
        ("/me/phone/confirm", {"code": "123456"}),
    ):
        answer = caller.post(path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")
    assert (others.mail.sent, others.sms.sent) == ([], [])
    assert denials() == [("me.contact", "", "second_factor_needed")] * 3


def test_codes_are_not_sent_faster_than_one_a_minute_and_a_dead_provider_is_told(person, others):
    caller = Caller(person)
    others.mail.is_down = True
    answer = caller.post("/me/email", {"email": NEW})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_delivered")
    answer = caller.post("/me/email", {"email": NEW})
    assert (answer.status_code, answer.json()["code"]) == (429, "too_soon")
    assert 1 <= int(answer["Retry-After"]) <= 60


def test_a_forgotten_password_is_replaced_by_mail_but_only_at_a_proven_address(person, others):
    browser = browser_of()
    assert ask(browser, "password/request", {"email": OLD}).status_code == 401
    (letter,) = others.mail.sent
    assert (letter.to, others.sms.sent) == (OLD, [])
    body = {"key": code_in(letter.text), "password": NEW_PASSWORD}
    assert ask(browser, "password/reset", body).status_code == 401
    name = {"email": OLD, "password": NEW_PASSWORD}
    assert ask(browser_of(), "login", name).status_code == 200
    person.refresh_from_db()
    person.is_email_proven = False
    person.save()
    person.one_time_codes.all().delete()
    ask(browser_of(), "password/request", {"email": OLD})
    assert [one.to for one in others.sms.sent if "new password" in one.text] == [PHONE]
    assert [one.to for one in others.mail.sent if "new password" in one.subject] == [OLD]


def test_a_new_device_is_told_by_mail_with_its_town_and_listed_with_it(person, others):
    others.places.known["192.0.2.7"] = Place(zh="北京", en="Beijing")
    name = {"username": "lilei", "password": PASSWORD}
    ask(browser_of(), "login", name)
    assert others.mail.sent == []
    second = browser_of(REMOTE_ADDR="192.0.2.7")
    ask(second, "login", name)
    (letter,) = others.mail.sent
    assert "from 192.0.2.7 (Beijing)" in letter.text
    items = second.get("/api/v1/me/sessions").json()["items"]
    assert {one["address"]: one["place"] for one in items} == {
        "192.0.2.7": "Beijing",
        "127.0.0.1": "this computer",
    }
    chinese = second.get("/api/v1/me/sessions", headers={"accept-language": "zh-hans"})
    assert {one["place"] for one in chinese.json()["items"]} == {"北京", "本机"}
    assert others.places.asked == ["192.0.2.7"]


def test_a_place_that_nobody_knows_is_called_unknown(django_sqlite, others):
    from tongbao.platform.accounts.models import KnownPlace
    from tongbao.platform.accounts.places import KEPT_FOR_US, forget_old, place_of, place_words

    assert place_of("192.0.2.9", now_us=1) is None
    assert place_words("192.0.2.9", None) == "place unknown"
    assert place_words("10.0.0.9", place_of("10.0.0.9", now_us=1)) == "the local network"
    assert place_words("nonsense", place_of("nonsense", now_us=1)) == "place unknown"
    place_of("192.0.2.9", now_us=2)
    assert others.places.asked == ["192.0.2.9"]
    others.places.is_down = True
    assert place_of("192.0.2.10", now_us=1) is None
    assert list(KnownPlace.objects.values_list("pk", flat=True)) == ["192.0.2.9"]
    assert forget_old(KEPT_FOR_US + 2) == 1
