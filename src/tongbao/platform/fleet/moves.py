"""A device moves to another shop, or another device takes its place; moves need two people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.approvals.kinds import ChangeKind
from tongbao.platform.approvals.services import ChangeNotPossibleError, ask, register
from tongbao.platform.fleet import history
from tongbao.platform.fleet.lifecycle import Check, DeviceState, DeviceStep
from tongbao.platform.fleet.models import Device, Terminal
from tongbao.platform.fleet.steps import (
    Facts,
    StepRefusedError,
    UnknownDeviceError,
    device_of,
    locked,
    move,
    permit,
)
from tongbao.platform.merchants.models import Shop

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.platform.approvals.models import ChangeRequest


def ask_for_move(
    actor: Actor, serial_number: str, shop_id: str, *, reason: str, now_us: int
) -> ChangeRequest:
    """Ask to move a device in service to another shop of its merchant; another person approves.

    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError.
    """
    device = device_of(serial_number)
    permit(actor, device, DeviceStep.MOVE, now_us=now_us)
    if device.state != DeviceState.ACTIVE or device.terminal is None:
        raise StepRefusedError(DeviceStep.MOVE, DeviceState(device.state), None)
    shop = _shop(device, shop_id)
    if shop is None:
        raise StepRefusedError(DeviceStep.MOVE, DeviceState(device.state), Check.PLACE_KNOWN)
    payload = {"serial_number": device.pk, "to_shop_id": shop_id, "shop": shop.name}
    with locked(serial_number) as device:
        entry = history.Entry(
            event="move_asked",
            operation=Operation.DEVICE_MOVE,
            note=reason,
            detail={"to_shop_id": shop_id},
        )
        history.write(actor, device, entry, now_us=now_us)
        return ask(
            actor,
            ChangeKind.TERMINAL_MOVE,
            payload,
            now_us=now_us,
            target=("device", device.pk),
            merchant_id=device.merchant_id or "",
            reason=reason,
            before={"serial_number": device.pk, "shop": _place_of(device)},
        )


def _place_of(device: Device) -> str:
    shop = device.terminal.shop if device.terminal else None
    return shop.name if shop else ""


def _apply_move(approver: Actor, payload: dict[str, Any], now_us: int) -> None:
    """Begin an approved move: the old place ends now, the new one begins when it arrives."""
    try:
        with locked(str(payload["serial_number"])) as device:
            shop = _shop(device, str(payload["to_shop_id"]))
            if shop is None or device.terminal is None:
                raise ChangeNotPossibleError
            device.terminal.shop = shop
            facts = Facts(is_approved=True, detail={"to_shop_id": shop.pk})
            move(approver, device, DeviceStep.MOVE, now_us=now_us, facts=facts)
            Terminal.objects.filter(pk=device.terminal_id).update(shop=shop)
    except (StepRefusedError, UnknownDeviceError) as error:
        raise ChangeNotPossibleError from error


def _shop(device: Device, shop_id: str) -> Shop | None:
    return Shop.objects.filter(pk=shop_id, merchant_id=device.merchant_id, is_active=True).first()


def replace(
    actor: Actor, serial_number: str, successor_serial: str, *, note: str, now_us: int
) -> Device:
    """Let a device in stock take over terminal number, place and settings; the keys never go along.

    Returns the successor, which now needs keys of its own.
    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError.
    """
    device = device_of(serial_number)
    permit(actor, device, DeviceStep.REPLACE, now_us=now_us)
    require(
        actor,
        Operation.DEVICE_ASSIGN,
        now_us=now_us,
        target=("device", device_of(successor_serial).pk),
    )
    first, second = sorted((serial_number, successor_serial))
    if first == second:
        raise StepRefusedError(DeviceStep.REPLACE, DeviceState(device.state), Check.SUCCESSOR)
    with locked(first) as one, locked(second) as other:
        old, new = (one, other) if first == serial_number else (other, one)
        terminal, merchant = old.terminal, old.merchant
        if new.state != DeviceState.STOCK or new.terminal_id is not None or terminal is None:
            raise StepRefusedError(DeviceStep.REPLACE, DeviceState(old.state), Check.SUCCESSOR)
        facts = Facts(note=note, successor=new, detail={"successor": new.pk})
        move(actor, old, DeviceStep.REPLACE, now_us=now_us, facts=facts)
        new.merchant = merchant
        taken = Facts(note=note, detail={"terminal_id": terminal.pk, "shop_id": terminal.shop_id})
        move(actor, new, DeviceStep.ASSIGN, now_us=now_us, facts=taken)
        Terminal.objects.filter(pk=terminal.pk).update(serial_number=new.pk, is_active=False)
        new.terminal = terminal
        new.owners += 1
        new.save()
        return new


register(ChangeKind.TERMINAL_MOVE, _apply_move)
