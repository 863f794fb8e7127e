"""What the host keeps: plain tuples in the column order of the tables they go to.

The tables belong to the platform's migrations. Rows are only ever added; the state of a payment is
the fold of its events (`core/payment_rules.py`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, TypeAlias


class EventKind(StrEnum):
    """What can happen to a payment, as written in `payments_paymentevent.kind`."""

    APPROVED = "approved"
    DECLINED = "declined"
    REVERSAL_REQUESTED = "reversal_requested"
    REVERSED = "reversed"
    LATE_ANSWER = "late_answer"
    REPEATED = "repeated"


class PaymentRecord(NamedTuple):
    """The intent of a payment, one row of `payments_payment`; never updated."""

    payment_id: int
    terminal_id: str
    merchant_id: str
    batch_no: int
    stan: int
    kind: str
    amount_minor: int
    currency: str
    card_masked: str
    card_token: bytes
    entry_mode: str
    rrn: str
    business_date: str
    route: str
    received_at_us: int


class EventRecord(NamedTuple):
    """Something that happened to a payment, one row of `payments_paymentevent`."""

    payment_id: int
    kind: str
    at_us: int
    response_code: str
    auth_code: str
    detail: str


class SessionRecord(NamedTuple):
    """One sign-in, a row of `fleet_terminalsession`; an empty key block ends the session."""

    terminal_id: str
    signed_in_at_us: int
    batch_no: int
    operator_no: str
    key_block: bytes


Record: TypeAlias = PaymentRecord | EventRecord | SessionRecord


class TraceKey(NamedTuple):
    """What identifies a payment to its terminal, and is unique at the host."""

    terminal_id: str
    batch_no: int
    stan: int


class TerminalRecord(NamedTuple):
    """A registered terminal with what the host needs of its merchant."""

    terminal_id: str
    merchant_id: str
    batch_no: int
    is_active: bool
    merchant_is_active: bool
    mcc: str


class StoredSession(NamedTuple):
    """The newest sign-in of a terminal as read back."""

    signed_in_at_us: int
    batch_no: int
    key_block: bytes


class StoredTerminal(NamedTuple):
    """A terminal and its newest sign-in, if it has one."""

    terminal: TerminalRecord
    session: StoredSession | None


class StoredPayment(NamedTuple):
    """A payment and its events in the order they were written."""

    payment: PaymentRecord
    events: tuple[EventRecord, ...]

    @property
    def key(self) -> TraceKey:
        """What identifies the payment to its terminal."""
        return TraceKey(self.payment.terminal_id, self.payment.batch_no, self.payment.stan)
