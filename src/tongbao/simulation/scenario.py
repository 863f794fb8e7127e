"""What a seed stands for: how many terminals and sales, which faults at which rates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tongbao.simulation.agenda import dice
from tongbao.simulation.faults import Fault, Firing, draw_rates

TERMINALS_MAX: Final = 8
SALES_MAX: Final = 500
_BLACKOUTS: Final = 0.125


@dataclass(frozen=True, slots=True)
class Scenario:
    """One world to live through; the same scenario is the same world, to the byte.

    `only`, when given, are the only faults that may happen, by kind and number. `blackout` lets all
    shops lose their power at a bad moment, so that the host must end alone what it has begun.
    """

    seed: int
    terminals: int
    sales: int
    rates: tuple[tuple[Fault, float], ...]
    only: frozenset[Firing] | None = None
    blackout: bool = False

    def command(self) -> str:
        """Return the command that repeats this world and tells its story."""
        parts = [
            f"tongbao simulate --seed {self.seed}",
            f"--terminals {self.terminals}",
            f"--sales {self.sales}",
        ]
        drawn = draw_scenario(self.seed)
        if self.rates != drawn.rates:
            rates = ",".join(f"{fault.value}={rate}" for fault, rate in self.rates)
            parts.append(f"--faults {rates or 'none'}")
        if self.only is not None:
            parts.append(f"--only {','.join(map(str, sorted(self.only))) or 'none'}")
        if self.blackout and not drawn.blackout:
            parts.append("--blackout")
        return " ".join([*parts, "--story"])


def draw_scenario(seed: int) -> Scenario:
    """Return the world of a seed: 1 to 8 terminals, mostly few, and 3 to 12 payments in all.

    One in eight has a blackout.
    """
    chance = dice(seed, "scenario")
    terminals = chance.choice((1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 8))
    sales = chance.randrange(3, 13)
    rates = tuple(draw_rates(seed).items())
    blackout = chance.random() < _BLACKOUTS
    return Scenario(seed, terminals, max(sales, terminals), rates, blackout=blackout)


def changed(
    scenario: Scenario,
    terminals: int | None = None,
    sales: int | None = None,
    rates: tuple[tuple[Fault, float], ...] | None = None,
    only: frozenset[Firing] | None = None,
    *,
    blackout: bool = False,
) -> Scenario:
    """Return the scenario with what was asked for in place of what the seed drew."""
    return replace(
        scenario,
        terminals=scenario.terminals if terminals is None else terminals,
        sales=scenario.sales if sales is None else sales,
        rates=scenario.rates if rates is None else rates,
        only=scenario.only if only is None else only,
        blackout=scenario.blackout or blackout,
    )
