"""The issuer's book on a simulated disk, with the methods that its pump uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tongbao.sandbox.issuer.core.book import (
    Authorisation,
    BookEvent,
    HoldMove,
    PinTry,
    Record,
    Remembered,
    Reversal,
)
from tongbao.sandbox.issuer.core.state import IssuerState
from tongbao.sandbox.issuer.store import IssuerStore, StoreFailedError
from tongbao.simulation.disk import Disk, DiskError

# What looks at every record that is about to be written.
Audit = Callable[[Sequence[Record]], None]


class VirtualIssuerStore(IssuerStore):
    """One issuer process's view of its book; built from the disk at its start."""

    def __init__(  # the parent's one opens a database
        self, disk: Disk[Record], point: Callable[[str], None], audit: Audit
    ) -> None:
        self._disk = disk
        self._point = point
        self._audit = audit
        self._requests: dict[str, tuple[Authorisation, int]] = {}
        self._families: dict[str, list[str]] = {}
        self._reversal_rows: dict[str, tuple[Reversal, int]] = {}
        for number, transaction in enumerate(disk.transactions):
            self._take(transaction.rows, number)

    def recall(self, rrns: Sequence[str]) -> dict[str, Remembered]:
        """Return what the book holds under these F37s and under those of their families."""
        self._point("reading")
        found = [self._requests[rrn][0] for rrn in rrns if rrn in self._requests]
        wanted = dict.fromkeys(rrns)
        for answer in found:
            wanted.update(dict.fromkeys(self._families[answer.family_rrn]))
        return {
            rrn: Remembered(self.authorisation(rrn), self.reversal(rrn))
            for rrn in wanted
            if rrn in self._requests or rrn in self._reversal_rows
        }

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records in one transaction with one flush; StoreFailedError if it fails."""
        if not records:
            return
        self._audit(records)
        self._point("before writing")
        try:
            rows = tuple(records)
            self._take(rows, self._disk.write(rows))
            self._point("written, not flushed")
            self._disk.flush()
        except DiskError as error:
            raise StoreFailedError(str(error)) from error
        self._point("flushed, nothing sent")

    def authorisation(self, rrn: str) -> Authorisation | None:
        """Return the answer to a request, flushed or not."""
        found = self._requests.get(rrn)
        return None if found is None else found[0]

    def reversal(self, rrn: str) -> Reversal | None:
        """Return the answer to a reversal, flushed or not."""
        found = self._reversal_rows.get(rrn)
        return None if found is None else found[0]

    def durable_authorisation(self, rrn: str) -> Authorisation | None:
        """Return the answer to a request if a power cut now would leave it."""
        found = self._requests.get(rrn)
        return found[0] if found is not None and self._disk.is_durable(found[1]) else None

    def durable_reversal(self, rrn: str) -> Reversal | None:
        """Return the answer to a reversal if a power cut now would leave it."""
        found = self._reversal_rows.get(rrn)
        return found[0] if found is not None and self._disk.is_durable(found[1]) else None

    def load(self, state: IssuerState) -> None:
        """Bring a fresh state to where the book stands."""
        for row in self._disk.rows():
            if isinstance(row, BookEvent):
                state.book(row)
            elif isinstance(row, HoldMove):
                state.move_hold(row)
            elif isinstance(row, PinTry):
                state.count_pin(row)
            elif isinstance(row, Authorisation) and row.auth_code:
                state.approvals += 1

    def _take(self, rows: Sequence[Record], number: int) -> None:
        for row in rows:
            if isinstance(row, Authorisation):
                self._requests[row.rrn.value] = (row, number)
                self._families.setdefault(row.family_rrn, []).append(row.rrn.value)
            elif isinstance(row, Reversal):
                self._reversal_rows[row.rrn.value] = (row, number)
