"""Statements that both databases understand, and the rows they return.

`{mark}` stands for the driver's parameter mark.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.host.records import (
    BatchDetailRecord,
    BatchEventRecord,
    EventRecord,
    ExceptionEventRecord,
    ExceptionRecord,
    OrderDoneRecord,
    PaymentRecord,
    ScriptResultRecord,
    SessionRecord,
    SignatureRecord,
    StoredPayment,
    StoredSession,
    StoredTerminal,
    TerminalOrder,
    TerminalRecord,
    TerminalStatusRecord,
    batch_after,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tongbao.host.records import Record

# Where each record goes, in the order of writing.
TABLES: Final[dict[type[Record], str]] = {
    PaymentRecord: "payments_payment",
    EventRecord: "payments_paymentevent",
    SessionRecord: "fleet_terminalsession",
    ExceptionRecord: "payments_exception",
    ExceptionEventRecord: "payments_exceptionevent",
    BatchEventRecord: "payments_batchevent",
    BatchDetailRecord: "payments_batchdetail",
    SignatureRecord: "payments_signature",
    ScriptResultRecord: "payments_scriptresult",
    TerminalStatusRecord: "fleet_terminalstatus",
    OrderDoneRecord: "fleet_terminalorderdone",
}
# Terminals repeat these until they hear an answer: the first one written stays, quietly.
_FIRST_STAYS: Final = frozenset(
    {BatchDetailRecord, SignatureRecord, ScriptResultRecord, OrderDoneRecord}
)

PAYMENT_COLUMNS: Final = ", ".join(PaymentRecord._fields)
EVENT_COLUMNS: Final = ", ".join(EventRecord._fields)

SELECT_TERMINALS: Final = """
    SELECT t.terminal_id, t.merchant_id, t.batch_no, t.is_active, m.is_active, m.mcc,
           m.mail_order_allowed, m.name,
           s.signed_in_at_us, s.batch_no, s.key_block, o.order_id, o.act,
           (SELECT max(b.batch_no) FROM payments_batchevent b
            WHERE b.terminal_id = t.terminal_id AND b.kind = 'closed'),
           (SELECT max(b.batch_no) FROM payments_batchevent b
            WHERE b.terminal_id = t.terminal_id AND b.kind = 'totals'),
           d.serial_number,
           (SELECT c.fingerprint FROM fleet_devicecertificate c
            WHERE c.device_id = d.serial_number AND c.revoked_at_us IS NULL
            ORDER BY c.issued_at_us DESC, c.fingerprint LIMIT 1),
           (SELECT c.fingerprint FROM fleet_devicecertificate c
            WHERE c.device_id = d.serial_number AND c.revoked_at_us IS NULL
            ORDER BY c.issued_at_us DESC, c.fingerprint LIMIT 1 OFFSET 1)
    FROM fleet_terminal t
    JOIN merchants_merchant m ON m.merchant_id = t.merchant_id
    LEFT JOIN fleet_device d ON d.terminal_id = t.terminal_id
    LEFT JOIN fleet_terminalsession s ON s.session_id =
        (SELECT max(n.session_id) FROM fleet_terminalsession n WHERE n.terminal_id = t.terminal_id)
    LEFT JOIN fleet_terminalorder o ON o.order_id =
        (SELECT min(n.order_id) FROM fleet_terminalorder n
         WHERE n.terminal_id = t.terminal_id AND NOT EXISTS (
             SELECT 1 FROM fleet_terminalorderdone d WHERE d.order_id = n.order_id))
