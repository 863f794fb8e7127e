"""The host's tables in SQLite: WAL, synchronous=FULL, one transaction a group."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from tongbao.host.records import PaymentRecord
from tongbao.host.store.port import DuplicatePaymentError, NodeTakenError, StoreFailedError
from tongbao.host.store.queries import (
    SELECT_TERMINALS,
    TABLES,
    insert_end,
    terminal_of,
)
from tongbao.host.store.reading import ReadingStore
from tongbao.host.store.sqlite_reader import SqliteReader, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from tongbao.host.records import (
        Record,
        StoredTerminal,
    )

_BUSY_TIMEOUT_S: Final = 20
# Pages of 4 KiB in the write-ahead log before its content moves to the database file. A page that
# many groups touch is then copied once: measured in docs/adr/0004.
_CHECKPOINT_PAGES: Final = 16_384
_CACHE_KIB: Final = 65_536


def _insert(record: type[Record]) -> str:
    columns = record._fields
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {TABLES[record]} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - our names
    return statement + insert_end(record)


_INSERTS: Final = {record: _insert(record) for record in TABLES}

_SELECT_TERMINALS: Final = f"{SELECT_TERMINALS} WHERE t.terminal_id IN (%s)"


class SqliteStore(ReadingStore):
    """`HostStore` on one SQLite file whose schema exists; see `HostStore` for what is raised."""

    _mark = "?"

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
            self._reader = SqliteReader(self._rows)
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
        for part in parts(terminal_ids):
            marks = ", ".join("?" * len(part))
            for row in self._rows(_SELECT_TERMINALS % marks, part):
                found[row[0]] = terminal_of(row)
        return found

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records in one transaction and return when they are flushed."""
        groups: dict[type[Record], list[tuple[object, ...]]] = {kind: [] for kind in _INSERTS}
        for record in records:
            # The driver binds a plain tuple a third faster than a named one.
            groups[type(record)].append(tuple(record))
        execute, executemany = self._connection.execute, self._connection.executemany
        try:
            execute("BEGIN IMMEDIATE")
            for kind, rows in groups.items():
                if rows:
                    executemany(_INSERTS[kind], rows)
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

    def _payment_of(self, row: Sequence[Any]) -> PaymentRecord:
        return PaymentRecord(*row)

    def _rows(self, statement: str, values: Iterable[object]) -> list[Any]:
        try:
            return self._connection.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise StoreFailedError(f"reading {self._path}: {error}") from error
