"""The walk: everybody × every endpoint of the API × own and another merchant.

The table is made from the API's description and from `OPERATIONS`; what `decide` answers is tested
in `test_decide.py`. A refusal has its status, tells nothing, changes nothing and is one entry of
the audit log; what is allowed has its status and does what it is for.
"""

import json

import pytest

from tests.platform.access.walk import (
    PEOPLE,
    actor_behind,
    caller_of,
    endpoints,
    entries,
    written,
)
from tests.platform.api.conftest import OTHER
from tests.platform.api.prepared import prepared
from tongbao.platform.access.decide import Decision

STATUS = {
    Decision.NOT_LOGGED_IN: 401,
    Decision.HIDDEN: 404,
    Decision.FORBIDDEN: 403,
    Decision.SECOND_FACTOR_NEEDED: 403,
}
# Ids of a person's own things, which nobody else has at all.
ONES_OWN = ("session_id", "notice_id")
# What only that person was told; another's answer is refused like a wrong one.
ONES_OWN_CODE = ("confirm_my_email", "confirm_my_phone")
# A function code is a number that every merchant has.
AT_EVERY_MERCHANT = ("change_function_code",)


def ask(caller, endpoint, place, request=None):
    """Send a request; the answer is read to its end."""
    body = None if endpoint.method in ("GET", "DELETE") else {}
    if request is not None and request.form:
        from django.core.files.uploadedfile import SimpleUploadedFile

        fields = {**request.body, "file": SimpleUploadedFile(*request.body["file"])}
        return caller.client.post("/api/v1" + endpoint.at(place), fields, headers=caller.headers)
    if request is not None and request.body is not None:
        body = request.body
    answer = caller.send(endpoint.method, endpoint.at(place), body)
    if answer.streaming:
        assert b"".join(answer)
    return answer


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_gets_what_the_table_gives_and_a_refusal_leaves_one_entry(living, name):
    from tongbao.platform import clock

    caller = caller_of(name)
    actor = actor_behind(caller)
    ((newest, *_rest),) = entries()[-1:]
    denied = []
    with written() as changed:
        for endpoint in endpoints():
            decision = endpoint.decision(actor, clock.now_us())
            if decision is Decision.ALLOWED:
                continue
            answer = ask(caller, endpoint, living.home)
            assert answer.status_code == STATUS[decision], endpoint
            assert answer["Content-Type"] == "application/problem+json"
            told = json.loads(answer.content)
            assert set(told) == {"type", "title", "status", "detail", "code", "fields"}
            assert told["fields"] == []
            denied.append((endpoint.operation.value, "denied", decision.value))
    assert not changed
    assert [entry[1:] for entry in entries(newest)] == denied
    assert len(denied) > 3 or name == "owner here"


def test_the_owner_does_everything_once_and_each_act_is_in_the_audit_log(living):
    from django.db import transaction

    from tests.platform.api.conftest import Caller
    from tongbao.platform import clock

    caller = Caller(living.owner)
    actor = actor_behind(caller)
    requests = prepared(living)
    assert caller.get("/me").status_code == 200  # the first request notes the log-in
    assert {endpoint.name for endpoint in endpoints()} == set(requests)
    for endpoint in endpoints():
        request = requests[endpoint.name]
        assert endpoint.decision(actor, clock.now_us()) is Decision.ALLOWED, endpoint
        ((newest, *_rest),) = entries()[-1:]
        with transaction.atomic():
            with written() as changed:
                answer = ask(caller, endpoint, living.places[request.place], request)
            assert answer.status_code == request.status, (endpoint, answer.content[:300])
            assert bool(changed) is request.moves, (endpoint, changed)
            outcomes = {(operation, outcome) for _, operation, outcome, _ in entries(newest)}
            if request.moves and request.audited:
                assert (endpoint.operation.value, "done") in outcomes, endpoint
            assert "denied" not in {outcome for _, outcome in outcomes}
            transaction.set_rollback(True)


@pytest.mark.parametrize("name", [one for one in PEOPLE if one != "owner here"])
def test_whoever_is_allowed_gets_the_same_but_never_what_is_another_persons(living, name):
    from django.db import transaction

    from tongbao.platform import clock

    requests, places = prepared(living), living.places
    caller = caller_of(name, places["signing"]["merchant_id"], places["signed"]["merchant_id"])
    actor = actor_behind(caller)
    for endpoint in endpoints():
        if endpoint.decision(actor, clock.now_us()) is not Decision.ALLOWED:
            continue
        request = requests[endpoint.name]
        place = places[request.place]
        whose = str(living.owner.pk) if "{application_id}" in endpoint.path else None
        decision = endpoint.decision(actor, clock.now_us(), place["merchant_id"], whose)
        wanted = request.status if decision is Decision.ALLOWED else STATUS[decision]
        if any(f"{{{one}}}" in endpoint.path for one in ONES_OWN):
            wanted = 404
        if endpoint.name in ONES_OWN_CODE and decision is Decision.ALLOWED:
            wanted = 422
        with transaction.atomic():
            answer = ask(caller, endpoint, place, request)
            transaction.set_rollback(True)
        assert answer.status_code == wanted, (endpoint, answer.content[:300])


def test_another_merchants_things_are_nothing_under_ones_own_number(living):
    requests = prepared(living)
    caller = caller_of("owner of another merchant")
    place = {**living.home, "merchant_id": OTHER}
    nested = [one for one in endpoints() if "{merchant_id}" in one.path and one.path.count("{") > 1]
    assert len(nested) >= 20
    with written() as changed:
        for endpoint in nested:
            if endpoint.name in AT_EVERY_MERCHANT:
                continue
            answer = ask(caller, endpoint, place, requests[endpoint.name])
            assert answer.status_code == 404, (endpoint, answer.content[:300])
            assert answer.json()["code"] == "not_found"
    assert not changed
