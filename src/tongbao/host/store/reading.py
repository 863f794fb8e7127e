"""The half of a `HostStore` that reads, the same for every database but for marks and rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from tongbao.host.store.families import find_payments
from tongbao.host.store.queries import (
    SELECT_BATCH_DETAILS,
    SELECT_BATCH_EVENTS,
    SELECT_LAST_IDS,
    SELECT_OPEN_EXCEPTIONS,
    SELECT_REVERSING,
    SELECT_SIGNATURE,
    SELECT_UNDELIVERED,
    SELECT_WITHOUT_EVENT,
    batch_detail_of,
    batch_event_of,
    join_events,
    signature_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tongbao.host.lookups import Query
    from tongbao.host.records import (
        BatchDetailRecord,
        BatchEventRecord,
        PaymentRecord,
        SignatureRecord,
        StoredPayment,
        TraceKey,
    )
    from tongbao.host.store.families import PaymentReader


class ReadingStore(ABC):
    """What a store reads, by its driver's parameter mark, its rows and its payment reader."""

    _mark: ClassVar[str]
    _reader: PaymentReader

    @abstractmethod
    def _rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        """Run a statement and return its rows; raises StoreFailedError."""

    @abstractmethod
    def _payment_of(self, row: Sequence[Any]) -> PaymentRecord:
        """Build a payment from the driver's row."""

    def load_payments(self, keys: Sequence[TraceKey]) -> dict[TraceKey, StoredPayment]:
        """Read payments with their events."""
        return {stored.key: stored for stored in self._with_events(self._reader.by_trace(keys))}

    def find_payments(self, queries: Sequence[Query]) -> dict[Query, tuple[StoredPayment, ...]]:
        """Read the payments that the queries name, with families and events."""
        return find_payments(self._reader, queries)

    def load_batch(
        self, terminal_id: str, batch_no: int
    ) -> tuple[tuple[BatchEventRecord, ...], tuple[BatchDetailRecord, ...]]:
        """Read the events and uploaded details of a batch in the order they were written."""
        key = (terminal_id, batch_no)
        events = self._marked_rows(SELECT_BATCH_EVENTS, key)
        details = self._marked_rows(SELECT_BATCH_DETAILS, key)
        return tuple(map(batch_event_of, events)), tuple(map(batch_detail_of, details))

    def load_signature(self, payment_id: int) -> tuple[SignatureRecord, ...]:
        """Read the parts of a payment's signature in their order."""
        return tuple(map(signature_of, self._marked_rows(SELECT_SIGNATURE, (payment_id,))))

    def last_payment_id(self, node: int) -> int:
        """Return the newest id that a node has made, 0 when it has none."""
        rows = [
            row for statement in SELECT_LAST_IDS for row in self._marked_rows(statement, (node,))
        ]
        return max((int(row[0]) for row in rows), default=0)

    def open_payments(self, node: int, since_payment_id: int) -> tuple[StoredPayment, ...]:
        """Return what a start has to end, oldest first."""
        rows = self._marked_rows(SELECT_WITHOUT_EVENT, (since_payment_id, node))
        rows += self._rows(SELECT_REVERSING, ()) + self._rows(SELECT_UNDELIVERED, ())
        return self._with_events(map(self._payment_of, rows))

    def open_exceptions(self) -> tuple[tuple[int, int], ...]:
        """Return payment id and exception id of what a person was asked to look at."""
        rows = self._rows(SELECT_OPEN_EXCEPTIONS, ())
        return tuple((int(row[0]), int(row[1])) for row in rows)

    def _marked_rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        return self._rows(statement.format(mark=self._mark), values)

    def _with_events(self, found: Iterable[PaymentRecord]) -> tuple[StoredPayment, ...]:
        payments = sorted(found)
        events = self._reader.events_of([payment.payment_id for payment in payments])
        return join_events(payments, events)
