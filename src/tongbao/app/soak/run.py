"""One soak from its first sale to its verdict: trouble, then calm, then the books."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.app.processes import PartFailedError
from tongbao.app.soak.books import collect, host_in_doubt, longest_doubt_ms
from tongbao.app.soak.cashier import Cashier
from tongbao.app.soak.checker import Evidence, check
from tongbao.app.soak.history import History
from tongbao.app.soak.plan import TERMINAL_PREFIX, Fault, plan_faults, sale_orders
from tongbao.app.soak.rules import Rule, Violation
from tongbao.app.soak.stage import Stage, set_stage, stop_in_order
from tongbao.app.soak.story import tell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tongbao.app.soak.measure import Life

HISTORY_FILE: Final = "history.jsonl"
# Doubt must close, and a new sale succeed, within this time after the last fault.
CONVERGE_MAX_S: Final = 90.0
_OPEN_MAX_S: Final = 180.0
_POLL_S: Final = 0.1
_AIM_MAX_S: Final = 3.0
_STORIES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Options:
    """What to run."""

    seed: int
    minutes: float
    terminals: int
    store: str

    @property
    def lasting_ms(self) -> int:
        """How long the trouble lasts."""
        return int(self.minutes * 60_000)

    def command(self) -> str:
        """The command that repeats this schedule."""
        return (
            f"tongbao soak --minutes {self.minutes:g} --terminals {self.terminals}"
            f" --store {self.store} --seed {self.seed}"
        )


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    options: Options
    faults: list[Fault] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)
    evidence: Evidence | None = None
    lives: list[Life] = field(default_factory=list)
    convergence_s: float | None = None
    longest_doubt_ms: int = 0
    took_s: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether every rule held."""
        return not self.violations


async def soak(
    options: Options, folder: Path, database_url: str | None, say: Callable[[str], None]
) -> Outcome:
    """Run once below the folder; raises PartFailedError when a process does not start at all."""
    outcome = Outcome(options)
    began = time.monotonic()
    with (folder / HISTORY_FILE).open("w", encoding="utf-8") as file:
        history = History(file)
        async with set_stage(folder / "world", database_url, options.terminals, history) as stage:
            await _Run(outcome, stage, history, say).play()
    outcome.took_s = time.monotonic() - began
    return outcome


