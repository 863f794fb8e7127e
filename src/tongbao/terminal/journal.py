"""The terminal's journal: facts added one by one, each flushed to the disk before it counts.

One SQLite file in WAL mode with synchronous=FULL. Rows are never changed or removed (triggers see
to it) and carry a chain of SHA-256 digests, so that a changed, lost or foreign row is found at the
next start. A small file beside it remembers how far the chain went, which finds a lost tail. A
journal that does not hold together is refused: the terminal does not sell on a wrong memory.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, Self

from tongbao.domain.dates import Instant
from tongbao.domain.errors import InvariantViolationError, OperationalError, Retry
from tongbao.terminal.core.records import Record, record_body, record_from
from tongbao.terminal.core.recovery import JournalReader, PaymentLine, read_records

JOURNAL_NAME: Final = "journal.sqlite3"
_SCHEMA_VERSION: Final = 2
_DIGEST_BYTES: Final = 32
_HEAD_BYTES: Final = 8 + _DIGEST_BYTES

_SCHEMA: Final = """
PRAGMA application_id = 0x546F6E67;

CREATE TABLE owner (terminal_id TEXT NOT NULL) STRICT;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER the_owner_does_not_change BEFORE UPDATE ON owner
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
"""
# What a release may word anew, without touching a record.
_VIEWS: Final = """
PRAGMA user_version = 2;
DROP INDEX IF EXISTS one_sale_per_trace;
DROP VIEW IF EXISTS sales;
CREATE UNIQUE INDEX one_payment_per_trace
    ON entries (json_extract(body, '$.batch'), json_extract(body, '$.trace'))
    WHERE kind IN ('payment_intended', 'sale_intended');
CREATE VIEW payments AS
    SELECT json_extract(s.body, '$.batch') AS batch,
           json_extract(s.body, '$.trace') AS trace,
           coalesce(json_extract(s.body, '$.payment_kind'), 'sale') AS kind,
           json_extract(s.body, '$.amount_minor') AS amount_minor,
           json_extract(s.body, '$.card_masked') AS card_masked,
           datetime(s.at_us / 1000000, 'unixepoch') AS intended_utc,
           coalesce(
               CASE c.kind WHEN 'reversal_closed' THEN 'reversed'
                           ELSE json_extract(c.body, '$.outcome') END,
               'in_doubt') AS outcome,
           json_extract(c.body, '$.code') AS code,
           json_extract(c.body, '$.rrn') AS rrn
    FROM entries s
    LEFT JOIN entries c
        ON c.kind IN ('payment_closed', 'sale_closed', 'reversal_closed')
       AND json_extract(c.body, '$.batch') = json_extract(s.body, '$.batch')
       AND json_extract(c.body, '$.trace') = json_extract(s.body, '$.trace')
    WHERE s.kind IN ('payment_intended', 'sale_intended');
"""


class JournalError(OperationalError):
    """The journal could not be written and flushed; nothing may be said that depends on it."""


class JournalDamagedError(JournalError):
    """The journal is not what was written, or not this terminal's; the text says how it shows."""


class JournalBusyError(JournalError):
    """Another process holds this terminal's journal."""


