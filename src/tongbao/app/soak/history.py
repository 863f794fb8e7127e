"""What the people at the tills saw: every sale with ok, declined or unknown, and every word shown.

A record is what a client of the system knows and nothing more. `UNKNOWN` allows both ends; any
other outcome allows one. Everything is also written to a file, line by line, as it happens.
"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field
from enum import Enum
from typing import IO, TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from tongbao.app.soak.plan import SaleOrder

BALANCE: Final = "balance"


class Told(Enum):
    """How a sale ended as far as the person at the till knows."""

    OK = "ok"
    DECLINED = "declined"
    REVERSED = "reversed"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


# The words of a till's screen for an end.
TOLD_BY_SCREEN = {
    "approved": Told.OK,
    "declined": Told.DECLINED,
    "reversed": Told.REVERSED,
    "cancelled": Told.NOT_SENT,
}


@dataclass(slots=True)
class SaleRecord:
    """One payment as its cashier knows it; times are milliseconds since the start of the run.

    `given_ms` is when the PIN was given, or the card where there is none: before that nothing can
    have been sent. `balance_minor` is what the screen said to the question for the balance.
    """

    command_id: str
    terminal_id: str
    card_id: str
    amount_minor: int
    begun_ms: int
    kind: str = "sale"
    wrong_pin: bool = False
    given_ms: int | None = None
    ended_ms: int | None = None
    told: Told = Told.NOT_SENT
    trace: int | None = None
    code: str = ""
    balance_minor: int | None = None


class ShownKey(NamedTuple):
    """Names a payment on a screen."""

    terminal_id: str
    trace: int


class Shown(NamedTuple):
    """What a screen said of a payment."""

    told: Told
    amount_minor: int


@dataclass(slots=True)
class History:
    """Everything seen in one run; `started_us` is the wall clock at its zero.

    `trouble_us` is the wall clock at which the plan of faults begins.
    """

    file: IO[str] | None = None
    started_us: int = field(default_factory=lambda: time.time_ns() // 1000)
    trouble_us: int = 0
    sales: list[SaleRecord] = field(default_factory=list)
    shown: dict[ShownKey, list[Shown]] = field(default_factory=dict)
    settled: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What the host said of each till's last settlement: of domestic and of foreign cards."""
    _awaited: list[tuple[str | None, asyncio.Future[None]]] = field(default_factory=list)
    _zero: float = field(default_factory=time.monotonic)

    def now_ms(self) -> int:
        """The time since the start."""
        return int((time.monotonic() - self._zero) * 1000)

    def begin(self, terminal_id: str, order: SaleOrder) -> SaleRecord:
        """Open the record of a sale; its id is born here."""
        sale = SaleRecord(
            command_id=str(uuid.uuid4()),
            terminal_id=terminal_id,
            card_id=order.card_id,
            amount_minor=order.amount_minor,
            begun_ms=self.now_ms(),
            kind=order.kind,
            wrong_pin=order.wrong_pin,
        )
        self.sales.append(sale)
        return sale

    def give(self, sale: SaleRecord) -> None:
        """Note that from here on money may move; until it ends, the sale is unknown."""
        sale.given_ms = self.now_ms()
        sale.told = Told.UNKNOWN
        for terminal_id, waiting in self._awaited:
            if terminal_id in (None, sale.terminal_id) and not waiting.done():
                waiting.set_result(None)
        facts = {"terminal": sale.terminal_id, "card": sale.card_id, "kind": sale.kind}
        self.note("invoke", id=sale.command_id, **facts)

    async def next_given(self, terminal_id: str | None) -> None:
        """Return when the next PIN is given, on this terminal or on any."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (terminal_id, waiting)
        self._awaited.append(entry)
        try:
            await waiting
        finally:
            self._awaited.remove(entry)

    def end(self, sale: SaleRecord, told: Told, trace: int | None = None, code: str = "") -> None:
        """Close the record of a sale."""
        sale.ended_ms = self.now_ms()
        sale.told, sale.trace, sale.code = told, trace, code
        self.note(told.value, id=sale.command_id, trace=trace, code=code)

    def end_batch(self, terminal_id: str, domestic: str, foreign: str) -> None:
        """Note how a till's batch compared with the host's when it was closed."""
        self.settled[terminal_id] = (domestic, foreign)
        self.note("settled", terminal=terminal_id, domestic=domestic, foreign=foreign)

    def saw(self, state: dict[str, Any]) -> None:
        """Keep every end that a screen shows, as result or in the list of last payments."""
        terminal_id = state["terminal_id"]
        result = state["result"]
        for line in [*([result] if result else []), *state["recent"]]:
            told = TOLD_BY_SCREEN.get(line["outcome"])
            if told is None or line["trace"] is None or line["kind"] == BALANCE:
                # Nothing has moved, and no book keeps it.
                continue
            key = ShownKey(terminal_id, int(line["trace"]))
            words = self.shown.setdefault(key, [])
            shown = Shown(told, int(line["amount_minor"]))
            if shown not in words:
                words.append(shown)
                self.note("shown", terminal=terminal_id, trace=key.trace, told=told.value)

    def note(self, what: str, **facts: object) -> None:
        """Write one line to the file of the run."""
        if self.file is not None:
            self.file.write(json.dumps({"ms": self.now_ms(), "what": what, **facts}) + "\n")
            self.file.flush()
