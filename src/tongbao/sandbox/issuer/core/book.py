"""The issuer's book as values: accounts, cards, authorisations, reversals, entries, holds.

Everything here is written once and never changed. What an account holds is the sum of its
entries, and the entries of one event sum to zero, so that money is moved and never made. A hold
moves no money: it is what an account has promised, the sum of the hold moves of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import InvariantViolationError
from tongbao.wire.network.operations import Operation

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
    from tongbao.domain.money import Money
    from tongbao.sandbox.cards import Behaviour, CardStatus
    from tongbao.wire.network.operation_messages import Balances

APPROVED: Final = "00"
CAPITAL_ACCOUNT: Final = "capital"
CLEARING_ACCOUNT: Final = "clearing"


class AccountKind(Enum):
    """Whose money an account counts."""

    CARDHOLDER = "cardholder"
    """What the issuer owes a card holder."""
    CLEARING = "clearing"
    """What the issuer owes the acquirer for purchases."""
    CAPITAL = "capital"
    """Where the opening balances came from; negative by their sum."""


class EventKind(Enum):
    """Why an account moved."""

    OPENING = "opening"
    SALE = "sale"
    REVERSAL = "reversal"
    VOID = "void"
    REFUND = "refund"
    COMPLETION = "completion"
    COMPLETION_VOID = "completion_void"
    OFFLINE_SALE = "offline_sale"
    ADJUSTMENT = "adjustment"


class HoldReason(Enum):
    """Why the promise of an account changed."""

    PLACED = "placed"
    COMPLETED = "completed"
    """The money was taken."""
    RELEASED = "released"
    """The pre-authorisation was voided or reversed."""
    RESTORED = "restored"
    """What had ended it was reversed."""
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Account:
    """One account; `opening` is what it held on its first day."""

    account_id: str
    kind: AccountKind
    opening: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What the issuer knows of a card: a token in place of the number, a PIN reference value.

    `needs_pin` False is a card whose holder signs instead; a PIN that is given is checked all the
    same.
    """

    card_id: str
    token: bytes
    masked: str
    account_id: str
    expiry: str
    pin_reference: bytes
    status: CardStatus
    behaviour: Behaviour
    single_limit: Money | None
    needs_pin: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the book: the account gains `amount`, or loses it when it is negative."""

    account_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class BookEvent:
    """One thing that happened to money; its entries sum to zero or it does not exist."""

    kind: EventKind
    rrn: Rrn | None
    at: Instant
    entries: tuple[Entry, ...]

    def __post_init__(self) -> None:
        """Refuse entries that would make or lose money."""
        if sum(entry.amount.minor for entry in self.entries) != 0:
            raise InvariantViolationError(f"the entries of a {self.kind.value} do not sum to zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """The answer to one request, remembered by its F37 for ever.

    Attributes:
        amount: 0 for a balance.
        auth_code: empty unless approved; a balance has none.
        operation: what was asked.
        original: the F37 that it named in F62.
        root: the F37 at the head of its family, the first sale or pre-authorisation; None when it
            is the head itself or named an original that nobody knew.
        balances: what a balance inquiry was told.
    """

    rrn: Rrn
    terminal_id: TerminalId
    merchant_id: MerchantId
    stan: Stan
    card_masked: str
    card_token: bytes
    amount: Money
    response_code: str
    auth_code: str
    at: Instant
    operation: Operation = Operation.SALE
    original: Rrn | None = None
    root: Rrn | None = None
    balances: Balances | None = None

    @property
    def is_approved(self) -> bool:
        """Whether it was answered with 00."""
        return self.response_code == APPROVED

    @property
    def family_rrn(self) -> str:
        """The F37 at the head of its family, which may be its own."""
        return (self.root or self.rrn).value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """The answer to one reversal; it may stand alone when it came before its original."""

    rrn: Rrn
    amount: Money
    response_code: str
    at: Instant
    operation: Operation = Operation.SALE


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldMove:
    """The promise of an account grew by `amount`, or shrank when it is negative.

    Attributes:
        rrn: F37 of the pre-authorisation.
        cause: F37 of the request that moved it; None when it expired.
        expires_at: when the hold ends by itself; the same in every move of one hold.
    """

    reason: HoldReason
    rrn: Rrn
    cause: Rrn | None
    account_id: str
    amount: Money
    expires_at: Instant
    at: Instant


@dataclass(frozen=True, slots=True)
class PinTry:
    """One PIN that was compared; wrong ones since the last right one are what counts."""

    card_token: bytes
    was_right: bool
    at: Instant


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the book already holds under one F37."""

    authorisation: Authorisation | None = None
    reversal: Reversal | None = None

    @property
    def stands(self) -> Authorisation | None:
        """The authorisation, if it was approved and not reversed."""
        answer = self.authorisation
        if answer is None or self.reversal is not None or not answer.is_approved:
            return None
        return answer


Record = Authorisation | Reversal | BookEvent | HoldMove | PinTry
