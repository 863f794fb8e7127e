"""How long to wait after failed log-ins. Pure: imports no Django.

A delay and not a lock-out: a stranger who guesses must not be able to keep a person out for good.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# One address may stand for a whole office behind one router.
ADDRESS_ALLOWANCE = 4
# Older failures than these change nothing: the delay has reached its maximum long before.
ATTEMPTS_LOOKED_AT = 50


class Attempt(NamedTuple):
    """A log-in attempt; `at_us` in microseconds since 1970."""

    at_us: int
    succeeded: bool


def delay_s(failures: int, *, free_failures: int, delay_max_s: int) -> int:
    """Return the delay after so many failures in a row: 0, then 2, 4, 8 … up to the maximum."""
    beyond = failures - free_failures + 1
    if beyond <= 0:
        return 0
    return min(1 << min(beyond, 30), delay_max_s)


def wait_s(
    newest_first: Iterable[Attempt], now_us: int, *, free_failures: int, delay_max_s: int
) -> int:
    """Return the whole seconds until the next attempt is allowed, 0 when it is allowed now."""
    failures = 0
    last_us = 0
    for attempt in newest_first:
        if attempt.succeeded:
            break
        failures += 1
        last_us = max(last_us, attempt.at_us)
    delay = delay_s(failures, free_failures=free_failures, delay_max_s=delay_max_s)
    remaining_us = last_us + delay * 1_000_000 - now_us
    return max(0, -(-remaining_us // 1_000_000)) if delay else 0
