"""Many worlds, several at a time, and what they add up to."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tongbao.simulation.coverage import HOST_CELLS
from tongbao.simulation.faults import KINDS
from tongbao.simulation.life import Outcome, live
from tongbao.simulation.scenario import Scenario
from tongbao.terminal.core.transitions import TRANSITIONS

# One world in a hundred is lived twice: the same seed must give the same digest.
_TWICE_EVERY: Final = 100
_CHUNK: Final = 4
TERMINAL_CELLS: Final = tuple(
    sorted(f"{phase.value} + {kind.value}" for phase, kind in TRANSITIONS)
)


@dataclass(slots=True)
class Campaign:
    """The sum of many outcomes; times are virtual seconds."""

    seeds: int = 0
    failures: list[Outcome] = field(default_factory=list)
    frames: int = 0
    approved: int = 0
    seconds: float = 0.0
    longest_healing_s: float = 0.0
    fired: Counter[str] = field(default_factory=Counter)
    worlds_with: Counter[str] = field(default_factory=Counter)
    terminal_cells: Counter[str] = field(default_factory=Counter)
    host_cells: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one world more."""
        self.seeds += 1
        if not outcome.is_good:
            self.failures.append(outcome)
        self.frames += outcome.frames
        self.approved += outcome.approved
        self.seconds += outcome.seconds
        self.longest_healing_s = max(self.longest_healing_s, outcome.healed_after_s)
        self.fired.update(outcome.fired)
        self.worlds_with.update(outcome.fired.keys())
        self.terminal_cells.update(outcome.terminal_cells)
        self.host_cells.update(outcome.host_cells)

    def report(self) -> dict[str, Any]:
        """Return the figures as plain values."""
        return {
            "seeds": self.seeds,
            "failures": [
                {
                    "seed": outcome.scenario.seed,
                    "failure": outcome.failure,
                    "command": outcome.scenario.command(),
                }
                for outcome in self.failures
            ],
            "virtual_hours": round(self.seconds / 3600, 1),
            "frames": self.frames,
            "approved_sales": self.approved,
            "longest_healing_s": round(self.longest_healing_s, 1),
            "faults": {
                fault.value: {
                    "fired": self.fired[fault.value],
                    "seeds": self.worlds_with[fault.value],
                }
                for fault in KINDS
            },
            "terminal_cells": {cell: self.terminal_cells[cell] for cell in TERMINAL_CELLS},
            "host_cells": {cell: self.host_cells[cell] for cell in sorted(HOST_CELLS)},
        }


def run_all(
    scenarios: Iterable[Scenario], jobs: int, told: Callable[[Outcome], None] | None = None
) -> Campaign:
    """Live all scenarios in `jobs` processes; `told` hears of each as it ends."""
    campaign = Campaign()
    for outcome in _outcomes(scenarios, jobs):
        campaign.add(outcome)
        if told is not None:
            told(outcome)
    return campaign


def _outcomes(scenarios: Iterable[Scenario], jobs: int) -> Iterator[Outcome]:
    if jobs <= 1:
        yield from map(live_checked, scenarios)
        return
    # A fresh interpreter for each: what runs here, say a test's threads, is not copied along.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(live_checked, scenarios, _CHUNK)


def live_checked(scenario: Scenario) -> Outcome:
    """Live a scenario; one in a hundred twice, with the same trace or a failure."""
    outcome = live(scenario)
    if scenario.seed % _TWICE_EVERY == 0 and outcome.is_good:
        again = live(scenario)
        if again.digest != outcome.digest:
            outcome.invariant = "determinism"
            outcome.failure = "determinism: the same seed gave another trace"
    return outcome
