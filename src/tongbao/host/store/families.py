"""Answers the queries of a group together: each kind once, then families, then events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from tongbao.host.lookups import ByAuthCode, ByBatch, ByRrn
from tongbao.host.records import EventKind, TraceKey
from tongbao.host.store.queries import join_events

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tongbao.host.lookups import Query
    from tongbao.host.records import EventRecord, PaymentRecord, StoredPayment

_PRE_AUTHORISATION: Final = "pre_authorisation"
_APPROVED: Final = EventKind.APPROVED.value


class PaymentReader(Protocol):
    """How a store reads rows; nothing asked is nothing read. All raise StoreFailedError."""

    def by_trace(self, keys: Sequence[TraceKey]) -> list[PaymentRecord]:
        """Read payments by terminal, batch and trace."""

    def by_rrn(self, rrns: Sequence[str]) -> list[PaymentRecord]:
        """Read payments by reference number."""

    def by_card(self, cards: Sequence[tuple[str, bytes]]) -> list[PaymentRecord]:
        """Read the pre-authorisations of a merchant and card token."""

    def by_batch(self, batches: Sequence[ByBatch]) -> list[PaymentRecord]:
        """Read the payments of a terminal and batch."""

    def by_original(self, payment_ids: Sequence[int]) -> list[PaymentRecord]:
        """Read the payments that name one of these as their original."""

    def events_of(self, payment_ids: Sequence[int]) -> list[EventRecord]:
        """Read the events of payments in the order they were written."""


def find_payments(
    reader: PaymentReader, queries: Iterable[Query]
) -> dict[Query, tuple[StoredPayment, ...]]:
    """Answer each query: the payments it names, oldest first, then their families, oldest first."""
    asked = list(dict.fromkeys(queries))
    cards = [
        (query.merchant_id, query.card_token) for query in asked if isinstance(query, ByAuthCode)
    ]
    roots = {
        payment.payment_id: payment
        for payment in (
            *reader.by_trace([query for query in asked if isinstance(query, TraceKey)]),
            *reader.by_rrn([query.rrn for query in asked if isinstance(query, ByRrn)]),
            *reader.by_card(list(dict.fromkeys(cards))),
        )
    }
    in_batches = reader.by_batch([query for query in asked if isinstance(query, ByBatch)])
    members = reader.by_original(sorted(roots))
    rows = {payment.payment_id: payment for payment in (*roots.values(), *in_batches, *members)}
    payments = [rows[payment_id] for payment_id in sorted(rows)]
    return _Found(join_events(payments, reader.events_of(sorted(rows)))).answers(asked)


class _Found:
    """Everything that was read for a group, by what a query names."""

    def __init__(self, stored: Sequence[StoredPayment]) -> None:
        self._stored = stored
        self._by_trace = {one.key: one for one in stored}
        self._by_rrn = {one.payment.rrn: one for one in stored}
        self._families: dict[int, list[StoredPayment]] = {}
        for one in stored:
            self._families.setdefault(one.payment.original_id, []).append(one)

    def answers(self, asked: Sequence[Query]) -> dict[Query, tuple[StoredPayment, ...]]:
        return {query: self._answer(query) for query in asked}

    def _answer(self, query: Query) -> tuple[StoredPayment, ...]:
        if isinstance(query, ByBatch):
            return tuple(
                one
                for one in self._stored
                if (one.payment.terminal_id, one.payment.batch_no) == query
            )
        if isinstance(query, ByAuthCode):
            roots = [one for one in self._stored if _is_hold(one, query)]
        elif isinstance(query, ByRrn):
            roots = [self._by_rrn[query.rrn]] if query.rrn in self._by_rrn else []
        else:
            roots = [self._by_trace[query]] if query in self._by_trace else []
        members = [
            member for root in roots for member in self._families.get(root.payment.payment_id, ())
        ]
        return (*roots, *members)


def _is_hold(stored: StoredPayment, query: ByAuthCode) -> bool:
    payment = stored.payment
    return (
        payment.kind == _PRE_AUTHORISATION
        and payment.merchant_id == query.merchant_id
        and bytes(payment.card_token) == query.card_token
        and any(
            event.kind == _APPROVED and event.auth_code == query.auth_code
            for event in stored.events
        )
    )
