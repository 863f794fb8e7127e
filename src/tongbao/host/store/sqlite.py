"""The host's tables in SQLite: WAL, synchronous=FULL, one transaction a group."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from tongbao.host.records import (
    EventRecord,
    PaymentRecord,
    SessionRecord,
    StoredPayment,
    StoredSession,
    StoredTerminal,
    TerminalRecord,
    TraceKey,
)
from tongbao.host.store.port import DuplicatePaymentError, NodeTakenError, StoreFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tongbao.host.records import Record

_BUSY_TIMEOUT_S: Final = 20
# Pages of 4 KiB in the write-ahead log before its content moves to the database file. A page that
# many groups touch is then copied once: measured in docs/adr/0004.
_CHECKPOINT_PAGES: Final = 16_384
_CACHE_KIB: Final = 65_536
# Half of SQLite's oldest limit on bound variables, in rows of three.
_ROWS_PER_QUERY: Final = 150

_PAYMENT_COLUMNS: Final = ", ".join(PaymentRecord._fields)
_EVENT_COLUMNS: Final = ", ".join(EventRecord._fields)
_SESSION_COLUMNS: Final = ", ".join(SessionRecord._fields)


def _insert(table: str, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names


_INSERT_PAYMENT: Final = _insert("payments_payment", PaymentRecord._fields)
_INSERT_EVENT: Final = _insert("payments_paymentevent", EventRecord._fields)
_INSERT_SESSION: Final = _insert("fleet_terminalsession", SessionRecord._fields)

_SELECT_TERMINALS: Final = """
    SELECT t.terminal_id, t.merchant_id, t.batch_no, t.is_active, m.is_active, m.mcc,
           s.signed_in_at_us, s.batch_no, s.key_block
    FROM fleet_terminal t
    JOIN merchants_merchant m ON m.merchant_id = t.merchant_id
    LEFT JOIN fleet_terminalsession s ON s.session_id =
        (SELECT max(n.session_id) FROM fleet_terminalsession n WHERE n.terminal_id = t.terminal_id)
    WHERE t.terminal_id IN (%s)
"""
_SELECT_BY_KEY: Final = f"""
    SELECT {_PAYMENT_COLUMNS} FROM payments_payment
    WHERE (terminal_id, batch_no, stan) IN (VALUES %s)
"""  # noqa: S608 - our own column names
_SELECT_EVENTS: Final = f"""
    SELECT {_EVENT_COLUMNS} FROM payments_paymentevent
    WHERE payment_id IN (%s) ORDER BY event_id
"""  # noqa: S608 - our own column names
_SELECT_WITHOUT_EVENT: Final = f"""
    SELECT {_PAYMENT_COLUMNS} FROM payments_payment p
    WHERE p.payment_id >= ? AND (p.payment_id >> 13) & 63 = ?
      AND NOT EXISTS (SELECT 1 FROM payments_paymentevent e WHERE e.payment_id = p.payment_id)
"""  # noqa: S608 - our own column names
_SELECT_REVERSING: Final = f"""
    SELECT {_PAYMENT_COLUMNS} FROM payments_payment
    WHERE payment_id IN (
        SELECT payment_id FROM payments_paymentevent
        WHERE kind IN ('reversal_requested', 'reversed')
        GROUP BY payment_id
        HAVING sum(kind = 'reversal_requested') > sum(kind = 'reversed'))
