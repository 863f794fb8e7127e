"""What a heartbeat means: a score from 0 to 100 with its reasons, and when silence counts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.wire.device.health import PrinterState

if TYPE_CHECKING:
    from tongbao.wire.device.health import Heartbeat

MISSED_HEARTBEATS: Final = 3
_MEGABYTE: Final = 1_000_000
KEEP_EVERY_US: Final = 15 * 60 * 1_000_000
HEALTHY_FROM: Final = 80


class Reason(StrEnum):
    """What takes points off; in the order of what to look at first."""

    UNSENT_REVERSALS = "unsent_reversals"
    PRINTER_FAULT = "printer_fault"
    NO_PAPER = "no_paper"
    PRINTER_HOT = "printer_hot"
    BATTERY_EMPTY = "battery_empty"
    BATTERY_LOW = "battery_low"
    STORAGE_FULL = "storage_full"
    STORAGE_LOW = "storage_low"
    NETWORK_BAD = "network_bad"
    NETWORK_SLOW = "network_slow"
    UNSENT_WORK = "unsent_work"
    SETTINGS_OLD = "settings_old"
    CLOCK_WRONG = "clock_wrong"


POINTS: Final = {
    Reason.UNSENT_REVERSALS: 40,
    Reason.PRINTER_FAULT: 40,
    Reason.NO_PAPER: 20,
    Reason.PRINTER_HOT: 10,
    Reason.BATTERY_EMPTY: 40,
    Reason.BATTERY_LOW: 15,
    Reason.STORAGE_FULL: 40,
    Reason.STORAGE_LOW: 15,
    Reason.NETWORK_BAD: 30,
    Reason.NETWORK_SLOW: 10,
    Reason.UNSENT_WORK: 10,
    Reason.SETTINGS_OLD: 10,
    Reason.CLOCK_WRONG: 25,
}


@dataclass(frozen=True, slots=True)
class Health:
    """A score from 0 (look at once) to 100, and what took points off."""

    score: int
    reasons: tuple[Reason, ...]


def health_of(beat: Heartbeat, *, wanted_version: int, now_ms: int) -> Health:
    """Return what a heartbeat says about the device."""
    found = [
        (beat.unsent.reversals > 0, Reason.UNSENT_REVERSALS),
        (beat.printer is PrinterState.FAULT, Reason.PRINTER_FAULT),
        (beat.printer is PrinterState.NO_PAPER, Reason.NO_PAPER),
        (beat.printer is PrinterState.TOO_HOT, Reason.PRINTER_HOT),
        *_battery(beat.battery_percent),
        (beat.storage_free_bytes < 20 * _MEGABYTE, Reason.STORAGE_FULL),
        (20 * _MEGABYTE <= beat.storage_free_bytes < 200 * _MEGABYTE, Reason.STORAGE_LOW),
        *_network(beat),
        (beat.unsent.advices + beat.unsent.signatures > 0, Reason.UNSENT_WORK),
        (beat.applied_version < wanted_version, Reason.SETTINGS_OLD),
        (abs(beat.at_ms - now_ms) > 120_000, Reason.CLOCK_WRONG),
    ]
    reasons = tuple(reason for applies, reason in found if applies)
    return Health(max(0, 100 - sum(POINTS[reason] for reason in reasons)), reasons)


def _battery(percent: int | None) -> list[tuple[bool, Reason]]:
    if percent is None:
        return []
    return [(percent < 5, Reason.BATTERY_EMPTY), (5 <= percent < 20, Reason.BATTERY_LOW)]


def _network(beat: Heartbeat) -> list[tuple[bool, Reason]]:
    rtt = beat.network.rtt_ms or 0
    is_bad = beat.network.loss_permille >= 200 or rtt >= 5_000
    is_slow = beat.network.loss_permille >= 50 or rtt >= 1_500
    return [(is_bad, Reason.NETWORK_BAD), (is_slow and not is_bad, Reason.NETWORK_SLOW)]


def is_online(heard_us: int | None, heartbeat_s: int, now_us: int) -> bool:
    """Return whether a device counts as online: it was heard within three heartbeats."""
    if heard_us is None:
        return False
    return now_us - heard_us <= MISSED_HEARTBEATS * heartbeat_s * 1_000_000


def is_worth_keeping(before: Health | None, now: Health, kept_us: int | None, now_us: int) -> bool:
    """Return whether a heartbeat goes into the history: it says something new, or it is time."""
    if before is None or kept_us is None or before != now:
        return True
    return now_us - kept_us >= KEEP_EVERY_US