"""
# Newest first: with one node the first row is the answer. Exceptions take their ids from the same
# source.
SELECT_LAST_IDS: Final = (
    """
    SELECT payment_id FROM payments_payment WHERE (payment_id >> 13) & 63 = {mark}
    ORDER BY payment_id DESC LIMIT 1
    """,
    """
    SELECT exception_id FROM payments_exception WHERE (exception_id >> 13) & 63 = {mark}
    ORDER BY exception_id DESC LIMIT 1
    """,
)
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

# Repeatable payments that were not answered in time and have no outcome.
SELECT_UNDELIVERED: Final = f"""
    SELECT {PAYMENT_COLUMNS} FROM payments_payment WHERE payment_id IN (
        SELECT r.payment_id FROM payments_paymentevent r
        WHERE r.kind = 'delivery_repeated' AND NOT EXISTS (
            SELECT 1 FROM payments_paymentevent e
            WHERE e.payment_id = r.payment_id AND e.kind IN ('approved', 'declined')))
"""  # noqa: S608 - our own column names
# Those that nobody has closed, or that were opened again.
SELECT_OPEN_EXCEPTIONS: Final = """
    SELECT x.payment_id, x.exception_id FROM payments_exception x
    WHERE x.kind IN ('reversal_undelivered', 'advice_undelivered', 'late_approval')
      AND coalesce((SELECT e.kind FROM payments_exceptionevent e
           WHERE e.exception_id = x.exception_id AND e.kind IN ('closed', 'reopened')
           ORDER BY e.event_id DESC LIMIT 1), 'reopened') = 'reopened'
    ORDER BY x.exception_id
"""

SELECT_BATCH_EVENTS: Final = f"""
    SELECT {", ".join(BatchEventRecord._fields)} FROM payments_batchevent
    WHERE terminal_id = {{mark}} AND batch_no = {{mark}} ORDER BY event_id
"""  # noqa: S608 - our own column names
SELECT_BATCH_DETAILS: Final = f"""
    SELECT {", ".join(BatchDetailRecord._fields)} FROM payments_batchdetail
    WHERE terminal_id = {{mark}} AND batch_no = {{mark}} ORDER BY detail_id
"""  # noqa: S608 - our own column names
SELECT_SIGNATURE: Final = f"""
    SELECT {", ".join(SignatureRecord._fields)} FROM payments_signature
    WHERE payment_id = {{mark}} ORDER BY part_no
"""  # noqa: S608 - our own column names


def batch_event_of(row: Sequence[Any]) -> BatchEventRecord:
    """Build what `SELECT_BATCH_EVENTS` returns; one driver gives the date as a date."""
    return BatchEventRecord._make((*row[:-1], str(row[-1])))


def batch_detail_of(row: Sequence[Any]) -> BatchDetailRecord:
    """Build what `SELECT_BATCH_DETAILS` returns; one driver gives bytes as a memory view."""
    return BatchDetailRecord._make((*row[:-1], bytes(row[-1])))


def signature_of(row: Sequence[Any]) -> SignatureRecord:
    """Build what `SELECT_SIGNATURE` returns."""
    payment_id, part_no, is_last, at_us, image = row
    return SignatureRecord(payment_id, part_no, bool(is_last), at_us, bytes(image))


def terminal_of(row: Sequence[Any]) -> StoredTerminal:
    """Build what `SELECT_TERMINALS` returns."""
    signed_in_at_us, session_batch_no, key_block, order_id, act, closed_no, totals_no = row[8:15]
    terminal = TerminalRecord(
        row[0],
        row[1],
        max(row[2], batch_after(closed_no)) if closed_no else row[2],
        bool(row[3]),
        bool(row[4]),
        row[5],
        bool(row[6]),
        row[7],
        row[15] or "",
        tuple(fingerprint for fingerprint in row[16:18] if fingerprint),
    )
    session = None
    if key_block is not None:
        session = StoredSession(signed_in_at_us, session_batch_no, bytes(key_block))
    order = None if order_id is None else TerminalOrder(order_id, act)
    return StoredTerminal(terminal, session, order, totals_no or 0)


def insert_end(record: type[Record]) -> str:
    """Return how the insertion of this kind of record ends."""
    return " ON CONFLICT DO NOTHING" if record in _FIRST_STAYS else ""


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
