"""Closes accounts that nobody used for 90 days; an administrator can open them again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.log_in import UNUSED_AFTER_DAYS
from tongbao.platform.accounts.models import User
from tongbao.platform.audit.services import record


def disable_unused(now_us: int) -> int:
    """Close them and return how many; each is written down.

    The log-in refuses such an account anyway from the ninetieth day on; this makes it visible.
    """
    now = datetime.fromtimestamp(now_us // 1_000_000, UTC)
    before = now - timedelta(days=UNUSED_AFTER_DAYS)
    asleep = Q(last_login__lt=before) | Q(last_login=None, date_joined__lt=before)
    before_us = int(before.timestamp()) * 1_000_000
    unused = asleep & (Q(reopened_at_us=None) | Q(reopened_at_us__lt=before_us))
    closed = 0
    for user in User.objects.filter(unused, is_active=True).order_by("pk"):
        with transaction.atomic():
            if not User.objects.filter(unused, pk=user.pk, is_active=True).update(is_active=False):
                continue
            record(
                SYSTEM,
                Operation.ACCOUNT_CLOSE,
                now_us=now_us,
                target=("user", str(user.pk)),
                before={"is_active": True},
                after={"is_active": False, "reason": f"unused for {UNUSED_AFTER_DAYS} days"},
            )
            closed += 1
    return closed
