"""The host's tables as lists, for tests that want thousands of runs; the same promises."""

from __future__ import annotations

from collections.abc import Sequence

from tongbao.host.records import (
    EventRecord,
    PaymentRecord,
    Record,
    SessionRecord,
    StoredPayment,
    StoredSession,
    StoredTerminal,
    TerminalRecord,
    TraceKey,
)
from tongbao.host.store.port import DuplicatePaymentError


class MemoryStore:
    """`HostStore` without a disk; several cores may share one, as processes share a database."""

    def __init__(self, *terminals: TerminalRecord) -> None:
        self.terminals = {terminal.terminal_id: terminal for terminal in terminals}
        self.sessions: list[SessionRecord] = []
        self.payments: dict[TraceKey, PaymentRecord] = {}
        self.events: list[EventRecord] = []
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
                found[name] = StoredTerminal(self.terminals[name], session)
        return found

    def load_payments(self, keys: Sequence[TraceKey]) -> dict[TraceKey, StoredPayment]:
        return {key: self.stored(key) for key in keys if key in self.payments}

    def last_payment_id(self, node: int) -> int:
        ids = [
            row.payment_id for row in self.payments.values() if row.payment_id >> 13 & 63 == node
        ]
        return max(ids, default=0)

    def open_payments(self, node: int, since_payment_id: int) -> tuple[StoredPayment, ...]:
        result = []
        for key in self.payments:
            stored = self.stored(key)
            kinds = [event.kind for event in stored.events]
            own = stored.payment.payment_id >> 13 & 63 == node
            recent = stored.payment.payment_id >= since_payment_id
            if (not kinds and own and recent) or (
                kinds.count("reversal_requested") > kinds.count("reversed")
            ):
                result.append(stored)
        return tuple(sorted(result))

    def commit(self, records: Sequence[Record]) -> None:
        payments = [record for record in records if isinstance(record, PaymentRecord)]
        keys = [TraceKey(row.terminal_id, row.batch_no, row.stan) for row in payments]
        if len(set(keys)) < len(keys) or any(key in self.payments for key in keys):
            raise DuplicatePaymentError
        self.payments.update(zip(keys, payments, strict=True))
        self.events += [record for record in records if isinstance(record, EventRecord)]
        self.sessions += [record for record in records if isinstance(record, SessionRecord)]
        self.commits += 1

    def close(self) -> None: ...

    def stored(self, key: TraceKey) -> StoredPayment:
        payment = self.payments[key]
        events = tuple(e for e in self.events if e.payment_id == payment.payment_id)
        return StoredPayment(payment, events)
