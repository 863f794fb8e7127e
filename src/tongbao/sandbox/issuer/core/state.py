"""What the issuer keeps in mind between messages: cards, balances, holds, wrong PINs in a row."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import InvariantViolationError
from tongbao.sandbox.issuer.core.book import (
    CAPITAL_ACCOUNT,
    CLEARING_ACCOUNT,
    BookEvent,
    EventKind,
    PinTry,
)

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.core.book import Card, HoldMove

_AUTH_CODES: Final = 999_999
# What a card holder owes although the account does not hold it any more: a completion within its
# hold, and a payment that comes back into force because its void was reversed.
_MAY_OVERDRAW: Final = frozenset({EventKind.COMPLETION, EventKind.REVERSAL})


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A promise that stands."""

    account_id: str
    amount_minor: int
    expires_at: Instant


@dataclass(slots=True)
class IssuerState:
    """The roll-up of the book; changed by nothing but the records that are about to be kept.

    `balances` and `held` are minor units by account, `wrong_pins` counts by card token, `holds`
    are the open ones by the F37 of their pre-authorisation.
    """

    cards: dict[bytes, Card]
    balances: dict[str, int]
    wrong_pins: dict[bytes, int] = field(default_factory=dict)
    approvals: int = 0
    holds: dict[str, OpenHold] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    _ends: list[tuple[int, str]] = field(default_factory=list)

    def next_auth_code(self) -> str:
        """Six digits, 000001 to 999999, in turn."""
        self.approvals += 1
        return f"{(self.approvals - 1) % _AUTH_CODES + 1:06d}"

    def available(self, account_id: str) -> int:
        """What can be spent, in minor units: the balance without what is held."""
        return self.balances[account_id] - self.held.get(account_id, 0)

    def book(self, event: BookEvent) -> None:
        """Move the balances; a spending that overdraws a card holder's account is a bug."""
        for entry in event.entries:
            account_id = entry.account_id
            balance = self.balances[account_id] + entry.amount.minor
            forced = event.kind in _MAY_OVERDRAW and account_id != CLEARING_ACCOUNT
            if balance < 0 and account_id != CAPITAL_ACCOUNT and not forced:
                raise InvariantViolationError(f"account {account_id} would be overdrawn")
            self.balances[account_id] = balance

    def move_hold(self, move: HoldMove) -> None:
        """Change a promise; one that would fall below zero is a bug."""
        rrn, account_id = move.rrn.value, move.account_id
        known = self.holds.get(rrn)
        minor = move.amount.minor + (0 if known is None else known.amount_minor)
        if minor < 0:
            raise InvariantViolationError(f"the hold {rrn} would be below zero")
        self.held[account_id] = self.held.get(account_id, 0) + move.amount.minor
        if minor:
            self.holds[rrn] = OpenHold(account_id, minor, move.expires_at)
            heapq.heappush(self._ends, (move.expires_at.us, rrn))
        else:
            self.holds.pop(rrn, None)

    def open_hold(self, rrn: str, hold: OpenHold) -> None:
        """Take over a hold from the book."""
        self.holds[rrn] = hold
        self.held[hold.account_id] = self.held.get(hold.account_id, 0) + hold.amount_minor
        heapq.heappush(self._ends, (hold.expires_at.us, rrn))

    def due_holds(self, now: Instant) -> list[tuple[str, OpenHold]]:
        """Return the open holds whose time is over, earliest first; each is returned once."""
        due: dict[str, OpenHold] = {}
        while self._ends and self._ends[0][0] <= now.us:
            _, rrn = heapq.heappop(self._ends)
            if rrn in self.holds:
                due[rrn] = self.holds[rrn]
        return list(due.items())

    def count_pin(self, pin_try: PinTry) -> None:
        """Count a wrong PIN, or forget the wrong ones after a right one."""
        if pin_try.was_right:
            self.wrong_pins.pop(pin_try.card_token, None)
        else:
            count = self.wrong_pins.get(pin_try.card_token, 0)
            self.wrong_pins[pin_try.card_token] = count + 1
