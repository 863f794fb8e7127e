"""What a terminal asks before it has a certificate: hello, and how far its activation is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from tongbao.platform.access.operations import Operation
from tongbao.platform.fleet import certificates, history, outbox
from tongbao.platform.fleet.activation_rules import (
    GIVES_WAY_US,
    INVITATION_US,
    OPEN_FOR_ACTIVATION,
    OPEN_INVITATIONS_MAX,
    REST_AFTER_TRIES_US,
    code_hash,
    code_of,
    key_digest,
)
from tongbao.platform.fleet.authority import RequestRefusedError
from tongbao.platform.fleet.lifecycle import DeviceState
from tongbao.platform.fleet.models import Activation, Device, DeviceCertificate
from tongbao.platform.fleet.steps import UnknownDeviceError, locked
from tongbao.platform.fleet.words import cause_words
from tongbao.platform.ids import new_id
from tongbao.wire.device.activation import (
    ActivationAnswer,
    ActivationFailure,
    ActivationState,
    DeviceStanding,
    Hello,
    HelloAnswer,
    HostAddress,
    Invitation,
    InvitationText,
)

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

_GONE = frozenset({DeviceState.SCRAPPED, DeviceState.LOST})
HELLO_AGAIN_S = 3
POLL_AGAIN_S = 3
REST_S = 60


def hello(actor: Actor, message: Hello, *, now_us: int) -> HelloAnswer:
    """Answer a terminal that says who it is; its signature was checked by the gateway."""
    try:
        with locked(message.serial_number) as device:
            return _hello(actor, device, message, now_us)
    except UnknownDeviceError:
        return _answer(DeviceStanding.UNKNOWN, None, now_us, next_in_s=REST_S)


def _hello(actor: Actor, device: Device, message: Hello, now_us: int) -> HelloAnswer:
    state = DeviceState(device.state)
    if state in _GONE:
        return _answer(DeviceStanding.UNKNOWN, None, now_us, next_in_s=REST_S)
    if device.software_version != message.software_version:
        device.software_version = message.software_version
        device.save(update_fields=["software_version"])
    if has_certificate(device, message.public_key):
        return _answer(DeviceStanding.ACTIVATED, device, now_us)
    if device.terminal_id is None or state not in OPEN_FOR_ACTIVATION:
        return _answer(DeviceStanding.WAITING, None, now_us, next_in_s=REST_S)
    row = _invitation(actor, device, message.public_key, now_us)
    return _answer(DeviceStanding.ASSIGNED, device, now_us, row)


def has_certificate(device: Device, public_key: bytes) -> bool:
    """Return whether this key of the device has a good certificate."""
    return bytes(device.public_key or b"") == public_key and (
        DeviceCertificate.objects.filter(device=device, revoked_at_us__isnull=True).exists()
    )


def _answer(
    standing: DeviceStanding,
    device: Device | None,
    now_us: int,
    row: Activation | None = None,
    *,
    next_in_s: int = HELLO_AGAIN_S,
) -> HelloAnswer:
    merchant = device.merchant if device else None
    return HelloAnswer(
        standing=standing,
        terminal_id=device.terminal_id if device else None,
        merchant_name=merchant.name if merchant else None,
        invitation=_shown(row) if row else None,
        host=host_address() if device else None,
        server_time_ms=now_us // 1000,
        next_in_s=next_in_s,
    )


def host_address() -> HostAddress | None:
    """Return where terminals find the host, as this process's settings say; None without."""
    found = getattr(settings, "TONGBAO_TERMINAL_HOST", None)
    return found if isinstance(found, HostAddress) else None


