"""The issuer's book on disk: SQLite, WAL, flushed at every commit, one writer.

The database never holds a card number, a track or a PIN: cards are known by a keyed token and
their masked number, PINs by a reference value under a key of the issuer.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from typing import TYPE_CHECKING, Any, Self

from tongbao.domain.dates import Instant
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.cards import Behaviour, CardStatus
from tongbao.sandbox.issuer.core.book import (
    Account,
    AccountKind,
    Authorisation,
    BookEvent,
    Card,
    PinTry,
    Record,
    Remembered,
    Reversal,
)
from tongbao.sandbox.issuer.schema import SCHEMA, SCHEMA_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

Row = tuple[Any, ...]  # what sqlite3 takes and hands out

_VARIABLES_MAX = 500

_INSERT_ACCOUNT = "INSERT INTO account VALUES (?, ?, ?, ?, ?)"
_INSERT_CARD = "INSERT INTO card VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_AUTHORISATION = "INSERT INTO authorisation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_REVERSAL = "INSERT INTO reversal VALUES (?, ?, ?, ?, ?)"
_INSERT_ENTRY = "INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?)"
_INSERT_PIN_TRY = "INSERT INTO pin_try VALUES (NULL, ?, ?, ?)"
_WRONG_PINS_IN_A_ROW = """
SELECT card_token, COUNT(*) FROM pin_try AS wrong
WHERE was_right = 0 AND try_no > COALESCE(
    (SELECT MAX(try_no) FROM pin_try AS good
     WHERE good.card_token = wrong.card_token AND good.was_right = 1), 0)
