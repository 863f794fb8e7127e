"""Certificates of devices: issued for an activation, renewed, looked up and revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.fleet import history
from tongbao.platform.fleet.authority import RENEW_WITHIN_DAYS, DeviceAuthority
from tongbao.platform.fleet.models import Device, DeviceCertificate
from tongbao.platform.fleet.steps import device_of, locked

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tongbao.platform.access.actor import Actor


_RENEW_WITHIN_US = RENEW_WITHIN_DAYS * 24 * 3600 * 1_000_000


class AuthorityMissingError(RuntimeError):
    """This process signs no certificates; the text says which setting is missing."""


def authority() -> DeviceAuthority:
    """Return the device authority of this process; raises AuthorityMissingError."""
    found = getattr(settings, "TONGBAO_DEVICE_AUTHORITY", None)
    if not isinstance(found, DeviceAuthority):
        raise AuthorityMissingError("[platform.devices] ca_file and ca_key_file are not set")
    return found


def issue(device: Device, csr_pem: str, public_key: bytes, *, now_us: int) -> DeviceCertificate:
    """Sign a device's request and keep the certificate, in the caller's transaction.

    Raises RequestRefusedError; AuthorityMissingError.
    """
    issued = authority().issue(csr_pem, device.pk, public_key, now_us=now_us)
    return DeviceCertificate.objects.create(
        device=device,
        terminal_id=str(device.terminal_id),
        fingerprint=issued.fingerprint,
        certificate_number=issued.certificate_number,
        pem=issued.pem,
        issued_at_us=issued.issued_at_us,
        not_after_us=issued.not_after_us,
    )


def good_ones(device: Device, now_us: int) -> QuerySet[DeviceCertificate]:
    """Return the certificates of a device that are neither revoked nor over, newest first."""
    rows = DeviceCertificate.objects.filter(
        device=device, revoked_at_us__isnull=True, not_after_us__gt=now_us
    )
    return rows.order_by("-issued_at_us", "-not_after_us")


def renew(actor: Actor, serial_number: str, csr_pem: str, *, now_us: int) -> DeviceCertificate:
    """Give a device with a good certificate the next one, for the key it has.

    It gets the newest one again while that is not near its end: the answer may have been lost, or
    the device's clock may be wrong.
    Raises AccessDeniedError; RequestRefusedError; AuthorityMissingError.
    """
    require(actor, Operation.DEVICE_SPEAK, now_us=now_us, target=("device", serial_number))
    with locked(serial_number) as device:
        newest = good_ones(device, now_us).first()
        if newest is not None and newest.not_after_us - now_us > _RENEW_WITHIN_US:
            return newest
        certificate = issue(device, csr_pem, bytes(device.public_key or b""), now_us=now_us)
        entry = history.Entry(
            event="certificate_renewed",
            operation=Operation.DEVICE_SPEAK,
            detail={"fingerprint": certificate.pk[:16]},
        )
        history.write(actor, device, entry, now_us=now_us)
        return certificate


def revoke(actor: Actor, serial_number: str, *, reason: str, now_us: int) -> int:
    """Revoke every certificate of a device; returns how many were good before.

    Raises UnknownDeviceError; AccessDeniedError.
    """
    device = device_of(serial_number)
    require(actor, Operation.DEVICE_SUSPEND, now_us=now_us, target=("device", device.pk))
    with transaction.atomic():
        good = DeviceCertificate.objects.filter(device=device, revoked_at_us__isnull=True)
        revoked = good.update(revoked_at_us=now_us, revoked_for=reason[:40])
        entry = history.Entry(
            event="certificate_revoked",
            operation=Operation.DEVICE_SUSPEND,
            note=reason,
            detail={"number": revoked},
        )
        history.write(actor, device, entry, now_us=now_us)
    return revoked
