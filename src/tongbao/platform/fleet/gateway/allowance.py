"""How often somebody may ask: a few at once, then one in a while. Reads no clock."""

from __future__ import annotations

import threading
from typing import Final

KEYS_MAX: Final = 10_000


class Allowance:
    """Counts by key; `burst` at once, then one in `refill_us` microseconds."""

    def __init__(self, burst: int, refill_us: int) -> None:
        self._burst = burst
        self._refill_us = refill_us
        # When the next request would be one too many, had it come at once: a bucket in one number.
        self._full_at: dict[str, int] = {}
        self._lock = threading.Lock()

    def wait_s(self, key: str, now_us: int) -> int:
        """Count one request and return 0, or return the seconds to wait and count nothing."""
        with self._lock:
            if len(self._full_at) >= KEYS_MAX:
                self._forget(now_us)
            full_at = max(self._full_at.get(key, 0), now_us)
            over_us = full_at - now_us - (self._burst - 1) * self._refill_us
            if over_us > 0:
                return -(-over_us // 1_000_000)
            self._full_at[key] = full_at + self._refill_us
            return 0

    def _forget(self, now_us: int) -> None:
        stays = {key: at for key, at in self._full_at.items() if at > now_us}
        # A flood of new keys must not fill the memory: then the oldest are let go.
        self._full_at = stays if len(stays) < KEYS_MAX else {}
