"""Seals the audit log once a day, with the platform's audit key."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.platform.audit.chain import ZERO_HASH
from tongbao.platform.audit.models import AuditEntry, DailySeal
from tongbao.platform.audit.seals import AuditKey, SealedState
from tongbao.platform.audit.services import take_the_end

if TYPE_CHECKING:
    from datetime import date


def seal_due(key: AuditKey, *, now_us: int, using: str = DEFAULT_DB_ALIAS) -> DailySeal | None:
    """Seal yesterday if nobody has, and return the seal; None when it is sealed already.

    A day is a business day (China). Days on which nothing ran are not made up for: the next seal
    covers them.
    """
    yesterday = _day_of(now_us) - timedelta(days=1)
    return seal(key, yesterday, now_us=now_us, using=using)


def seal_if_due(now_us: int) -> int:
    """Seal yesterday with the key of this process and return how many seals were made, 0 or 1."""
    key = settings.TONGBAO_AUDIT_KEY
    return 0 if key is None or seal_due(key, now_us=now_us) is None else 1


def seal(
    key: AuditKey, day: date, *, now_us: int, using: str = DEFAULT_DB_ALIAS
) -> DailySeal | None:
    """Sign the chain's present end as the seal of `day`; None when that day has one."""
    with transaction.atomic(using=using):
        take_the_end(using)
        seals = DailySeal.objects.using(using)
        if seals.filter(day=day.isoformat()).exists():
            return None
        newest = AuditEntry.objects.using(using).order_by("-entry_id")
        last = newest.values_list("entry_id", "entry_hash").first() or (0, ZERO_HASH)
        number = seals.order_by("-seal_id").values_list("seal_id", flat=True).first() or 0
        state = SealedState(
            seal_id=number + 1,
            day=day.isoformat(),
            last_entry_id=last[0],
            root=last[1],
            sealed_at_us=now_us,
        )
        return seals.create(
            seal_id=state.seal_id,
            day=state.day,
            last_entry_id=state.last_entry_id,
            root=state.root,
            sealed_at_us=state.sealed_at_us,
            key_name=key.name,
            signature=key.sign(state),
        )


def _day_of(now_us: int) -> date:
    return Instant(now_us).local(CHINA_TIME).date()
