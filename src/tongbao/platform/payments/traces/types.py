"""What a trace file holds, as types that refuse what a trace must never hold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tongbao.platform.payments.status import Status, fold

FORMAT = "tongbao-trace"
VERSION = 1

_MASKED_CARD = re.compile(r"(?:[0-9]{6}\*{3,9}[0-9]{4})?")
_DIGIT_RUN = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")


class Party(StrEnum):
    """Who sends or receives a message."""

    TERMINAL = "terminal"
    HOST = "host"
    ISSUER = "issuer"


class Meaning(StrEnum):
    """What a message is for; the value is the word in the file."""

    REQUEST = "request"
    REQUEST_AGAIN = "request_again"
    ANSWER = "answer"
    LATE_ANSWER = "late_answer"
    REVERSAL = "reversal"
    REVERSAL_ANSWER = "reversal_answer"
    INQUIRY = "inquiry"
    INQUIRY_ANSWER = "inquiry_answer"
    SIGNATURE = "signature"
    SIGNATURE_ANSWER = "signature_answer"
    SCRIPT_RESULT = "script_result"
    SCRIPT_RESULT_ANSWER = "script_result_answer"


def looks_like_card(text: str) -> bool:
    """Return whether the text holds 13 to 19 digits with a right check digit (Luhn).

    Spec: ISO/IEC 7812-1, annex B
    """
    runs = (re.sub(r"[ -]", "", found[0]) for found in _DIGIT_RUN.finditer(text))
    return any(_luhn(run) for run in runs)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value // 10 + value % 10
    return total % 10 == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedEvent:
    """One row of `payments_paymentevent`; `at_us` is microseconds since 1970."""

    at_us: int
    kind: str
    code: str = ""
    auth_code: str = ""
    detail: str = ""

    def __post_init__(self) -> None:
        """Refuse a text that could hold a card number."""
        if looks_like_card(self.detail):
            raise ValueError("the detail of an event looks like a card number")


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedMessage:
    """A message as far as the rows tell it; `fields` are (number, value) in rising order.

    `is_recorded` says whether `at_us` is the moment of this message; otherwise a row shows that
    the message was sent or received about then, and nothing more.
    """

    at_us: int
    is_recorded: bool
    sender: Party
    receiver: Party
    mti: str
    meaning: Meaning
    fields: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        """Refuse fields that hold secrets, and a card number in any other."""
        for number, value in self.fields:
            if number in (35, 36, 45, 52, 55) or (number != 42 and looks_like_card(value)):
                raise ValueError(f"a trace may not hold F{number}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedPayment:
    """A payment: its intent, what happened to it and the messages that this was.

    `card` is masked or empty; `original` is the reference number of the payment that this one
    voids, completes, refunds or adjusts, empty when there is none.
    """

    rrn: str
    kind: str
    terminal: str
    merchant: str
    batch: int
    trace: int
    amount_minor: int
    currency: str
    card: str
    organisation: str
    entry_mode: str
    business_date: str
    route: str
    original: str
    received_at_us: int
    events: tuple[TracedEvent, ...] = ()
    messages: tuple[TracedMessage, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a card number that is not masked."""
        if not _MASKED_CARD.fullmatch(self.card):
            raise ValueError("a trace holds masked card numbers only")

    @property
    def status(self) -> Status:
        """What became of it, folded from its events."""
        return fold([event.kind for event in self.events])


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedException:
    """A row of the exception queue without what people wrote; `closed_at_us` None while open."""

    kind: str
    rrn: str
    opened_at_us: int
    closed_at_us: int | None
    detail: str

    def __post_init__(self) -> None:
        """Refuse a text that could hold a card number."""
        if looks_like_card(self.detail):
            raise ValueError("the detail of an exception looks like a card number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """A payment (`subject` is its reference number) with its family, oldest first."""

    subject: str
    made_at_us: int
    is_sandbox: bool
    software: str
    payments: tuple[TracedPayment, ...]
    exceptions: tuple[TracedException, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a trace without its subject."""
        if self.subject not in {payment.rrn for payment in self.payments}:
            raise ValueError("a trace holds the payment that it is about")
