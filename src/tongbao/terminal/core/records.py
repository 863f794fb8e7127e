"""What the journal keeps: one frozen record for each fact, added and never edited.

Fields are whole numbers and text only. No field can hold a track, a PIN, a key or a card number in
clear; the card is there as first six and last four digits, and sealed where its number is needed
again before the batch is closed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, Final, get_args

from tongbao.domain.money import Currency, Money
from tongbao.terminal.core.service_records import ServiceRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfChecked:
    """The terminal was switched on; also proves that the journal can be written and flushed."""

    kind: ClassVar[str] = "self_checked"
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """An operator has logged in."""

    kind: ClassVar[str] = "logged_in"
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogInFailed:
    """Somebody gave a wrong operator number or PIN; neither PIN nor anything of it is here."""

    kind: ClassVar[str] = "log_in_failed"
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOut:
    """The operator has left."""

    kind: ClassVar[str] = "logged_out"
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenLocked:
    """Nobody touched the till for a while; the operator's place is kept."""

    kind: ClassVar[str] = "screen_locked"
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorChanged:
    """`operator` has done `what` about the operator `number` here; no PIN or hash is in it."""

    kind: ClassVar[str] = "operator_changed"
    operator: str
    what: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInStarted:
    """A sign-in is about to be sent; its trace number is used up."""

    kind: ClassVar[str] = "sign_in_started"
    trace: int
    batch: int
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """Working keys were loaded; `batch` is the host's, `clock_offset_ms` host minus own clock."""

    kind: ClassVar[str] = "signed_in"
    trace: int
    batch: int
    operator: str
    clock_offset_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInFailed:
    """A sign-in came to nothing; `code` is field 39 or our own word for the reason."""

    kind: ClassVar[str] = "sign_in_failed"
    trace: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorApproved:
    """A supervisor has approved a payment or a settlement with his password; the cashier stays."""

    kind: ClassVar[str] = "supervisor_approved"
    operator: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentIntended:
    """A payment is about to be sent, with all that a reversal or a repeat of it needs.

    `payment_kind` is the word of the kind of transaction. `field60` to `field63` are the whole
    fields of the request, which a reversal or a repeat says again. What is known of the original
    transaction stands in `original_*`; 0 and "" are unknown. `sealed_card` is the card number,
    enciphered under the storage key of the batch (hex), or "". Amounts are minor units.
    """

    kind: ClassVar[str] = "payment_intended"
    command_id: str
    trace: int
    batch: int
    payment_kind: str = "sale"
    amount_minor: int
    tip_minor: int = 0
    currency: str
    card_masked: str
    entry_mode: str
    processing_code: str
    condition_code: str
    field60: str
    field61: str = ""
    field63: str = ""
    operator: str
    approver: str = ""
    merchant_id: str
    sealed_card: str = ""
    original_batch: int = 0
    original_trace: int = 0
    original_date: str = ""
    original_rrn: str = ""
    original_auth_code: str = ""

    @property
    def amount(self) -> Money:
        """The amount of the payment; zero when it has none."""
        return Money(self.amount_minor, Currency.from_number(self.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentClosed:
    """The end of a payment that needed no reversal.

    `outcome` is "approved", "declined", "not_sent", or "no_answer" for a question that moves no
    money. `local_date` (YYYYMMDD) and `local_time` (hhmmss) are the host's, the terminal's without
    one.
    """

    kind: ClassVar[str] = "payment_closed"
    trace: int
    batch: int
    outcome: str
    code: str
    auth_code: str = ""
    rrn: str = ""
    local_date: str
    local_time: str
    issuer: str = ""
    acquirer: str = ""
    organisation: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """The operator wanted to cancel what was on its way; the host's answer wins over it."""

    kind: ClassVar[str] = "cancel_requested"
    trace: int
    batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtOpened:
    """The fate of the payment is unknown: it must be reversed, or repeated, by its kind.

    `reason` is F39 of the reversal.
    """

    kind: ClassVar[str] = "doubt_opened"
    trace: int
    batch: int
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalSent:
    """A reversal is about to be sent, for the `attempt`-th time."""

    kind: ClassVar[str] = "reversal_sent"
    trace: int
    batch: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalFailed:
    """A reversal try came to nothing; `code` is field 39 or our own word for the reason."""

    kind: ClassVar[str] = "reversal_failed"
    trace: int
    batch: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalClosed:
    """The host has answered the reversal with 00, 12 or 25: the payment counts as not made."""

    kind: ClassVar[str] = "reversal_closed"
    trace: int
    batch: int
    code: str
    local_date: str
    local_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatSent:
    """A message whose answer is unknown is about to be sent once more, the `attempt`-th time."""

    kind: ClassVar[str] = "repeat_sent"
    trace: int
    batch: int
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatFailed:
    """A repeat came to nothing; `code` is field 39 or our own word for the reason."""

    kind: ClassVar[str] = "repeat_failed"
    trace: int
    batch: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayAnswer:
    """A readable answer that belongs to nothing under way, e.g. a late one; never acted upon."""

    kind: ClassVar[str] = "stray_answer"
    mti: str
    trace: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipDone:
    """A slip has come out of the printer; `trace` is 0 when it belongs to no payment."""

    kind: ClassVar[str] = "slip_done"
    trace: int
    batch: int
    name: str


Record = (
    SelfChecked
    | LoggedIn
    | LogInFailed
    | LoggedOut
    | ScreenLocked
    | OperatorChanged
    | SignInStarted
    | SignedIn
    | SignInFailed
    | SupervisorApproved
    | PaymentIntended
    | PaymentClosed
    | CancelRequested
    | DoubtOpened
    | ReversalSent
    | ReversalFailed
    | ReversalClosed
    | RepeatSent
    | RepeatFailed
    | StrayAnswer
    | SlipDone
    | ServiceRecord
)

_KINDS: Final[dict[str, type[Record]]] = {
    kind.kind: kind
    for kind in (
        SelfChecked,
        LoggedIn,
        LogInFailed,
        LoggedOut,
        ScreenLocked,
        OperatorChanged,
        SignInStarted,
        SignedIn,
        SignInFailed,
        SupervisorApproved,
        PaymentIntended,
        PaymentClosed,
        CancelRequested,
        DoubtOpened,
        ReversalSent,
        ReversalFailed,
        ReversalClosed,
        RepeatSent,
        RepeatFailed,
        StrayAnswer,
        SlipDone,
        *get_args(ServiceRecord),
    )
}
# What journals of the first release call these records.
_KINDS_OF_OLD: Final[dict[str, type[Record]]] = {
    "sale_intended": PaymentIntended,
    "sale_closed": PaymentClosed,
}


def record_body(record: Record) -> dict[str, int | str]:
    """Return the fields of a record by name; TypeError when one is neither number nor text."""
    body: dict[str, int | str] = {}
    for item in dataclasses.fields(record):
        value = getattr(record, item.name)
        if type(value) not in (int, str):
            raise TypeError(f"{record.kind}.{item.name} must be a whole number or text")
        body[item.name] = value
    return body


def record_from(kind: str, body: dict[str, Any]) -> Record:
    """Rebuild a record; ValueError when the kind or a field is unknown or of the wrong type."""
    found = _KINDS.get(kind) or _KINDS_OF_OLD.get(kind)
    if found is None:
        raise ValueError("the journal holds a kind of record that this release does not know")
    try:
        record = found(**body)
        record_body(record)
    except TypeError:
        raise ValueError(f"a {kind} record has wrong fields") from None
    return record
