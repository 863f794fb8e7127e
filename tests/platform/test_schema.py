"""The tables, on both databases, exactly as the host expects them."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from io import StringIO

import psycopg
import pytest

from tests.platform.conftest import django_on
from tests.platform.seed import MERCHANT, seed
from tongbao.platform import schema
from tongbao.platform.database import DatabaseUrlError
from tongbao.platform.project import configured
from tongbao.platform.registry import register_merchant
from tongbao.platform.schema import migrate

# column: (type on SQLite, type on PostgreSQL, longest text); only these columns may be NULL.
MAY_BE_NULL = {("merchants_merchant", "chain_id"), ("fleet_terminal", "shop_id")}
TABLES = {
    "merchants_merchant": {
        "merchant_id": ("varchar(15)", "character varying", 15),
        "name": ("varchar(80)", "character varying", 80),
        "name_en": ("varchar(80)", "character varying", 80),
        "mcc": ("varchar(4)", "character varying", 4),
        "city": ("varchar(40)", "character varying", 40),
        "is_active": ("bool", "boolean", None),
        "mail_order_allowed": ("bool", "boolean", None),
        "created_at_us": ("bigint", "bigint", None),
        "chain_id": ("varchar(32)", "character varying", 32),
        "tier": ("varchar(16)", "character varying", 16),
        "status": ("varchar(16)", "character varying", 16),
        "registered_name": ("varchar(120)", "character varying", 120),
        "credit_code": ("varchar(18)", "character varying", 18),
        "identity_token": ("varchar(18)", "character varying", 18),
        "legal_person": ("varchar(60)", "character varying", 60),
        "contact_phone": ("varchar(20)", "character varying", 20),
    },
    "fleet_terminal": {
        "terminal_id": ("varchar(8)", "character varying", 8),
        "merchant_id": ("varchar(15)", "character varying", 15),
        "serial_number": ("varchar(50)", "character varying", 50),
        "label": ("varchar(80)", "character varying", 80),
        "is_active": ("bool", "boolean", None),
        "batch_no": ("INTEGER", "integer", None),
        "created_at_us": ("bigint", "bigint", None),
        "shop_id": ("varchar(32)", "character varying", 32),
    },
    "fleet_terminalsession": {
        "session_id": ("INTEGER", "bigint", None),
        "terminal_id": ("varchar(8)", "character varying", 8),
        "signed_in_at_us": ("bigint", "bigint", None),
        "batch_no": ("INTEGER", "integer", None),
        "operator_no": ("varchar(3)", "character varying", 3),
        "key_block": ("BLOB", "bytea", None),
    },
    "payments_payment": {
        "payment_id": ("INTEGER", "bigint", None),
        "terminal_id": ("varchar(8)", "character varying", 8),
        "merchant_id": ("varchar(15)", "character varying", 15),
        "batch_no": ("INTEGER", "integer", None),
        "stan": ("INTEGER", "integer", None),
        "kind": ("varchar(24)", "character varying", 24),
        "amount_minor": ("bigint", "bigint", None),
        "currency": ("varchar(3)", "character varying", 3),
        "card_masked": ("varchar(19)", "character varying", 19),
        "card_token": ("BLOB", "bytea", None),
        "entry_mode": ("varchar(3)", "character varying", 3),
        "rrn": ("varchar(12)", "character varying", 12),
        "business_date": ("date", "date", None),
        "route": ("varchar(16)", "character varying", 16),
        "received_at_us": ("bigint", "bigint", None),
        "original_id": ("bigint", "bigint", None),
        "organisation": ("varchar(3)", "character varying", 3),
    },
    "payments_paymentevent": {
        "event_id": ("INTEGER", "bigint", None),
        "payment_id": ("INTEGER", "bigint", None),
        "kind": ("varchar(24)", "character varying", 24),
        "at_us": ("bigint", "bigint", None),
        "response_code": ("varchar(2)", "character varying", 2),
        "auth_code": ("varchar(6)", "character varying", 6),
        "detail": ("varchar(120)", "character varying", 120),
    },
    "payments_exception": {
        "exception_id": ("INTEGER", "bigint", None),
        "payment_id": ("bigint", "bigint", None),
        "terminal_id": ("varchar(8)", "character varying", 8),
        "merchant_id": ("varchar(15)", "character varying", 15),
        "kind": ("varchar(24)", "character varying", 24),
        "opened_at_us": ("bigint", "bigint", None),
        "detail": ("varchar(200)", "character varying", 200),
    },
    "payments_exceptionevent": {
        "event_id": ("INTEGER", "bigint", None),
        "exception_id": ("INTEGER", "bigint", None),
        "kind": ("varchar(16)", "character varying", 16),
        "at_us": ("bigint", "bigint", None),
        "staff": ("varchar(64)", "character varying", 64),
        "note": ("varchar(500)", "character varying", 500),
    },
    "payments_batchevent": {
        "event_id": ("INTEGER", "bigint", None),
        "terminal_id": ("varchar(8)", "character varying", 8),
        "merchant_id": ("varchar(15)", "character varying", 15),
        "batch_no": ("INTEGER", "integer", None),
        "kind": ("varchar(16)", "character varying", 16),
        "at_us": ("bigint", "bigint", None),
        "sent_totals": ("varchar(62)", "character varying", 62),
        "own_totals": ("varchar(62)", "character varying", 62),
        "result": ("varchar(2)", "character varying", 2),
        "record_count": ("INTEGER", "integer", None),
        "business_date": ("date", "date", None),
    },
    "payments_batchdetail": {
        "detail_id": ("INTEGER", "bigint", None),
        "terminal_id": ("varchar(8)", "character varying", 8),
        "batch_no": ("INTEGER", "integer", None),
        "stan": ("INTEGER", "integer", None),
        "source": ("varchar(8)", "character varying", 8),
        "at_us": ("bigint", "bigint", None),
        "organisation": ("varchar(3)", "character varying", 3),
        "amount_minor": ("bigint", "bigint", None),
        "card_masked": ("varchar(19)", "character varying", 19),
        "card_token": ("BLOB", "bytea", None),
    },
    "payments_signature": {
        "signature_id": ("INTEGER", "bigint", None),
        "payment_id": ("INTEGER", "bigint", None),
        "part_no": ("INTEGER", "integer", None),
        "is_last": ("bool", "boolean", None),
        "at_us": ("bigint", "bigint", None),
        "image": ("BLOB", "bytea", None),
    },
    "payments_scriptresult": {
        "result_id": ("INTEGER", "bigint", None),
        "payment_id": ("INTEGER", "bigint", None),
        "at_us": ("bigint", "bigint", None),
        "data": ("varchar(510)", "character varying", 510),
    },
    "fleet_terminalstatus": {
        "status_id": ("INTEGER", "bigint", None),
        "terminal_id": ("varchar(8)", "character varying", 8),
        "at_us": ("bigint", "bigint", None),
        "body": ("varchar(500)", "character varying", 500),
    },
    "fleet_terminalorder": {
        "order_id": ("INTEGER", "bigint", None),
        "terminal_id": ("varchar(8)", "character varying", 8),
        "act": ("varchar(1)", "character varying", 1),
        "ordered_at_us": ("bigint", "bigint", None),
    },
    "fleet_terminalorderdone": {
        "done_id": ("INTEGER", "bigint", None),
        "order_id": ("bigint", "bigint", None),
        "at_us": ("bigint", "bigint", None),
    },
}
# Every table that the host writes is added to and never changed.
APPEND_ONLY = tuple(
    table for table in TABLES if table not in ("merchants_merchant", "fleet_terminal")
)


def path_of(url):
    return url.removeprefix("sqlite:///")


def sqlite_rows(url, statement):
    with closing(sqlite3.connect(path_of(url))) as connection:
        return connection.execute(statement).fetchall()


def test_migrations_say_what_the_models_say(sqlite_url):
    configured()
    from django.core.management import call_command

    with django_on(sqlite_url):
        call_command("makemigrations", check=True, dry_run=True, stdout=StringIO())


@pytest.mark.parametrize("table", TABLES)
def test_sqlite_columns_are_those_the_host_writes(sqlite_url, table):
    found = {
        name: (kind if kind != "integer" else "INTEGER", not_null or primary_key)
        for _, name, kind, not_null, _, primary_key in sqlite_rows(
            sqlite_url, f"PRAGMA table_info({table})"
        )
    }
    assert found == {
        name: (kinds[0], int((table, name) not in MAY_BE_NULL))
        for name, kinds in TABLES[table].items()
    }


@pytest.mark.parametrize("table", TABLES)
def test_postgresql_columns_are_those_the_host_writes(postgresql_url, table):
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute(
            "SELECT column_name, data_type, character_maximum_length, is_nullable "
            "FROM information_schema.columns WHERE table_name = %s",
            [table],
        ).fetchall()
    assert {name: (kind, length, null) for name, kind, length, null in rows} == {
        name: (*kinds[1:], "YES" if (table, name) in MAY_BE_NULL else "NO")
        for name, kinds in TABLES[table].items()
    }


def test_a_payment_is_unique_by_trace_and_by_reference_number(database_url):
    seed(database_url)
    from django.db import IntegrityError

    from tongbao.platform.payments.models import Payment

    with django_on(database_url):
        first = Payment.objects.values().get(pk=10**15 + 1)
        for changes in ({"rrn": "999999999999"}, {"stan": 500}):
            twin = Payment(**{**first, "payment_id": 1, **changes})
            with pytest.raises(IntegrityError):
                Payment.objects.bulk_create([twin])


def test_hot_tables_carry_only_the_indexes_they_need(sqlite_url, postgresql_url):
    with psycopg.connect(postgresql_url) as connection:
        rows = connection.execute(
            "SELECT tablename, count(*) FROM pg_indexes "
            "WHERE tablename LIKE 'payments_payment%' GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert rows == [("payments_payment", 7), ("payments_paymentevent", 3)]
    sqlite = [
        len(sqlite_rows(sqlite_url, f"PRAGMA index_list({table})")) for table, _ in sorted(rows)
    ]
    # One fewer each: the primary key is SQLite's row id and needs no index of its own.
    assert sqlite == [6, 2]


def test_a_new_file_equals_an_empty_one_that_was_migrated_step_by_step(tmp_path):
    copied, stepped = (f"sqlite:///{tmp_path / name}" for name in ("copied.db", "stepped.db"))
    migrate(copied)
    (tmp_path / "stepped.db").touch()
    migrate(stepped)
    dump = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    assert sqlite_rows(copied, dump) == sqlite_rows(stepped, dump)


def test_processes_of_one_run_share_the_first_file_and_another_version_does_not(
    tmp_path, monkeypatch
):
    shared = tmp_path / "shared"
    shared.mkdir()
    made = []
    monkeypatch.setattr(schema, "_new_template", lambda: made.append(1) or b"first")
    assert [schema._shared_template(shared) for _ in range(2)] == [b"first", b"first"]
    monkeypatch.setattr(schema, "_code_digest", lambda: "of another version")
    assert schema._shared_template(shared) == b"first"
    assert len(made) == 2


def test_migrating_again_keeps_what_is_there(database_url):
    register_merchant(database_url, MERCHANT)
    migrate(database_url)
    from tongbao.platform.merchants.models import Merchant

    with django_on(database_url):
        assert [merchant.name for merchant in Merchant.objects.all()] == [MERCHANT.name]


def test_payments_of_the_first_schema_are_kept_and_stay_locked(tmp_path):
    url = f"sqlite:///{tmp_path / 'old.db'}"
    configured()
    from django.core.management import call_command

    columns = list(TABLES["payments_payment"])[:15]
    old = (7, "00000001", "100000000000001", 1, 1, "sale", 5, "156", "620000*********0128")
    old += (bytes(16), "021", "000000000001", "2026-11-20", "issuer", 1)
    with django_on(url):
        call_command("migrate", "payments", "0001", verbosity=0)
    with closing(sqlite3.connect(path_of(url))) as connection:
        connection.execute(
            f"INSERT INTO payments_payment ({', '.join(columns)}) VALUES ({', '.join('?' * 15)})",
            old,
        )
        connection.commit()
    migrate(url)
    select = f"SELECT {', '.join(TABLES['payments_payment'])} FROM payments_payment"
    assert sqlite_rows(url, select) == [(*old, 0, "CUP")]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        sqlite_rows(url, "DELETE FROM payments_payment")


def test_an_insert_that_does_not_know_the_newer_columns_gets_their_defaults(database_url):
    seed(database_url)
    from django.db import connection

    columns = ", ".join(list(TABLES["payments_payment"])[:15])
    with django_on(database_url), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO payments_payment ({columns}) SELECT 1, terminal_id, merchant_id, 77, "
            "stan, kind, amount_minor, currency, card_masked, card_token, entry_mode, 'new', "
            "business_date, route, received_at_us FROM payments_payment WHERE stan = 1"
        )
        cursor.execute("SELECT original_id, organisation FROM payments_payment WHERE rrn = 'new'")
        assert cursor.fetchall() == [(0, "CUP")]


def test_looking_for_what_names_a_payment_uses_the_partial_index(sqlite_url):
    plans = sqlite_rows(
        sqlite_url,
        "EXPLAIN QUERY PLAN SELECT * FROM payments_payment WHERE original_id = 7 "
        "AND original_id > 0",
    )
    assert "payments_payment_of_original" in plans[0][3]


def test_missing_folders_are_made_and_the_file_is_private(tmp_path):
    migrate(f"sqlite:///{tmp_path / 'a' / 'b' / 'new.db'}")
    assert (tmp_path / "a" / "b" / "new.db").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in (tmp_path / "a" / "b").iterdir()] == ["new.db"]


def test_several_callers_at_once_end_with_one_whole_file(tmp_path):
    url = f"sqlite:///{tmp_path / 'shared.db'}"
    failures = []

    def call():
        try:
            migrate(url)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
            failures.append(error)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sqlite_rows(url, "SELECT count(*) FROM fleet_terminal") == [(0,)]


def test_migrating_works_inside_a_running_event_loop(tmp_path):
    async def main():
        migrate(f"sqlite:///{tmp_path / 'loop.db'}")
        migrate(f"sqlite:///{tmp_path / 'loop.db'}")

    asyncio.run(main())
    assert (tmp_path / "loop.db").exists()


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}"])
def test_recorded_rows_can_be_neither_changed_nor_removed(database_url, table, statement):
    seed(database_url)
    column = next(iter(TABLES[table]))
    from django.db import DatabaseError, connection

    with django_on(database_url), connection.cursor() as cursor:
        before = rows_of(cursor, table)
        with pytest.raises(DatabaseError, match="append-only"):
            cursor.execute(statement.format(table, column, column))
        assert len(before) > 0
        assert rows_of(cursor, table) == before


def rows_of(cursor, table):
    cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
    return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in r) for r in cursor]


def test_sqlite_flushes_each_commit_and_logs_ahead(sqlite_url):
    from django.db import connection

    with django_on(sqlite_url), connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        assert cursor.fetchone() == ("wal",)
        cursor.execute("PRAGMA synchronous")
        assert cursor.fetchone() == (2,)  # FULL


@pytest.mark.parametrize("url", ["mysql://u:secret@h/db", "sqlite://", "sqlite:///", "/tmp/x.db"])
def test_an_unknown_kind_of_url_is_refused_without_repeating_it(url):
    with pytest.raises(DatabaseUrlError) as caught:
        migrate(url)
    assert "secret" not in str(caught.value)


def test_configuring_late_with_other_settings_is_refused():
    configured()
    with pytest.raises(RuntimeError, match="stand already"):
        configured(SECRET_KEY="x" * 60)


def test_loading_the_project_leaves_the_time_zone_of_the_process_alone(monkeypatch):
    import os
    import subprocess
    import sys

    environment = {key: value for key, value in os.environ.items() if key != "TZ"}
    program = (
        "import os, time; before = time.tzname;"
        "from tongbao.platform.project import configured; configured();"
        "assert 'TZ' not in os.environ and time.tzname == before"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
