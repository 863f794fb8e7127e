"""Reminds of what is late: a delivery, a terminal that was not activated, one that is not ready.

Each is said once, as a notice to those at the merchant who look after terminals, and stands in the
device's history; the staff see the same on the fleet board.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db.models import Q

from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.access.operations import Operation
from tongbao.platform.access.permissions import Permission
from tongbao.platform.accounts.members import rights_of
from tongbao.platform.accounts.models import Membership
from tongbao.platform.accounts.notices import NoticeKind, notify
from tongbao.platform.fleet import history
from tongbao.platform.fleet.lifecycle import DeviceState
from tongbao.platform.fleet.models import Activation, Device, DeviceEvent, Shipment
from tongbao.platform.fleet.steps import locked

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY_US: Final = 24 * 3600 * 1_000_000
# A terminal that arrived and was not activated for so long was perhaps forgotten in its box.
ACTIVATE_WITHIN_US: Final = 3 * _DAY_US
# What is older was either settled by people or is not waited for any more.
REMIND_WITHIN_US: Final = 30 * _DAY_US
AT_ONCE_MAX: Final = 100


def remind(now_us: int) -> int:
    """Remind of everything that became late and was not said yet; returns how many."""
    since_us = now_us - REMIND_WITHIN_US
    shipments = Shipment.objects.filter(
        ended_at_us=None, promised_at_us__lt=now_us, promised_at_us__gt=since_us
    ).values_list("device_id", "shipment_id")
    forgotten = Device.objects.filter(
        state=DeviceState.RECEIVED.value,
        state_since_us__lt=now_us - ACTIVATE_WITHIN_US,
        state_since_us__gt=since_us,
    ).values_list("pk", "state_since_us")
    activations = Activation.objects.filter(
        ended_at_us=None, promised_at_us__lt=now_us, promised_at_us__gt=since_us
    ).values_list("device_id", "activation_id")
    done = _say(NoticeKind.DELIVERY_LATE, shipments, now_us)
    done += _say(NoticeKind.ACTIVATION_DUE, forgotten, now_us)
    return done + _say(NoticeKind.ACTIVATION_LATE, activations, now_us)


def _say(kind: NoticeKind, late: Iterable[tuple[str, object]], now_us: int) -> int:
    """Say what was not said yet; `late` are serial numbers, each with what exactly is late."""
    done = 0
    for serial_number, which in late:
        if done >= AT_ONCE_MAX:
            break
        mark = {"of": str(which)}
        said = DeviceEvent.objects.filter(
            device_id=serial_number, event=f"reminded_{kind}", detail=mark
        )
        if said.exists():
            continue
        with locked(serial_number) as device:
            if device.merchant_id is None or device.terminal_id is None or said.exists():
                continue
            _tell(device, kind, now_us)
            entry = history.Entry(
                event=f"reminded_{kind}", operation=Operation.DEVICE_VERIFY, detail=mark
            )
            history.write(SYSTEM, device, entry, now_us=now_us)
            done += 1
    return done


def _tell(device: Device, kind: NoticeKind, now_us: int) -> None:
    merchant = device.merchant
    detail = {"terminal": device.terminal_id or "", "merchant": merchant.name if merchant else ""}
    whose = Q(merchant_id=device.merchant_id)
    if merchant and merchant.chain_id:
        whose |= Q(chain_id=merchant.chain_id)
    rows = Membership.objects.filter(whose, until_us=None)
    for member in rows.select_related("user"):
        if Permission.TERMINALS_MANAGE in rights_of(member):
            notify(member.user, kind, detail, now_us=now_us)
