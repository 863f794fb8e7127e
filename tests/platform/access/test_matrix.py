"""The walk: everybody × every endpoint of the API × own and another merchant.

The table is made from the API's description and from `OPERATIONS`; what `decide` allows is tested
in `test_decide.py`. A refusal has its status, tells nothing, changes nothing and is one entry of
the audit log.
"""

import hashlib
import json

import pytest

from tests.platform.api.conftest import OTHER, OWN, Caller, make_key, member
from tests.platform.conftest import add_user
from tongbao.platform.access.decide import Decision, decide
from tongbao.platform.access.operations import OPERATIONS, Operation, Tenant
from tongbao.platform.access.roles import PortalRole, StaffRole

STATUS = {
    Decision.NOT_LOGGED_IN: 401,
    Decision.HIDDEN: 404,
    Decision.FORBIDDEN: 403,
    Decision.SECOND_FACTOR_NEEDED: 403,
}
WRITTEN_BY_ASKING = {"audit_auditentry", "django_session"}
PEOPLE = [
    "nobody",
    *(f"{role} of another merchant" for role in ("owner", "read_only")),
    *(f"{role} here" for role in PortalRole),
    "owner without a second factor",
    "key without scopes",
    "key of another merchant",
    *(f"staff: {role}" for role in StaffRole),
    "staff without a second factor",
    "staff without a role",
]


def caller_of(name):
    every_role = [role.value for role in StaffRole]
    special = {
        "nobody": Caller,
        "key without scopes": lambda: Caller(key=make_key("audit_read", merchant_id=OWN)),
        "key of another merchant": lambda: Caller(key=make_key("audit_read", merchant_id=OTHER)),
        "staff without a second factor": lambda: Caller(
            add_user("s", roles=every_role), second_factor=False
        ),
        "staff without a role": lambda: Caller(add_user("s", roles=())),
        "owner without a second factor": lambda: Caller(member("p"), second_factor=False),
    }
    if name in special:
        return special[name]()
    word, _space, where = name.partition(" ")
    if word == "staff:":
        return Caller(add_user("s", roles=(where,)))
    return Caller(member("p", word, merchant_id=OWN if where == "here" else OTHER))


def actor_behind(caller):
    """Return who the API takes this caller for."""
    from django.test import RequestFactory

    from tongbao.platform import clock
    from tongbao.platform.api.authentication import caller_of as asked_by

    request = RequestFactory().get("/", headers=caller.headers)
    request.session = caller.client.session
    from django.contrib.auth import get_user

    request.user = get_user(request)
    return asked_by(request, clock.now_us())


def endpoints():
    from tongbao.platform.api.v1 import description

    for path, methods in description()["paths"].items():
        for method, endpoint in methods.items():
            place = path.removeprefix("/api/v1").replace("{merchant_id}", OWN)
            for parameter in endpoint.get("parameters", ()):
                number = parameter["schema"].get("type") == "integer"
                place = place.replace(f"{{{parameter['name']}}}", "1" if number else "x1")
            yield method.upper(), place, Operation(endpoint["x-tongbao-operation"])


def fingerprint():
    """A digest of every row of every table but those that asking itself writes."""
    from django.db import connection

    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table not in WRITTEN_BY_ASKING:
                cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
                digest.update(repr((table, cursor.fetchall())).encode())
    return digest.hexdigest()


def refused():
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.order_by("entry_id")
    return list(rows.values_list("operation", "outcome", "detail"))


@pytest.mark.parametrize("name", PEOPLE)
def test_everybody_gets_what_the_table_gives_and_a_refusal_leaves_one_entry(
    stories, name, monkeypatch
):
    from tongbao.platform import clock
    from tongbao.platform.api.rates import BUCKETS

    caller = caller_of(name)
    actor = actor_behind(caller)
    before = fingerprint()
    denied = 0
    for method, path, operation in endpoints():
        merchant_id = OWN if OPERATIONS[operation].tenant is Tenant.MERCHANT else None
        decision = decide(actor, operation, merchant_id=merchant_id, now_us=clock.now_us())
        if decision is Decision.ALLOWED:
            continue
        denied += 1
        BUCKETS.empty()
        known = len(refused())
        body = None if method in ("GET", "DELETE") else {}
        answer = caller.send(method, path, body)
        assert answer.status_code == STATUS[decision], f"{method} {path}"
        assert answer["Content-Type"] == "application/problem+json"
        told = json.loads(answer.content)
        assert set(told) == {"type", "title", "status", "detail", "code", "fields"}
        assert told["fields"] == []
        assert refused()[known:] == [(operation.value, "denied", decision.value)], path
    assert fingerprint() == before
    assert denied > 3 or name == "owner here"


def test_what_everybody_may_read_is_read_by_who_may(stories):
    from tongbao.platform.api.rates import BUCKETS

    caller = caller_of("owner here")
    actor = actor_behind(caller)
    from tongbao.platform import clock

    for method, path, operation in endpoints():
        merchant_id = OWN if OPERATIONS[operation].tenant is Tenant.MERCHANT else None
        decision = decide(actor, operation, merchant_id=merchant_id, now_us=clock.now_us())
        if method == "GET" and decision is Decision.ALLOWED:
            BUCKETS.empty()
            answer = caller.get(path)
            if answer.streaming:
                assert b"".join(answer)
            answer.close()
            assert answer.status_code in (200, 404, 409, 422), path
