"""What must hold before a step in a device's life, asked of the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tongbao.platform.fleet.lifecycle import Check
from tongbao.platform.fleet.models import Device, DeviceCertificate, SelfTest
from tongbao.platform.merchants.models import SettlementAccount

if TYPE_CHECKING:
    from collections.abc import Callable

_KEYS_READY = frozenset({"loaded", "remote"})


class StepFacts(Protocol):
    """What the checks ask about a step."""

    @property
    def is_approved(self) -> bool:
        """Whether another person approved it."""

    @property
    def successor(self) -> Device | None:
        """The device that takes over."""


def holds(check: Check, device: Device, facts: StepFacts) -> bool:
    """Return whether a check holds for a device now."""
    if check is Check.APPROVED:
        return facts.is_approved
    if check is Check.SUCCESSOR:
        return facts.successor is not None and is_clean(facts.successor)
    return _CHECKS[check](device)


def is_clean(device: Device) -> bool:
    """Return whether nothing of a former owner is on the device: never out, or wiped since."""
    returned = device.returned_at_us
    return returned is None or (device.wiped_at_us or 0) >= returned


def has_settlement_account(merchant_id: str | None) -> bool:
    """Return whether a merchant has an account that money can go to."""
    return SettlementAccount.objects.filter(
        merchant_id=merchant_id, ended_at_us__isnull=True
    ).exists()


def _merchant_active(device: Device) -> bool:
    return device.merchant is not None and device.merchant.is_active


def _place_known(device: Device) -> bool:
    return device.terminal is not None and device.terminal.shop_id is not None


def _certified(device: Device) -> bool:
    return DeviceCertificate.objects.filter(
        device=device, terminal_id=device.terminal_id, revoked_at_us__isnull=True
    ).exists()


def _self_test_passed(device: Device) -> bool:
    newest = SelfTest.objects.filter(device_id=device.pk).order_by("-test_id").first()
    # A test that was passed at the former owner's counter proves nothing here.
    return (
        newest is not None
        and newest.passed
        and newest.terminal_id == device.terminal_id
        and newest.received_at_us >= device.state_since_us
    )


def _nothing_unsent(device: Device) -> bool:
    health = getattr(device, "health", None)
    return health is None or not any(health.body.get("unsent", {}).values())


_CHECKS: dict[Check, Callable[[Device], bool]] = {
    Check.NOT_ASSIGNED: lambda device: device.terminal_id is None,
    Check.ASSIGNED: lambda device: device.terminal_id is not None,
    Check.CLEAN: is_clean,
    Check.MERCHANT_ACTIVE: _merchant_active,
    Check.SETTLEMENT_ACCOUNT: lambda device: has_settlement_account(device.merchant_id),
    Check.PLACE_KNOWN: _place_known,
    Check.KEYS_READY: lambda device: device.key_state in _KEYS_READY,
    Check.CERTIFIED: _certified,
    Check.SELF_TEST_PASSED: _self_test_passed,
    Check.NOTHING_UNSENT: _nothing_unsent,
}
