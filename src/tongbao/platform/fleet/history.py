"""The only writer of device events, each with its entry in the audit log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS

from tongbao.platform.audit.services import record
from tongbao.platform.fleet.models import DeviceEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.access.operations import Operation
    from tongbao.platform.fleet.models import Device


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What happened: `event` is a word, `detail` facts that people may read."""

    event: str
    operation: Operation
    from_state: str = ""
    note: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def write(
    actor: Actor, device: Device, entry: Entry, *, now_us: int, using: str = DEFAULT_DB_ALIAS
) -> DeviceEvent:
    """Append an event in the caller's transaction; take this step last (see `audit.record`)."""
    row = DeviceEvent.objects.using(using).create(
        device_id=device.pk,
        at_us=now_us,
        event=entry.event,
        from_state=entry.from_state or device.state,
        to_state=device.state,
        merchant_id=device.merchant_id or "",
        terminal_id=device.terminal_id or "",
        actor_kind=actor.kind.value,
        actor_id=actor.actor_id[:64],
        actor_name=actor.name[:150],
        note=entry.note.strip()[:500],
        detail=dict(entry.detail),
    )
    record(
        actor,
        entry.operation,
        now_us=now_us,
        target=("device", device.pk),
        merchant_id=device.merchant_id or "",
        before={"state": row.from_state},
        after={"state": row.to_state, "event": entry.event, **entry.detail},
        detail=row.note,
        using=using,
    )
    return row
