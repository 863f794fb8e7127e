"""What a seed means: which fault strikes when, and what each cashier sells. Pure.

The plan is the same for the same seed. The processes are real, so what a fault meets is not: a
repeated run meets the same faults at the same times, not the same instruction.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HOST: Final = "host"
ISSUER: Final = "sandbox"
TERMINAL_LINE: Final = "terminal line"
ISSUER_LINE: Final = "issuer line"
TERMINAL_PREFIX: Final = "terminal-"
LINES: Final = (TERMINAL_LINE, ISSUER_LINE)

_GAP_MS: Final = (2_000, 10_000)
_STOP_MS: Final = (1_000, 20_000)
_FREEZE_MS: Final = (1_000, 12_000)
# From the PIN to the result, a sale without trouble takes about so long.
_AIM_MS: Final = (0, 60)
_DOWN_MS: Final = (0, 3_000)
_THINK_MS: Final = (500, 2_500)
_AIMED: Final = 0.7
_AMOUNT_MINOR: Final = (1, 199)


class FaultKind(Enum):
    """What is done to a process or a line."""

    KILL = "kill"
    """SIGKILL; the process is started again after `lasts_ms`."""
    STOP = "stop"
    """SIGSTOP, and SIGCONT after `lasts_ms`."""
    CUT = "cut"
    """Every connection of the line is reset."""
    HALF_CLOSE = "half_close"
    """One direction of every connection ends; what is still sent that way is lost."""
    FREEZE = "freeze"
    """Bytes wait for `lasts_ms` and then arrive late."""
    LOSE = "lose"
    """Bytes wait for `lasts_ms`, then the line is cut and they never arrive."""


class Direction(Enum):
    """Which way bytes go: a request goes up, an answer down."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of the plan; `at_ms` counts from the first sale.

    With `aim_ms` it waits a moment for the next PIN to be given and strikes so long after that,
    while the sale is under way.
    """

    at_ms: int
    kind: FaultKind
    target: str
    lasts_ms: int = 0
    directions: tuple[Direction, ...] = ()
    aim_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SaleOrder:
    """What a customer wants and pays with; `think_ms` passes before it.

    A kind that deals with an earlier payment takes card and amount from it: the `pick`-th of those
    that fit, and `percent` of what is left of it. `again` takes one that is used up, too: this must
    be refused.
    """

    card_id: str
    amount_minor: int
    think_ms: int
    wrong_pin: bool = False
    kind: str = "sale"
    pick: int = 0
    percent: int = 100
    again: bool = False


# Wrong PINs go to a card that nothing else depends on: three of them lock it.
_BASKET: Final = (
    (("good", False), 50),
    (("second", False), 22),
    (("no_funds", False), 7),
    (("limit", False), 5),
    (("limit", True), 3),
    (("late", False), 8),
    (("silent", False), 5),
)
CLOSING_CARD: Final = "good"
# About one errand in four is no sale in the end: some find no payment to name and become one. What
# is held is taken or let go by the next errand.
_ERRANDS: Final = (
    (("sale",), 74),
    (("void",), 7),
    (("refund",), 7),
    (("pre_authorisation", "completion"), 5),
    (("pre_authorisation", "pre_authorisation_void"), 4),
    (("balance",), 3),
)
_PERCENT_MAX: Final = 115
_AGAIN: Final = 0.15
_PICKS: Final = 1_000


def plan_faults(seed: int, terminals: Sequence[str], lasting_ms: int) -> tuple[Fault, ...]:
    """Return the faults of a run, in order; `terminals` are names of processes."""
    draw = random.Random(f"faults {seed}")  # noqa: S311 - a schedule, not a secret
    faults: list[Fault] = []
    at_ms = 0
    bag: list[str] = []
    while (at_ms := at_ms + draw.randint(*_GAP_MS)) < lasting_ms:
        if not bag:
            # One of each before any comes again: a short run shall meet most of them.
            bag = ["kill host", "kill issuer", "kill terminal", "stop", "break", "freeze"]
            draw.shuffle(bag)
        faults.append(_fault(draw, at_ms, bag.pop(), terminals))
    return tuple(faults)


def sale_orders(seed: int, terminal_id: str) -> Iterator[SaleOrder]:
    """Yield what comes to one till, without end: sales, and errands of the other kinds."""
    draw = random.Random(f"sales {seed} {terminal_id}")  # noqa: S311 - as above: no secret
    cards, weights = zip(*_BASKET, strict=True)
    errands, shares = zip(*_ERRANDS, strict=True)
    while True:
        for kind in draw.choices(errands, shares)[0]:
            card_id, wrong_pin = draw.choices(cards, weights)[0]
            amount = draw.randint(*_AMOUNT_MINOR)
            if card_id == "no_funds":
                # One fen is left on it, and one fen would be paid.
                amount += 1
            yield SaleOrder(
                card_id,
                amount,
                draw.randint(*_THINK_MS),
                wrong_pin,
                kind,
                draw.randrange(_PICKS),
                draw.randint(1, _PERCENT_MAX),
                draw.random() < _AGAIN,
            )


def _fault(draw: random.Random, at_ms: int, lot: str, terminals: Sequence[str]) -> Fault:
    terminal = draw.choice(terminals)
    aim_ms = draw.randint(*_AIM_MS) if draw.random() < _AIMED else None
    killed = {"kill host": HOST, "kill issuer": ISSUER, "kill terminal": terminal}
    if lot in killed:
        return Fault(at_ms, FaultKind.KILL, killed[lot], draw.randint(*_DOWN_MS), aim_ms=aim_ms)
    if lot == "stop":
        target = draw.choice((HOST, ISSUER, terminal))
        return Fault(at_ms, FaultKind.STOP, target, draw.randint(*_STOP_MS), aim_ms=aim_ms)
    line = draw.choice(LINES)
    if lot == "break":
        kind = draw.choice((FaultKind.CUT, FaultKind.HALF_CLOSE))
        one_way = (draw.choice(tuple(Direction)),)
        directions: tuple[Direction, ...] = one_way if kind is FaultKind.HALF_CLOSE else ()
        return Fault(at_ms, kind, line, 0, directions, aim_ms)
    kind = draw.choice((FaultKind.FREEZE, FaultKind.LOSE))
    ways: tuple[tuple[Direction, ...], ...] = (
        tuple(Direction),
        (Direction.UP,),
        (Direction.DOWN,),
    )
    return Fault(at_ms, kind, line, draw.randint(*_FREEZE_MS), draw.choice(ways), aim_ms)
