"""The only way from one state of a device to another: checks, effects and history in one place."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.fleet import checks, effects, history, outbox
from tongbao.platform.fleet.lifecycle import (
    TRANSITIONS,
    WHO,
    Check,
    DeviceState,
    DeviceStep,
)
from tongbao.platform.fleet.models import Device

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tongbao.platform.access.actor import Actor


class UnknownDeviceError(LookupError):
    """No device has this serial number."""


class StepRefusedError(Exception):
    """The step was not taken and nothing changed; `check` is None when the state forbids it."""

    def __init__(self, step: DeviceStep, state: DeviceState, check: Check | None) -> None:
        super().__init__(f"{step}: {check or f'not from {state}'}")
        self.step = step
        self.state = state
        self.check = check


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known about a step besides who takes it.

    `is_approved`: another person approved it. `successor`: the device that takes over.
    """

    note: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    is_approved: bool = False
    successor: Device | None = None


_NO_FACTS = Facts()


def device_of(serial_number: str) -> Device:
    """Return a device with its terminal, merchant and shop; raises UnknownDeviceError."""
    found = (
        Device.objects.select_related("terminal__shop", "terminal__merchant", "merchant")
        .filter(pk=serial_number)
        .first()
    )
    if found is None:
        raise UnknownDeviceError(serial_number)
    return found


def permit(actor: Actor, device: Device, step: DeviceStep, *, now_us: int) -> None:
    """Return when the actor may take this step; raises AccessDeniedError after writing it down."""
    require(
        actor,
        WHO[step],
        now_us=now_us,
        merchant_id=device.merchant_id or "",
        target=("device", device.pk),
    )


@contextmanager
def locked(serial_number: str) -> Iterator[Device]:
    """Hold a device for a transaction: whoever comes second sees what the first did."""
    with transaction.atomic():
        found = (
            Device.objects.select_for_update(of=("self",))
            .select_related("terminal__shop", "terminal__merchant", "merchant")
            .filter(pk=serial_number)
            .first()
        )
        if found is None:
            raise UnknownDeviceError(serial_number)
        yield found


def take(
    actor: Actor,
    serial_number: str,
    step: DeviceStep,
    *,
    now_us: int,
    facts: Facts = _NO_FACTS,
) -> Device:
    """Take a step with a device and return the device as it is then.

    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError.
    """
    permit(actor, device_of(serial_number), step, now_us=now_us)
    with locked(serial_number) as device:
        move(actor, device, step, now_us=now_us, facts=facts)
        return device


def move(
    actor: Actor, device: Device, step: DeviceStep, *, now_us: int, facts: Facts = _NO_FACTS
) -> None:
    """Take a permitted step with a locked device, in the caller's transaction.

    Raises StepRefusedError.
    """
    before = DeviceState(device.state)
    transition = TRANSITIONS.get((before, step))
    if transition is None:
        raise StepRefusedError(step, before, None)
    for check in transition.checks:
        if not checks.holds(check, device, facts):
            raise StepRefusedError(step, before, check)
    standing = outbox.Standing.of(device)
    for effect in transition.effects:
        effects.run(effect, device, now_us=now_us, reason=step.value)
    if transition.to is not before:
        device.state = transition.to.value
        device.state_since_us = now_us
    if step is DeviceStep.WIPE:
        device.wiped_at_us = now_us
    elif transition.to is DeviceState.RETURNED:
        device.returned_at_us = now_us
    device.save()
    released = {"terminal_id": standing.terminal_id, "merchant_id": standing.merchant_id}
    detail = {**({} if device.terminal_id else released), **facts.detail}
    entry = history.Entry(
        event=step.value,
        operation=WHO[step],
        from_state=before.value,
        note=facts.note,
        detail={name: value for name, value in detail.items() if value},
    )
    history.write(actor, device, entry, now_us=now_us)
    outbox.tell_step(device, standing, step.value, now_us=now_us)