class Journal:
    """The journal of one terminal, held by one process and used by one thread at a time."""

    def __init__(self, folder: Path, terminal_id: str) -> None:
        self._terminal_id = terminal_id
        self._seq = 0
        self._digest = _first_digest(terminal_id)
        self._broken = False
        self._lock = _take_lock(folder)
        self._head = -1
        self._database: sqlite3.Connection | None = None

    @classmethod
    def open(cls, folder: Path, terminal_id: str) -> Self:
        """Open the journal in a folder, which is made when it is not there.

        Raises: JournalBusyError; JournalDamagedError; JournalError when it cannot be opened.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            journal = cls(folder, terminal_id)
        except OSError as error:
            raise JournalError(Retry.NEVER, f"the journal in {folder}: {error.strerror}") from None
        try:
            journal._open(folder)
        except BaseException:
            journal.close()
            raise
        return journal

    def records(self) -> Iterator[tuple[Record, Instant]]:
        """Yield every record with its time, oldest first, checking the chain on the way.

        Raises: JournalDamagedError.
        """
        digest = _first_digest(self._terminal_id)
        seq = 0
        for seq, (record, at, digest) in enumerate(self._rows(), 1):  # noqa: B007 - both are needed after the loop
            yield record, at
        if (seq, digest) != (self._seq, self._digest):
            raise JournalDamagedError(Retry.NEVER, "the journal changed while it was read")

    def append(self, record: Record, at: Instant) -> None:
        """Write a record and return when it is flushed.

        Raises: JournalError, after which nothing is accepted any more.
        """
        if self._broken or self._database is None:
            raise JournalError(Retry.NEVER, "the journal has failed before")
        body = json.dumps(
            record_body(record), ensure_ascii=False, separators=(",", ":"), sort_keys=True
        )
        seq = self._seq + 1
        digest = _next_digest(self._digest, seq, at.us, record.kind, body)
        try:
            # In autocommit mode the statement returns when its transaction is on the disk.
            self._database.execute(
                "INSERT INTO entries (seq, at_us, kind, body, digest) VALUES (?, ?, ?, ?, ?)",
                (seq, at.us, record.kind, body, digest),
            )
        except sqlite3.Error as error:
            self._broken = True
            raise JournalError(Retry.NEVER, f"the journal: {_plain(error)}") from None
        self._seq = seq
        self._digest = digest
        self._note_head()

    def close(self) -> None:
        """Close the file and let another process have it."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._head >= 0:
            os.close(self._head)
            self._head = -1
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _open(self, folder: Path) -> None:
        path = folder / JOURNAL_NAME
        is_new = not path.exists()
        try:
            # Made before SQLite makes it, so that its own files get the same mode.
            path.touch(mode=0o600)
            self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
            self._prepare(self._database)
            if is_new:
                _flush_folder(folder)
        except sqlite3.DatabaseError as error:
            raise _opening_error(error) from None
        except OSError as error:
            raise JournalError(Retry.NEVER, f"the journal: {error.strerror}") from None
        self._find_end(folder)

    def _prepare(self, database: sqlite3.Connection) -> None:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and not database.execute("SELECT 1 FROM sqlite_schema").fetchone():
            # One transaction: a power cut leaves an empty file or the whole schema.
            database.executescript("BEGIN IMMEDIATE;" + _SCHEMA + _VIEWS)
            database.execute("INSERT INTO owner VALUES (?)", (self._terminal_id,))
            database.execute("COMMIT")
        elif version == 1:
            database.executescript("BEGIN IMMEDIATE;" + _VIEWS + "COMMIT;")
        elif version != _SCHEMA_VERSION:
            raise JournalDamagedError(
                Retry.NEVER,
                f"the journal has schema {version}, this release knows {_SCHEMA_VERSION}",
            )
        owner = database.execute("SELECT terminal_id FROM owner").fetchall()
        if owner != [(self._terminal_id,)]:
            raise JournalDamagedError(Retry.NEVER, "the journal belongs to another terminal")
        if database.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise JournalDamagedError(Retry.NEVER, "the journal file is damaged")

    def _find_end(self, folder: Path) -> None:
        head_file = folder / "journal.head"
        try:
            self._head = os.open(head_file, os.O_RDWR | os.O_CREAT, 0o600)
            head = _read_head(os.pread(self._head, _HEAD_BYTES + 4, 0))
        except OSError as error:
            raise JournalError(Retry.NEVER, f"{head_file}: {error.strerror}") from None
        for seq, (_, _, digest) in enumerate(self._rows(), 1):
            self._seq, self._digest = seq, digest
            if head is not None and head[0] == seq and head[1] != digest:
                raise JournalDamagedError(Retry.NEVER, "the journal is not the one used last")
        if head is not None and head[0] > self._seq:
            raise JournalDamagedError(
                Retry.NEVER, f"the journal lost its end: {self._seq} of {head[0]} records"
            )
        self._note_head()

    def _rows(self) -> Iterator[tuple[Record, Instant, bytes]]:
        assert self._database is not None  # noqa: S101 - only an open journal is read
        return _checked_rows(self._database, self._terminal_id)

    def _note_head(self) -> None:
        # Not flushed: after a power cut it may be behind the journal, but never ahead of it.
        head = self._seq.to_bytes(8, "big") + self._digest
        with suppress(OSError):
            os.pwrite(self._head, head + zlib.crc32(head).to_bytes(4, "big"), 0)


