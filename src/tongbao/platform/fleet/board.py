"""The fleet at a glance: how many devices are where, online, healthy and in step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q

from tongbao.platform.fleet.health_rules import HEALTHY_FROM, MISSED_HEARTBEATS
from tongbao.platform.fleet.lifecycle import DeviceState
from tongbao.platform.fleet.models import Activation, Device, DeviceHealth

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Counts for the fleet board; the last four are of devices in service."""

    by_state: Mapping[DeviceState, int]
    in_service: int
    online: int
    unhealthy: int
    never_heard: int
    activating_late: int


def board(now_us: int) -> Board:
    """Count the fleet, with four queries however large it is."""
    counted = Device.objects.values("state").annotate(count=Count("pk")).order_by()
    by_state = {DeviceState(row["state"]): row["count"] for row in counted}
    active = DeviceHealth.objects.filter(device__state=DeviceState.ACTIVE.value)
    # A device is late after three of its own heartbeats: next_due is one after the last.
    fresh = Q(at_us__gte=now_us - MISSED_HEARTBEATS * (F("next_due_us") - F("at_us")))
    heard = active.aggregate(
        all=Count("pk"),
        online=Count("pk", filter=fresh),
        unhealthy=Count("pk", filter=Q(score__lt=HEALTHY_FROM)),
    )
    in_service = by_state.get(DeviceState.ACTIVE, 0)
    late = Activation.objects.filter(ended_at_us__isnull=True, promised_at_us__lt=now_us)
    return Board(
        by_state={state: by_state.get(state, 0) for state in DeviceState},
        in_service=in_service,
        online=heard["online"],
        unhealthy=heard["unhealthy"],
        never_heard=in_service - heard["all"],
        activating_late=late.count(),
    )