GROUP BY card_token
"""


class StoreFailedError(Exception):
    """The book could not be written or flushed; the process must end and start over."""


class StoreUnusableError(Exception):
    """The book cannot be opened: in use, from a newer version, or made under other keys."""


class IssuerStore:
    """One issuer's database; every method blocks, `commit` until the disk has it."""

    def __init__(self, connection: sqlite3.Connection, lock_fd: int) -> None:
        self._connection = connection
        self._lock_fd = lock_fd
        row = connection.execute("SELECT COALESCE(MAX(event_no), 0) FROM entry").fetchone()
        self._event_no = int(row[0])

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open or create the book at `path`; raises StoreUnusableError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lock_fd = _take_lock(path)
        try:
            connection = sqlite3.connect(path, isolation_level=None, cached_statements=64)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _prepare_schema(connection, path)
            return cls(connection, lock_fd)
        except sqlite3.Error as error:
            os.close(lock_fd)
            raise StoreUnusableError(f"{path}: {error}") from error
        except StoreUnusableError:
            os.close(lock_fd)
            raise

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for the read-only views of the book."""
        return self._connection

    def close(self) -> None:
        """Close the database and let another process have it."""
        self._connection.close()
        os.close(self._lock_fd)

    def open_accounts(
        self,
        accounts: Iterable[Account],
        cards: Iterable[Card],
        records: Sequence[Record],
        now: Instant,
    ) -> None:
        """Add accounts and cards with their first records, all or nothing; StoreFailedError."""
        account_rows = [_account_row(account, now) for account in accounts]
        card_rows = [_card_row(card) for card in cards]
        self._in_one_transaction(
            ((_INSERT_ACCOUNT, account_rows), (_INSERT_CARD, card_rows), *self._rows(records))
        )

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records in one transaction with one flush; StoreFailedError if it fails."""
        if records:
            self._in_one_transaction(self._rows(records))

    def accounts(self) -> list[Account]:
        """Every account with its opening balance."""
        rows = self._connection.execute(
            "SELECT account_id, kind, currency, opening_minor FROM account"
        )
        return [
            Account(account_id, AccountKind(kind), Money(opening, Currency[currency]))
            for account_id, kind, currency, opening in rows
        ]

    def cards(self) -> list[Card]:
        """Every card on file."""
        rows = self._connection.execute(
            "SELECT card_id, token, masked, account_id, expiry, pin_reference, status, behaviour,"
            " single_limit_minor, currency FROM card JOIN account USING (account_id)"
        )
        return [
            Card(
                card_id=row[0],
                token=row[1],
                masked=row[2],
                account_id=row[3],
                expiry=row[4],
                pin_reference=row[5],
                status=CardStatus(row[6]),
                behaviour=Behaviour(row[7]),
                single_limit=None if row[8] is None else Money(row[8], Currency[row[9]]),
            )
            for row in rows
        ]

    def balances(self) -> dict[str, int]:
        """What each account holds, in minor units: the sum of its entries."""
        rows = self._connection.execute(
            "SELECT account_id, COALESCE(SUM(amount_minor), 0) FROM account"
            " LEFT JOIN entry USING (account_id) GROUP BY account_id"
        )
        return dict(rows.fetchall())

    def wrong_pins(self) -> dict[bytes, int]:
        """How many wrong PINs in a row each card has seen since its last right one."""
        return dict(self._connection.execute(_WRONG_PINS_IN_A_ROW).fetchall())

    def approvals(self) -> int:
        """How many sales were ever approved; the next authorisation code follows from it."""
        row = self._connection.execute(
            "SELECT COUNT(*) FROM authorisation WHERE auth_code <> ''"
        ).fetchone()
        return int(row[0])

    def recall(self, rrns: Sequence[str]) -> dict[str, Remembered]:
        """What the book holds under these F37s; an unknown one is missing from the answer."""
        authorisations: dict[str, Authorisation] = {}
        reversals: dict[str, Reversal] = {}
        for start in range(0, len(rrns), _VARIABLES_MAX):
            part = rrns[start : start + _VARIABLES_MAX]
            marks = ",".join("?" * len(part))
            for row in self._connection.execute(
                f"SELECT * FROM authorisation WHERE rrn IN ({marks})",  # noqa: S608 - only question marks
                part,
            ):
                authorisations[row[0]] = _authorisation(row)
            for row in self._connection.execute(
                f"SELECT * FROM reversal WHERE rrn IN ({marks})",  # noqa: S608 - only question marks
                part,
            ):
                reversals[row[0]] = _reversal(row)
        return {
            rrn: Remembered(authorisations.get(rrn), reversals.get(rrn))
            for rrn in authorisations.keys() | reversals.keys()
        }

    def _rows(self, records: Sequence[Record]) -> tuple[tuple[str, list[Row]], ...]:
        authorisations: list[Row] = []
        reversals: list[Row] = []
        entries: list[Row] = []
        pin_tries: list[Row] = []
        for record in records:
            match record:
                case Authorisation():
                    authorisations.append(_authorisation_row(record))
                case BookEvent():
                    entries.extend(self._entry_rows(record))
                case PinTry():
                    pin_tries.append((record.card_token, int(record.was_right), record.at.us))
                case Reversal():
                    reversals.append(_reversal_row(record))
        return (
            (_INSERT_AUTHORISATION, authorisations),
            (_INSERT_REVERSAL, reversals),
            (_INSERT_ENTRY, entries),
            (_INSERT_PIN_TRY, pin_tries),
        )

    def _entry_rows(self, event: BookEvent) -> list[Row]:
        self._event_no += 1
        rrn = None if event.rrn is None else event.rrn.value
        head, at_us = (self._event_no, event.kind.value, rrn), event.at.us
        return [(*head, entry.account_id, entry.amount.minor, at_us) for entry in event.entries]

    def _in_one_transaction(self, statements: Iterable[tuple[str, list[Row]]]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, rows in statements:
                if rows:
                    self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Never retried: after a failed flush nobody knows what the disk holds.
            raise StoreFailedError(str(error)) from error


def _prepare_schema(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        connection.executescript(SCHEMA)
    elif version != SCHEMA_VERSION:
        raise StoreUnusableError(f"{path} has version {version}, not {SCHEMA_VERSION}")


def _take_lock(path: Path) -> int:
    """Lock the book for this process; balances live in memory, two writers would disagree."""
    lock_path = path.with_name(path.name + ".lock")
    lock_fd = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock_fd)
        raise StoreUnusableError(f"{path} is in use by another process") from error
    return lock_fd


def _account_row(account: Account, now: Instant) -> Row:
    opening = account.opening
    return (account.account_id, account.kind.value, opening.currency.code, opening.minor, now.us)


def _card_row(card: Card) -> Row:
    return (
        card.card_id,
        card.token,
        card.masked,
        card.account_id,
        card.expiry,
        card.pin_reference,
        card.status.value,
        card.behaviour.value,
        None if card.single_limit is None else card.single_limit.minor,
    )


def _authorisation_row(record: Authorisation) -> Row:
    return (
        record.rrn.value,
        record.terminal_id.value,
        record.merchant_id.value,
        record.stan.value,
        record.card_masked,
        record.card_token,
        record.amount.minor,
        record.amount.currency.code,
        record.response_code,
        record.auth_code,
        record.at.us,
    )


def _authorisation(row: Row) -> Authorisation:
    return Authorisation(
        rrn=Rrn(row[0]),
        terminal_id=TerminalId(row[1]),
        merchant_id=MerchantId(row[2]),
        stan=Stan(row[3]),
        card_masked=row[4],
        card_token=row[5],
        amount=Money(row[6], Currency[row[7]]),
        response_code=row[8],
        auth_code=row[9],
        at=Instant(row[10]),
    )


def _reversal_row(record: Reversal) -> Row:
    return (
        record.rrn.value,
        record.amount.minor,
        record.amount.currency.code,
        record.response_code,
        record.at.us,
    )


def _reversal(row: Row) -> Reversal:
    return Reversal(
        rrn=Rrn(row[0]),
        amount=Money(row[1], Currency[row[2]]),
        response_code=row[3],
        at=Instant(row[4]),
    )
