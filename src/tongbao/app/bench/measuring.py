"""Clocks at the ends of the measured window, and percentiles of what was seen in it."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tongbao.app.bench.machine import machine_cpu_s, process_cpu_s

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Sample:
    """Clocks at one end of the measured window, in seconds."""

    wall_s: float
    host_cpu_s: float
    load_cpu_s: float
    busy_s: float
    total_s: float

    @classmethod
    def now(cls, host_pid: int) -> Sample:
        """Read every clock."""
        busy_s, total_s = machine_cpu_s()
        return cls(
            time.perf_counter(),
            process_cpu_s(host_pid),
            process_cpu_s(os.getpid()),
            busy_s,
            total_s,
        )

    def busy_percent_since(self, before: Sample) -> float:
        """Return how much of the machine's time was spent on anything."""
        return 100 * (self.busy_s - before.busy_s) / max(self.total_s - before.total_s, 0.01)


def percentile(ordered: Sequence[float], percent: int) -> float:
    """Return the nearest-rank percentile of sorted values; 0 when there are none."""
    if not ordered:
        return 0.0
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
