"""Terminals without payments: after three months to be verified, after twelve stopped.

Spec: 银发〔2019〕85号: three months without a payment ask for verification, twelve for a stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Max

from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.fleet import history
from tongbao.platform.fleet.lifecycle import DeviceState, DeviceStep
from tongbao.platform.fleet.models import Device
from tongbao.platform.fleet.steps import Facts, device_of, locked, move
from tongbao.platform.payments.models import Payment

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

_DAY_US: Final = 24 * 3600 * 1_000_000
VERIFY_AFTER_US: Final = 90 * _DAY_US
STOP_AFTER_US: Final = 365 * _DAY_US
VERIFICATION_DUE: Final = "verification_due"
IDLE_NOTE: Final = "idle_for_twelve_months"
DEVICES_AT_ONCE: Final = 500


def look_at_idle(now_us: int) -> int:
    """Mark or stop devices in service that took no payment for long; returns how many."""
    rows = Device.objects.filter(
        state=DeviceState.ACTIVE.value, state_since_us__lte=now_us - VERIFY_AFTER_US
    )
    done = 0
    for serial, terminal_id, since in rows.values_list("pk", "terminal_id", "state_since_us")[
        :DEVICES_AT_ONCE
    ]:
        idle_us = now_us - max(_last_payment_us(terminal_id), since)
        if idle_us >= STOP_AFTER_US:
            _stop(serial, now_us)
            done += 1
        elif idle_us >= VERIFY_AFTER_US:
            done += _mark(serial, now_us)
    return done


def _last_payment_us(terminal_id: str | None) -> int:
    rows = Payment.objects.filter(terminal_id=terminal_id)
    return int(rows.aggregate(last=Max("received_at_us"))["last"] or 0)


def _mark(serial_number: str, now_us: int) -> int:
    with locked(serial_number) as device:
        if is_verification_due(device) or now_us - (device.verified_at_us or 0) < VERIFY_AFTER_US:
            return 0
        entry = history.Entry(event=VERIFICATION_DUE, operation=Operation.DEVICE_VERIFY)
        history.write(SYSTEM, device, entry, now_us=now_us)
        return 1


def _stop(serial_number: str, now_us: int) -> None:
    with locked(serial_number) as device:
        move(SYSTEM, device, DeviceStep.SUSPEND, now_us=now_us, facts=Facts(note=IDLE_NOTE))


def is_verification_due(device: Device) -> bool:
    """Return whether a device was marked for verification and nobody verified it since."""
    newest = device.events.filter(event__in=(VERIFICATION_DUE, "verified", "activate")).first()
    return newest is not None and newest.event == VERIFICATION_DUE


def verify(actor: Actor, serial_number: str, *, note: str, now_us: int) -> Device:
    """Write down that somebody verified merchant and place of an idle device.

    Raises UnknownDeviceError; AccessDeniedError.
    """
    device = device_of(serial_number)
    require(actor, Operation.DEVICE_VERIFY, now_us=now_us, target=("device", device.pk))
    with locked(serial_number) as device:
        device.verified_at_us = now_us
        device.save()
        entry = history.Entry(event="verified", operation=Operation.DEVICE_VERIFY, note=note)
        history.write(actor, device, entry, now_us=now_us)
        return device
