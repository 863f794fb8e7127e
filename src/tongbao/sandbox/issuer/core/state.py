"""What the issuer keeps in mind between messages: cards, balances, wrong PINs in a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import InvariantViolationError
from tongbao.sandbox.issuer.core.book import CAPITAL_ACCOUNT, BookEvent, PinTry

if TYPE_CHECKING:
    from tongbao.sandbox.issuer.core.book import Card

_AUTH_CODES: Final = 999_999


@dataclass(slots=True)
class IssuerState:
    """The roll-up of the book; changed by nothing but the records that are about to be kept.

    `balances` are minor units by account, `wrong_pins` counts by card token.
    """

    cards: dict[bytes, Card]
    balances: dict[str, int]
    wrong_pins: dict[bytes, int] = field(default_factory=dict)
    approvals: int = 0

    def next_auth_code(self) -> str:
        """Six digits, 000001 to 999999, in turn."""
        self.approvals += 1
        return f"{(self.approvals - 1) % _AUTH_CODES + 1:06d}"

    def book(self, event: BookEvent) -> None:
        """Move the balances; a card holder's account that would go below zero is a bug."""
        for entry in event.entries:
            balance = self.balances[entry.account_id] + entry.amount.minor
            if balance < 0 and entry.account_id != CAPITAL_ACCOUNT:
                raise InvariantViolationError(f"account {entry.account_id} would be overdrawn")
            self.balances[entry.account_id] = balance

    def count_pin(self, pin_try: PinTry) -> None:
        """Count a wrong PIN, or forget the wrong ones after a right one."""
        if pin_try.was_right:
            self.wrong_pins.pop(pin_try.card_token, None)
        else:
            count = self.wrong_pins.get(pin_try.card_token, 0)
            self.wrong_pins[pin_try.card_token] = count + 1
