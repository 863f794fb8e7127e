"""Whoever can write to the database and edits the log is found out, and where."""

import json
from datetime import date

import pytest

from tests.platform.running import write_settings
from tongbao.app.cli import main
from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.chain import entry_hash
from tongbao.platform.audit.seals import AuditKey

DAY_US = 24 * 3600 * 1_000_000
NOW = 1_795_226_400_000_000  # 2026-11-21 10:00 in China
KEY = AuditKey(bytes(range(32)))
ENTRIES = 7
COLUMNS = (
    *("entry_id", "at_us", "actor_kind", "actor_id", "actor_name", "address", "device"),
    *("operation", "outcome", "target_type", "target_id", "merchant_id", "before", "after"),
    *("detail", "previous_hash", "entry_hash"),
)


@pytest.fixture
def log(django_database):
    """Seven entries; a seal covers the first four."""
    from tongbao.platform.audit.sealing import seal
    from tongbao.platform.audit.services import record

    for number in range(1, ENTRIES + 1):
        record(SYSTEM, Operation.STAFF_ADD, now_us=NOW + number, detail=str(number))
        if number == 4:
            assert seal(KEY, date(2026, 11, 20), now_us=NOW) is not None
    unlock()
    return django_database


def sql(text, *values):
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchall() if cursor.description else []


def unlock():
    """Take the second lock away, as somebody with all rights to the database can."""
    from django.db import connection

    for table in ("audit_auditentry", "audit_dailyseal"):
        if connection.vendor == "sqlite":
            sql(f"DROP TRIGGER {table}_no_update")
            sql(f"DROP TRIGGER {table}_no_delete")
        else:
            sql(f"DROP TRIGGER {table}_no_change ON {table}")


def found(kept=()):
    from tongbao.platform.audit.verification import verify

    return str(verify(KEY, kept).broken)


def write_anew(first):
    """Give every entry from `first` on a hash that fits, as one would who knows the method."""
    from tongbao.platform.audit.models import AuditEntry

    rows = list(AuditEntry.objects.order_by("entry_id"))
    before = {one.entry_id: one.entry_hash for one in rows}
    for one in rows:
        if one.entry_id >= first:
            previous = before.get(one.entry_id - 1, "0" * 64)
            before[one.entry_id] = entry_hash(previous, vars(one))
            AuditEntry.objects.filter(pk=one.pk).update(
                previous_hash=previous, entry_hash=before[one.entry_id]
            )


def test_an_untouched_log_is_whole(log):
    from tongbao.platform.audit.verification import Report, verify

    assert verify(KEY) == Report(entries=7, seals=1, sealed_up_to=4, broken=None)


def test_a_deleted_entry_is_named(log):
    sql("DELETE FROM audit_auditentry WHERE entry_id = 3")
    assert found() == "entry 3 is missing"


def test_a_deleted_first_entry_is_named(log):
    sql("DELETE FROM audit_auditentry WHERE entry_id = 1")
    assert found() == "entry 1 is missing"


@pytest.mark.parametrize("column", [name for name in COLUMNS if name not in ("entry_id", "at_us")])
def test_a_changed_column_is_found(log, column):
    value = "f" * 64 if column.endswith("hash") else "x"
    sql(f"UPDATE audit_auditentry SET {column} = %s WHERE entry_id = 6", value)
    assert found().startswith("entry 6 was changed")


def test_a_changed_time_is_found(log):
    sql("UPDATE audit_auditentry SET at_us = at_us + 1 WHERE entry_id = 2")
    assert found().startswith("entry 2 was changed")


def test_two_swapped_entries_are_found(log):
    for old, new in ((5, 99), (6, 5), (99, 6)):
        sql("UPDATE audit_auditentry SET entry_id = %s WHERE entry_id = %s", new, old)
    assert found().startswith("entry 5 was changed")


def test_entries_swapped_with_hashes_that_fit_their_content_are_found(log):
    from tongbao.platform.audit.models import AuditEntry

    for old, new in ((5, 99), (6, 5), (99, 6)):
        sql("UPDATE audit_auditentry SET entry_id = %s WHERE entry_id = %s", new, old)
    for one in AuditEntry.objects.filter(pk__in=(5, 6)):
        fitting = entry_hash(one.previous_hash, vars(one))
        sql("UPDATE audit_auditentry SET entry_hash = %s WHERE entry_id = %s", fitting, one.pk)
    assert found().startswith("entry 5 does not follow the entry before it")