def restore_reader(journal: Journal) -> JournalReader:
    """Read a journal for `restore`.

    Raises: JournalDamagedError, also when the records contradict each other.
    """
    try:
        return read_records(journal.records())
    except InvariantViolationError as error:
        raise JournalDamagedError(Retry.NEVER, str(error)) from None


def read_payments(folder: Path, terminal_id: str) -> list[PaymentLine]:
    """Return every payment in a terminal's journal, oldest first, also while the terminal runs.

    Raises: JournalDamagedError; JournalError when there is no journal.
    """
    path = folder / JOURNAL_NAME
    if not path.exists():
        raise JournalError(Retry.NEVER, f"there is no journal in {folder}")
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        rows = ((record, at) for record, at, _ in _checked_rows(database, terminal_id))
        return list(read_records(rows, keep_all=True).payments.values())


def _checked_rows(
    database: sqlite3.Connection, terminal_id: str
) -> Iterator[tuple[Record, Instant, bytes]]:
    """Yield records, times and digests in order; raises `JournalDamagedError` where they break."""
    digest = _first_digest(terminal_id)
    try:
        rows = database.execute("SELECT seq, at_us, kind, body, digest FROM entries ORDER BY seq")
        for expected_seq, (seq, at_us, kind, body, kept) in enumerate(rows, 1):
            digest = _next_digest(digest, seq, at_us, kind, body)
            if seq != expected_seq or kept != digest:
                raise JournalDamagedError(
                    Retry.NEVER, f"the journal does not hold together at record {expected_seq}"
                )
            yield record_from(kind, json.loads(body)), Instant(at_us), digest
    except sqlite3.DatabaseError as error:
        raise JournalDamagedError(Retry.NEVER, f"the journal: {_plain(error)}") from None
    except ValueError as error:
        raise JournalDamagedError(Retry.NEVER, str(error)) from None


def _first_digest(terminal_id: str) -> bytes:
    return hashlib.sha256(f"tongbao journal {terminal_id}".encode()).digest()


def _next_digest(digest: bytes, seq: int, at_us: int, kind: str, body: str) -> bytes:
    text = f"{seq}\n{at_us}\n{kind}\n{body}"
    return hashlib.sha256(digest + text.encode()).digest()


def _take_lock(folder: Path) -> int:
    lock = os.open(folder / "journal.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise JournalBusyError(
            Retry.AFTER, "another process runs this terminal; stop it first"
        ) from None
    return lock


def _read_head(content: bytes) -> tuple[int, bytes] | None:
    """Return how far the chain went; None for a new file or one that a power cut has torn."""
    head, check = content[:_HEAD_BYTES], content[_HEAD_BYTES:]
    if len(check) != 4 or zlib.crc32(head).to_bytes(4, "big") != check:
        return None
    return int.from_bytes(head[:8], "big"), head[8:]


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _opening_error(error: sqlite3.DatabaseError) -> JournalError:
    if isinstance(error, sqlite3.OperationalError):
        return JournalError(Retry.NEVER, f"the journal: {_plain(error)}")
    return JournalDamagedError(Retry.NEVER, f"the journal: {_plain(error)}")


def _plain(error: sqlite3.Error) -> str:
    """Return SQLite's name of an error; its text could quote a value."""
    return getattr(error, "sqlite_errorname", None) or type(error).__name__
