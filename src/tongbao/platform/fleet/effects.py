"""What a step in a device's life does besides changing the state; called by `steps` only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.platform.fleet import installations, key_room
from tongbao.platform.fleet.lifecycle import Effect
from tongbao.platform.fleet.models import (
    Activation,
    Device,
    DeviceCertificate,
    DeviceHealth,
    RemoteAct,
    Shipment,
    Terminal,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def run(effect: Effect, device: Device, *, now_us: int, reason: str) -> None:
    """Do what an effect says, in the caller's transaction; the caller saves the device."""
    _EFFECTS[effect](device, now_us, reason)


def _destroy_keys(device: Device, now_us: int, reason: str) -> None:
    del now_us, reason
    if device.terminal_id is not None and device.key_state in ("loaded", "remote"):
        # Gone from the key file before the transaction ends: a key too few is safe, one too many
        # is not.
        key_room.destroy_master_key(device.terminal_id)
    device.key_state = "none"
    device.key_check_value = ""


def _revoke(device: Device, now_us: int, reason: str) -> None:
    open_ones = DeviceCertificate.objects.filter(device=device, revoked_at_us__isnull=True)
    open_ones.update(revoked_at_us=now_us, revoked_for=reason)
    device.public_key = None


def _lock(device: Device, now_us: int, reason: str) -> None:
    del now_us
    device.is_lock_wanted = True
    device.lock_words = reason


def _unlock(device: Device, now_us: int, reason: str) -> None:
    del now_us, reason
    device.is_lock_wanted = False
    device.lock_words = ""


def _stop_terminal(device: Device, now_us: int, reason: str) -> None:
    del now_us, reason
    if device.terminal_id is not None:
        Terminal.objects.filter(pk=device.terminal_id).update(is_active=False)


def _start_terminal(device: Device, now_us: int, reason: str) -> None:
    del now_us, reason
    Terminal.objects.filter(pk=device.terminal_id).update(is_active=True)


def _open_installation(device: Device, now_us: int, reason: str) -> None:
    del reason
    installations.open_for(device, now_us=now_us)


def _close_installation(device: Device, now_us: int, reason: str) -> None:
    del reason
    installations.close_for(device, now_us=now_us)


def _close_shipment(device: Device, now_us: int, reason: str) -> None:
    ends = {"receive": "delivered", "lose": "lost"}
    Shipment.objects.filter(device=device, ended_at_us__isnull=True).update(
        ended_at_us=now_us, state=ends.get(reason, "returned")
    )


def _end_activations(device: Device, now_us: int, reason: str) -> None:
    del reason
    Activation.objects.filter(device=device, ended_at_us__isnull=True).update(
        ended_at_us=now_us, state="failed", cause="called_off"
    )


def _end_acts(device: Device, now_us: int, reason: str) -> None:
    del reason
    RemoteAct.objects.filter(device=device, ended_at_us__isnull=True).update(
        ended_at_us=now_us, state="withdrawn"
    )


def _release_terminal(device: Device, now_us: int, reason: str) -> None:
    del now_us, reason
    if device.terminal_id is not None:
        # The number stays the merchant's; it is free for another device, which brings its serial.
        free = f"SN-{device.terminal_id}"
        Terminal.objects.filter(pk=device.terminal_id).update(serial_number=free)
    device.terminal = None
    device.merchant = None


def _forget(device: Device, now_us: int, reason: str) -> None:
    del now_us, reason
    DeviceHealth.objects.filter(device=device).delete()


_EFFECTS: dict[Effect, Callable[[Device, int, str], None]] = {
    Effect.DESTROY_KEYS: _destroy_keys,
    Effect.REVOKE_CERTIFICATE: _revoke,
    Effect.LOCK: _lock,
    Effect.UNLOCK: _unlock,
    Effect.STOP_TERMINAL: _stop_terminal,
    Effect.START_TERMINAL: _start_terminal,
    Effect.OPEN_INSTALLATION: _open_installation,
    Effect.CLOSE_INSTALLATION: _close_installation,
    Effect.RELEASE_TERMINAL: _release_terminal,
    Effect.CLOSE_SHIPMENT: _close_shipment,
    Effect.END_ACTIVATIONS: _end_activations,
    Effect.END_ACTS: _end_acts,
    Effect.FORGET_SETTINGS: _forget,
}
