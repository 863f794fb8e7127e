"""The only writer of the audit log."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from django.db import DEFAULT_DB_ALIAS, connections, transaction

from tongbao.platform.audit.chain import ZERO_HASH, canonical, entry_hash
from tongbao.platform.audit.models import AuditEntry
from tongbao.platform.audit.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.access.operations import Operation

LOCK_NAME: Final = "tongbao.audit"


class Outcome(StrEnum):
    """How an act ended."""

    DONE = "done"
    DENIED = "denied"
    FAILED = "failed"


class Facts(TypedDict, total=False):
    """What an entry says besides who and what.

    `target`: kind and key of the thing. `before`, `after`: the changed fields; what is not on the
    list of safe fields for that kind of thing is left out. `using`: the database's alias.
    """

    outcome: Outcome
    target: tuple[str, str]
    merchant_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    detail: str
    using: str


def record(
    actor: Actor, operation: Operation, *, now_us: int, **facts: Unpack[Facts]
) -> AuditEntry:
    """Append one entry in the transaction of the caller, or in one of its own.

    Until that transaction ends other writers of the log wait: the chain has one end. So an act
    takes this step last.
    """
    using = facts.get("using", DEFAULT_DB_ALIAS)
    kind, key = facts.get("target", ("", ""))
    values: dict[str, Any] = {
        "at_us": now_us,
        "actor_kind": actor.kind.value,
        "actor_id": actor.actor_id[:64],
        "actor_name": _clean(actor.name, 150),
        "address": _clean(actor.address, 45),
        "device": _clean(actor.device, 200),
        "operation": operation.value,
        "outcome": facts.get("outcome", Outcome.DONE).value,
        "target_type": kind[:32],
        "target_id": _clean(key, 150),
        "merchant_id": facts.get("merchant_id", "")[:15],
        "before": _document(kind, facts.get("before")),
        "after": _document(kind, facts.get("after")),
        "detail": _clean(facts.get("detail", ""), 500),
    }
    with transaction.atomic(using=using):
        take_the_end(using)
        newest = AuditEntry.objects.using(using).order_by("-entry_id")
        last = newest.values_list("entry_id", "entry_hash").first() or (0, ZERO_HASH)
        values["entry_id"] = last[0] + 1
        return AuditEntry.objects.using(using).create(
            **values, previous_hash=last[1], entry_hash=entry_hash(last[1], values)
        )


def take_the_end(using: str) -> None:
    """Let one transaction at a time add to the chain; SQLite's BEGIN IMMEDIATE does so already."""
    connection = connections[using]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [LOCK_NAME])


def _document(kind: str, facts: Mapping[str, Any] | None) -> str:
    return "" if facts is None else canonical(redacted(kind, facts)).decode()


def _clean(text: str, length_max: int) -> str:
    """Return what both databases keep exactly: no NUL, no half of a character pair."""
    plain = text.replace("\0", "").encode("utf-8", "replace").decode()
    return plain[:length_max]
