"""The host's tables on a simulated disk: the port that the real host uses, in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tongbao.host.core.payment_ids import node_of
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.lookups import ByBatch, Query
from tongbao.host.records import (
    BatchDetailRecord,
    BatchEventKind,
    BatchEventRecord,
    EventRecord,
    ExceptionEventRecord,
    ExceptionRecord,
    PaymentRecord,
    Record,
    SessionRecord,
    SignatureRecord,
    StoredPayment,
    StoredSession,
    StoredTerminal,
    TerminalRecord,
    TraceKey,
    batch_after,
)
from tongbao.host.store.families import find_payments
from tongbao.host.store.port import DuplicatePaymentError, StoreFailedError
from tongbao.simulation.disk import Disk, DiskError


class VirtualHostStore:
    """One host process's view of the tables; built from the disk at its start."""

    def __init__(
        self,
        disk: Disk[Record],
        terminals: dict[str, TerminalRecord],
        point: Callable[[str], None],
    ) -> None:
        self._disk = disk
        self._terminals = terminals
        self._point = point
        self._payments: dict[int, PaymentRecord] = {}
        self._ids: dict[TraceKey, int] = {}
        self._events: dict[int, list[tuple[EventRecord, int]]] = {}
        self._written: dict[int, int] = {}
        self._exceptions: dict[int, ExceptionRecord] = {}
        self._closed_exceptions: set[int] = set()
        self._sessions: dict[str, StoredSession] = {}
        self._batches: dict[str, list[BatchEventRecord]] = {}
        # The first of a kind stays, as in the real tables.
        self._details: dict[tuple[str, int, int, str], BatchDetailRecord] = {}
        self._signatures: dict[tuple[int, int], SignatureRecord] = {}
        for number, transaction in enumerate(disk.transactions):
            self._take(transaction.rows, number)

    def claim_node(self, node: int) -> None:
        """Hold the node number: there is one host in this world."""

    def load_terminals(self, terminal_ids: Sequence[str]) -> dict[str, StoredTerminal]:
        """Read terminals with their newest sessions."""
        self._point("reading terminals")
        return {
            name: self._stored_terminal(name) for name in terminal_ids if name in self._terminals
        }

    def load_payments(self, keys: Sequence[TraceKey]) -> dict[TraceKey, StoredPayment]:
        """Read payments with their events."""
        self._point("reading payments")
        return {key: self._stored(self._ids[key]) for key in keys if key in self._ids}

    def find_payments(self, queries: Sequence[Query]) -> dict[Query, tuple[StoredPayment, ...]]:
        """Read the payments that the queries name, with families and events."""
        self._point("reading families")
        return find_payments(self, queries)

    def by_trace(self, keys: Sequence[TraceKey]) -> list[PaymentRecord]:
        """Read payments by terminal, batch and trace."""
        return [self._payments[self._ids[key]] for key in keys if key in self._ids]

    def by_rrn(self, rrns: Sequence[str]) -> list[PaymentRecord]:
        """Read payments by reference number."""
        return self._chosen(lambda row: row.rrn in rrns)

    def by_card(self, cards: Sequence[tuple[str, bytes]]) -> list[PaymentRecord]:
        """Read the pre-authorisations of a merchant and card token."""
        return self._chosen(
            lambda row: (
                row.kind == "pre_authorisation" and (row.merchant_id, row.card_token) in cards
            )
        )

    def by_batch(self, batches: Sequence[ByBatch]) -> list[PaymentRecord]:
        """Read the payments of a terminal and batch."""
        return self._chosen(lambda row: (row.terminal_id, row.batch_no) in batches)

    def by_original(self, payment_ids: Sequence[int]) -> list[PaymentRecord]:
        """Read the payments that name one of these as their original."""
        return self._chosen(lambda row: row.original_id in payment_ids)

    def events_of(self, payment_ids: Sequence[int]) -> list[EventRecord]:
        """Read the events of payments in the order they were written."""
        return [event for key in payment_ids for event, _ in self._events.get(key, [])]

    def _chosen(self, wanted: Callable[[PaymentRecord], bool]) -> list[PaymentRecord]:
        return [row for row in self._payments.values() if wanted(row)]

    def load_batch(
        self, terminal_id: str, batch_no: int
    ) -> tuple[tuple[BatchEventRecord, ...], tuple[BatchDetailRecord, ...]]:
        """Read the events and uploaded details of a batch in the order they were written."""
        self._point("reading a batch")
        events = (row for row in self._batches.get(terminal_id, []) if row.batch_no == batch_no)
        mine = (terminal_id, batch_no)
        details = (row for key, row in self._details.items() if key[:2] == mine)
        return tuple(events), tuple(details)

    def load_signature(self, payment_id: int) -> tuple[SignatureRecord, ...]:
        """Read the parts of a payment's signature in their order."""
        return tuple(sorted(row for key, row in self._signatures.items() if key[0] == payment_id))

    def last_payment_id(self, node: int) -> int:
        """Return the newest payment id of a node, 0 when it has none."""
        made = [*self._payments, *self._exceptions]
        return max((key for key in made if node_of(key) == node), default=0)

    def open_payments(self, node: int, since_payment_id: int) -> tuple[StoredPayment, ...]:
        """Return what a start has to end, oldest first."""
        self._point("reading open payments")
        found = []
        for payment_id in sorted(self._payments):
            stored = self._stored(payment_id)
            is_bare = not stored.events
            if is_bare and (node_of(payment_id) != node or payment_id < since_payment_id):
                continue
            state = stand_of(stored.events).state
            if is_bare or state in (PaymentState.REVERSING, PaymentState.PENDING):
                found.append(stored)
        return tuple(found)

    def open_exceptions(self) -> tuple[tuple[int, int], ...]:
        """Return payment id and exception id of what a person was asked to look at."""
        return tuple(
            (row.payment_id, row.exception_id)
            for row in self._exceptions.values()
            if row.payment_id and row.exception_id not in self._closed_exceptions
        )

    def commit(self, records: Sequence[Record]) -> None:
        """Write all records in one transaction and return when they are flushed."""
        self._check_unique(records)
        self._point("before writing")
        try:
            rows = tuple(records)
            self._take(rows, self._disk.write(rows))
            self._point("written, not flushed")
            self._disk.flush()
        except DiskError as error:
            raise StoreFailedError(str(error)) from error
        self._point("flushed, nothing sent")

    def close(self) -> None:
        """Let go; nothing is held."""

    def payment_by_rrn(self, rrn: str) -> PaymentRecord | None:
        """Return the payment of a reference number, flushed or not."""
        return next((row for row in self._payments.values() if row.rrn == rrn), None)

    def durable_events(self, payment_id: int) -> list[EventRecord] | None:
        """Return a payment's events as a power cut now would leave them; None without a row."""
        if not self._disk.is_durable(self._written.get(payment_id, 1 << 62)):
            return None
        return [
            event
            for event, number in self._events.get(payment_id, [])
            if self._disk.is_durable(number)
        ]

    def has_durable_session(self, terminal_id: str) -> bool:
        """Say whether the newest session of a terminal would survive a power cut now."""
        newest = None
        for number, transaction in enumerate(self._disk.transactions):
            for row in transaction.rows:
                if isinstance(row, SessionRecord) and row.terminal_id == terminal_id:
                    newest = number
        return newest is not None and self._disk.is_durable(newest)

    def payments(self) -> list[StoredPayment]:
        """Return every payment, oldest first."""
        return [self._stored(payment_id) for payment_id in sorted(self._payments)]

    def _stored_terminal(self, terminal_id: str) -> StoredTerminal:
        terminal = self._terminals[terminal_id]
        closed, totals = (
            max(
                (e.batch_no for e in self._batches.get(terminal_id, []) if e.kind == kind),
                default=0,
            )
            for kind in (BatchEventKind.CLOSED, BatchEventKind.TOTALS)
        )
        if closed:
            open_batch_no = max(terminal.batch_no, batch_after(closed))
            terminal = terminal._replace(batch_no=open_batch_no)
        return StoredTerminal(terminal, self._sessions.get(terminal_id), None, totals)

    def _stored(self, payment_id: int) -> StoredPayment:
        events = tuple(event for event, _ in self._events.get(payment_id, []))
        return StoredPayment(self._payments[payment_id], events)

    def _check_unique(self, records: Sequence[Record]) -> None:
        keys = set()
        for record in records:
            if isinstance(record, PaymentRecord):
                key = TraceKey(record.terminal_id, record.batch_no, record.stan)
                if record.payment_id in self._payments or key in self._ids or key in keys:
                    raise DuplicatePaymentError
                keys.add(key)

    def _take(self, rows: Sequence[Record], number: int) -> None:
        for row in rows:
            if isinstance(row, PaymentRecord):
                self._payments[row.payment_id] = row
                self._ids[TraceKey(row.terminal_id, row.batch_no, row.stan)] = row.payment_id
                self._written[row.payment_id] = number
            elif isinstance(row, EventRecord):
                self._events.setdefault(row.payment_id, []).append((row, number))
            elif isinstance(row, SessionRecord):
                self._sessions[row.terminal_id] = StoredSession(
                    row.signed_in_at_us, row.batch_no, row.key_block
                )
            elif isinstance(row, ExceptionRecord):
                self._exceptions[row.exception_id] = row
            elif isinstance(row, ExceptionEventRecord):
                # Nobody but the host writes here, and it only closes.
                self._closed_exceptions.add(row.exception_id)
            elif isinstance(row, BatchEventRecord):
                self._batches.setdefault(row.terminal_id, []).append(row)
            elif isinstance(row, BatchDetailRecord):
                self._details.setdefault((row.terminal_id, row.batch_no, row.stan, row.source), row)
            elif isinstance(row, SignatureRecord):
                self._signatures.setdefault((row.payment_id, row.part_no), row)
