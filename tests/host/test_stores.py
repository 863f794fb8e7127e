"""Both stores keep the same promises: one transaction a group, nothing written twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from tests.host.devices import register_device, revoke_certificate
from tests.host.parties import MERCHANT
from tests.host.world import START_US
from tongbao.host.core.payment_ids import PaymentIds, rrn_of
from tongbao.host.lookups import ByAuthCode, ByBatch, ByRrn
from tongbao.host.records import (
    EventKind,
    EventRecord,
    ExceptionEventRecord,
    ExceptionRecord,
    PaymentRecord,
    Record,
    SessionRecord,
    StoredPayment,
    TerminalRecord,
    TraceKey,
)
from tongbao.host.store.opening import open_store
from tongbao.host.store.port import (
    DuplicatePaymentError,
    HostStore,
    NodeTakenError,
    StoreFailedError,
)

_ids = {node: PaymentIds(node) for node in range(4)}


@pytest.fixture
def store(store_url: str) -> Iterator[HostStore]:
    opened = open_store(store_url)
    yield opened
    opened.close()


def intent(stan: int, *, node: int = 0, terminal_id: str = "00000001") -> PaymentRecord:
    payment_id = _ids[node].next(START_US)
    return PaymentRecord(
        payment_id=payment_id,
        terminal_id=terminal_id,
        merchant_id=MERCHANT,
        batch_no=1,
        stan=stan,
        kind="sale",
        amount_minor=12345,
        currency="156",
        card_masked="620000*********0128",
        card_token=bytes(range(240, 256)),
        entry_mode="021",
        rrn=rrn_of(payment_id),
        business_date="2026-11-21",
        route="issuer",
        received_at_us=START_US,
    )


def event(payment: PaymentRecord, kind: EventKind, **more: str) -> EventRecord:
    values = {"response_code": "", "auth_code": "", "detail": ""} | more
    return EventRecord(payment.payment_id, kind.value, START_US + 1, **values)


def key(payment: PaymentRecord) -> TraceKey:
    return TraceKey(payment.terminal_id, payment.batch_no, payment.stan)


def test_what_was_written_is_read_back_exactly(store: HostStore) -> None:
    one, two = intent(1), intent(2, terminal_id="00000002")
    approved = event(one, EventKind.APPROVED, response_code="00", auth_code="123456")
    requested = event(one, EventKind.REVERSAL_REQUESTED, detail='a "quoted", \\ {odd} text')
    store.commit([one, two, approved, requested])
    found = store.load_payments([key(two), key(one), TraceKey("00000003", 1, 1)])
    assert set(found) == {key(one), key(two)}
    assert found[key(one)].payment == one
    assert found[key(one)].events == (approved, requested)
    assert found[key(two)].payment == two
    assert found[key(two)].events == ()


def test_any_text_survives_the_way_into_the_database(store: HostStore) -> None:
    payment = intent(1)
    details = ['","', '"', "\\", "{}", "NULL", "", "中文", "a,b", '\\","']
    events = [event(payment, EventKind.REVERSAL_REQUESTED, detail=text) for text in details]
    store.commit([payment, *events])
    assert store.load_payments([key(payment)])[key(payment)].events == tuple(events)
    for stan, text in enumerate(details, 2):
        alone = intent(stan)
        told = event(alone, EventKind.REVERSAL_REQUESTED, detail=text)
        store.commit([alone, told])
        assert store.load_payments([key(alone)])[key(alone)].events == (told,)


def test_a_group_of_many_is_one_transaction(store: HostStore) -> None:
    payments = [intent(stan) for stan in range(1, 701)]
    store.commit(payments)
    found = store.load_payments([key(payment) for payment in payments])
    assert len(found) == 700


def test_a_payment_that_exists_refuses_the_whole_group(store: HostStore) -> None:
    first = intent(1)
    store.commit([first])
    fresh = intent(2)
    session = SessionRecord("00000001", START_US, 1, "01", b"key")
    same_id = intent(3)._replace(payment_id=first.payment_id)
    same_rrn = intent(3)._replace(rrn=first.rrn)
    for second in (intent(1), same_id, same_rrn, intent(2)):
        with pytest.raises(DuplicatePaymentError):
            store.commit([fresh, event(first, EventKind.APPROVED), second, session])
        assert store.load_payments([key(fresh)]) == {}
        assert store.load_payments([key(first)])[key(first)].events == ()
        assert store.load_terminals(["00000001"])["00000001"].session is None
    store.commit([fresh, session])
    assert set(store.load_payments([key(fresh)])) == {key(fresh)}


def test_two_processes_cannot_both_write_the_same_payment(store_url: str) -> None:
    one, other = open_store(store_url), open_store(store_url)
    first, second = intent(1, node=0), intent(1, node=1)
    one.commit([first])
    with pytest.raises(DuplicatePaymentError):
        other.commit([second])
    assert other.load_payments([key(first)])[key(first)].payment == first
    one.close()
    other.close()


def test_a_terminal_comes_with_its_merchant_and_newest_session(store: HostStore) -> None:
    found = store.load_terminals(["00000001", "00000002", "99999999"])
    assert set(found) == {"00000001", "00000002"}
    assert found["00000001"].terminal == TerminalRecord(
        "00000001",
        MERCHANT,
        1,
        is_active=True,
        merchant_is_active=True,
        mcc="5411",
        merchant_name="通宝便利店",
    )
    assert found["00000001"].session is None
    store.commit([SessionRecord("00000001", START_US + 5, 1, "01", b"older")])
    store.commit([SessionRecord("00000001", START_US, 2, "02", b"\x00newer")])
    session = store.load_terminals(["00000001"])["00000001"].session
    assert session == (START_US, 2, b"\x00newer")


def test_nothing_asked_is_nothing_read(store: HostStore) -> None:
    assert store.load_terminals([]) == {}
    assert store.load_payments([]) == {}
    assert store.find_payments([]) == {}


def test_an_original_comes_with_its_family_and_all_events(store: HostStore) -> None:
    sale, other = intent(1), intent(2)
    void = intent(3)._replace(kind="void", original_id=sale.payment_id)
    refund = intent(4, terminal_id="00000002")._replace(
        kind="refund", original_id=sale.payment_id, organisation="VIS"
    )
    approved = event(sale, EventKind.APPROVED, auth_code="123456")
    declined = event(void, EventKind.DECLINED, response_code="05")
    store.commit([refund, void, sale, other, approved, declined])
    asked = [ByRrn(sale.rrn), key(sale), key(other), ByRrn(void.rrn), ByRrn("0" * 12)]
    found = store.find_payments(asked)
    whole = (
        StoredPayment(sale, (approved,)),
        StoredPayment(void, (declined,)),
        StoredPayment(refund, ()),
    )
    assert found == {
        ByRrn(sale.rrn): whole,
        key(sale): whole,
        key(other): (StoredPayment(other, ()),),
        ByRrn(void.rrn): (StoredPayment(void, (declined,)),),
        ByRrn("0" * 12): (),
    }


def test_a_pre_authorisation_is_found_by_card_merchant_and_code(store: HostStore) -> None:
    hold, other_code, declined = (
        intent(stan)._replace(kind="pre_authorisation") for stan in (1, 2, 3)
    )
    other_card = intent(4)._replace(kind="pre_authorisation", card_token=bytes(16))
    sale = intent(5)
    completion = intent(6)._replace(kind="completion", original_id=hold.payment_id)
    store.commit(
        [
            *(hold, other_code, declined, other_card, sale, completion),
            event(hold, EventKind.APPROVED, auth_code="111111"),
            event(other_code, EventKind.APPROVED, auth_code="222222"),
            event(declined, EventKind.DECLINED, auth_code="111111"),
            event(other_card, EventKind.APPROVED, auth_code="111111"),
            event(sale, EventKind.APPROVED, auth_code="111111"),
        ]
    )
    asked = ByAuthCode(MERCHANT, hold.card_token, "111111")
    elsewhere = ByAuthCode("100000000000002", hold.card_token, "111111")
    found = store.find_payments([asked, elsewhere])
    assert [stored.payment for stored in found[asked]] == [hold, completion]
    assert found[elsewhere] == ()


def test_a_batch_is_read_in_the_order_of_its_payments(store: HostStore) -> None:
    rows = [intent(stan) for stan in (3, 1, 2)]
    elsewhere = intent(1, terminal_id="00000002")
    later = intent(4)._replace(batch_no=2)
    store.commit([*reversed(rows), elsewhere, later])
    found = store.find_payments([ByBatch("00000001", 1), ByBatch("00000003", 1)])
    assert [stored.payment for stored in found[ByBatch("00000001", 1)]] == rows
    assert found[ByBatch("00000003", 1)] == ()


def test_hundreds_of_originals_are_read_at_once(store: HostStore) -> None:
    sales = [intent(stan) for stan in range(1, 401)]
    refunds = [
        intent(stan)._replace(kind="refund", original_id=sale.payment_id)
        for stan, sale in enumerate(sales, 401)
    ]
    store.commit([*sales, *refunds])
    found = store.find_payments([ByRrn(sale.rrn) for sale in sales])
    for sale, refund in zip(sales, refunds, strict=True):
        assert [stored.payment for stored in found[ByRrn(sale.rrn)]] == [sale, refund]


def test_the_newest_id_of_a_node_is_found(store: HostStore) -> None:
    assert store.last_payment_id(0) == 0
    mine, others = intent(1, node=2), intent(2, node=3)
    store.commit([mine, others])
    assert store.last_payment_id(2) == mine.payment_id
    assert store.last_payment_id(3) == others.payment_id
    assert store.last_payment_id(1) == 0


def test_a_start_finds_what_has_no_end(store: HostStore) -> None:
    kinds = {
        1: [],
        2: [EventKind.APPROVED],
        3: [EventKind.DECLINED],
        4: [EventKind.REVERSAL_REQUESTED],
        5: [EventKind.REVERSAL_REQUESTED, EventKind.REVERSED],
        6: [EventKind.APPROVED, EventKind.REVERSAL_REQUESTED],
        7: [EventKind.REVERSAL_REQUESTED, EventKind.REVERSED, EventKind.REVERSAL_REQUESTED],
        8: [EventKind.REVERSED, EventKind.REVERSAL_REQUESTED],
    }
    payments = {stan: intent(stan) for stan in kinds}
    store.commit(
        [
            *payments.values(),
            *(event(payments[stan], kind) for stan, items in kinds.items() for kind in items),
        ]
    )
    found = store.open_payments(0, 0)
    assert [stored.payment.stan for stored in found] == [1, 4, 6, 7]
    assert [event.kind for event in found[3].events] == kinds[7]


def test_a_start_finds_what_is_repeated_without_an_outcome_of_any_node_and_age(
    store: HostStore,
) -> None:
    kinds = {
        1: [EventKind.DELIVERY_REPEATED],
        2: [EventKind.DELIVERY_REPEATED, EventKind.DELIVERY_REPEATED],
        3: [EventKind.DELIVERY_REPEATED, EventKind.APPROVED],
        4: [EventKind.DELIVERY_REPEATED, EventKind.INQUIRED, EventKind.DECLINED],
    }
    payments = {stan: intent(stan, node=1)._replace(kind="refund") for stan in kinds}
    store.commit(
        [
            *payments.values(),
            *(event(payments[stan], kind) for stan, items in kinds.items() for kind in items),
        ]
    )
    newest = payments[4].payment_id + (1 << 30)
    assert [stored.payment.stan for stored in store.open_payments(0, newest)] == [1, 2]


def test_open_exceptions_are_found_until_somebody_closes_them(store: HostStore) -> None:
    kinds = {
        1: ("reversal_undelivered", []),
        2: ("advice_undelivered", ["taken", "noted"]),
        3: ("late_approval", ["closed"]),
        4: ("reversal_undelivered", ["closed", "noted", "reopened"]),
        5: ("reversal_undelivered", ["closed", "reopened", "closed", "noted"]),
        6: ("batch_difference", []),
    }
    records: list[Record] = []
    expected = []
    for stan, (kind, acts) in kinds.items():
        payment = intent(stan)
        exception_id = _ids[0].next(START_US)
        records += [
            payment,
            ExceptionRecord(
                exception_id, payment.payment_id, "00000001", MERCHANT, kind, START_US, "why"
            ),
            *(ExceptionEventRecord(exception_id, act, START_US, "1", "") for act in acts),
        ]
        if stan in (1, 2, 4):
            expected.append((payment.payment_id, exception_id))
    store.commit(records)
    assert store.open_exceptions() == tuple(expected)
    # Their ids come from the same source as those of payments.
    assert store.last_payment_id(0) == _ids[0].next(START_US) - 1


def test_a_start_looks_at_its_own_node_for_payments_without_events(store: HostStore) -> None:
    mine, others, reversing = intent(1, node=0), intent(2, node=1), intent(3, node=1)
    store.commit([mine, others, reversing, event(reversing, EventKind.REVERSAL_REQUESTED)])
    assert [stored.payment for stored in store.open_payments(0, 0)] == [mine, reversing]
    assert [stored.payment for stored in store.open_payments(0, mine.payment_id + 1)] == [reversing]


def test_a_node_number_belongs_to_one_process(store_url: str) -> None:
    one, other = open_store(store_url), open_store(store_url)
    one.claim_node(3)
    other.claim_node(4)
    with pytest.raises(NodeTakenError, match="node 3"):
        other.claim_node(3)
    one.close()
    other.claim_node(3)
    other.close()


def test_a_database_without_the_schema_is_a_failed_store(tmp_path: Path) -> None:
    path = tmp_path / "empty.sqlite3"
    sqlite3.connect(path).close()
    path.touch()
    store = open_store(f"sqlite:///{path}")
    with pytest.raises(StoreFailedError, match="no such table"):
        store.commit([intent(1)])
    store.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreFailedError, match="does not exist"):
        open_store(f"sqlite:///{tmp_path / 'missing.sqlite3'}")
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StoreFailedError) as caught:
        open_store(f"postgresql://somebody:hidden-word@/nothing?host={tmp_path}")
    assert str(caught.value) == "connecting PostgreSQL: OperationalError"


def test_another_kind_of_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(StoreFailedError) as caught:
        open_store("mysql://somebody:hidden-word@host/name")
    assert "hidden-word" not in str(caught.value)


def test_sqlite_flushes_every_commit(fresh_store_url: Callable[[], str]) -> None:
    url = fresh_store_url()
    store = open_store(url)
    if url.startswith("sqlite"):
        connection = store._connection
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    else:
        rows = store._rows("SHOW synchronous_commit", ())
        assert rows == [("on",)]
    store.close()


def test_a_lost_database_connection_is_a_failed_store(store_url: str) -> None:
    store = open_store(store_url)
    if store_url.startswith("sqlite"):
        Path(unquote(store_url.removeprefix("sqlite:///"))).chmod(0o600)
        store._connection.close()
    else:
        pid = store._connection.info.backend_pid
        with psycopg.connect(store_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with pytest.raises(StoreFailedError):
        store.commit([intent(1)])
    with pytest.raises(StoreFailedError):
        store.load_terminals(["00000001"])
    store.close()


def test_a_terminal_comes_with_the_certificates_of_its_device_that_are_not_revoked(
    store_url: str, store: HostStore
) -> None:
    assert store.load_terminals(["00000001"])["00000001"].terminal.certificates == ()
    register_device(store_url, "TB26110001", "00000001", {"a" * 64: 1, "b" * 64: 2, "c" * 64: 3})
    record = store.load_terminals(["00000001"])["00000001"].terminal
    assert (record.device, record.certificates) == ("TB26110001", ("c" * 64, "b" * 64))
    revoke_certificate(store_url, "c" * 64)
    record = store.load_terminals(["00000001"])["00000001"].terminal
    assert record.certificates == ("b" * 64, "a" * 64)
    assert store.load_terminals(["00000002"])["00000002"].terminal.device == ""
