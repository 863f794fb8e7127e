"""What both stores keep beside payments: batches, exceptions, signatures, orders and reports."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.host.parties import MERCHANT
from tests.host.test_stores import event, intent, key
from tests.host.world import START_US
from tongbao.host.records import (
    BatchDetailRecord,
    BatchEventRecord,
    EventKind,
    ExceptionEventRecord,
    ExceptionRecord,
    OrderDoneRecord,
    Record,
    ScriptResultRecord,
    SessionRecord,
    SignatureRecord,
    TerminalStatusRecord,
)
from tongbao.host.store.opening import open_store
from tongbao.host.store.port import DuplicatePaymentError, HostStore
from tongbao.host.store.queries import TABLES

TERMINAL = "00000001"
TOTALS = f"{12345:012d}001{0:012d}0001" + "0" * 30 + "1"
RECORDS: tuple[Record, ...] = (
    ExceptionRecord(77, 5, TERMINAL, MERCHANT, "batch_difference", START_US, 'a "quoted" \\ text'),
    ExceptionEventRecord(77, "closed", START_US + 1, "system", "中文"),
    BatchEventRecord(TERMINAL, MERCHANT, 1, "totals", 9, TOTALS, TOTALS, "11", 0, "2026-11-21"),
    BatchDetailRecord(
        TERMINAL, 1, 12, "stripe", START_US, "CUP", 12345, "620000*********0128", bytes(range(16))
    ),
    SignatureRecord(5, 1, True, START_US, bytes(range(256))),
    SignatureRecord(5, 0, False, START_US, b""),
    ScriptResultRecord(5, START_US, "DF3105" + "00" * 5),
    TerminalStatusRecord(TERMINAL, START_US, "paper=low"),
    OrderDoneRecord(3, START_US),
)


@pytest.fixture
def store(store_url: str) -> Iterator[HostStore]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def ask(url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run a statement past the store."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            return connection.execute(statement).fetchall()
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def rows_of(url: str, kind: type[Record]) -> list[Record]:
    """Every row of the table of a record, as such records."""
    columns = ", ".join(kind._fields)
    return [kind(*map(plain, row)) for row in ask(url, f"SELECT {columns} FROM {TABLES[kind]}")]


def plain(value: object) -> object:
    if isinstance(value, memoryview):
        return bytes(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_each_kind_of_record_is_kept_as_it_was_given(
    store_url: str, store: HostStore, record: Record
) -> None:
    store.commit([record])
    assert rows_of(store_url, type(record)) == [record]


def test_one_group_may_hold_every_kind(store_url: str, store: HostStore) -> None:
    payment = intent(1)._replace(original_id=99, organisation="VIS", kind="pre_authorisation_void")
    session = SessionRecord(TERMINAL, START_US, 1, "01", b"key")
    approved = event(payment, EventKind.APPROVED)
    store.commit([*RECORDS, payment, approved, session])
    assert store.load_payments([key(payment)])[key(payment)] == (payment, (approved,))
    for kind in {type(record) for record in RECORDS}:
        expected = [record for record in RECORDS if type(record) is kind]
        assert rows_of(store_url, kind) == expected


def test_what_a_terminal_repeats_is_kept_once_and_the_first_stays(
    store_url: str, store: HostStore
) -> None:
    detail, signature = RECORDS[3], RECORDS[4]
    script, done = RECORDS[6], RECORDS[8]
    first = [detail, signature, script, done]
    store.commit(first)
    repeated = [
        detail._replace(amount_minor=1),
        signature._replace(image=b"other"),
        script._replace(data="00"),
        done._replace(at_us=1),
    ]
    beside = intent(1)
    store.commit([*repeated, *repeated, beside])
    for record in first:
        assert rows_of(store_url, type(record)) == [record]
    assert set(store.load_payments([key(beside)])) == {key(beside)}


def test_a_refused_group_leaves_none_of_its_records(store_url: str, store: HostStore) -> None:
    payment = intent(1)
    store.commit([payment])
    with pytest.raises(DuplicatePaymentError):
        store.commit([*RECORDS, intent(1)])
    for kind in {type(record) for record in RECORDS}:
        assert rows_of(store_url, kind) == []


def test_the_open_batch_follows_the_newest_closed_one(store: HostStore) -> None:
    totals = RECORDS[2]
    store.commit([totals])
    (stored,) = store.load_terminals([TERMINAL]).values()
    assert (stored.terminal.batch_no, stored.totals_batch_no) == (1, 1)
    store.commit([totals._replace(kind="closed")])
    (stored,) = store.load_terminals([TERMINAL]).values()
    assert (stored.terminal.batch_no, stored.totals_batch_no) == (2, 1)
    store.commit([totals._replace(kind="closed", terminal_id="00000002", batch_no=7)])
    found = store.load_terminals([TERMINAL, "00000002", "00000003"])
    assert {name: stored.terminal.batch_no for name, stored in found.items()} == {
        TERMINAL: 2,
        "00000002": 8,
        "00000003": 1,
    }
    assert found["00000003"].totals_batch_no == 0


def test_a_register_that_is_ahead_of_the_closed_batches_counts(
    store_url: str, store: HostStore
) -> None:
    ask(store_url, f"UPDATE fleet_terminal SET batch_no = 9 WHERE terminal_id = '{TERMINAL}'")
    store.commit([RECORDS[2]._replace(kind="closed")])
    (stored,) = store.load_terminals([TERMINAL]).values()
    assert stored.terminal.batch_no == 9


def test_the_oldest_order_that_is_not_done_is_open(store_url: str, store: HostStore) -> None:
    for name, act in ((TERMINAL, "4"), ("00000002", "2"), (TERMINAL, "7")):
        ask(
            store_url,
            "INSERT INTO fleet_terminalorder (terminal_id, act, ordered_at_us)"
            f" VALUES ('{name}', '{act}', 1)",
        )
    acts = []
    for _ in range(3):
        (stored,) = store.load_terminals([TERMINAL]).values()
        if stored.order is not None:
            acts.append(stored.order.act)
            store.commit([OrderDoneRecord(stored.order.order_id, START_US)])
    assert acts == ["4", "7"]
    (other,) = store.load_terminals(["00000002"]).values()
    assert other.order is not None
    assert other.order.act == "2"


def test_a_terminal_knows_its_merchants_name_and_whether_it_takes_mail_orders(
    store_url: str, store: HostStore
) -> None:
    (stored,) = store.load_terminals([TERMINAL]).values()
    assert (stored.terminal.merchant_name, stored.terminal.mail_order_allowed) == (
        "通宝便利店",
        False,
    )
    true = "1" if store_url.startswith("sqlite") else "true"
    ask(store_url, f"UPDATE merchants_merchant SET mail_order_allowed = {true}")
    (stored,) = store.load_terminals([TERMINAL]).values()
    assert stored.terminal.mail_order_allowed is True


def test_a_batch_is_read_back_alone_and_in_order(store: HostStore) -> None:
    totals, detail = RECORDS[2], RECORDS[3]
    closed = totals._replace(kind="closed", record_count=1)
    later = detail._replace(stan=2, source="advice", card_token=b"", card_masked="")
    elsewhere = [
        totals._replace(batch_no=2),
        detail._replace(batch_no=2),
        detail._replace(terminal_id="00000002"),
    ]
    store.commit([totals, detail, *elsewhere, later, closed])
    assert store.load_batch(TERMINAL, 1) == ((totals, closed), (detail, later))
    assert store.load_batch(TERMINAL, 3) == ((), ())


def test_the_parts_of_a_signature_come_in_their_order(store: HostStore) -> None:
    last, first = RECORDS[4], RECORDS[5]
    store.commit([last, first, last._replace(payment_id=6)])
    assert store.load_signature(5) == (first, last)
    assert store.load_signature(7) == ()
