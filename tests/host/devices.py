"""Devices and their certificates in a prepared database, as the platform writes them."""

from __future__ import annotations

from collections.abc import Mapping

from tongbao.platform.project import run_with


def register_device(
    url: str, serial_number: str, terminal_id: str, certificates: Mapping[str, int]
) -> None:
    """Put a device on a terminal, with certificates by fingerprint and time of issue."""

    def work(alias: str) -> None:
        from tongbao.platform.fleet.models import Device, DeviceCertificate

        device = Device.objects.using(alias).create(
            serial_number=serial_number,
            model="TB-1",
            state="active",
            state_since_us=1,
            terminal_id=terminal_id,
            created_at_us=1,
        )
        for number, (fingerprint, at_us) in enumerate(certificates.items()):
            DeviceCertificate.objects.using(alias).create(
                fingerprint=fingerprint,
                device=device,
                terminal_id=terminal_id,
                certificate_number=str(number),
                pem="",
                issued_at_us=at_us,
                not_after_us=2**60,
            )

    run_with(url, work)


def revoke_certificate(url: str, fingerprint: str) -> None:
    """Revoke one certificate."""

    def work(alias: str) -> None:
        from tongbao.platform.fleet.models import DeviceCertificate

        rows = DeviceCertificate.objects.using(alias).filter(fingerprint=fingerprint)
        rows.update(revoked_at_us=9)

    run_with(url, work)