class _Run:
    """The acts of a run, in order."""

    def __init__(
        self, outcome: Outcome, stage: Stage, history: History, say: Callable[[str], None]
    ) -> None:
        self._outcome = outcome
        self._stage = stage
        self._history = history
        self._say = say
        seed = outcome.options.seed
        self._cashiers = [
            Cashier(terminal_id, actor, sale_orders(seed, terminal_id), history)
            for terminal_id, actor in stage.terminals.items()
        ]

    async def play(self) -> None:
        """Open, suffer, calm down, compare."""
        working = [asyncio.create_task(cashier.work()) for cashier in self._cashiers]
        try:
            await self._open(working)
            await self._suffer(working)
            calmed = await self._calm_down(working)
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
        self._measure()
        await self._compare(calmed)

    async def _open(self, working: list[asyncio.Task[None]]) -> None:
        """Wait until every till can sell; a failure here is no finding but a wrong start."""
        ready = asyncio.create_task(self._all_ready())
        done, _ = await asyncio.wait(
            [ready, *working], timeout=_OPEN_MAX_S, return_when=asyncio.FIRST_COMPLETED
        )
        if ready not in done:
            ready.cancel()
            for task in done:
                task.result()
            raise PartFailedError(f"the tills did not open\n{self._stage.log_tails()}")
        self._say(f"{len(self._cashiers)} tills are open; trouble begins")

    async def _all_ready(self) -> None:
        for cashier in self._cashiers:
            await cashier.ready()

    async def _suffer(self, working: list[asyncio.Task[None]]) -> None:
        """Carry out the plan."""
        options = self._outcome.options
        zero_ms = self._history.now_ms()
        self._history.trouble_us = self._history.started_us + zero_ms * 1000
        names = [actor.name for actor in self._stage.terminals.values()]
        for fault in plan_faults(options.seed, names, options.lasting_ms):
            await self._pass(fault.at_ms + zero_ms, working)
            await self._take_aim(fault)
            self._stage.apply(fault)
            self._outcome.faults.append(fault)
            self._say(fault_text(fault))
        await self._pass(options.lasting_ms + zero_ms, working)

    async def _take_aim(self, fault: Fault) -> None:
        """Wait for the next sale that the fault can hit, but not for long."""
        if fault.aim_ms is None:
            return
        terminal_id = fault.target.removeprefix(TERMINAL_PREFIX)
        anywhere = terminal_id == fault.target
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_AIM_MAX_S):
                await self._history.next_given(None if anywhere else terminal_id)
                await asyncio.sleep(fault.aim_ms / 1000)

    async def _pass(self, until_ms: int, working: list[asyncio.Task[None]]) -> None:
        """Let time pass; a cashier who falls over is a bug of the soak itself and ends it."""
        left_s = (until_ms - self._history.now_ms()) / 1000
        if left_s > 0:
            done, _ = await asyncio.wait(
                working, timeout=left_s, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()

    async def _calm_down(self, working: list[asyncio.Task[None]]) -> bool:
        """End all faults; whether doubt closed and every till sold again in time."""
        self._say("trouble ends; everything must come to an end now")
        began = time.monotonic()
        await self._stage.calm()
        for cashier in self._cashiers:
            cashier.close_up()
        try:
            async with asyncio.timeout(CONVERGE_MAX_S):
                await asyncio.gather(*working)
                await self._host_is_sure()
        except TimeoutError:
            return False
        self._outcome.convergence_s = time.monotonic() - began
        return True

    async def _host_is_sure(self) -> None:
        """Return when the host knows every end; its database tells nobody by itself."""
        while await asyncio.to_thread(host_in_doubt, self._stage.places.database_url):  # noqa: ASYNC110 - as above
            await asyncio.sleep(_POLL_S)

    def _measure(self) -> None:
        gauge = self._stage.gauge
        for name, actor in self._stage.actors.items():
            with contextlib.suppress(PartFailedError):
                gauge.sample(name, actor.part.pid, now=True)
            life = gauge.longest(name)
            if life is not None:
                self._outcome.lives.append(life)

    async def _compare(self, calmed: bool) -> None:
        """Read the books and judge."""
        outcome, stage = self._outcome, self._stage
        try:
            outcome.evidence = await asyncio.to_thread(collect, stage.places, self._history)
        except OSError as error:
            text = f"the books could not be read: {error}"
            outcome.violations.append(Violation(Rule.BOOKS_AGREE, text))
        else:
            outcome.longest_doubt_ms = longest_doubt_ms(stage.places.journals)
            outcome.violations = check(outcome.evidence)
        if not calmed:
            waiting = ", ".join(
                f"{tid} {cashier.last_state.get('phase')}"
                for tid, cashier in zip(stage.terminals, self._cashiers, strict=True)
            )
            text = f"not within {CONVERGE_MAX_S:.0f} s; the tills: {waiting}"
            outcome.violations.append(Violation(Rule.CONVERGES, text))
        outcome.violations += [
            Violation(Rule.PARTS_STAY_UP, f"{ending.name} at {ending.at_ms} ms: {ending.text}")
            for ending in stage.endings
        ]
        journal = outcome.evidence.journal if outcome.evidence else ()
        commands = {sale.line.key: sale.command_id for sale in journal}
        outcome.stories = [
            tell(
                violation.key,
                commands.get(violation.key),
                self._history,
                stage.places,
                outcome.faults,
            )
            for violation in outcome.violations
            if violation.key is not None
        ][:_STORIES_MAX]
        codes = await stop_in_order(stage)
        outcome.violations += [
            Violation(Rule.PARTS_STAY_UP, f"{name} ended with code {code} when asked to stop")
            for name, code in codes.items()
            if code != 0
        ]


def fault_text(fault: Fault) -> str:
    """Say what is done to whom."""
    which = " and ".join(direction.value for direction in fault.directions)
    lasts = f" for {fault.lasts_ms / 1000:.1f} s" if fault.lasts_ms else ""
    words = [f"{fault.at_ms / 1000:6.1f} s ", fault.kind.value, fault.target, which]
    return " ".join(word for word in words if word) + lasts
