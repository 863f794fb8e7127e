"""An Idempotency-Key: the same answer again, nothing done twice, on both databases."""

import threading

import pytest

from tests.platform.api.conftest import OWN, Caller, make_key, member
from tests.platform.seed import seed

KEYS = f"/merchants/{OWN}/api-keys"
NEW = {"name": "till software", "scopes": ["payments_read"]}
HOUR_US = 3600 * 1_000_000


@pytest.fixture
def owner(stories):
    return Caller(member("hanmei"))


def count():
    from tongbao.platform.api.models import ApiKey

    return ApiKey.objects.count()


def test_the_same_request_gets_the_same_answer_and_is_done_once(owner):
    first, second = (owner.post(KEYS, NEW, idempotency_key="k-1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "Idempotency-Repeated" not in first
    assert second["Idempotency-Repeated"] == "true"
    assert count() == 1


def test_another_body_under_the_same_key_is_refused(owner):
    owner.post(KEYS, NEW, idempotency_key="k-1")
    answer = owner.post(KEYS, NEW | {"name": "another"}, idempotency_key="k-1")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_mismatch")
    assert count() == 1


def test_the_key_of_one_caller_means_nothing_for_another(owner):
    first = owner.post(KEYS, NEW, idempotency_key="k-1").json()
    other = Caller(member("lilei")).post(KEYS, NEW, idempotency_key="k-1").json()
    assert first["key_id"] != other["key_id"]
    assert count() == 2


def test_a_refusal_frees_the_key(owner):
    assert owner.post(KEYS, {}, idempotency_key="k-1").status_code == 422
    assert owner.post(KEYS, NEW, idempotency_key="k-1").status_code == 201


def test_a_fault_undoes_all_and_frees_the_key(owner, monkeypatch):
    from tongbao.platform.api import endpoints_keys

    def fail(*_args):
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(endpoints_keys, "_out", fail)
        broken = Caller(raise_request_exception=False)
        broken.client.cookies = owner.client.cookies
        assert broken.post(KEYS, NEW, idempotency_key="k-1").status_code == 500
    assert count() == 0
    assert owner.post(KEYS, NEW, idempotency_key="k-1").status_code == 201
    assert count() == 1


def test_after_a_day_the_key_is_free(owner):
    from tongbao.platform import clock
    from tongbao.platform.api.idempotency import forget_old_answers

    start_us = clock.now_us()
    owner.post(KEYS, NEW, idempotency_key="k-1")
    assert forget_old_answers(start_us + 23 * HOUR_US) == 0
    assert forget_old_answers(start_us + 24 * HOUR_US + 60 * 1_000_000) == 1
    owner.post(KEYS, NEW, idempotency_key="k-1")
    assert count() == 2


def test_a_key_of_the_wrong_form_is_refused(owner):
    for wrong in ("", "a" * 101, "schlüssel"):
        answer = owner.post(KEYS, NEW, idempotency_key=wrong)
        assert answer.status_code == 422, wrong
    assert count() == 0


def test_the_kept_answer_cannot_be_read_in_the_database(owner):
    from tongbao.platform.api.models import IdempotentAnswer

    key = owner.post(KEYS, NEW, idempotency_key="k-1").json()["key"]
    assert key.encode() not in bytes(IdempotentAnswer.objects.get().body)


def test_an_act_that_broke_off_while_it_asked_others_is_unknown(owner):
    from django.http import HttpResponse
    from django.test import RequestFactory

    from tongbao.platform.api.idempotency import UNKNOWN_AFTER_US, once
    from tongbao.platform.api.problems import Problem

    request = RequestFactory().post(
        "/api/v1/x", b"{}", content_type="application/json", headers={"Idempotency-Key": "k-1"}
    )

    def break_off():
        raise KeyboardInterrupt

    def again(now_us):
        with pytest.raises(Problem) as problem:
            once(request, "person:1", now_us, HttpResponse, asks_others=True)
        return problem.value.code

    with pytest.raises(KeyboardInterrupt):
        once(request, "person:1", 1, break_off, asks_others=True)
    assert again(2) == "idempotency_in_use"
    assert again(1 + UNKNOWN_AFTER_US) == "idempotency_unknown"


def test_of_two_requests_at_once_one_acts_and_both_get_its_answer(django_database):
    from django.db import connections

    seed(django_database)
    text = make_key("webhooks")
    from tongbao.platform.api.idempotency import once

    acts, answers, gate = [], [], threading.Barrier(2)

    def act():
        from django.http import HttpResponse

        acts.append(1)
        return HttpResponse(b"done", status=201)

    def ask():
        from django.test import RequestFactory

        request = RequestFactory().post(
            "/api/v1/x", b"{}", content_type="application/json", headers={"Idempotency-Key": "k"}
        )
        gate.wait(10)
        try:
            response = once(request, f"api_key:{text[:8]}", 5, act, asks_others=False)
            answers.append((response.status_code, response.content))
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert answers == [(201, b"done")] * 2
    assert acts == [1]
