"""The demo's stage: a fresh world in its own folder, with sandbox, host and terminal running."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

from tongbao.app.processes import Part, PartFailedError
from tongbao.app.setup import PreparedWorld, SetUpOptions, prepare
from tongbao.app.world import host_part, sandbox_part, terminal_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tongbao.terminal.settings import TerminalSettings

Started = TypeVar("Started")

FIRST_TERMINAL: Final = "00000001"
SECOND_TERMINAL: Final = "00000002"
# Free ports are found, let go and taken again; another program may be quicker now and then.
_START_TRIES: Final = 3
# Short, so that the day does not take a day, and long enough for a machine that is busy: the late
# card answers first, then the host gives the issuer up, then the terminal gives the host up.
_HOST: Final = {
    "issuer_timeout_ms": 4_000,
    "inquiry_timeout_ms": 1_500,
    "reversal_retry_ms": 250,
    "reversal_retry_max_ms": 1_000,
    "reconnect_ms": 50,
    "reconnect_max_ms": 500,
}
_SANDBOX: Final = {"late_reply_delay_ms": 2_500, "book_entries_max": 10_000}
_TERMINAL: Final = {
    "host_timeout_ms": 12_000,
    "connect_timeout_ms": 3_000,
    "reversal_repeats": 20,
    "retry_first_ms": 250,
    "retry_max_ms": 1_000,
}


@dataclass(slots=True)
class Stage:
    """Everything that runs, and where its books are."""

    world: PreparedWorld
    database_url: str
    sandbox: Part
    host: Part
    terminal: Part

    @property
    def journals(self) -> dict[str, Path]:
        """Where the journals of the terminals are that have sold something."""
        return {
            terminal_id: settings.data_folder
            for terminal_id, settings in self.world.settings.terminals.items()
            if (settings.data_folder / "journal.sqlite3").exists()
        }

    def log_tails(self) -> str:
        """The last lines of every part's log."""
        return "\n".join(
            f"--- {part.name}\n{part.log_tail()}"
            for part in (self.sandbox, self.host, self.terminal)
        )

    @property
    def second_terminal(self) -> TerminalSettings:
        """The settings of the terminal that the demo works by hand."""
        return self.world.settings.terminals[SECOND_TERMINAL]


@contextlib.contextmanager
def set_stage(folder: Path, database_url: str | None) -> Iterator[Stage]:
    """Prepare a world below the folder, start its parts and stop them at the end.

    `database_url` None makes a SQLite file. Raises PartFailedError when a part does not start.
    """
    with started(folder, lambda world, stack: _start(world, database_url, stack)) as stage:
        yield stage


@contextlib.contextmanager
def started(
    folder: Path, start: Callable[[Path, contextlib.ExitStack], Started]
) -> Iterator[Started]:
    """Start parts in a fresh folder below this one, again in another when a port was taken.

    Raises PartFailedError when a part does not start.
    """
    for attempt in range(1, _START_TRIES + 1):
        with contextlib.ExitStack() as stack:
            try:
                parts = start(folder / f"world-{attempt}", stack)
            except PartFailedError as error:
                if attempt == _START_TRIES or "in use" not in str(error):
                    raise
                continue
            yield parts
            return


def _start(folder: Path, database_url: str | None, stack: contextlib.ExitStack) -> Stage:
    options = SetUpOptions(
        port_base=None,
        database_url=database_url,
        terminal_ids=(FIRST_TERMINAL, SECOND_TERMINAL),
        host=_HOST,
        sandbox=_SANDBOX,
        terminal=_TERMINAL,
    )
    world = prepare(folder, options)
    stage = Stage(
        world,
        world.settings.database_url,
        sandbox_part(world),
        host_part(world),
        terminal_part(world, FIRST_TERMINAL),
    )
    for part in (stage.sandbox, stage.host, stage.terminal):
        stack.callback(part.stop)
    # The host finds a running issuer, so that its line stands when the first sale comes.
    stage.sandbox.start()
    start_together(stage.host, stage.terminal)
    return stage


def start_together(*parts: Part) -> None:
    """Start parts at the same time; raises PartFailedError when one does not start."""
    with ThreadPoolExecutor(len(parts)) as pool:
        for started in [pool.submit(part.start) for part in parts]:
            started.result()
