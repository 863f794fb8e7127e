"""The terminal's journal on a simulated disk, with the rules of the real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from tongbao.domain.dates import Instant
from tongbao.domain.errors import Retry
from tongbao.simulation.disk import Disk, DiskError
from tongbao.terminal.core.records import PaymentIntended, Record, record_body, record_from
from tongbao.terminal.journal import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable

Row = tuple[int, str, str]


@lru_cache(4_096)
def read_row(row: Row) -> tuple[Record, Instant]:
    """Read a row; the machine that is switched on for the tenth time need not parse it again."""
    at_us, kind, body = row
    return record_from(kind, json.loads(body)), Instant(at_us)


class VirtualJournal:
    """Records as rows of time, kind and JSON text; after one failure it takes no more."""

    def __init__(self, disk: Disk[Row], boundary: Callable[[str], None]) -> None:
        self._disk = disk
        self._boundary = boundary
        self._broken = False
        self._traces: set[tuple[int, int]] = set()
        self._found = [read_row(row) for row in disk.rows()]
        for record, _ in self._found:
            if isinstance(record, PaymentIntended):
                self._traces.add((record.batch, record.trace))

    def records(self) -> Iterator[tuple[Record, Instant]]:
        """Yield every record that was there at the start, with its time, oldest first."""
        yield from self._found

    def append(self, record: Record, at: Instant) -> None:
        """Write a record and return when it is flushed; JournalError."""
        if self._broken:
            raise JournalError(Retry.NEVER, "the journal has failed before")
        if isinstance(record, PaymentIntended):
            key = (record.batch, record.trace)
            if key in self._traces:
                self._broken = True
                raise JournalError(Retry.NEVER, "the journal: SQLITE_CONSTRAINT_UNIQUE")
            self._traces.add(key)
        body = json.dumps(record_body(record), ensure_ascii=False, sort_keys=True)
        self._boundary("before writing")
        try:
            self._disk.write(((at.us, record.kind, body),))
            self._boundary("written, not flushed")
            self._disk.flush()
        except DiskError as error:
            self._broken = True
            raise JournalError(Retry.NEVER, f"the journal: {error}") from None
        self._boundary("flushed")
