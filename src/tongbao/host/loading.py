"""Answers what the core asks of the store: for each kind of question, one query for all of a group.

Batches and signatures are asked for one at a time: a terminal settles once a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from tongbao.host.core.events import (
    BatchLoaded,
    LoadBatch,
    LoadPayment,
    LoadPayments,
    LoadSignature,
    LoadTerminal,
    PaymentLoaded,
    PaymentsLoaded,
    SignatureLoaded,
    TerminalLoaded,
)
from tongbao.host.lookups import ByBatch
from tongbao.host.records import StoredBatch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.host.core.events import Event
    from tongbao.host.store.port import HostStore

Load: TypeAlias = LoadTerminal | LoadPayment | LoadPayments | LoadBatch | LoadSignature
LOADS: Final = (LoadTerminal, LoadPayment, LoadPayments, LoadBatch, LoadSignature)


def load(store: HostStore, loads: Sequence[Load]) -> list[Event]:
    """Read what was asked for and return it as events for the core; raises StoreFailedError."""
    return [
        *_terminals(store, [one for one in loads if isinstance(one, LoadTerminal)]),
        *_payment_of_each(store, [one for one in loads if isinstance(one, LoadPayment)]),
        *_payments(store, [one for one in loads if isinstance(one, LoadPayments)]),
        *(_batch(store, one) for one in loads if isinstance(one, LoadBatch)),
        *(_signature(store, one) for one in loads if isinstance(one, LoadSignature)),
    ]


def _terminals(store: HostStore, loads: Sequence[LoadTerminal]) -> list[Event]:
    if not loads:
        return []
    found = store.load_terminals(sorted({one.terminal_id for one in loads}))
    return [TerminalLoaded(one.request, found.get(one.terminal_id)) for one in loads]


def _payment_of_each(store: HostStore, loads: Sequence[LoadPayment]) -> list[Event]:
    if not loads:
        return []
    found = store.load_payments(sorted({one.key for one in loads}))
    return [PaymentLoaded(one.request, found.get(one.key)) for one in loads]


def _payments(store: HostStore, loads: Sequence[LoadPayments]) -> list[Event]:
    if not loads:
        return []
    found = store.find_payments([one.query for one in loads])
    return [PaymentsLoaded(one.request, one.query, found[one.query]) for one in loads]


def _batch(store: HostStore, one: LoadBatch) -> Event:
    terminal_id, batch_no = one.terminal_id, one.batch_no
    events, details = store.load_batch(terminal_id, batch_no)
    query = ByBatch(terminal_id, batch_no)
    payments = store.find_payments([query])[query] if one.with_payments else ()
    return BatchLoaded(one.request, StoredBatch(terminal_id, batch_no, events, details, payments))


def _signature(store: HostStore, one: LoadSignature) -> Event:
    payments = store.find_payments([one.key])[one.key]
    parts = store.load_signature(payments[0].payment.payment_id) if payments else ()
    return SignatureLoaded(one.request, payments, parts)
