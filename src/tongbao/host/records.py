"""What the host keeps: plain tuples in the column order of the tables they go to.

The tables belong to the platform's migrations. Rows are only ever added; the state of a payment is
the fold of its events (`core/payment_rules.py`).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from tongbao.wire.unionpay.profile import DOMESTIC

BATCH_NO_MAX: Final = 999_999


class EventKind(StrEnum):
    """What can happen to a payment, as written in `payments_paymentevent.kind`."""

    SIGNED = "signed"
    SCRIPT_RESULT = "script_result"
    APPROVED = "approved"
    DECLINED = "declined"
    REVERSAL_REQUESTED = "reversal_requested"
    REVERSED = "reversed"
    LATE_ANSWER = "late_answer"
    REPEATED = "repeated"
    INQUIRED = "inquired"
    REVERSAL_REPEATED = "reversal_repeated"
    DELIVERY_REPEATED = "delivery_repeated"


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
    # The payment that this one voids, refunds, completes or adjusts; 0 for none.
    original_id: int = 0
    organisation: str = DOMESTIC


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


class ExceptionKind(StrEnum):
    """What a person has to look at, as written in `payments_exception.kind`."""

    REVERSAL_UNDELIVERED = "reversal_undelivered"
    ADVICE_UNDELIVERED = "advice_undelivered"
    BATCH_DIFFERENCE = "batch_difference"
    LATE_APPROVAL = "late_approval"
    TERMINAL_GAVE_UP = "terminal_gave_up"


class ExceptionRecord(NamedTuple):
    """A matter for a person, one row of `payments_exception`; its id is made as payment ids are."""

    exception_id: int
    payment_id: int
    terminal_id: str
    merchant_id: str
    kind: str
    opened_at_us: int
    detail: str


class ExceptionEventRecord(NamedTuple):
    """What was done about an exception, one row of `payments_exceptionevent`."""

    exception_id: int
    kind: str
    at_us: int
    staff: str
    note: str


class BatchEventKind(StrEnum):
    """What can happen to a terminal's batch, as written in `payments_batchevent.kind`."""

    TOTALS = "totals"
    CLOSED = "closed"


class BatchEventRecord(NamedTuple):
    """Something that happened to a batch, one row of `payments_batchevent`.

    The totals are F48 of settlement, 62 digits; `result` is its two flags ("11" balanced).
    """

    terminal_id: str
    merchant_id: str
    batch_no: int
    kind: str
    at_us: int
    sent_totals: str
    own_totals: str
    result: str
    record_count: int
    business_date: str


class DetailSource(StrEnum):
    """The round of batch upload that brought a detail, as in `payments_batchdetail.source`."""

    STRIPE = "stripe"
    ADVICE = "advice"
    CHIP = "chip"
    RISK = "risk"


class BatchDetailRecord(NamedTuple):
    """A payment as the terminal's batch upload tells it, one row of `payments_batchdetail`.

    An advice names its card organisation ("000" unknown); the other rounds only say domestic or
    foreign, which is "000" here.
    """

    terminal_id: str
    batch_no: int
    stan: int
    source: str
    at_us: int
    organisation: str
    amount_minor: int
    card_masked: str
    card_token: bytes


class SignatureRecord(NamedTuple):
    """One part of a cardholder's signature, a row of `payments_signature`; JBIG bytes."""

    payment_id: int
    part_no: int
    is_last: bool
    at_us: int
    image: bytes


class ScriptResultRecord(NamedTuple):
    """What a chip made of the issuer's scripts, one row of `payments_scriptresult`; hex TLV."""

    payment_id: int
    at_us: int
    data: str


class TerminalStatusRecord(NamedTuple):
    """A terminal's report about itself, one row of `fleet_terminalstatus`."""

    terminal_id: str
    at_us: int
    body: str


class OrderDoneRecord(NamedTuple):
    """A terminal did what it was told, one row of `fleet_terminalorderdone`."""

    order_id: int
    at_us: int


Record: TypeAlias = (
    PaymentRecord
    | EventRecord
    | SessionRecord
    | ExceptionRecord
    | ExceptionEventRecord
    | BatchEventRecord
    | BatchDetailRecord
    | SignatureRecord
    | ScriptResultRecord
    | TerminalStatusRecord
    | OrderDoneRecord
)


class TraceKey(NamedTuple):
    """What identifies a payment to its terminal, and is unique at the host."""

    terminal_id: str
    batch_no: int
    stan: int


class TerminalRecord(NamedTuple):
    """A registered terminal with what the host needs of its merchant.

    `batch_no` is the open batch: the one after the newest closed batch, or a later one that the
    register names. `device` is the serial number of the machine that serves it, "" for none, and
    `certificates` are the fingerprints of that machine's newest certificates, without revoked ones.
    """

    terminal_id: str
    merchant_id: str
    batch_no: int
    is_active: bool
    merchant_is_active: bool
    mcc: str
    mail_order_allowed: bool = False
    merchant_name: str = ""
    device: str = ""
    certificates: tuple[str, ...] = ()


def batch_after(batch_no: int) -> int:
    """Return the number of the batch that follows a closed one, 1 to 999999.

    Spec: UnionPay terminal dialect, 7.1.
    """
    return batch_no % BATCH_NO_MAX + 1


class StoredSession(NamedTuple):
    """The newest sign-in of a terminal as read back."""

    signed_in_at_us: int
    batch_no: int
    key_block: bytes


class TerminalOrder(NamedTuple):
    """What staff want a terminal to do next: digit 6 of the header of every reply to it."""

    order_id: int
    act: str


class StoredTerminal(NamedTuple):
    """A terminal, its newest sign-in and its oldest open order, if it has them.

    `totals_batch_no` is the newest batch whose totals were taken, 0 for none.
    """

    terminal: TerminalRecord
    session: StoredSession | None
    order: TerminalOrder | None = None
    totals_batch_no: int = 0


class StoredBatch(NamedTuple):
    """What is stored about one batch of a terminal; each part in the order it was written.

    `payments` is empty when only the upload was asked for.
    """

    terminal_id: str
    batch_no: int
    events: tuple[BatchEventRecord, ...]
    details: tuple[BatchDetailRecord, ...]
    payments: tuple[StoredPayment, ...] = ()


class StoredPayment(NamedTuple):
    """A payment and its events in the order they were written."""

    payment: PaymentRecord
    events: tuple[EventRecord, ...]

    @property
    def key(self) -> TraceKey:
        """What identifies the payment to its terminal."""
        return TraceKey(self.payment.terminal_id, self.payment.batch_no, self.payment.stan)
