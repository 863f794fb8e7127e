"""What the fleet does by itself."""

from __future__ import annotations

from typing import Final

from tongbao.platform.fleet.activation_rules import INVITATION_US
from tongbao.platform.fleet.ceremonies import end_expired
from tongbao.platform.fleet.idle import look_at_idle
from tongbao.platform.fleet.key_room import KeyRoomClosedError
from tongbao.platform.fleet.models import Activation, DeviceNonce, Heartbeat, RemoteAct
from tongbao.platform.fleet.reminders import remind
from tongbao.platform.work.task import Task
from tongbao.wire.device.activation import ActivationFailure
from tongbao.wire.device.signing import CLOCK_DIFFERENCE_MAX_MS

NONCES_KEPT_US: Final = 3 * CLOCK_DIFFERENCE_MAX_MS * 1000
HEARTBEATS_KEPT_US: Final = 90 * 24 * 3600 * 1_000_000


def expire(now_us: int) -> int:
    """End invitations, acts and key loadings whose time is over; returns how many."""
    waiting = Activation.objects.filter(state="waiting", expires_at_us__lte=now_us)
    ended = waiting.update(
        state="expired", ended_at_us=now_us, cause=ActivationFailure.CODE_EXPIRED.value
    )
    acts = RemoteAct.objects.filter(ended_at_us__isnull=True, expires_at_us__lte=now_us)
    ended += acts.update(state="expired", ended_at_us=now_us)
    try:
        return ended + end_expired(now_us)
    except KeyRoomClosedError:
        return ended


def forget(now_us: int) -> int:
    """Forget used nonces and heartbeats that are of no use any more; returns how many."""
    nonces, _ = DeviceNonce.objects.filter(at_us__lt=now_us - NONCES_KEPT_US).delete()
    beats, _ = Heartbeat.objects.filter(at_us__lt=now_us - HEARTBEATS_KEPT_US).delete()
    return nonces + beats


TASKS: Final = (
    Task(name="fleet.expire", every_s=INVITATION_US // 30 // 1_000_000, run=expire),
    Task(name="fleet.forget", every_s=600, run=forget),
    Task(name="fleet.remind", every_s=600, run=remind),
    Task(name="fleet.idle", every_s=6 * 3600, run=look_at_idle),
)
