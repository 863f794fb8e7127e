"""The host's tables in PostgreSQL: one statement a group, and so one transaction and one flush.

The columns of a group travel as arrays in PostgreSQL's text form and become rows by `unnest`:
measured against COPY, pipelined inserts and the driver's own arrays (docs/adr/0004), this takes the
host the least time, and one round trip.
"""

from __future__ import annotations

import select
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import psycopg
from psycopg.pq import DiagnosticField, ExecStatus

from tongbao.host.records import EventRecord, PaymentRecord
from tongbao.host.store.port import DuplicatePaymentError, NodeTakenError, StoreFailedError
from tongbao.host.store.postgresql_reader import PostgresqlReader, payment_of
from tongbao.host.store.queries import (
    SELECT_TERMINALS,
    TABLES,
    insert_end,
    terminal_of,
)
from tongbao.host.store.reading import ReadingStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tongbao.host.records import (
        Record,
        StoredTerminal,
    )

# First half of the key of our advisory locks; the second is the node number.
_LOCK_CLASS: Final = 0x746F6E67
_CONNECT_TIMEOUT_S: Final = 10
_UNIQUE_VIOLATION: Final = b"23505"
_IDS: Final = frozenset({"payment_id", "original_id", "exception_id", "order_id"})


def _numbers(values: Iterable[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _texts(values: Sequence[str]) -> str:
    text = '","'.join(values)
    if "\\" in text or text.count('"') != 2 * (len(values) - 1):
        escaped = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
        text = '","'.join(escaped)
    return '{"' + text + '"}'


def _bytes(values: Iterable[bytes]) -> str:
    return '{"' + '","'.join(["\\\\x" + value.hex() for value in values]) + '"}'


_Column = tuple[str, str, "Callable[[Any], str]"]


def _truths(values: Iterable[bool]) -> str:
    return "{" + ",".join("t" if value else "f" for value in values) + "}"


def _column(name: str) -> _Column:
    if name in ("card_token", "key_block", "image"):
        return name, "bytea", _bytes
    if name.endswith(("_us", "_minor")) or name in _IDS:
        return name, "bigint", _numbers
    if name in ("batch_no", "stan", "part_no", "record_count"):
        return name, "integer", _numbers
    if name == "is_last":
        return name, "boolean", _truths
    return name, "date" if name == "business_date" else "text", _texts


_COLUMNS: Final = {record: tuple(map(_column, record._fields)) for record in TABLES}


def _insert(record: type[Record], first: int) -> str:
    columns = _COLUMNS[record]
    names = ", ".join(name for name, _, _ in columns)
    arrays = ", ".join(f"${first + n}::{kind}[]" for n, (_, kind, _) in enumerate(columns))
    statement = f"INSERT INTO {TABLES[record]} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - our names
    return statement + insert_end(record)


def _write(records: Iterable[type[Record]]) -> bytes:
    """Return one statement that inserts into all tables; its parameters are all the columns."""
    parts, first = [], 1
    for record in records:
        parts.append(f"{TABLES[record]}_rows AS ({_insert(record, first)})")
        first += len(_COLUMNS[record])
    return f"WITH {', '.join(parts)} SELECT".encode()


# Nearly every group holds nothing but these.
_USUAL: Final[tuple[type[Record], ...]] = (PaymentRecord, EventRecord)
_WRITE: Final = b"tongbao_write"
_WRITE_ALL: Final = b"tongbao_write_all"
_PREPARED: Final = {_WRITE: _write(_USUAL), _WRITE_ALL: _write(TABLES)}
_SELECT_TERMINALS: Final = f"{SELECT_TERMINALS} WHERE t.terminal_id = ANY(%s)"


class PostgresqlStore(ReadingStore):
    """`HostStore` on one PostgreSQL connection; see `HostStore` for what is raised.

    Groups go past the driver's cursors to libpq: the server flushes one while the next is stepped.
    A lost connection is a failed store: what the server did with the last group is only known
    after a new start.
    """

    _mark = "%s"

    def __init__(self, url: str) -> None:
        self._sqlstate = b""
        self._reader = PostgresqlReader(self._rows)
        try:
            self._connection = psycopg.connect(
                url, autocommit=True, connect_timeout=_CONNECT_TIMEOUT_S, application_name="host"
            )
        except psycopg.Error as error:
            raise _failed("connecting", error) from None
        try:
            self._prepare()
        except StoreFailedError:
            self._connection.close()
            raise

    def claim_node(self, node: int) -> None:
        """Take the advisory lock of the node; the server lets go when the connection ends."""
        rows = self._rows("SELECT pg_try_advisory_lock(%s, %s)", (_LOCK_CLASS, node))
        if not rows[0][0]:
            raise NodeTakenError(f"another host runs as node {node} on this database")

    def load_terminals(self, terminal_ids: Sequence[str]) -> dict[str, StoredTerminal]:
        """Read terminals, their merchants and newest sessions."""
        rows = self._rows(_SELECT_TERMINALS, (list(terminal_ids),))
        return {row[0]: terminal_of(row) for row in rows}

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records with one statement and return when they are flushed."""
        self.begin_commit(records)
        while not self.commit_finished():
            select.select([self.fileno()], [], [])

    def begin_commit(self, records: Sequence[Record]) -> None:
        """Send the one statement of a group."""
        groups: dict[type[Record], list[Record]] = {kind: [] for kind in TABLES}
        for record in records:
            groups[type(record)].append(record)
        is_usual = sum(len(groups[kind]) for kind in _USUAL) == len(records)
        name, kinds = (_WRITE, _USUAL) if is_usual else (_WRITE_ALL, tuple(TABLES))
        values = [value for kind in kinds for value in _arrays(_COLUMNS[kind], groups[kind])]
        server = self._connection.pgconn
        try:
            server.send_query_prepared(name, values)
            # A group that fills the socket's buffer waits for the server to read it.
            while server.flush():
                select.select([server.socket], [server.socket], [])
                server.consume_input()
        except psycopg.Error as error:
            raise _failed("writing", error) from None

    def commit_finished(self) -> bool:
        """Read what the server has said; say whether that was all."""
        server = self._connection.pgconn
        try:
            server.consume_input()
            while not server.is_busy():
                result = server.get_result()
                if result is None:
                    return self._end_commit()
                if result.status != ExecStatus.TUPLES_OK:
                    self._sqlstate = result.error_field(DiagnosticField.SQLSTATE) or b"?"
        except psycopg.Error as error:
            raise _failed("writing", error) from None
        return False

    def fileno(self) -> int:
        """Return the connection's descriptor."""
        return self._connection.pgconn.socket

    def _prepare(self) -> None:
        # A server may be set to answer before the flush; not to us.
        self._rows(
            "SELECT set_config('synchronous_commit', 'on', false)"
            " WHERE current_setting('synchronous_commit') = 'off'",
            (),
        )
        for name, statement in _PREPARED.items():
            result = self._connection.pgconn.prepare(name, statement)
            if result.status != ExecStatus.COMMAND_OK:
                state = (result.error_field(DiagnosticField.SQLSTATE) or b"?").decode()
                raise StoreFailedError(f"preparing PostgreSQL: SQLSTATE {state}")

    def _end_commit(self) -> bool:
        """Tell how the statement ended."""
        sqlstate, self._sqlstate = self._sqlstate, b""
        if sqlstate == _UNIQUE_VIOLATION:
            raise DuplicatePaymentError
        if sqlstate:
            raise StoreFailedError(f"writing PostgreSQL: SQLSTATE {sqlstate.decode()}")
        return True

    def close(self) -> None:
        """Give the node number back and end the connection."""
        with suppress(psycopg.Error):
            # The server notices the end of a connection only after a while.
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        with suppress(psycopg.Error):
            self._connection.close()

    def _payment_of(self, row: Sequence[Any]) -> PaymentRecord:
        return payment_of(row)

    def _rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except psycopg.Error as error:
            raise _failed("reading", error) from None


def _arrays(columns: Sequence[_Column], records: Sequence[Record]) -> list[bytes | None]:
    if not records:
        return [b"{}"] * len(columns)
    values = zip(*records, strict=True)
    return [write(column).encode() for (_, _, write), column in zip(columns, values, strict=True)]


def _failed(doing: str, error: psycopg.Error) -> StoreFailedError:
    """Name the failure without the driver's text, which may quote values or the URL."""
    state = f", SQLSTATE {error.sqlstate}" if error.sqlstate else ""
    return StoreFailedError(f"{doing} PostgreSQL: {type(error).__name__}{state}")
