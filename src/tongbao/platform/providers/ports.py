"""What the platform asks of other companies, as ports; nobody here knows who answers.

A port either answers or raises `ProviderUnavailableError`. Unavailable is no answer: whoever asked
keeps the question open and asks again, and never takes silence for a yes or a no.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class ProviderUnavailableError(Exception):
    """The other side could not be asked or did not answer in time; the text holds no personal data.

    `provider` is `sms`, `mail`, `places`, `bank`, `screening` or `documents`.
    """

    def __init__(self, provider: str, reason: str) -> None:
        super().__init__(f"{provider}: {reason}")
        self.provider = provider


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """A short message; `to` is E.164 ("+8619900001234"). The text may hold a code: never logged."""

    to: str
    text: str = field(repr=False)


class SmsPort(Protocol):
    """Delivers short messages."""

    def send(self, message: TextMessage) -> None:
        """Hand the message over.

        Raises: ProviderUnavailableError.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """A letter by e-mail, plain text. The text may hold a code: never logged."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)


class MailPort(Protocol):
    """Delivers e-mail."""

    def deliver(self, message: MailMessage) -> None:
        """Hand the letter over.

        Raises: ProviderUnavailableError.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """The town where an internet address is said to be, in Chinese and in English."""

    zh: str
    en: str


class PlacesPort(Protocol):
    """Knows roughly where internet addresses are."""

    def place_of(self, address: str) -> Place | None:
        """Return the town of a public address, or None when nobody knows it.

        Raises: ProviderUnavailableError.
        """


class AccountVerdict(StrEnum):
    """What a bank says about a name and an account number."""

    MATCH = "match"
    NAME_MISMATCH = "name_mismatch"
    UNKNOWN_ACCOUNT = "unknown_account"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountClaim:
    """Somebody's word that `holder` has the account `number`; `bank` may be empty."""

    holder: str = field(repr=False)
    number: str = field(repr=False)
    bank: str = ""


class BankPort(Protocol):
    """Knows accounts and moves one fen."""

    def verify(self, claim: AccountClaim) -> AccountVerdict:
        """Return whether the account is this holder's.

        Raises: ProviderUnavailableError.
        """

    def send_one_fen(self, claim: AccountClaim, *, remark: str, reference: str) -> str:
        """Pay one fen with `remark` to the account and return the bank's number of the payment.

        The same `reference` pays once only, however often it is sent.

        Raises: ProviderUnavailableError.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningHit:
    """A listed name that a name resembles; `likeness_percent` is 100 for the same letters."""

    listed_name: str
    list_name: str
    likeness_percent: int


class ScreeningPort(Protocol):
    """Knows lists of names with whom no business is done without a person's look."""

    def screen(self, name: str) -> tuple[ScreeningHit, ...]:
        """Return what resembles the name, the nearest first; empty when nothing does.

        Raises: ProviderUnavailableError.
        """


class ReadingOutcome(StrEnum):
    """How reading a paper by machine ended."""

    READ = "read"
    NOTHING_FOUND = "nothing_found"
    NOT_INSTALLED = "not_installed"
    TIMED_OUT = "timed_out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a machine read: field names of the form to texts. It prefills and never decides."""

    outcome: ReadingOutcome
    values: dict[str, str] = field(default_factory=dict, repr=False)
    took_ms: int = 0


class DocumentsPort(Protocol):
    """Reads pictures of papers."""

    def read(self, paper_kind: str, picture: bytes) -> Reading:
        """Return what stands on the picture (JPEG or PNG bytes); an outcome instead of errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """One of each."""

    sms: SmsPort
    mail: MailPort
    places: PlacesPort
    bank: BankPort
    screening: ScreeningPort
    documents: DocumentsPort
