"""The stage of a soak: a fresh world whose two lines run through proxies, and its processes."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.app.processes import PartFailedError
from tongbao.app.setup import SetUpOptions, prepare
from tongbao.app.soak.actors import Actor, Ending
from tongbao.app.soak.books import Places
from tongbao.app.soak.measure import Gauge
from tongbao.app.soak.plan import (
    HOST,
    ISSUER,
    ISSUER_LINE,
    TERMINAL_LINE,
    TERMINAL_PREFIX,
    Direction,
    Fault,
    FaultKind,
)
from tongbao.app.soak.proxy import Line
from tongbao.app.world import host_part, sandbox_part, terminal_part

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tongbao.app.setup import PreparedWorld
    from tongbao.app.soak.history import History

# Short, so that an end comes quickly. The late card answers when the host is just giving it up:
# sometimes before, sometimes after.
_HOST: Final = {
    "issuer_timeout_ms": 2_000,
    "inquiry_timeout_ms": 1_000,
    "reversal_retry_ms": 250,
    "reversal_retry_max_ms": 1_000,
    "reconnect_ms": 50,
    "reconnect_max_ms": 500,
    "sign_on_timeout_ms": 2_000,
    "echo_interval_ms": 5_000,
}
_SANDBOX: Final = {"late_reply_delay_ms": 2_000, "book_entries_max": 10_000_000}
_TERMINAL: Final = {
    "screen_port": 0,
    "reader_port": 0,
    "host_timeout_ms": 5_000,
    "connect_timeout_ms": 2_000,
    "reversal_repeats": 5,
    "retry_first_ms": 250,
    "retry_max_ms": 1_000,
}
_STARTING_TOGETHER: Final = 2


@dataclass(slots=True)
class Stage:
    """Everything that runs, and what is done to it."""

    world: PreparedWorld
    history: History
    lines: dict[str, Line]
    gauge: Gauge = field(default_factory=Gauge)
    actors: dict[str, Actor] = field(default_factory=dict)
    endings: list[Ending] = field(default_factory=list)
    _thawing: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def terminals(self) -> dict[str, Actor]:
        """The terminals by their ids."""
        return {
            terminal_id: self.actors[f"{TERMINAL_PREFIX}{terminal_id}"]
            for terminal_id in self.world.settings.terminals
        }

    @property
    def places(self) -> Places:
        """Where the books are; the sandbox runs."""
        return Places(
            {tid: of.data_folder for tid, of in self.world.settings.terminals.items()},
            self.world.settings.database_url,
            str(self.actors[ISSUER].part.ready["http"]),
        )

    def apply(self, fault: Fault) -> None:
        """Do what the plan says now."""
        self.history.note(
            "fault", kind=fault.kind.value, target=fault.target, lasts_ms=fault.lasts_ms
        )
        match fault.kind:
            case FaultKind.KILL:
                self.actors[fault.target].kill(fault.lasts_ms)
            case FaultKind.STOP:
                self.actors[fault.target].halt(fault.lasts_ms)
            case FaultKind.CUT:
                self.lines[fault.target].cut()
            case FaultKind.HALF_CLOSE:
                for direction in fault.directions:
                    self.lines[fault.target].half_close(direction)
            case FaultKind.FREEZE | FaultKind.LOSE:
                task = asyncio.create_task(self._freeze(fault))
                self._thawing.add(task)
                task.add_done_callback(self._thawing.discard)

    async def calm(self) -> None:
        """End all faults: everything runs and every line is open."""
        for task in self._thawing:
            task.cancel()
        for line in self.lines.values():
            for direction in Direction:
                line.thaw(direction)
        for actor in self.actors.values():
            actor.go_on()
        for actor in self.actors.values():
            await actor.settled()

    def log_tails(self) -> str:
        """The last lines of every part's log."""
        tails = (f"--- {name}\n{actor.part.log_tail()}" for name, actor in self.actors.items())
        return "\n".join(tails)

    async def _freeze(self, fault: Fault) -> None:
        line = self.lines[fault.target]
        for direction in fault.directions:
            line.freeze(direction)
        await asyncio.sleep(fault.lasts_ms / 1000)
        if fault.kind is FaultKind.LOSE:
            line.cut()
        for direction in fault.directions:
            line.thaw(direction)


@contextlib.asynccontextmanager
async def set_stage(
    folder: Path, database_url: str | None, terminals: int, history: History
) -> AsyncIterator[Stage]:
    """Prepare a world, start its processes and end them all; raises PartFailedError."""
    async with Line() as terminal_line, Line() as issuer_line:
        options = SetUpOptions(
            port_base=None,
            database_url=database_url,
            terminal_ids=tuple(f"{number:08d}" for number in range(1, terminals + 1)),
            host=_HOST | {"issuer_port": issuer_line.port},
            sandbox=_SANDBOX,
            terminal=_TERMINAL | {"host_port": terminal_line.port},
        )
        world = await asyncio.to_thread(prepare, folder, options)
        settings = world.settings
        assert settings.host is not None  # noqa: S101 - prepare() writes every section
        assert settings.sandbox is not None  # noqa: S101 - as above: every section is there
        terminal_line.upstream = settings.host.listen_port
        issuer_line.upstream = settings.sandbox.issuer_port
        stage = Stage(world, history, {TERMINAL_LINE: terminal_line, ISSUER_LINE: issuer_line})
        parts = [sandbox_part(world), host_part(world)]
        parts += [terminal_part(world, terminal_id) for terminal_id in settings.terminals]

        def ended(name: str, text: str) -> None:
            stage.endings.append(Ending(name, history.now_ms(), text))
            history.note("ended", name=name)

        stage.actors = {part.name: Actor(part, stage.gauge, ended) for part in parts}
        watching: list[asyncio.Task[None]] = []
        try:
            await _start_all(stage)
            watching = [asyncio.create_task(actor.watch()) for actor in stage.actors.values()]
            yield stage
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            await asyncio.gather(*(actor.end() for actor in stage.actors.values()))


async def stop_in_order(stage: Stage) -> dict[str, int | None]:
    """Ask every process to end, terminals first; return the exit codes."""
    names = [name for name in stage.actors if name not in (HOST, ISSUER)]
    codes: dict[str, int | None] = {}
    for group in (names, [HOST], [ISSUER]):
        ends = [asyncio.to_thread(stage.actors[name].stop) for name in group]
        codes.update(zip(group, await asyncio.gather(*ends), strict=True))
    return codes


async def _start_all(stage: Stage) -> None:
    """Start issuer and host, then the terminals, few at a time: each start is much work."""
    for name in (ISSUER, HOST):
        await stage.actors[name].start()
    turn = asyncio.Semaphore(_STARTING_TOGETHER)

    async def start(actor: Actor) -> None:
        async with turn:
            await actor.start()

    starting = [asyncio.create_task(start(actor)) for actor in stage.terminals.values()]
    try:
        await asyncio.gather(*starting)
    except PartFailedError:
        # The others' threads must end before their processes are taken away.
        await asyncio.gather(*starting, return_exceptions=True)
        raise