def _shown(row: Activation) -> Invitation | None:
    if row.state != "waiting":
        return None
    code = code_of(settings.SECRET_KEY, row.pk, bytes(row.public_key))
    text = InvitationText(serial_number=row.device_id, terminal_id=row.terminal_id, code=code)
    return Invitation(code=code, qr_text=str(text), expires_at_ms=row.expires_at_us // 1000)


def _invitation(actor: Actor, device: Device, public_key: bytes, now_us: int) -> Activation | None:
    """Return the open invitation of this key, or make one; None while it must rest."""
    expire_waiting(device, now_us)
    rows = Activation.objects.filter(device=device)
    mine = rows.filter(key_digest=key_digest(public_key), ended_at_us__isnull=True).first()
    if mine is not None:
        return mine
    newest = rows.order_by("-created_at_us").first()
    is_resting = (
        newest is not None
        and newest.cause == ActivationFailure.TOO_MANY_TRIES
        and now_us < (newest.ended_at_us or 0) + REST_AFTER_TRIES_US
    )
    if is_resting or not _makes_room(device, now_us):
        return None
    return _invite(actor, device, public_key, now_us)


def _makes_room(device: Device, now_us: int) -> bool:
    """Have the oldest invitation give way when all are taken; False while it is too young.

    Whoever knows a serial number can say hello with keys of their own.
    """
    rows = Activation.objects.filter(device=device, ended_at_us__isnull=True, state="waiting")
    waiting = list(rows.order_by("created_at_us", "activation_id"))
    if len(waiting) < OPEN_INVITATIONS_MAX:
        return True
    oldest = waiting[0]
    if now_us < oldest.created_at_us + GIVES_WAY_US:
        return False
    oldest.state, oldest.ended_at_us = "expired", now_us
    oldest.cause = ActivationFailure.CODE_EXPIRED.value
    oldest.save()
    return True


def _invite(actor: Actor, device: Device, public_key: bytes, now_us: int) -> Activation:
    activation_id = new_id("activation")
    code = code_of(settings.SECRET_KEY, activation_id, public_key)
    row = Activation.objects.create(
        activation_id=activation_id,
        device=device,
        terminal_id=str(device.terminal_id),
        merchant_id=str(device.merchant_id),
        public_key=public_key,
        key_digest=key_digest(public_key),
        code_hash=code_hash(settings.SECRET_KEY, activation_id, code),
        created_at_us=now_us,
        expires_at_us=now_us + INVITATION_US,
    )
    entry = history.Entry(
        event="code_shown",
        operation=Operation.DEVICE_SPEAK,
        detail={"activation_id": activation_id},
    )
    history.write(actor, device, entry, now_us=now_us)
    return row


def expire_waiting(device: Device, now_us: int) -> None:
    """End the invitations of a device that nobody took up in time."""
    late = Activation.objects.filter(device=device, state="waiting", expires_at_us__lte=now_us)
    late.update(state="expired", ended_at_us=now_us, cause=ActivationFailure.CODE_EXPIRED.value)


def poll(
    actor: Actor, serial_number: str, public_key: bytes, csr_pem: str | None, *, now_us: int
) -> ActivationAnswer:
    """Tell a terminal how far its activation is, and sign its request once it is confirmed."""
    try:
        with locked(serial_number) as device:
            expire_waiting(device, now_us)
            rows = Activation.objects.filter(device=device, key_digest=key_digest(public_key))
            row = rows.order_by("-created_at_us", "-activation_id").first()
            if row is None:
                return failed(ActivationFailure.CODE_EXPIRED)
            return _progressed(actor, device, row, csr_pem, now_us)
    except UnknownDeviceError:
        return failed(ActivationFailure.UNKNOWN_SERIAL)


def _progressed(
    actor: Actor, device: Device, row: Activation, csr_pem: str | None, now_us: int
) -> ActivationAnswer:
    if row.state == "confirmed" and csr_pem is not None:
        return _certify(actor, device, row, csr_pem, now_us)
    if row.state in ("certified", "done"):
        return _certified_again(actor, device, row, csr_pem, now_us)
    if row.state == "waiting":
        return _state(ActivationState.WAITING, row)
    if row.state == "confirmed":
        return _state(ActivationState.CONFIRMED, row)
    return failed(ActivationFailure(row.cause or ActivationFailure.CODE_EXPIRED))


def _certify(
    actor: Actor, device: Device, row: Activation, csr_pem: str, now_us: int
) -> ActivationAnswer:
    try:
        certificate = certificates.issue(device, csr_pem, bytes(row.public_key), now_us=now_us)
    except RequestRefusedError:
        row.cause = ActivationFailure.CERTIFICATE_REFUSED.value
        row.save()
        return failed(ActivationFailure.CERTIFICATE_REFUSED)
    row.state, row.step, row.cause = "certified", "certificate", ""
    row.certified_at_us = now_us
    row.save()
    entry = history.Entry(
        event="certificate_issued",
        operation=Operation.DEVICE_SPEAK,
        detail={"activation_id": row.pk, "fingerprint": certificate.pk[:16]},
    )
    history.write(actor, device, entry, now_us=now_us)
    outbox.tell(device, "terminal.certified", now_us=now_us)
    return _certified(certificate)


def _certified_again(
    actor: Actor, device: Device, row: Activation, csr_pem: str | None, now_us: int
) -> ActivationAnswer:
    """Give a certified device its certificate once more, or the next one when that is over.

    A device that was off for longer than its certificate lived proves its key by its signature.
    """
    if bytes(device.public_key or b"") != bytes(row.public_key):
        return failed(ActivationFailure.CALLED_OFF)
    rows = DeviceCertificate.objects.filter(device=device, revoked_at_us__isnull=True)
    certificate = certificates.good_ones(device, now_us).first()
    if certificate is None and csr_pem is not None and rows.exists():
        try:
            certificate = certificates.renew(actor, device.pk, csr_pem, now_us=now_us)
        except RequestRefusedError:
            return failed(ActivationFailure.CERTIFICATE_REFUSED)
    if certificate is None:
        return failed(ActivationFailure.CALLED_OFF)
    return _certified(certificate)


def _certified(certificate: DeviceCertificate) -> ActivationAnswer:
    device = certificate.device
    return ActivationAnswer(
        state=ActivationState.CERTIFIED,
        terminal_id=device.terminal_id,
        cause=None,
        words_zh=None,
        words_en=None,
        certificate_pem=certificate.pem,
        chain_pem=certificates.authority().chain_pem,
        next_in_s=POLL_AGAIN_S,
    )


def _state(state: ActivationState, row: Activation) -> ActivationAnswer:
    return ActivationAnswer(
        state=state,
        terminal_id=row.terminal_id,
        cause=None,
        words_zh=None,
        words_en=None,
        certificate_pem=None,
        chain_pem=None,
        next_in_s=POLL_AGAIN_S,
    )


def failed(cause: ActivationFailure) -> ActivationAnswer:
    """Return the answer that an activation failed, with words in both languages."""
    return ActivationAnswer(
        state=ActivationState.FAILED,
        terminal_id=None,
        cause=cause,
        words_zh=cause_words(cause, "zh-hans"),
        words_en=cause_words(cause, "en"),
        certificate_pem=None,
        chain_pem=None,
        next_in_s=HELLO_AGAIN_S,
    )
