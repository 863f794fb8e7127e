"""A book from before there were holds is opened, upgraded once, and goes on as it was."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.sandbox.acquirer import Issuer
from tests.sandbox.asking import OPENING, ask, money, undo
from tongbao.sandbox.issuer import schema
from tongbao.sandbox.issuer.store import IssuerStore, StoreUnusableError
from tongbao.wire.network.operations import Operation as Op

OLD_BOOK = Path(__file__).with_name("book_version_1.sql")


@pytest.fixture
def old_book(tmp_path):
    """The path of a book of version 1: sales 1 and 5, 2 reversed, 3 killed, 4 declined."""
    path = tmp_path / "issuer.sqlite3"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLD_BOOK.read_text())
    return path


def columns(connection):
    """Every table and its columns."""
    names = connection.execute("SELECT name, type FROM sqlite_schema ORDER BY name").fetchall()
    return {
        name: connection.execute(f"PRAGMA table_info({name})").fetchall()
        for name, kind in names
        if kind == "table"
    }, names


def test_an_old_book_becomes_what_a_new_one_is(old_book, tmp_path):
    old, new = IssuerStore.open(old_book), IssuerStore.open(tmp_path / "new.sqlite3")
    assert columns(old.connection) == columns(new.connection)
    assert old.connection.execute("PRAGMA user_version").fetchone() == (3,)
    old.close()
    new.close()


def test_an_old_book_keeps_its_money_and_its_memory(old_book):
    issuer = Issuer(old_book)
    assert money(issuer) == (700, 0)
    assert issuer.state.balances["second"] == 2_000_000 - 20_000
    assert issuer.ask(issuer.acquirer.sale(1, fen=700)) == "00"
    assert issuer.ask(issuer.acquirer.sale(3, fen=50)) == "12"
    assert issuer.ask(issuer.acquirer.sale(4, pin="864209", fen=10)) == "55"
    assert undo(issuer, 2, Op.SALE, 900) == "00"
    assert money(issuer) == (700, 0)
    issuer.close()


def test_a_sale_of_an_old_book_can_be_refunded_and_voided(old_book):
    issuer = Issuer(old_book)
    assert ask(issuer, 11, Op.REFUND, 1, 300) == "00"
    assert ask(issuer, 12, Op.VOID, 5, 20_000, card="second") == "00"
    assert ask(issuer, 13, Op.VOID, 2, 900) == "12"
    issuer.close()
    issuer = Issuer(old_book)
    assert money(issuer) == (400, 0)
    assert issuer.state.balances["second"] == 2_000_000
    assert issuer.state.balances["good"] == OPENING - 400
    issuer.close()


def test_an_upgrade_that_fails_leaves_the_book_as_it_was(old_book, monkeypatch):
    broken = (*schema._STEPS[:1], schema._STEPS[1] + "INSERT INTO nowhere VALUES (1);\n")
    monkeypatch.setattr(schema, "_STEPS", broken)
    with pytest.raises(StoreUnusableError, match="nowhere"):
        IssuerStore.open(old_book)
    monkeypatch.undo()
    with closing(sqlite3.connect(old_book)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT COUNT(*) FROM entry").fetchone() > (0,)
    issuer = Issuer(old_book)
    assert money(issuer) == (700, 0)
    issuer.close()
