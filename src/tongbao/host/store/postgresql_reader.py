"""Reads payments and their events from PostgreSQL: one statement a kind of question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.host.records import EventRecord, PaymentRecord
from tongbao.host.store.queries import EVENT_COLUMNS, PAYMENT_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tongbao.host.lookups import ByBatch
    from tongbao.host.records import TraceKey

_SELECT: Final = f"SELECT {PAYMENT_COLUMNS} FROM payments_payment"  # noqa: S608 - our own names
_BY_TRACE: Final = f"""{_SELECT}
    JOIN unnest(%s::text[], %s::integer[], %s::integer[]) AS k (t, b, s)
      ON terminal_id = k.t AND batch_no = k.b AND stan = k.s
"""
_BY_CARD: Final = f"""{_SELECT}
    JOIN unnest(%s::text[], %s::bytea[]) AS k (m, c)
      ON kind = 'pre_authorisation' AND merchant_id = k.m AND card_token = k.c
"""
_BY_BATCH: Final = f"""{_SELECT}
    JOIN unnest(%s::text[], %s::integer[]) AS k (t, b) ON terminal_id = k.t AND batch_no = k.b
"""
_BY_RRN: Final = f"{_SELECT} WHERE rrn = ANY(%s)"
_BY_ORIGINAL: Final = f"{_SELECT} WHERE original_id > 0 AND original_id = ANY(%s)"
_SELECT_EVENTS: Final = f"""
    SELECT {EVENT_COLUMNS} FROM payments_paymentevent
    WHERE payment_id = ANY(%s) ORDER BY event_id
"""  # noqa: S608 - our own column names


def payment_of(row: Sequence[Any]) -> PaymentRecord:
    """Build a payment from the driver's row, whose business date is a date."""
    return PaymentRecord._make((*row[:12], row[12].isoformat(), *row[13:]))


class PostgresqlReader:
    """`PaymentReader` on what runs a statement and returns its rows."""

    def __init__(self, rows: Callable[[str, Sequence[object]], list[Any]]) -> None:
        self._rows = rows

    def by_trace(self, keys: Sequence[TraceKey]) -> list[PaymentRecord]:
        """Read payments by terminal, batch and trace."""
        return self._payments(_BY_TRACE, keys)

    def by_rrn(self, rrns: Sequence[str]) -> list[PaymentRecord]:
        """Read payments by reference number."""
        return self._payments(_BY_RRN, [(rrn,) for rrn in rrns])

    def by_card(self, cards: Sequence[tuple[str, bytes]]) -> list[PaymentRecord]:
        """Read the pre-authorisations of a merchant and card token."""
        return self._payments(_BY_CARD, cards)

    def by_batch(self, batches: Sequence[ByBatch]) -> list[PaymentRecord]:
        """Read the payments of a terminal and batch."""
        return self._payments(_BY_BATCH, batches)

    def by_original(self, payment_ids: Sequence[int]) -> list[PaymentRecord]:
        """Read the payments that name one of these as their original."""
        return self._payments(_BY_ORIGINAL, [(payment_id,) for payment_id in payment_ids])

    def events_of(self, payment_ids: Sequence[int]) -> list[EventRecord]:
        """Read the events of payments in the order they were written."""
        if not payment_ids:
            return []
        return [EventRecord(*row) for row in self._rows(_SELECT_EVENTS, (list(payment_ids),))]

    def _payments(self, statement: str, keys: Sequence[tuple[object, ...]]) -> list[PaymentRecord]:
        if not keys:
            return []
        columns = [list(column) for column in zip(*keys, strict=True)]
        return [payment_of(row) for row in self._rows(statement, columns)]
