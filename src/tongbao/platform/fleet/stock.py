"""Devices come into stock, get a terminal number, travel and arrive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db import DEFAULT_DB_ALIAS, IntegrityError, transaction

from tongbao.platform.access.actor import SYSTEM
from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.fleet import history
from tongbao.platform.fleet.lifecycle import Check, DeviceState, DeviceStep
from tongbao.platform.fleet.models import Device, Shipment, Terminal
from tongbao.platform.fleet.steps import (
    Facts,
    StepRefusedError,
    device_of,
    locked,
    move,
    permit,
    take,
)
from tongbao.platform.fleet.stock_list import Fault, LineFault, NewDevice, StockList
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import Merchant, Shop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.platform.access.actor import Actor

DELIVERY_PROMISE_US: Final = 3 * 24 * 3600 * 1_000_000
_FIRST_NUMBER: Final = 10_000_001
_LAST_NUMBER: Final = 99_999_999


class AssignmentRefusedError(Exception):
    """No terminal number was given; `reason` is a word from `words.ASSIGNMENT_WORDS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """For whom and where; `terminal_id` names a free number of the merchant, else one is made."""

    merchant_id: str
    shop_id: str
    terminal_id: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """How a device travels; the address is the shop's when it is empty."""

    courier: str
    tracking_number: str
    address: str = ""


def receive_list(actor: Actor, stock_list: StockList, *, now_us: int) -> tuple[LineFault, ...]:
    """Receive every device of a list into stock, or none and return what is wrong.

    Raises AccessDeniedError.
    """
    require(actor, Operation.DEVICE_STOCK, now_us=now_us, target=("device", "list"))
    if stock_list.faults:
        return stock_list.faults
    serials = [device.serial_number for device in stock_list.devices]
    with transaction.atomic():
        known = set(Device.objects.filter(pk__in=serials).values_list("pk", flat=True))
        if known:
            return tuple(
                LineFault(number, Fault.SERIAL_KNOWN, serial)
                for number, serial in enumerate(serials, start=2)
                if serial in known
            )
        _add(actor, stock_list.devices, now_us=now_us)
    return ()


def receive_devices(actor: Actor, devices: Iterable[NewDevice], *, now_us: int) -> list[str]:
    """Receive devices into stock and return the serial numbers that were new.

    Raises AccessDeniedError.
    """
    require(actor, Operation.DEVICE_STOCK, now_us=now_us, target=("device", "list"))
    with transaction.atomic():
        wanted = {device.serial_number: device for device in devices}
        known = set(Device.objects.filter(pk__in=wanted).values_list("pk", flat=True))
        fresh = [device for serial, device in wanted.items() if serial not in known]
        _add(actor, fresh, now_us=now_us)
    return [device.serial_number for device in fresh]


def add_first(devices: Iterable[NewDevice], *, now_us: int, using: str) -> None:
    """Receive the devices of a set-up that are not known yet, as the system."""
    wanted = {device.serial_number: device for device in devices}
    rows = Device.objects.using(using).filter(pk__in=wanted)
    known = set(rows.values_list("pk", flat=True))
    fresh = [device for serial, device in wanted.items() if serial not in known]
    with transaction.atomic(using=using):
        _add(SYSTEM, fresh, now_us=now_us, using=using)


def _add(
    actor: Actor,
    devices: Iterable[NewDevice],
    *,
    now_us: int,
    using: str = DEFAULT_DB_ALIAS,
) -> None:
    for device in devices:
        row = Device.objects.using(using).create(
            serial_number=device.serial_number,
            model=device.model,
            software_version=device.software_version,
            warranty_until_us=device.warranty_until_us,
            parts=dict(device.parts),
            state_since_us=now_us,
            created_at_us=now_us,
        )
        entry = history.Entry(
            event="received_into_stock",
            operation=Operation.DEVICE_STOCK,
            detail={"model": device.model},
        )
        history.write(actor, row, entry, now_us=now_us, using=using)


def assign(actor: Actor, serial_number: str, assignment: Assignment, *, now_us: int) -> Device:
    """Bind a device in stock to a terminal number of a merchant, in one of its shops.

    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError; AssignmentRefusedError.
    """
    permit(actor, device_of(serial_number), DeviceStep.ASSIGN, now_us=now_us)
    with locked(serial_number) as device:
        merchant = Merchant.objects.filter(pk=assignment.merchant_id).first()
        shop = Shop.objects.filter(pk=assignment.shop_id, merchant=merchant, is_active=True).first()
        if merchant is None or shop is None:
            raise AssignmentRefusedError("no_merchant" if merchant is None else "no_shop")
        if device.terminal_id is not None:
            raise StepRefusedError(DeviceStep.ASSIGN, DeviceState(device.state), Check.NOT_ASSIGNED)
        device.merchant = merchant
        terminal = _terminal_for(device, merchant, shop, assignment, now_us)
        detail = {"shop_id": shop.pk, "terminal_id": terminal.pk}
        move(actor, device, DeviceStep.ASSIGN, now_us=now_us, facts=Facts(detail=detail))
        device.terminal = terminal
        device.owners += 1
        device.save()
        return device


def _terminal_for(
    device: Device, merchant: Merchant, shop: Shop, assignment: Assignment, now_us: int
) -> Terminal:
    label = assignment.label or shop.name
    if not assignment.terminal_id:
        return _new_terminal(device, merchant, shop, label, now_us)
    terminal = Terminal.objects.select_for_update().filter(pk=assignment.terminal_id).first()
    if terminal is None or terminal.merchant_id != merchant.pk:
        raise AssignmentRefusedError("no_terminal")
    if Device.objects.filter(terminal=terminal).exists():
        raise AssignmentRefusedError("terminal_taken")
    terminal.serial_number = device.pk
    terminal.shop = shop
    terminal.is_active = False
    terminal.save()
    return terminal


def _new_terminal(
    device: Device, merchant: Merchant, shop: Shop, label: str, now_us: int
) -> Terminal:
    numbers = Terminal.objects.filter(terminal_id__regex=r"^[1-9][0-9]{7}$")
    newest = numbers.order_by("-terminal_id").values_list("terminal_id", flat=True).first()
    number = max(_FIRST_NUMBER, int(newest or 0) + 1)
    for candidate in range(number, min(number + 20, _LAST_NUMBER + 1)):
        try:
            with transaction.atomic():
                return Terminal.objects.create(
                    terminal_id=f"{candidate:08d}",
                    merchant=merchant,
                    serial_number=device.pk,
                    label=label[:80],
                    shop=shop,
                    is_active=False,
                    created_at_us=now_us,
                )
        except IntegrityError:
            continue  # somebody else took this number a moment ago
    raise AssignmentRefusedError("no_number")


def unassign(actor: Actor, serial_number: str, *, note: str, now_us: int) -> Device:
    """Take the terminal number from a device that has not left yet; its keys are destroyed.

    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError.
    """
    return take(actor, serial_number, DeviceStep.UNASSIGN, now_us=now_us, facts=Facts(note=note))


def ship(actor: Actor, serial_number: str, journey: Journey, *, now_us: int) -> Shipment:
    """Hand a device with keys to a courier.

    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError; AssignmentRefusedError when the
    courier or number is missing, or another shipment has the number.
    """
    permit(actor, device_of(serial_number), DeviceStep.SHIP, now_us=now_us)
    courier, number = journey.courier.strip()[:40], journey.tracking_number.strip()[:40]
    if not courier or not number:
        raise AssignmentRefusedError("no_tracking")
    with locked(serial_number) as device:
        if Shipment.objects.filter(courier=courier, tracking_number=number).exists():
            raise AssignmentRefusedError("tracking_taken")
        detail = {"courier": courier, "tracking_number": number}
        move(actor, device, DeviceStep.SHIP, now_us=now_us, facts=Facts(detail=detail))
        terminal, merchant = device.terminal, device.merchant
        if terminal is None or merchant is None or terminal.shop is None:
            raise AssertionError("the checks of shipping passed without a place")
        address = journey.address.strip() or f"{terminal.shop.city} {terminal.shop.address}"
        return Shipment.objects.create(
            shipment_id=new_id("shipment"),
            device=device,
            merchant=merchant,
            terminal=terminal,
            state="sent",
            courier=courier,
            tracking_number=number,
            address=address[:260],
            sent_at_us=now_us,
            promised_at_us=now_us + DELIVERY_PROMISE_US,
        )


def receive(actor: Actor, serial_number: str, *, note: str = "", now_us: int) -> Device:
    """Confirm that a shipped device arrived, by staff or by the merchant.

    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError.
    """
    return take(actor, serial_number, DeviceStep.RECEIVE, now_us=now_us, facts=Facts(note=note))