def test_an_inserted_entry_is_found(log):
    for number in (7, 6, 5):
        sql("UPDATE audit_auditentry SET entry_id = entry_id + 1 WHERE entry_id = %s", number)
    columns = ", ".join(COLUMNS[1:])
    sql(
        f"INSERT INTO audit_auditentry (entry_id, {columns}) "
        f"SELECT 5, {columns} FROM audit_auditentry WHERE entry_id = 4"
    )
    assert found().startswith("entry 5 was changed")


def test_a_sealed_part_that_was_written_anew_does_not_match_its_seal(log):
    sql("UPDATE audit_auditentry SET actor_name = 'wang' WHERE entry_id = 2")
    write_anew(2)
    assert found().startswith("entry 4 is not the one that was sealed")


def test_a_tail_cut_behind_a_seal_is_found(log):
    sql("DELETE FROM audit_auditentry WHERE entry_id >= 4")
    assert found() == "entry 4 is missing: the log ends before an entry that a seal covers"


def test_a_seal_that_was_fitted_to_a_forged_log_is_not_ours(log):
    sql("DELETE FROM audit_auditentry WHERE entry_id >= 4")
    sql(
        "UPDATE audit_dailyseal SET last_entry_id = 3, root = "
        "(SELECT entry_hash FROM audit_auditentry WHERE entry_id = 3)"
    )
    assert found() == "seal 1 was not signed with this key"


def test_seals_removed_along_with_their_entries_are_found_with_what_was_kept_outside(log):
    from tongbao.platform.audit.models import DailySeal
    from tongbao.platform.audit.verification import seal_line

    kept = seal_line(DailySeal.objects.get())
    assert found([kept]) == "None"
    sql("DELETE FROM audit_auditentry WHERE entry_id >= 2")
    sql("DELETE FROM audit_dailyseal")
    assert found() == "None"
    assert found([kept]) == "seal 1 is missing"


def test_a_day_is_sealed_once_after_it_ended(log):
    from tongbao.platform.audit.models import DailySeal
    from tongbao.platform.audit.sealing import seal_due

    assert seal_due(KEY, now_us=NOW) is None
    second = seal_due(KEY, now_us=NOW + DAY_US)
    assert (second.seal_id, second.day, second.last_entry_id) == (2, "2026-11-21", 7)
    assert seal_due(KEY, now_us=NOW + DAY_US) is None
    assert found() == "None"
    sql("DELETE FROM audit_dailyseal WHERE seal_id = 1")
    assert DailySeal.objects.count() == 1
    assert found() == "seal 1 is missing"


def test_an_empty_log_can_be_sealed(django_sqlite):
    from tongbao.platform.audit.sealing import seal_due

    empty = seal_due(KEY, now_us=NOW)
    assert (empty.last_entry_id, empty.root, empty.key_name) == (0, "0" * 64, KEY.name)
    assert found() == "None"


def test_the_command_says_whole_or_tampered_and_its_exit_code_too(log, tmp_path, capsys):
    settings = write_settings(tmp_path, log)
    command = ["verify", "audit", "--config", str(settings)]
    assert main(command) == 3
    assert "audit key cannot be read" in capsys.readouterr().err
    (tmp_path / "platform-audit-key").write_text(KEY.seed.hex())
    assert main(command) == 0
    assert capsys.readouterr().out == "7 entries in one chain, 1 seals, sealed up to entry 4\n"
    assert main([*command, "--show-seals"]) == 0
    kept = tmp_path / "kept.jsonl"
    kept.write_text(capsys.readouterr().out)
    sql("DELETE FROM audit_auditentry WHERE entry_id = 6")
    assert main([*command, "--json", "--kept-seals", str(kept)]) == 1
    assert json.loads(capsys.readouterr().out) == {
        "whole": False,
        "entries": 5,
        "seals": 1,
        "sealed_up_to": 4,
        "first_break": "entry 6 is missing",
    }
    kept.write_text('{"seal": 1}\n')
    assert main([*command, "--kept-seals", str(kept)]) == 4


def test_the_key_never_shows_itself():
    assert repr(KEY) == f"AuditKey({KEY.name})"
    assert KEY.seed.hex() not in repr(KEY)
    assert len(KEY.name) == 16
