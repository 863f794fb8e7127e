"""Keeps the parts of one world running: starts in order, restarts what died, stops in reverse."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tongbao.app.processes import Part, PartFailedError

CHECK_INTERVAL_S = 0.5
RESTART_DELAY_FIRST_S = 1.0
RESTART_DELAY_MAX_S = 30.0
STEADY_AFTER_S = 60.0


@dataclass(slots=True)
class Watched:
    """One part and what the supervisor remembers of it."""

    part: Part
    started_at_s: float = 0.0
    delay_s: float = RESTART_DELAY_FIRST_S
    restart_at_s: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Runs `parts` until `stop` is asked; `say` tells a person what happens."""

    parts: list[Part]
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _watched: list[Watched] = field(default_factory=list, init=False)
    _stopping: threading.Event = field(default_factory=threading.Event, init=False)

    def start(self) -> None:
        """Start every part in order; a failure stops the others and raises `PartFailedError`."""
        for part in self.parts:
            try:
                part.start()
            except PartFailedError:
                self.stop_all()
                raise
            self._watched.append(Watched(part, started_at_s=self.clock()))

    def run(self) -> None:
        """Watch the parts until `request_stop`, then stop them all."""
        try:
            while not self._stopping.wait(CHECK_INTERVAL_S):
                self.check()
        finally:
            self.stop_all()

    def request_stop(self) -> None:
        """Ask `run` to end; may be called from a signal handler."""
        self._stopping.set()

    def check(self) -> None:
        """Look at every part once and restart what died and has waited long enough."""
        now = self.clock()
        for watched in self._watched:
            if watched.restart_at_s is None and not watched.part.running():
                self._note_death(watched, now)
            if watched.restart_at_s is not None and now >= watched.restart_at_s:
                self._restart(watched)

    def stop_all(self) -> None:
        """Stop every part, the last started first."""
        for part in reversed(self.parts):
            part.stop()

    def _note_death(self, watched: Watched, now: float) -> None:
        if now - watched.started_at_s >= STEADY_AFTER_S:
            watched.delay_s = RESTART_DELAY_FIRST_S
        watched.restart_at_s = now + watched.delay_s
        self.say(
            f"{watched.part.name} ended with code {watched.part.exit_code()}; "
            f"starting it again in {watched.delay_s:.0f} s (log: {watched.part.log_file})"
        )
        watched.delay_s = min(watched.delay_s * 2, RESTART_DELAY_MAX_S)

    def _restart(self, watched: Watched) -> None:
        try:
            watched.part.start()
        except PartFailedError as error:
            watched.restart_at_s = self.clock() + watched.delay_s
            watched.delay_s = min(watched.delay_s * 2, RESTART_DELAY_MAX_S)
            self.say(f"{error}\nnext try in {watched.delay_s:.0f} s")
            return
        watched.restart_at_s = None
        watched.started_at_s = self.clock()
        self.say(f"{watched.part.name} runs again")
