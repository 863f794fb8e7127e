"""Reads payments and their events from SQLite, a bounded number of values a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.host.records import EventRecord, PaymentRecord
from tongbao.host.store.queries import EVENT_COLUMNS, PAYMENT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tongbao.host.lookups import ByBatch
    from tongbao.host.records import TraceKey

# Half of SQLite's oldest limit on bound variables, in rows of three.
_ROWS_PER_QUERY: Final = 150
_SELECT: Final = f"SELECT {PAYMENT_COLUMNS} FROM payments_payment WHERE "  # noqa: S608 - our names
_SELECT_EVENTS: Final = f"""
    SELECT {EVENT_COLUMNS} FROM payments_paymentevent
    WHERE payment_id IN (%s) ORDER BY event_id
"""  # noqa: S608 - our own column names


def parts(items: Sequence[Any]) -> list[Sequence[Any]]:
    """Cut a sequence into pieces that one query takes."""
    return [items[at : at + _ROWS_PER_QUERY] for at in range(0, len(items), _ROWS_PER_QUERY)]


class SqliteReader:
    """`PaymentReader` on what runs a statement and returns its rows."""

    def __init__(self, rows: Callable[[str, Iterable[object]], list[Any]]) -> None:
        self._rows = rows

    def by_trace(self, keys: Sequence[TraceKey]) -> list[PaymentRecord]:
        """Read payments by terminal, batch and trace."""
        return self._payments("(terminal_id, batch_no, stan) IN (VALUES %s)", keys)

    def by_rrn(self, rrns: Sequence[str]) -> list[PaymentRecord]:
        """Read payments by reference number."""
        return self._payments("(rrn) IN (VALUES %s)", [(rrn,) for rrn in rrns])

    def by_card(self, cards: Sequence[tuple[str, bytes]]) -> list[PaymentRecord]:
        """Read the pre-authorisations of a merchant and card token."""
        condition = "kind = 'pre_authorisation' AND (merchant_id, card_token) IN (VALUES %s)"
        return self._payments(condition, cards)

    def by_batch(self, batches: Sequence[ByBatch]) -> list[PaymentRecord]:
        """Read the payments of a terminal and batch."""
        return self._payments("(terminal_id, batch_no) IN (VALUES %s)", batches)

    def by_original(self, payment_ids: Sequence[int]) -> list[PaymentRecord]:
        """Read the payments that name one of these as their original."""
        condition = "original_id > 0 AND (original_id) IN (VALUES %s)"
        return self._payments(condition, [(payment_id,) for payment_id in payment_ids])

    def events_of(self, payment_ids: Sequence[int]) -> list[EventRecord]:
        """Read the events of payments in the order they were written."""
        events: list[EventRecord] = []
        for part in parts(payment_ids):
            marks = ", ".join("?" * len(part))
            events += [EventRecord(*row) for row in self._rows(_SELECT_EVENTS % marks, part)]
        return events

    def _payments(self, condition: str, keys: Sequence[tuple[object, ...]]) -> list[PaymentRecord]:
        payments: list[PaymentRecord] = []
        for part in parts(keys):
            row = f"({', '.join('?' * len(part[0]))})"
            statement = _SELECT + condition % ", ".join([row] * len(part))
            values = [value for key in part for value in key]
            payments += [PaymentRecord(*found) for found in self._rows(statement, values)]
        return payments
