"""The issuer's book on disk: SQLite, WAL, flushed at every commit, one writer.

The database never holds a card number, a track or a PIN: cards are known by a keyed token and
their masked number, PINs by a reference value under a key of the issuer.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from typing import TYPE_CHECKING, Self

from tongbao.domain.dates import Instant
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.cards import Behaviour, CardStatus
from tongbao.sandbox.issuer import rows
from tongbao.sandbox.issuer.core.book import (
    Account,
    AccountKind,
    Authorisation,
    BookEvent,
    Card,
    HoldMove,
    PinTry,
    Record,
    Remembered,
    Reversal,
)
from tongbao.sandbox.issuer.core.state import OpenHold
from tongbao.sandbox.issuer.rows import Row
from tongbao.sandbox.issuer.schema import SCHEMA_VERSION, upgrade_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_VARIABLES_MAX = 500

_INSERT_ACCOUNT = "INSERT INTO account VALUES (?, ?, ?, ?, ?)"
_INSERT_CARD = "INSERT INTO card VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_AUTHORISATION = (
    "INSERT INTO authorisation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_INSERT_REVERSAL = "INSERT INTO reversal VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_HOLD_MOVE = "INSERT INTO hold_move VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
_INSERT_ENTRY = "INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?)"
_INSERT_PIN_TRY = "INSERT INTO pin_try VALUES (NULL, ?, ?, ?)"
# The columns beside the sums are those of a hold's last move.
_OPEN_HOLDS = """
SELECT rrn, account_id, SUM(amount_minor) AS minor, expires_at_us, MAX(move_no)
FROM hold_move GROUP BY rrn HAVING minor > 0
"""
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
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(path, isolation_level=None, cached_statements=64)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            _prepare_schema(connection, path)
            return cls(connection, lock_fd)
        except (sqlite3.Error, StoreUnusableError) as error:
            if connection is not None:
                connection.close()
            os.close(lock_fd)
            if isinstance(error, StoreUnusableError):
                raise
            raise StoreUnusableError(f"{path}: {error}") from error

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
        account_rows = [rows.account_row(account, now) for account in accounts]
        card_rows = [rows.card_row(card) for card in cards]
        self._in_one_transaction(
            ((_INSERT_ACCOUNT, account_rows), (_INSERT_CARD, card_rows), *self._rows(records))
        )

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records in one transaction with one flush; StoreFailedError if it fails."""
        if records:
            self._in_one_transaction(self._rows(records))

    def accounts(self) -> list[Account]:
        """Every account with its opening balance."""
        found = self._connection.execute(
            "SELECT account_id, kind, currency, opening_minor FROM account"
        )
        return [
            Account(account_id, AccountKind(kind), Money(opening, Currency[currency]))
            for account_id, kind, currency, opening in found
        ]

    def cards(self) -> list[Card]:
        """Every card on file."""
        found = self._connection.execute(
            "SELECT card_id, token, masked, account_id, expiry, pin_reference, status, behaviour,"
            " single_limit_minor, currency, needs_pin FROM card JOIN account USING (account_id)"
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
                needs_pin=bool(row[10]),
            )
            for row in found
        ]

    def balances(self) -> dict[str, int]:
        """What each account holds, in minor units: the sum of its entries."""
        found = self._connection.execute(
            "SELECT account_id, COALESCE(SUM(amount_minor), 0) FROM account"
            " LEFT JOIN entry USING (account_id) GROUP BY account_id"
        )
        return dict(found.fetchall())

    def wrong_pins(self) -> dict[bytes, int]:
        """How many wrong PINs in a row each card has seen since its last right one."""
        return dict(self._connection.execute(_WRONG_PINS_IN_A_ROW).fetchall())

    def approvals(self) -> int:
        """How many sales were ever approved; the next authorisation code follows from it."""
        row = self._connection.execute(
            "SELECT COUNT(*) FROM authorisation WHERE auth_code <> ''"
        ).fetchone()
        return int(row[0])

    def open_holds(self) -> dict[str, OpenHold]:
        """The promises that stand, by the F37 of their pre-authorisation."""
        return {
            rrn: OpenHold(account_id, minor, Instant(expires_at_us))
            for rrn, account_id, minor, expires_at_us, _ in self._connection.execute(_OPEN_HOLDS)
        }

    def recall(self, rrns: Sequence[str]) -> dict[str, Remembered]:
        """What the book holds under these F37s and under those of their families.

        An F37 that is unknown is missing from the answer.
        """
        answers = self._authorisations("rrn", rrns)
        if answers:
            roots = {answer.family_rrn for answer in answers.values()}
            answers |= self._authorisations("rrn", [root for root in roots if root not in answers])
            answers |= self._authorisations("root", list(roots))
        reversals = {
            row[0]: rows.reversal(row)
            for row in self._select("reversal", "rrn", list(answers.keys() | set(rrns)))
        }
        return {
            rrn: Remembered(answers.get(rrn), reversals.get(rrn))
            for rrn in answers.keys() | reversals.keys()
        }

    def _authorisations(self, column: str, values: Sequence[str]) -> dict[str, Authorisation]:
        found = self._select("authorisation", column, values)
        return {row[0]: rows.authorisation(row) for row in found}

    def _select(self, table: str, column: str, values: Sequence[str]) -> Iterator[Row]:
        for start in range(0, len(values), _VARIABLES_MAX):
            part = values[start : start + _VARIABLES_MAX]
            marks = ",".join("?" * len(part))
            yield from self._connection.execute(
                f"SELECT * FROM {table} WHERE {column} IN ({marks})",  # noqa: S608 - our own names
                part,
            )

    def _rows(self, records: Sequence[Record]) -> tuple[tuple[str, list[Row]], ...]:
        authorisations: list[Row] = []
        reversals: list[Row] = []
        entries: list[Row] = []
        hold_moves: list[Row] = []
        pin_tries: list[Row] = []
        for record in records:
            match record:
                case Authorisation():
                    authorisations.append(rows.authorisation_row(record))
                case BookEvent():
                    entries.extend(self._entry_rows(record))
                case HoldMove():
                    hold_moves.append(rows.hold_move_row(record))
                case PinTry():
                    pin_tries.append((record.card_token, int(record.was_right), record.at.us))
                case Reversal():
                    reversals.append(rows.reversal_row(record))
        return (
            (_INSERT_AUTHORISATION, authorisations),
            (_INSERT_REVERSAL, reversals),
            (_INSERT_ENTRY, entries),
            (_INSERT_HOLD_MOVE, hold_moves),
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
            for statement, added in statements:
                if added:
                    self._connection.executemany(statement, added)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            # Never retried: after a failed flush nobody knows what the disk holds.
            raise StoreFailedError(str(error)) from error


def _prepare_schema(connection: sqlite3.Connection, path: Path) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise StoreUnusableError(f"{path} has version {version}, not {SCHEMA_VERSION}")
    if version < SCHEMA_VERSION:
        connection.executescript(upgrade_script(version))


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
