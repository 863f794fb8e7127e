import sqlite3
from contextlib import closing

import pytest

from tongbao.app.bench.durability import check_durability
from tongbao.app.bench.plan import AcknowledgedSales
from tongbao.platform.schema import migrate

PAYMENT = """
    INSERT INTO payments_payment (payment_id, terminal_id, merchant_id, batch_no, stan, kind,
    amount_minor, currency, card_masked, card_token, entry_mode, rrn, business_date, route,
    received_at_us) VALUES (?, ?, '100000000000001', ?, ?, 'sale', ?, '156', '620000***0128', x'00',
    '021', ?, '2026-11-21', 'issuer', 1)
"""
EVENT = """
    INSERT INTO payments_paymentevent (payment_id, kind, at_us, response_code, auth_code, detail)
    VALUES (?, ?, 1, '00', '', '')
"""
REVERSAL = """
    INSERT INTO payments_paymentevent (payment_id, kind, at_us, response_code, auth_code, detail)
    VALUES (1, 'reversal_requested', 2, '98', '', '')
"""
ACKNOWLEDGED = {
    "00000001": AcknowledgedSales(1, {2: 100, 3: 101}),
    "00000002": AcknowledgedSales(7, {2: 100}),
}


@pytest.fixture
def books(tmp_path):
    """Three acknowledged sales, one approval more and one decline."""
    database_url = f"sqlite:///{tmp_path / 'platform.sqlite3'}"
    migrate(database_url)
    path = tmp_path / "platform.sqlite3"
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = [
            (1, "00000001", 1, 2, 100, "approved"),
            (2, "00000001", 1, 3, 101, "approved"),
            (3, "00000002", 7, 2, 100, "approved"),
            (4, "00000002", 7, 3, 100, "approved"),
            (5, "00000002", 7, 4, 100, "declined"),
        ]
        for payment_id, terminal_id, batch_no, stan, amount, kind in rows:
            rrn = f"{payment_id:012d}"
            connection.execute(PAYMENT, (payment_id, terminal_id, batch_no, stan, amount, rrn))
            connection.execute(EVENT, (payment_id, kind))
    return database_url, path


def change(path, statement):
    # The tables refuse changes; a benchmark's worst enemy would not ask them.
    with closing(sqlite3.connect(path)) as connection, connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


def test_every_acknowledged_sale_is_found_and_more_may_be_there(books):
    database_url, _ = books
    report = check_durability(database_url, ACKNOWLEDGED)
    assert (report.acknowledged, report.durable, report.approved) == (3, 3, 4)
    assert report.holds
    assert report.missing == ()


@pytest.mark.parametrize(
    ("statement", "missing"),
    [
        ("DELETE FROM payments_paymentevent WHERE payment_id = 2", "00000001/1/3"),
        ("DELETE FROM payments_payment WHERE payment_id = 3", "00000002/7/2"),
        ("UPDATE payments_payment SET amount_minor = 99 WHERE payment_id = 1", "00000001/1/2"),
        (
            "UPDATE payments_paymentevent SET kind = 'declined' WHERE payment_id = 1",
            "00000001/1/2",
        ),
        (
            REVERSAL,
            "00000001/1/2",
        ),
    ],
    ids=["event removed", "payment removed", "amount changed", "declined", "reversed later"],
)
def test_a_lost_or_changed_sale_is_named(books, statement, missing):
    database_url, path = books
    change(path, statement)
    report = check_durability(database_url, ACKNOWLEDGED)
    assert (report.acknowledged, report.durable) == (3, 2)
    assert not report.holds
    assert report.missing == (missing,)


def test_nothing_acknowledged_is_nothing_lost(books):
    database_url, _ = books
    report = check_durability(database_url, {})
    assert report.holds
    assert report.approved == 4
