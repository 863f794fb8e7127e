"""Everybody, every endpoint, and what an answer wrote: the parts of the walks through the table."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.platform.api.conftest import OTHER, OWN, Caller, give, make_key, member
from tests.platform.conftest import add_user
from tongbao.platform.access.decide import Decision, decide
from tongbao.platform.access.operations import OPERATIONS, Operation, Tenant
from tongbao.platform.access.permissions import API_KEY_PERMISSIONS
from tongbao.platform.access.roles import PortalRole, StaffRole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PEOPLE = [
    "nobody",
    *(f"{role} of another merchant" for role in ("owner", "read_only")),
    *(f"{role} here" for role in PortalRole),
    "owner without a second factor",
    "key without scopes",
    "key with every scope",
    "key of another merchant",
    *(f"staff: {role}" for role in StaffRole),
    "staff without a second factor",
    "staff without a role",
]
# What asking writes whatever is asked: the log of it, the session, when a key was used last.
WRITTEN_BY_ASKING = frozenset({"audit_auditentry", "django_session"})
_WRITES = re.compile(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)


_WALKERS = count(1)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the API as its description has it; `path` with names in braces."""

    name: str
    method: str
    path: str
    operation: Operation

    def at(self, ids: Mapping[str, str]) -> str:
        """Return the address with ids in it."""
        return self.path.format_map(ids)

    def decision(
        self, actor: Any, now_us: int, merchant_id: str = OWN, owner_id: str | None = None
    ) -> Decision:
        """Return what the table says of this actor, at a merchant, about somebody's thing."""
        is_merchants = OPERATIONS[self.operation].tenant is Tenant.MERCHANT
        return decide(
            actor,
            self.operation,
            merchant_id=merchant_id if is_merchants else None,
            owner_id=owner_id,
            now_us=now_us,
        )


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """Return every endpoint that the description tells of."""
    from tongbao.platform.api.v1 import description

    return tuple(
        Endpoint(
            name=endpoint["operationId"],
            method=method.upper(),
            path=path.removeprefix("/api/v1"),
            operation=Operation(endpoint["x-tongbao-operation"]),
        )
        for path, methods in description()["paths"].items()
        for method, endpoint in methods.items()
    )


def caller_of(name: str, *more_merchants: str) -> Caller:
    """Return one of `PEOPLE`, new in the database; who is here is at these others as well.

    They have asked once before, because the first request notes log-in and use of a key.
    """
    caller = _caller_of(name, *more_merchants)
    caller.get("/me")
    return caller


def _caller_of(name: str, *more_merchants: str) -> Caller:
    user_name = f"walker-{next(_WALKERS)}"
    every_role = [role.value for role in StaffRole]
    special = {
        "nobody": Caller,
        "key without scopes": lambda: Caller(key=make_key(merchant_id=OWN)),
        "key with every scope": lambda: Caller(key=make_key(*API_KEY_PERMISSIONS)),
        "key of another merchant": lambda: Caller(
            key=make_key(*API_KEY_PERMISSIONS, merchant_id=OTHER)
        ),
        "staff without a second factor": lambda: Caller(
            add_user(user_name, roles=every_role), second_factor=False
        ),
        "staff without a role": lambda: Caller(add_user(user_name, roles=())),
        "owner without a second factor": lambda: Caller(member(user_name), second_factor=False),
    }
    if name in special:
        return special[name]()
    word, _space, where = name.partition(" ")
    if word == "staff:":
        return Caller(add_user(user_name, roles=(where,)))
    user = member(user_name, word, merchant_id=OWN if where == "here" else OTHER)
    for merchant_id in more_merchants if where == "here" else ():
        give(user, word, merchant_id)
    return Caller(user)


def actor_behind(caller: Caller) -> Any:
    """Return who the API takes this caller for."""
    from django.contrib.auth import get_user
    from django.test import RequestFactory

    from tongbao.platform import clock
    from tongbao.platform.api.authentication import caller_of as asked_by

    request = RequestFactory().get("/", headers=caller.headers)
    request.session = caller.client.session
    request.user = get_user(request)
    return asked_by(request, clock.now_us())


@contextmanager
def written() -> Iterator[Counter[str]]:
    """Count the statements that write, by table, but for what asking itself writes."""
    from django.db import connection

    counted: Counter[str] = Counter()

    def look(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        table = _WRITES.match(sql)
        if table is not None and table[1] not in WRITTEN_BY_ASKING:
            counted[table[1]] += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(look):
        yield counted


def entries(since: int = 0) -> list[tuple[int, str, str, str]]:
    """Return the audit log after an entry: key, operation, outcome, detail."""
    from tongbao.platform.audit.models import AuditEntry

    rows = AuditEntry.objects.filter(entry_id__gt=since).order_by("entry_id")
    return list(rows.values_list("entry_id", "operation", "outcome", "detail"))
