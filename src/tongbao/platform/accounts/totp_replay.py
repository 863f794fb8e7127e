"""An authenticator app's code is good once, for as long as its time window lasts.

allauth remembers a used code for one period (30 s) and in the memory of one process; with a
tolerance of one step a code would come back to life after half a minute, or in another process.
Here the database remembers the window that was used, and none before or at it is taken again
(RFC 6238 §5.2).
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import IntegrityError, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator


def mark_code_used(totp: Any, code: str) -> bool:
    """Write the code's window down and return True, or False when it was used already."""
    from tongbao.platform.accounts.models import (  # noqa: PLC0415 - loaded before the models
        UsedTotpCode,
    )

    user_id = totp.instance.user_id
    windows = list(_windows_of(totp, code))
    used = UsedTotpCode.objects.filter(user_id=user_id).order_by("-window").first()
    fresh = [window for window in windows if used is None or window > used.window]
    if not fresh:
        return False
    key = str(settings.SECRET_KEY).encode()
    digest = hmac.digest(key, f"totp\0{user_id}\0{code}".encode(), "sha256").hex()
    try:
        with transaction.atomic():
            UsedTotpCode.objects.create(user_id=user_id, code_digest=digest, window=fresh[0])
    except IntegrityError:
        return False
    return True


def install() -> None:
    """Put our memory in the place of allauth's."""
    auth.TOTP._mark_code_used = mark_code_used  # noqa: SLF001 - there is no other place for it


def _windows_of(totp: Any, code: str) -> Iterator[int]:
    secret = decrypt(totp.instance.data["secret"])
    for counter in auth.yield_hotp_counters_from_time():
        value = auth.format_hotp_value(auth.hotp_value(secret, counter))
        if compare_user_code(actual=code, expected=value):
            yield counter
