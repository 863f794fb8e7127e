"""What holds for every endpoint: errors, languages, sessions, limits, pages, no leak."""

import pytest

from tests.platform.api.conftest import OTHER, OWN, V1, Caller, make_key, member
from tongbao.platform.api.rates import Buckets, Rate

KEYS = f"/merchants/{OWN}/api-keys"
NEW = {"name": "till software", "scopes": ["payments_read"]}


def test_nobody_is_told_to_log_in(stories):
    answer = Caller().get(KEYS)
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert answer.json() == {
        "type": "urn:tongbao:problem:not_logged_in",
        "title": "Log in first",
        "status": 401,
        "detail": "Send a session cookie or an API key that is valid.",
        "code": "not_logged_in",
        "fields": [],
    }


def test_another_merchant_and_no_merchant_look_the_same(stories):
    owner = Caller(member("hanmei"))
    other = owner.get(f"/merchants/{OTHER}/api-keys")
    none = owner.get("/merchants/999999999999999/api-keys")
    no_address = owner.get("/no-such-thing")
    assert {answer.status_code for answer in (other, none, no_address)} == {404}
    assert other.content == none.content == no_address.content


@pytest.mark.parametrize(
    ("language", "title", "words"),
    [
        ("en", "Some values need correcting", "This value is missing."),
        ("zh-CN,zh;q=0.9", "有些内容需要更正", "缺少这一项。"),
    ],
)
def test_errors_are_in_the_language_that_is_asked_for(stories, language, title, words):
    answer = Caller(member("hanmei"), language=language).post(KEYS, {"scopes": ["payments_read"]})
    assert answer.status_code == 422
    assert answer.json()["title"] == title
    assert answer.json()["fields"] == [{"field": "name", "code": "missing", "words": words}]


def test_the_header_outweighs_the_language_cookie_of_the_console(stories):
    caller = Caller()
    caller.client.cookies["tongbao_language"] = "zh-hans"
    assert caller.get(KEYS).json()["title"] == "Log in first"


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        (NEW | {"more": 1}, "more", "extra_forbidden"),
        (NEW | {"name": "  "}, "name", "value_error"),
        (NEW | {"name": "a\x00b"}, "body", "value_error"),
        (NEW | {"name": "\ud800"}, "body", "value_error"),
        (NEW | {"scopes": []}, "scopes", "too_short"),
        (NEW | {"scopes": ["everything"]}, "scopes.0", "enum"),
        (NEW | {"days": "7"}, "days", "int_type"),
        (NEW | {"days": 0}, "days", "greater_than_equal"),
    ],
)
def test_each_refused_value_is_named(stories, body, field, code):
    answer = Caller(member("hanmei")).post(KEYS, body)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["fields"]] == [(field, code)]


def test_a_session_changes_nothing_without_its_csrf_token(stories):
    from tongbao.platform.api.models import ApiKey

    owner = Caller(member("hanmei"), enforce_csrf_checks=True)
    refused = owner.post(KEYS, NEW)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert ApiKey.objects.count() == 0
    token = owner.get("/csrf-token").json()["csrf_token"]
    assert owner.post(KEYS, NEW, x_csrftoken=token).status_code == 201


def test_a_body_of_another_kind_is_refused_before_it_is_read(stories):
    owner = Caller(member("hanmei"))
    answer = owner.client.post(V1 + KEYS, "a=b", content_type="text/plain")
    assert (answer.status_code, answer.json()["code"]) == (415, "content_type")
    broken = owner.client.post(V1 + KEYS, "{", content_type="application/json")
    assert (broken.status_code, broken.json()["code"]) == (400, "malformed")


def test_a_method_that_is_not_offered_is_a_problem_too(stories):
    answer = Caller().send("PUT", KEYS)
    assert (answer.status_code, answer.json()["code"]) == (405, "method")
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}


def test_a_request_that_is_too_large_is_refused(stories):
    answer = Caller().client.post(
        V1 + KEYS, b"", content_type="application/json", CONTENT_LENGTH=str(13 * 1024 * 1024)
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    client = Caller(member("hanmei")).client
    for headers in ({}, {"Idempotency-Key": "a-key"}):
        large = client.post(
            V1 + KEYS, b" " * 3_000_000, content_type="application/json", headers=headers
        )
        assert (large.status_code, large.json()["code"]) == (413, "too_large")


def test_who_asks_too_often_must_wait_and_others_need_not(stories, monkeypatch):
    from tongbao.platform.api import rates

    monkeypatch.setitem(rates.RATES, "api_key", Rate(burst=3, per_minute=60))
    monkeypatch.setattr("tongbao.platform.clock.now_us", lambda: 10**15)
    busy, calm = (Caller(key=make_key("payments_read")) for _ in range(2))
    assert [busy.get(KEYS).status_code for _ in range(5)] == [403, 403, 403, 429, 429]
    assert busy.get(KEYS)["Retry-After"] == "1"
    assert calm.get(KEYS).status_code == 403
    monkeypatch.setattr("tongbao.platform.clock.now_us", lambda: 10**15 + 1_000_000)
    assert [busy.get(KEYS).status_code for _ in range(2)] == [403, 429]


def test_a_bucket_fills_steadily_and_never_above_its_burst():
    buckets, rate = Buckets(), Rate(burst=2, per_minute=6)
    assert [buckets.take("a", rate, 0) for _ in range(3)] == [0, 0, 10]
    assert buckets.take("a", rate, 5_000_000) == 5
    assert buckets.take("a", rate, 10_000_000) == 0
    assert [buckets.take("a", rate, 10**12) for _ in range(3)] == [0, 0, 10]


def test_pages_follow_each_other_without_gap_or_double(stories):
    for _one in range(5):
        make_key("payments_read", now_us=7)
    owner = Caller(member("hanmei"))
    seen, cursor, sizes = [], None, []
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = owner.get(KEYS, query).json()
        sizes.append(len(page["items"]))
        seen += [one["key_id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sizes == [2, 2, 1]
    assert len(set(seen)) == 5
    assert seen == sorted(seen)


def test_a_cursor_of_another_list_and_a_made_up_one_are_refused(stories):
    for _one in range(2):
        make_key("payments_read")
        make_key("payments_read", merchant_id=OTHER)
    foreign = Caller(member("lilei", merchant_id=OTHER))
    cursor = foreign.get(f"/merchants/{OTHER}/api-keys", {"limit": 1}).json()["next_cursor"]
    owner = Caller(member("hanmei"))
    for wrong in (cursor, "x", "WzFd:abc", "a" * 401):
        answer = owner.get(KEYS, {"cursor": wrong})
        assert answer.status_code == 422, wrong
        assert answer.json()["fields"][0]["field"] == "cursor"


def test_a_fault_of_ours_is_a_problem_without_its_cause(stories, monkeypatch):
    from tongbao.platform.api import endpoints_keys

    def fail(*_args, **_kwargs):
        raise RuntimeError("a secret cause")

    monkeypatch.setattr(endpoints_keys, "page_of", fail)
    owner = Caller(member("hanmei"), raise_request_exception=False)
    answer = owner.get(KEYS)
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "secret" not in answer.content.decode()
