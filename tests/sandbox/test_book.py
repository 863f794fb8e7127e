"""The issuer's book: it balances, it is append-only, it is one process's, and shows no secrets."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest

from tests.sandbox.acquirer import NOW, RIGHT_PIN, WRONG_PIN, Issuer, rrn, zone_keys
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import KeyBytes
from tongbao.sandbox.issuer.book_view import read_book
from tongbao.sandbox.issuer.core.book import BookEvent, Entry, EventKind
from tongbao.sandbox.issuer.store import IssuerStore, StoreFailedError, StoreUnusableError
from tongbao.wire.network.operations import Operation

OPENINGS = {
    "good": 5_000_000,
    "second": 2_000_000,
    "no_funds": 1,
    "limit": 500_000,
    "expired": 500_000,
    "lost": 500_000,
    "pin_locked": 500_000,
    "late": 500_000,
    "silent": 500_000,
    "foreign": 3_000_000,
}


def book(issuer, rows_max=500):
    return read_book(issuer.store.connection, issuer.state, rows_max)


def test_a_new_book_holds_the_opening_balances_and_balances_to_zero(issuer):
    view = book(issuer)
    balances = {account["account_id"]: account["balance_minor"] for account in view["accounts"]}
    assert balances == {**OPENINGS, "capital": -13_000_001, "clearing": 0}
    assert view["checks"] == {
        "entries_sum_minor": 0,
        "unbalanced_events": 0,
        "balances_agree": True,
        "holds_agree": True,
        "ok": True,
    }
    assert view["payments"] == []
    assert view["totals"] == {}
    assert len(view["entries"]) == 20


def test_the_book_shows_each_payment_with_its_end(issuer):
    issuer.ask(issuer.acquirer.sale(1, fen=700))
    issuer.ask(issuer.acquirer.sale(2, pin=WRONG_PIN, fen=800))
    issuer.run(issuer.acquirer.sale(3, "silent", fen=900))
    issuer.now = issuer.now.plus_ms(1_500)
    issuer.ask(issuer.acquirer.reversal(3, fen=900))
    issuer.ask(issuer.acquirer.reversal(4, fen=1_000))
    view = book(issuer)
    ends = {
        payment["rrn"]: (payment["status"], payment["response_code"], payment["amount_minor"])
        for payment in view["payments"]
    }
    assert ends == {
        "R00000000001": ("approved", "00", 700),
        "R00000000002": ("declined", "55", 800),
        "R00000000003": ("reversed", "00", 900),
        "R00000000004": ("reversed", "", 1_000),
    }
    assert view["totals"] == {
        "approved": {"count": 1, "amount_minor": 700},
        "declined": {"count": 1, "amount_minor": 800},
        "reversed": {"count": 2, "amount_minor": 1_900},
    }
    first = next(payment for payment in view["payments"] if payment["rrn"] == "R00000000001")
    assert first == {
        "rrn": "R00000000001",
        "terminal_id": "00000001",
        "merchant_id": "100000000000001",
        "stan": 1,
        "card_masked": "620000*********0018",
        "operation": "sale",
        "original_rrn": None,
        "amount_minor": 700,
        "status": "approved",
        "response_code": "00",
        "auth_code": "000001",
        "at_us": NOW.us,
        "reversed_at_us": None,
        "at": "2026-11-21T10:00:00.000+08:00",
    }
    assert view["checks"]["ok"]


def test_lists_are_cut_to_the_newest_and_totals_are_not(issuer):
    for number in range(1, 6):
        issuer.now = issuer.now.plus_ms(1)
        issuer.ask(issuer.acquirer.sale(number, fen=number))
    view = book(issuer, rows_max=2)
    assert [payment["stan"] for payment in view["payments"]] == [5, 4]
    assert len(view["entries"]) == 2
    assert view["totals"]["approved"] == {"count": 5, "amount_minor": 15}


def test_a_money_supply_that_was_tampered_with_is_seen(issuer):
    issuer.ask(issuer.acquirer.sale(1, fen=700))
    connection = issuer.store.connection
    connection.execute("DROP TRIGGER entry_no_update")
    connection.execute(
        "UPDATE entry SET amount_minor = -699 WHERE rrn = 'R00000000001' AND account_id = 'good'"
    )
    assert book(issuer)["checks"] == {
        "entries_sum_minor": 1,
        "unbalanced_events": 1,
        "balances_agree": False,
        "holds_agree": True,
        "ok": False,
    }


@pytest.mark.parametrize("seed", range(5))
def test_after_any_day_all_entries_sum_to_zero_and_balances_are_opening_plus_entries(issuer, seed):
    draw = random.Random(seed)
    cards = list(OPENINGS)
    for _ in range(40):
        group = []
        for _ in range(draw.randint(1, 8)):
            number = draw.randint(1, 60)
            # The payment's number says all about it, so that repeats are true repeats.
            fixed = random.Random(number)
            card, fen = fixed.choice(cards), fixed.choice([1, 99, 10_000, 10_001, 400_000])
            pin = fixed.choice([RIGHT_PIN, RIGHT_PIN, RIGHT_PIN, WRONG_PIN])
            if draw.random() < 0.6:
                group.append(issuer.acquirer.sale(number, card, pin, fen))
            else:
                group.append(issuer.acquirer.reversal(number, fen))
        issuer.run(*group)
    view = book(issuer)
    assert view["checks"]["ok"], view["checks"]
    approved = view["totals"].get("approved", {"amount_minor": 0})
    balances = {account["account_id"]: account["balance_minor"] for account in view["accounts"]}
    assert balances["clearing"] == approved["amount_minor"]
    assert all(balances[card] >= 0 for card in cards)
    assert issuer.state.balances == issuer.store.balances()


def test_an_event_that_would_make_money_does_not_exist():
    one = Money(1, Currency.CNY)
    with pytest.raises(InvariantViolationError):
        BookEvent(EventKind.SALE, rrn(1), NOW, (Entry("good", one), Entry("clearing", one)))


def test_an_account_that_would_be_overdrawn_is_a_bug(issuer):
    loss = Money(-2, Currency.CNY)
    event = BookEvent(
        EventKind.SALE, rrn(1), NOW, (Entry("no_funds", loss), Entry("clearing", -loss))
    )
    with pytest.raises(InvariantViolationError):
        issuer.state.book(event)


@pytest.mark.parametrize(
    "table", ["account", "card", "authorisation", "reversal", "entry", "hold_move", "pin_try"]
)
@pytest.mark.parametrize("change", ["DELETE FROM {0}", "UPDATE {0} SET rowid = rowid + 1000"])
def test_no_row_of_the_book_can_be_changed_or_deleted(issuer, table, change):
    issuer.ask(issuer.acquirer.sale(1, fen=700))
    issuer.ask(issuer.acquirer.reversal(1, fen=700))
    issuer.ask(issuer.acquirer.operation(2, Operation.PRE_AUTHORISATION))
    change = change.format(table)
    if table in ("authorisation", "reversal"):
        change = change.replace("rowid", "at_us")
    with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
        issuer.store.connection.execute(change)


def test_a_second_process_cannot_open_the_same_book(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    first = IssuerStore.open(path)
    with pytest.raises(StoreUnusableError, match="in use by another process"):
        IssuerStore.open(path)
    first.close()
    IssuerStore.open(path).close()


def test_a_book_made_under_other_keys_is_refused(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    Issuer(path).close()
    other = zone_keys()
    other.import_key(KeyName("token"), KeyBytes(b"\x77" * 32), KeyAlgorithm.HMAC)
    with pytest.raises(StoreUnusableError, match="made under other keys"):
        Issuer(path, other)


def test_a_book_of_a_newer_version_is_refused(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 4")
    with pytest.raises(StoreUnusableError, match="has version 4, not 3"):
        IssuerStore.open(path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(StoreUnusableError, match="not a database"):
        IssuerStore.open(path)


def test_the_book_is_flushed_at_every_commit(issuer):
    connection = issuer.store.connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_group_whose_commit_fails_says_nothing(issuer):
    issuer.store.connection.execute("PRAGMA query_only = ON")
    with pytest.raises(StoreFailedError):
        issuer.run(issuer.acquirer.sale(1), issuer.acquirer.sale(2))


def test_opening_twice_opens_the_accounts_once(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    for _ in range(3):
        issuer = Issuer(path)
        assert len(book(issuer)["entries"]) == 20
        assert issuer.state.wrong_pins == {
            token: 3 for token, card in issuer.state.cards.items() if card.card_id == "pin_locked"
        }
        issuer.close()
