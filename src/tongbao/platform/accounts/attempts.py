"""Keeps log-in attempts and asks the throttle about them."""

from __future__ import annotations

import hmac
import time
from typing import TYPE_CHECKING

from django.conf import settings

from tongbao.platform.accounts.log_in import find_user
from tongbao.platform.accounts.models import LoginAttempt
from tongbao.platform.accounts.throttle import (
    ADDRESS_ALLOWANCE,
    ATTEMPTS_LOOKED_AT,
    Attempt,
    wait_s,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the address the request came from: the proxy's word only when there is a proxy."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.TONGBAO_BEHIND_HTTPS and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()[:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def seconds_to_wait(name: str, address: str) -> int:
    """Return how long this name, or this address, must wait before its next attempt."""
    now_us = time.time_ns() // 1000
    by_name = LoginAttempt.objects.filter(name_digest=_digest(name))
    by_address = LoginAttempt.objects.filter(address=address)
    free = settings.TONGBAO_LOGIN_FREE_FAILURES
    longest_s = settings.TONGBAO_LOGIN_DELAY_MAX_S
    return max(
        wait_s(_newest(attempts), now_us, free_failures=allowed, delay_max_s=longest_s)
        for attempts, allowed in ((by_name, free), (by_address, free * ADDRESS_ALLOWANCE))
    )


def record_attempt(name: str, address: str, *, succeeded: bool) -> None:
    """Write down one attempt whose password was checked."""
    LoginAttempt.objects.create(
        name_digest=_digest(name),
        address=address,
        at_us=time.time_ns() // 1000,
        succeeded=succeeded,
    )


def _newest(attempts: QuerySet[LoginAttempt]) -> Iterator[Attempt]:
    rows = attempts.order_by("-attempt_id").values_list("at_us", "succeeded")
    return (Attempt(at_us, succeeded) for at_us, succeeded in rows[:ATTEMPTS_LOOKED_AT])


def _digest(name: str) -> str:
    """Return what stands for a typed name: one value for all names of one person."""
    user = find_user(name)
    who = f"user {user.pk}" if user else name.strip().casefold()
    key = settings.SECRET_KEY.encode()
    return hmac.digest(key, who.encode("utf-8", "replace"), "sha256").hex()
