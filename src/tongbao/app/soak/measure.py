"""Memory and open files of the processes, from each start to its end."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_SAMPLE_EVERY_S: Final = 2.0
# A process fills its caches first; growth counts from here on.
_SETTLED_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a process; `age_s` since it became ready."""

    age_s: float
    memory_kib: int
    files: int


@dataclass(slots=True)
class Life:
    """One process from its start to its end; `first` is the first look after it had settled."""

    name: str
    pid: int
    started: float
    first: Sample | None = None
    last: Sample | None = None

    @property
    def age_s(self) -> float:
        """How long it was watched."""
        return self.last.age_s if self.last is not None else 0.0


@dataclass(slots=True)
class Gauge:
    """Looks at processes and remembers each life's start and end."""

    lives: list[Life] = field(default_factory=list)
    _now: dict[str, Life] = field(default_factory=dict)
    _looked: dict[str, float] = field(default_factory=dict)

    def started(self, name: str, pid: int) -> None:
        """Begin a new life."""
        life = Life(name, pid, time.monotonic())
        self._now[name] = life
        self._looked.pop(name, None)
        self.lives.append(life)

    def sample(self, name: str, pid: int, *, now: bool = False) -> None:
        """Look at a process, if the last look was long enough ago or `now` is set."""
        moment = time.monotonic()
        life = self._now.get(name)
        if life is None or life.pid != pid:
            return
        if not now and moment - self._looked.get(name, 0.0) < _SAMPLE_EVERY_S:
            return
        self._looked[name] = moment
        sample = _look(pid, moment - life.started)
        if sample is not None:
            life.last = sample
            if life.first is None or life.first.age_s < _SETTLED_S:
                life.first = sample

    def longest(self, name: str) -> Life | None:
        """Return the longest life of a process."""
        lives = [life for life in self.lives if life.name == name and life.last is not None]
        return max(lives, key=lambda life: life.age_s, default=None)


def _look(pid: int, age_s: float) -> Sample | None:
    folder = Path(f"/proc/{pid}")
    try:
        status = (folder / "status").read_text(encoding="ascii", errors="replace")
        files = len(list((folder / "fd").iterdir()))
    except OSError:
        return None
    memory = next((line for line in status.splitlines() if line.startswith("VmRSS:")), None)
    return None if memory is None else Sample(age_s, int(memory.split()[1]), files)
