"""Many worlds, several at a time, and what they add up to; a long campaign is kept in chunks."""

from __future__ import annotations

import json
import multiprocessing
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from tongbao.simulation.coverage import HOST_CELLS
from tongbao.simulation.faults import KINDS
from tongbao.simulation.life import Outcome, live
from tongbao.simulation.scenario import Scenario
from tongbao.terminal.core.transitions import TRANSITIONS

CHUNK_SEEDS: Final = 250
# One world in a hundred is lived twice: the same seed must give the same digest.
_TWICE_EVERY: Final = 100
_HANDED_OUT: Final = 4
TERMINAL_CELLS: Final = tuple(
    sorted(f"{phase.value} + {kind.value}" for phase, kind in TRANSITIONS)
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed that broke an invariant, and the command that repeats it."""

    seed: int
    failure: str
    command: str


@dataclass(slots=True)
class Campaign:
    """The sum of many outcomes; times are virtual seconds."""

    seeds: int = 0
    failures: list[Failure] = field(default_factory=list)
    frames: int = 0
    approved: int = 0
    seconds: float = 0.0
    longest_healing_s: float = 0.0
    fired: Counter[str] = field(default_factory=Counter)
    worlds_with: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    """Approved payments of each kind, and batches closed."""
    terminal_cells: Counter[str] = field(default_factory=Counter)
    host_cells: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """Count one world more."""
        self.seeds += 1
        if outcome.failure is not None:
            scenario = outcome.scenario
            self.failures.append(Failure(scenario.seed, outcome.failure, scenario.command()))
        self.frames += outcome.frames
        self.approved += outcome.approved
        self.seconds += outcome.seconds
        self.longest_healing_s = max(self.longest_healing_s, outcome.healed_after_s)
        self.fired.update(outcome.fired)
        self.worlds_with.update(outcome.fired.keys())
        self.done.update(outcome.done)
        self.terminal_cells.update(outcome.terminal_cells)
        self.host_cells.update(outcome.host_cells)

    def join(self, other: Self) -> None:
        """Count another campaign's worlds, too."""
        self.seeds += other.seeds
        self.failures += other.failures
        self.frames += other.frames
        self.approved += other.approved
        self.seconds += other.seconds
        self.longest_healing_s = max(self.longest_healing_s, other.longest_healing_s)
        for name in _COUNTERS:
            getattr(self, name).update(getattr(other, name))

    def plain(self) -> dict[str, Any]:
        """Return everything as plain values, for `from_plain`."""
        return {
            **{name: getattr(self, name) for name in _NUMBERS},
            **{name: dict(sorted(getattr(self, name).items())) for name in _COUNTERS},
            "failures": [[item.seed, item.failure, item.command] for item in self.failures],
        }

    @classmethod
    def from_plain(cls, values: dict[str, Any]) -> Self:
        """Rebuild a campaign."""
        campaign = cls(**{name: values[name] for name in _NUMBERS})
        for name in _COUNTERS:
            getattr(campaign, name).update(values[name])
        campaign.failures = [Failure(*item) for item in values["failures"]]
        return campaign

    def report(self) -> dict[str, Any]:
        """Return the figures as plain values, with a row for what never happened, too."""
        return {
            "seeds": self.seeds,
            "failures": [
                {"seed": item.seed, "failure": item.failure, "command": item.command}
                for item in self.failures
            ],
            "virtual_hours": round(self.seconds / 3600, 1),
            "frames": self.frames,
            "approved_payments": self.approved,
            "longest_healing_s": round(self.longest_healing_s, 1),
            "done": dict(sorted(self.done.items())),
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


_NUMBERS: Final = ("seeds", "frames", "approved", "seconds", "longest_healing_s")
_COUNTERS: Final = ("fired", "worlds_with", "done", "terminal_cells", "host_cells")


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


def run_in_chunks(
    folder: Path,
    scenarios: Sequence[Scenario],
    jobs: int,
    told: Callable[[Outcome], None] | None = None,
) -> Campaign:
    """Live all scenarios chunk by chunk; chunks that the folder holds already are not lived again.

    Raises: OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = Campaign()
    for at in range(0, len(scenarios), CHUNK_SEEDS):
        chunk = scenarios[at : at + CHUNK_SEEDS]
        file = folder / f"{chunk[0].seed:06d}-{chunk[-1].seed:06d}.json"
        if file.exists():
            whole.join(Campaign.from_plain(json.loads(file.read_text("utf-8"))))
            continue
        part = run_all(chunk, jobs, told)
        unfinished = file.with_suffix(".part")
        unfinished.write_text(json.dumps(part.plain(), ensure_ascii=False), "utf-8")
        unfinished.replace(file)
        whole.join(part)
        line = f"{whole.seeds} of {len(scenarios)}, {len(whole.failures)} failures\n"
        (folder / "progress").write_text(line, "utf-8")
    return whole


def _outcomes(scenarios: Iterable[Scenario], jobs: int) -> Iterator[Outcome]:
    if jobs <= 1:
        yield from map(live_checked, scenarios)
        return
    # A fresh interpreter for each: what runs here, say a test's threads, is not copied along.
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(live_checked, scenarios, _HANDED_OUT)


def live_checked(scenario: Scenario) -> Outcome:
    """Live a scenario; one in a hundred twice, with the same trace or a failure."""
    outcome = live(scenario)
    if scenario.seed % _TWICE_EVERY == 0 and outcome.is_good:
        again = live(scenario)
        if again.digest != outcome.digest:
            outcome.invariant = "determinism"
            outcome.failure = "determinism: the same seed gave another trace"
    return outcome
