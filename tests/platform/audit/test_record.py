"""One entry for one act, in one chain, safe from secrets, from edits and from races."""

import json
import threading

import pytest

from tongbao.domain.secrets import SecretText
from tongbao.platform.access.actor import SYSTEM, Actor, ActorKind
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.chain import ZERO_HASH, canonical, entry_hash
from tongbao.platform.audit.redaction import redacted

NOW = 1_795_226_400_000_000
LILEI = Actor(
    kind=ActorKind.STAFF, actor_id="7", name="lilei", address="10.0.0.9", device="Browser 1"
)


def entries():
    from tongbao.platform.audit.models import AuditEntry

    return list(AuditEntry.objects.order_by("entry_id"))


def record(**facts):
    from tongbao.platform.audit.services import record

    return record(LILEI, Operation.STAFF_ADD, now_us=NOW, **facts)


def test_an_entry_says_who_what_when_from_where_on_what(django_database):
    entry = record(
        target=("user", "8"),
        merchant_id="898110059990001",
        before={"display_name": "Han"},
        after={"display_name": "韩梅梅"},
        detail="asked by phone",
    )
    (kept,) = entries()
    assert kept == entry
    assert (kept.entry_id, kept.at_us, kept.operation, kept.outcome) == (
        1,
        NOW,
        "staff.add",
        "done",
    )
    assert (kept.actor_kind, kept.actor_id, kept.actor_name) == ("staff", "7", "lilei")
    assert (kept.address, kept.device) == ("10.0.0.9", "Browser 1")
    assert (kept.target_type, kept.target_id, kept.merchant_id) == ("user", "8", "898110059990001")
    assert (kept.before, kept.after) == ('{"display_name":"Han"}', '{"display_name":"韩梅梅"}')
    assert kept.previous_hash == ZERO_HASH


def test_each_entry_carries_the_hash_of_the_one_before(django_database):
    for number in range(3):
        record(detail=str(number))
    first, second, third = entries()
    assert [first.entry_id, second.entry_id, third.entry_id] == [1, 2, 3]
    assert (second.previous_hash, third.previous_hash) == (first.entry_hash, second.entry_hash)
    assert third.entry_hash == entry_hash(second.entry_hash, vars(third))


def test_the_hash_is_over_the_previous_hash_and_the_canonical_entry():
    facts = {"b": "é", "a": 1}
    assert canonical(facts) == '{"a":1,"b":"é"}'.encode()


def test_an_act_that_fails_leaves_no_entry(django_database):
    from django.db import transaction

    def fail():
        with transaction.atomic():
            record()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    record()
    assert [one.entry_id for one in entries()] == [1]


def test_writers_at_once_make_one_chain_without_a_gap(django_database):
    from django.db import connections

    ready = threading.Barrier(4)

    def write():
        ready.wait(10)
        try:
            for _ in range(5):
                record()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    kept = entries()
    assert [one.entry_id for one in kept] == list(range(1, 21))
    before = [ZERO_HASH, *(one.entry_hash for one in kept)]
    assert [one.previous_hash for one in kept] == before[:-1]


def test_entries_are_never_edited(django_database):
    from django.db import DatabaseError

    from tongbao.platform.audit.models import AuditEntry

    record()
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEntry.objects.update(detail="nothing happened")
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEntry.objects.all()._raw_delete("default")


def test_only_fields_known_to_be_safe_are_kept():
    facts = {
        "username": "lilei",
        "password": "correct-horse",
        "status": SecretText("hidden"),
        "role": {"fleet", "auditor"},
        "is_active": True,
        "label": "x" * 300,
    }
    kept = redacted("user", facts)
    assert kept == {
        "username": "lilei",
        "password": "…",
        "status": "…",
        "role": ["auditor", "fleet"],
        "is_active": True,
        "label": "x" * 200,
    }
    assert redacted("settlement_account", {"number": "6200"}) == {"number": "…"}
    assert "correct-horse" not in json.dumps(kept)


def test_text_that_a_database_cannot_keep_is_cleaned(django_database):
    from tongbao.platform.audit.services import record

    odd = Actor(kind=ActorKind.ANONYMOUS, actor_id="", name="", device="a\0b\ud800" + "c" * 300)
    record(odd, Operation.LOG_IN, now_us=NOW, target=("page", "p" * 400))
    (kept,) = entries()
    assert kept.device == "ab?" + "c" * 197
    assert kept.entry_hash == entry_hash(ZERO_HASH, vars(kept))


def test_the_system_is_an_actor_like_any_other(django_sqlite):
    from tongbao.platform.audit.services import record

    record(SYSTEM, Operation.AUDIT_SEAL, now_us=NOW)
    assert [one.actor_kind for one in entries()] == ["system"]