"""  # noqa: S608 - our own column names


class SqliteStore:
    """`HostStore` on one SQLite file whose schema exists; see `HostStore` for what is raised."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock: int | None = None
        if not path.exists():
            raise StoreFailedError(f"the database {path} does not exist")
        try:
            # The thread that runs commits may not be the one that opened; never two at a time.
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            execute = self._connection.execute
            execute("PRAGMA journal_mode=WAL")
            execute("PRAGMA synchronous=FULL")
            execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        except sqlite3.Error as error:
            raise StoreFailedError(f"opening {path}: {error}") from error

    def claim_node(self, node: int) -> None:
        """Lock a file beside the database; the kernel lets go when the process ends."""
        path = self._path.with_name(f"{self._path.name}.node-{node:02d}.lock")
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreFailedError(f"the lock file {path}: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise NodeTakenError(f"another host runs as node {node} on {self._path}") from error
        self._lock = lock

    def load_terminals(self, terminal_ids: Sequence[str]) -> dict[str, StoredTerminal]:
        """Read terminals, their merchants and newest sessions."""
        found: dict[str, StoredTerminal] = {}
        for part in _parts(terminal_ids):
            marks = ", ".join("?" * len(part))
            for row in self._rows(_SELECT_TERMINALS % marks, part):
                terminal = TerminalRecord(
                    row[0], row[1], row[2], bool(row[3]), bool(row[4]), row[5]
                )
                session = None if row[8] is None else StoredSession(row[6], row[7], row[8])
                found[row[0]] = StoredTerminal(terminal, session)
        return found

    def load_payments(self, keys: Sequence[TraceKey]) -> dict[TraceKey, StoredPayment]:
        """Read payments with their events."""
        payments: list[PaymentRecord] = []
        for part in _parts(keys):
            marks = ", ".join(["(?, ?, ?)"] * len(part))
            values = [value for key in part for value in key]
            payments += [PaymentRecord(*row) for row in self._rows(_SELECT_BY_KEY % marks, values)]
        return {stored.key: stored for stored in self._with_events(payments)}

    def last_payment_id(self, node: int) -> int:
        """Return the newest payment id of a node, 0 when it has none."""
        # Newest first: with one node the first row is the answer.
        rows = self._rows(
            "SELECT payment_id FROM payments_payment WHERE (payment_id >> 13) & 63 = ?"
            " ORDER BY payment_id DESC LIMIT 1",
            (node,),
        )
        return int(rows[0][0]) if rows else 0

    def open_payments(self, node: int, since_payment_id: int) -> tuple[StoredPayment, ...]:
        """Return what a start has to end, oldest first."""
        rows = self._rows(_SELECT_WITHOUT_EVENT, (since_payment_id, node))
        rows += self._rows(_SELECT_REVERSING, ())
        return tuple(self._with_events(sorted(PaymentRecord(*row) for row in rows)))

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records in one transaction and return when they are flushed."""
        payments: list[Record] = []
        events: list[Record] = []
        sessions: list[Record] = []
        for record in records:
            kind = type(record)
            if kind is EventRecord:
                events.append(record)
            elif kind is PaymentRecord:
                payments.append(record)
            else:
                sessions.append(record)
        execute, executemany = self._connection.execute, self._connection.executemany
        try:
            execute("BEGIN IMMEDIATE")
            if payments:
                executemany(_INSERT_PAYMENT, payments)
            if events:
                executemany(_INSERT_EVENT, events)
            if sessions:
                executemany(_INSERT_SESSION, sessions)
            execute("COMMIT")
        except sqlite3.IntegrityError as error:
            self._roll_back(error)
            raise DuplicatePaymentError from None
        except sqlite3.Error as error:
            raise StoreFailedError(f"writing {self._path}: {error}") from error

    def close(self) -> None:
        """Close the file; the last one to close moves the log into it."""
        with suppress(sqlite3.Error):
            self._connection.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _roll_back(self, cause: sqlite3.IntegrityError) -> None:
        if cause.sqlite_errorcode not in (
            sqlite3.SQLITE_CONSTRAINT_UNIQUE,
            sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        ):
            raise StoreFailedError(f"writing {self._path}: {cause}") from cause
        try:
            self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreFailedError(f"rolling back {self._path}: {error}") from error

    def _with_events(self, payments: Sequence[PaymentRecord]) -> list[StoredPayment]:
        events: dict[int, list[EventRecord]] = {payment.payment_id: [] for payment in payments}
        for part in _parts(list(events)):
            marks = ", ".join("?" * len(part))
            for row in self._rows(_SELECT_EVENTS % marks, part):
                events[row[0]].append(EventRecord(*row))
        return [StoredPayment(payment, tuple(events[payment.payment_id])) for payment in payments]

    def _rows(self, statement: str, values: Iterable[object]) -> list[Any]:
        try:
            return self._connection.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise StoreFailedError(f"reading {self._path}: {error}") from error


def _parts(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[at : at + _ROWS_PER_QUERY] for at in range(0, len(items), _ROWS_PER_QUERY)]
