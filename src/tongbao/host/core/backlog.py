"""Messages to the issuer that are sent until they are answered, in the order they are due."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tongbao.host.core.exceptions import Exceptions
    from tongbao.host.core.issuer_messages import IssuerMessages
    from tongbao.host.core.state import HostState
    from tongbao.host.records import PaymentRecord
    from tongbao.host.settings import HostSettings
    from tongbao.wire.iso8583.codec import Message

# Enough for a burst after an outage without a burst of its own.
PER_TICK: Final = 200


class Undelivered(NamedTuple):
    """A payment whose message the issuer has not answered; never given up.

    `message` is what is sent when the payment alone does not say it: it holds the card number as a
    secret, and neither track nor PIN. `exception_id` is that of the open exception, 0 for none.
    """

    payment: PaymentRecord
    attempts: int = 0
    due_ms: int = 0
    exception_id: int = 0
    message: Message | None = None

    def __repr__(self) -> str:
        return f"Undelivered({self.payment.rrn}, {self.attempts} attempts)"


def pause_ms(settings: HostSettings, attempts: int) -> int:
    """Return the pause after one more attempt: doubled by each before it, up to its limit."""
    waiting_ms = settings.reversal_retry_ms << min(attempts, 16)
    return min(waiting_ms, settings.reversal_retry_max_ms)


class Backlog:
    """Undelivered messages by the reference number of their payment."""

    __slots__ = ("_due", "_items")

    def __init__(self) -> None:
        self._items: dict[str, Undelivered] = {}
        self._due: list[tuple[int, str]] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        """Reference numbers in the order they came in."""
        return iter(self._items)

    def __contains__(self, rrn: object) -> bool:
        """Whether a payment waits to be delivered."""
        return rrn in self._items

    def get(self, rrn: str) -> Undelivered | None:
        """Return what waits under a reference number."""
        return self._items.get(rrn)

    def put(self, item: Undelivered) -> None:
        """Take it in, or in the place of what was there; it is due at its time."""
        rrn = item.payment.rrn
        self._items[rrn] = item
        heapq.heappush(self._due, (item.due_ms, rrn))

    def remove(self, rrn: str) -> Undelivered | None:
        """Take it out; None when it is not there."""
        return self._items.pop(rrn, None)

    def next_due_ms(self) -> int | None:
        """Return when something may be due next; None for never."""
        return self._due[0][0] if self._due else None

    def take_due(self, now_ms: int) -> list[Undelivered]:
        """Return what is due, a bounded number; who sends it puts it back with a later time."""
        taken: dict[str, Undelivered] = {}
        due = self._due
        while due and due[0][0] <= now_ms and len(taken) < PER_TICK:
            due_ms, rrn = heapq.heappop(due)
            item = self._items.get(rrn)
            # An entry that another send has overtaken is void.
            if item is not None and item.due_ms == due_ms:
                taken[rrn] = item
        return list(taken.values())

    def make_due(self, now_ms: int) -> None:
        """Let everything be sent with the next ticks."""
        for rrn, item in self._items.items():
            self._items[rrn] = item._replace(due_ms=now_ms)
        self._due = [(now_ms, rrn) for rrn in self._items]


class Sender:
    """What reversals and deliveries stand on: the state, the issuer, the queue for people."""

    __slots__ = ("_exceptions", "_issuer", "_settings", "_state")

    def __init__(
        self,
        state: HostState,
        issuer: IssuerMessages,
        exceptions: Exceptions,
        settings: HostSettings,
    ) -> None:
        self._state = state
        self._issuer = issuer
        self._exceptions = exceptions
        self._settings = settings
