"""The platform's clock, read by views, tasks and commands only; services take `now_us`."""

from __future__ import annotations

import time


def now_us() -> int:
    """Return the time now, in microseconds since 1970 UTC."""
    return time.time_ns() // 1000
