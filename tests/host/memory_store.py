"""The host's tables as lists, for tests that want thousands of runs; the same promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tongbao.host.lookups import ByBatch, Query
from tongbao.host.records import (
    BatchDetailRecord,
    BatchEventKind,
    BatchEventRecord,
    EventRecord,
    ExceptionEventRecord,
    ExceptionRecord,
    OrderDoneRecord,
    PaymentRecord,
    Record,
    ScriptResultRecord,
    SessionRecord,
    SignatureRecord,
    StoredPayment,
    StoredSession,
    StoredTerminal,
    TerminalOrder,
    TerminalRecord,
    TraceKey,
    batch_after,
)
from tongbao.host.store.families import find_payments
from tongbao.host.store.port import DuplicatePaymentError

RecordT = TypeVar("RecordT", bound=Record)

# How many columns at the front make a record of this kind one of its own.
_ONCE: dict[type[Record], int] = {
    BatchDetailRecord: 4,
    SignatureRecord: 2,
    ScriptResultRecord: 1,
    OrderDoneRecord: 1,
}


class MemoryStore:
    """`HostStore` without a disk; several cores may share one, as processes share a database."""

    def __init__(self, *terminals: TerminalRecord) -> None:
        self.terminals = {terminal.terminal_id: terminal for terminal in terminals}
        self.sessions: list[SessionRecord] = []
        self.payments: dict[TraceKey, PaymentRecord] = {}
        self.events: list[EventRecord] = []
        # Orders as staff give them: terminal and order.
        self.orders: list[tuple[str, TerminalOrder]] = []
        # Every other kind of record, in the order it was written.
        self.others: list[Record] = []
        self.commits = 0

    def claim_node(self, node: int) -> None: ...

    def load_terminals(self, terminal_ids: Sequence[str]) -> dict[str, StoredTerminal]:
        found = {}
        for name in terminal_ids:
            if name in self.terminals:
                rows = [row for row in self.sessions if row.terminal_id == name]
                session = (
                    StoredSession(rows[-1].signed_in_at_us, rows[-1].batch_no, rows[-1].key_block)
                    if rows
                    else None
                )
                found[name] = StoredTerminal(
                    self._with_open_batch(self.terminals[name]),
                    session,
                    self._open_order(name),
                    self._newest_batch(name, BatchEventKind.TOTALS),
                )
        return found

    def load_payments(self, keys: Sequence[TraceKey]) -> dict[TraceKey, StoredPayment]:
        return {key: self.stored(key) for key in keys if key in self.payments}

    def find_payments(self, queries: Sequence[Query]) -> dict[Query, tuple[StoredPayment, ...]]:
        return find_payments(self, queries)

    def by_trace(self, keys: Sequence[TraceKey]) -> list[PaymentRecord]:
        return [self.payments[key] for key in keys if key in self.payments]

    def by_rrn(self, rrns: Sequence[str]) -> list[PaymentRecord]:
        return [row for row in self.payments.values() if row.rrn in rrns]

    def by_card(self, cards: Sequence[tuple[str, bytes]]) -> list[PaymentRecord]:
        rows = [row for row in self.payments.values() if row.kind == "pre_authorisation"]
        return [row for row in rows if (row.merchant_id, row.card_token) in cards]

    def by_batch(self, batches: Sequence[ByBatch]) -> list[PaymentRecord]:
        rows = self.payments.values()
        return [row for row in rows if (row.terminal_id, row.batch_no) in batches]

    def by_original(self, payment_ids: Sequence[int]) -> list[PaymentRecord]:
        return [row for row in self.payments.values() if row.original_id in payment_ids]

    def events_of(self, payment_ids: Sequence[int]) -> list[EventRecord]:
        return [event for event in self.events if event.payment_id in payment_ids]

    def load_batch(
        self, terminal_id: str, batch_no: int
    ) -> tuple[tuple[BatchEventRecord, ...], tuple[BatchDetailRecord, ...]]:
        batch = (terminal_id, batch_no)
        events = self.records_of(BatchEventRecord)
        details = self.records_of(BatchDetailRecord)
        return (
            tuple(row for row in events if (row.terminal_id, row.batch_no) == batch),
            tuple(row for row in details if (row.terminal_id, row.batch_no) == batch),
        )

    def load_signature(self, payment_id: int) -> tuple[SignatureRecord, ...]:
        rows = self.records_of(SignatureRecord)
        return tuple(sorted(row for row in rows if row.payment_id == payment_id))

    def last_payment_id(self, node: int) -> int:
        ids = [row.payment_id for row in self.payments.values()]
        ids += [row.exception_id for row in self.records_of(ExceptionRecord)]
        return max((made for made in ids if made >> 13 & 63 == node), default=0)

    def open_payments(self, node: int, since_payment_id: int) -> tuple[StoredPayment, ...]:
        result = []
        for key in self.payments:
            stored = self.stored(key)
            kinds = [event.kind for event in stored.events]
            own = stored.payment.payment_id >> 13 & 63 == node
            recent = stored.payment.payment_id >= since_payment_id
            reversing = kinds.count("reversal_requested") > kinds.count("reversed")
            undelivered = "delivery_repeated" in kinds and not {"approved", "declined"} & {*kinds}
            if (not kinds and own and recent) or reversing or undelivered:
                result.append(stored)
        return tuple(sorted(result))

    def open_exceptions(self) -> tuple[tuple[int, int], ...]:
        closed = {row.exception_id for row in self.records_of(ExceptionEventRecord)}
        rows = self.records_of(ExceptionRecord)
        return tuple(
            (row.payment_id, row.exception_id)
            for row in rows
            if row.payment_id and row.exception_id not in closed
        )

    def commit(self, records: Sequence[Record]) -> None:
        payments = [record for record in records if isinstance(record, PaymentRecord)]
        keys = [TraceKey(row.terminal_id, row.batch_no, row.stan) for row in payments]
        if len(set(keys)) < len(keys) or any(key in self.payments for key in keys):
            raise DuplicatePaymentError
        self.payments.update(zip(keys, payments, strict=True))
        self.events += [record for record in records if isinstance(record, EventRecord)]
        self.sessions += [record for record in records if isinstance(record, SessionRecord)]
        usual = (PaymentRecord, EventRecord, SessionRecord)
        for record in records:
            if not isinstance(record, usual) and not self._is_there(record):
                self.others.append(record)
        self.commits += 1

    def close(self) -> None: ...

    def records_of(self, kind: type[RecordT]) -> list[RecordT]:
        """The records of one kind, oldest first."""
        return [record for record in self.others if isinstance(record, kind)]

    def stored(self, key: TraceKey) -> StoredPayment:
        payment = self.payments[key]
        events = tuple(e for e in self.events if e.payment_id == payment.payment_id)
        return StoredPayment(payment, events)

    def _is_there(self, record: Record) -> bool:
        """Whether a record that is written once only has been written."""
        columns = _ONCE.get(type(record))
        return columns is not None and any(
            type(other) is type(record) and other[:columns] == record[:columns]
            for other in self.others
        )

    def _newest_batch(self, terminal_id: str, kind: BatchEventKind) -> int:
        numbers = [
            event.batch_no
            for event in self.records_of(BatchEventRecord)
            if (event.terminal_id, event.kind) == (terminal_id, kind)
        ]
        return max(numbers, default=0)

    def _with_open_batch(self, terminal: TerminalRecord) -> TerminalRecord:
        closed = self._newest_batch(terminal.terminal_id, BatchEventKind.CLOSED)
        if not closed:
            return terminal
        return terminal._replace(batch_no=max(terminal.batch_no, batch_after(closed)))

    def _open_order(self, terminal_id: str) -> TerminalOrder | None:
        done = {record.order_id for record in self.records_of(OrderDoneRecord)}
        mine = [order for name, order in self.orders if name == terminal_id]
        return min((order for order in mine if order.order_id not in done), default=None)
