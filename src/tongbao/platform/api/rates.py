"""How many requests a caller may make: a bucket for each key, person and address.

Buckets live in this process; with several web processes each grants its share. A caller may use
its whole bucket at once, and it fills again steadily.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from tongbao.platform.access.actor import ActorKind

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

_BUCKETS_MAX = 10_000
_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A bucket: `burst` requests at once, `per_minute` in the long run."""

    burst: int
    per_minute: int


RATES: dict[str, Rate] = {
    ActorKind.API_KEY: Rate(burst=200, per_minute=1_200),
    ActorKind.PERSON: Rate(burst=200, per_minute=1_200),
    ActorKind.STAFF: Rate(burst=400, per_minute=2_400),
    ActorKind.ANONYMOUS: Rate(burst=60, per_minute=240),
}


class Buckets:
    """The buckets of all callers; the one unused for longest makes room for a new one."""

    def __init__(self) -> None:
        self._levels: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, caller: str, rate: Rate, now_us: int) -> int:
        """Take one request out of the bucket; return 0, or the seconds to wait when it is empty."""
        per_us = rate.per_minute / 60 / _US
        with self._lock:
            level, at_us = self._levels.pop(caller, (float(rate.burst), now_us))
            level = min(rate.burst, level + max(0, now_us - at_us) * per_us)
            granted = level >= 1
            self._levels[caller] = (level - 1 if granted else level, now_us)
            if len(self._levels) > _BUCKETS_MAX:
                self._levels.popitem(last=False)
        return 0 if granted else max(1, math.ceil((1 - level) / per_us / _US))

    def empty(self) -> None:
        """Forget everybody, for tests."""
        with self._lock:
            self._levels.clear()


BUCKETS = Buckets()


def wait_s(actor: Actor, address: str, now_us: int) -> int:
    """Count one request of this caller; return 0, or how many seconds it must wait."""
    if not getattr(settings, "TONGBAO_API_RATE_LIMITS", True):
        return 0
    known = RATES.get(actor.kind)
    if known is None:
        return 0
    caller = actor.actor_id if actor.kind is not ActorKind.ANONYMOUS else address
    return BUCKETS.take(f"{actor.kind}:{caller}", known, now_us)
