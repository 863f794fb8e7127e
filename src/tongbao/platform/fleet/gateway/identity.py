"""Who speaks: by the signature before there is a certificate, by the certificate after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, transaction

from tongbao.domain.errors import ProtocolError
from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.fleet.activation_rules import key_digest
from tongbao.platform.fleet.authority import fingerprint_of
from tongbao.platform.fleet.gateway.refusals import RefusedError
from tongbao.platform.fleet.lifecycle import DeviceState
from tongbao.platform.fleet.models import Activation, Device, DeviceCertificate, DeviceNonce
from tongbao.wire.device.health import Refusal
from tongbao.wire.device.signing import (
    CLOCK_DIFFERENCE_MAX_MS,
    RequestSignature,
    request_signing_input,
)

if TYPE_CHECKING:
    from tongbao.platform.fleet.gateway.app import Request

_MAY_SPEAK = frozenset(
    {DeviceState.ACTIVATING, DeviceState.ACTIVE, DeviceState.SUSPENDED, DeviceState.MOVING}
)
_KEYS_LOOKED_AT = 10


def actor_for(serial_number: str, address: str) -> Actor:
    """Return a terminal as an actor."""
    return Actor(kind=ActorKind.DEVICE, actor_id=serial_number, name=serial_number, address=address)


def check_signature(request: Request, public_key: bytes) -> None:
    """Return when this key signed the request now and for the first time; raises RefusedError."""
    _check(request, _signature_of(request), public_key)


def signing_key(request: Request, serial_number: str) -> bytes:
    """Return which of a terminal's keys signed the request; raises RefusedError.

    Only keys that said hello are known.
    """
    signature = _signature_of(request)
    rows = Activation.objects.filter(device=serial_number).order_by("-created_at_us")
    rows_of_keys = rows.values_list("public_key", flat=True)
    bound = Device.objects.filter(pk=serial_number, public_key__isnull=False)
    known = [
        *bound.values_list("public_key", flat=True),
        *rows_of_keys.filter(ended_at_us__isnull=True),
        *rows_of_keys[:_KEYS_LOOKED_AT],
    ]
    for public_key in dict.fromkeys(bytes(one) for one in known if one is not None):
        if _is_signed(request, signature, public_key):
            _check(request, signature, public_key)
            return public_key
    raise RefusedError(Refusal.SIGNATURE_WRONG)


def _signature_of(request: Request) -> RequestSignature:
    if not request.signature:
        raise RefusedError(Refusal.SIGNATURE_MISSING)
    try:
        return RequestSignature.parse(request.signature)
    except ProtocolError:
        raise RefusedError(Refusal.SIGNATURE_WRONG) from None


def _is_signed(request: Request, signature: RequestSignature, public_key: bytes) -> bool:
    signed = request_signing_input(
        request.method, request.target, signature.at_ms, signature.nonce, request.body
    )
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature.signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _check(request: Request, signature: RequestSignature, public_key: bytes) -> None:
    if not _is_signed(request, signature, public_key):
        raise RefusedError(Refusal.SIGNATURE_WRONG)
    if abs(signature.at_ms - request.now_us // 1000) > CLOCK_DIFFERENCE_MAX_MS:
        raise RefusedError(Refusal.CLOCK_WRONG)
    name = key_digest(public_key)[:32] + signature.nonce.hex()
    try:
        with transaction.atomic():
            DeviceNonce.objects.create(nonce=name, at_us=request.now_us)
    except IntegrityError:
        raise RefusedError(Refusal.REPEATED) from None


def certified(request: Request) -> Actor:
    """Return the terminal that the connection's certificate belongs to; raises RefusedError."""
    if request.certificate is None:
        raise RefusedError(Refusal.CERTIFICATE_MISSING)
    row = (
        DeviceCertificate.objects.select_related("device")
        .filter(pk=fingerprint_of(request.certificate))
        .first()
    )
    if row is None:
        raise RefusedError(Refusal.CERTIFICATE_FOREIGN)
    if row.revoked_at_us is not None or row.not_after_us <= request.now_us:
        raise RefusedError(Refusal.CERTIFICATE_REVOKED)
    if DeviceState(row.device.state) not in _MAY_SPEAK:
        raise RefusedError(Refusal.NOT_IN_SERVICE)
    return actor_for(row.device_id, request.address)
