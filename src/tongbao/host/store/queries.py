"""Statements that both databases understand, and the rows they return.

`{mark}` stands for the driver's parameter mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.host.records import (
    EventRecord,
    PaymentRecord,
    StoredPayment,
    StoredSession,
    StoredTerminal,
    TerminalRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAYMENT_COLUMNS: Final = ", ".join(PaymentRecord._fields)
EVENT_COLUMNS: Final = ", ".join(EventRecord._fields)

SELECT_TERMINALS: Final = """
    SELECT t.terminal_id, t.merchant_id, t.batch_no, t.is_active, m.is_active, m.mcc,
           s.signed_in_at_us, s.batch_no, s.key_block
    FROM fleet_terminal t
    JOIN merchants_merchant m ON m.merchant_id = t.merchant_id
    LEFT JOIN fleet_terminalsession s ON s.session_id =
        (SELECT max(n.session_id) FROM fleet_terminalsession n WHERE n.terminal_id = t.terminal_id)
"""
# Newest first: with one node the first row is the answer.
SELECT_LAST_ID: Final = """
    SELECT payment_id FROM payments_payment WHERE (payment_id >> 13) & 63 = {mark}
    ORDER BY payment_id DESC LIMIT 1
"""
SELECT_WITHOUT_EVENT: Final = f"""
    SELECT {PAYMENT_COLUMNS} FROM payments_payment p
    WHERE p.payment_id >= {{mark}} AND (p.payment_id >> 13) & 63 = {{mark}}
      AND NOT EXISTS (SELECT 1 FROM payments_paymentevent e WHERE e.payment_id = p.payment_id)
"""  # noqa: S608 - our own column names
SELECT_REVERSING: Final = f"""
    WITH requested AS (
        SELECT payment_id, count(*) AS requests FROM payments_paymentevent
        WHERE kind = 'reversal_requested' GROUP BY payment_id)
    SELECT {PAYMENT_COLUMNS} FROM payments_payment WHERE payment_id IN (
        SELECT r.payment_id FROM requested r WHERE r.requests > (
            SELECT count(*) FROM payments_paymentevent e
            WHERE e.payment_id = r.payment_id AND e.kind = 'reversed'))
"""  # noqa: S608 - our own column names


def terminal_of(row: Sequence[Any]) -> StoredTerminal:
    """Build what `SELECT_TERMINALS` returns."""
    terminal = TerminalRecord(row[0], row[1], row[2], bool(row[3]), bool(row[4]), row[5])
    session = None if row[8] is None else StoredSession(row[6], row[7], bytes(row[8]))
    return StoredTerminal(terminal, session)


def join_events(
    payments: Iterable[PaymentRecord], events: Iterable[EventRecord]
) -> tuple[StoredPayment, ...]:
    """Give each payment its events, which come in the order they were written."""
    by_payment: dict[int, list[EventRecord]] = {}
    for event in events:
        by_payment.setdefault(event.payment_id, []).append(event)
    return tuple(
        StoredPayment(payment, tuple(by_payment.get(payment.payment_id, ())))
        for payment in payments
    )
