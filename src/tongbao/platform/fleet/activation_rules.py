"""What an activation goes by: codes, tries, times, distances and steps. Pure: imports no Django."""

from __future__ import annotations

import hashlib
import hmac
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.platform.fleet.lifecycle import Check, DeviceState
from tongbao.wire.device.activation import CODE_DIGITS, ActivationFailure
from tongbao.wire.device.health import ActivationStep

if TYPE_CHECKING:
    from collections.abc import Mapping

_MINUTE_US: Final = 60 * 1_000_000
INVITATION_US: Final = 30 * _MINUTE_US
PROMISE_US: Final = 10 * _MINUTE_US
TRIES_MAX: Final = 5
REST_AFTER_TRIES_US: Final = 15 * _MINUTE_US
OPEN_INVITATIONS_MAX: Final = 3
# So old an invitation gives way when all are taken: nobody keeps a terminal without a code.
GIVES_WAY_US: Final = 2 * _MINUTE_US
DISTANCE_MAX_M: Final = 3_000
_EARTH_RADIUS_M: Final = 6_371_000


class Method(StrEnum):
    """The four ways in which a code comes back to the platform."""

    WEB = "web"
    APP = "app"
    PHONE = "phone"
    SERVICE_POINT = "service_point"


# A device in one of these states is not at its merchant's counter, and this is what to say.
NOT_NOW: Final[Mapping[DeviceState, ActivationFailure]] = {
    DeviceState.STOCK: ActivationFailure.NOT_RECEIVED,
    DeviceState.KEY_LOADED: ActivationFailure.NOT_RECEIVED,
    DeviceState.ACTIVE: ActivationFailure.ALREADY_ACTIVE,
    DeviceState.SUSPENDED: ActivationFailure.DEVICE_SUSPENDED,
    DeviceState.MOVING: ActivationFailure.DEVICE_SUSPENDED,
    DeviceState.REPLACED: ActivationFailure.DEVICE_RETIRED,
    DeviceState.RETURNED: ActivationFailure.DEVICE_RETIRED,
    DeviceState.WIPED: ActivationFailure.DEVICE_RETIRED,
    DeviceState.LOST: ActivationFailure.DEVICE_LOST,
    DeviceState.SCRAPPED: ActivationFailure.DEVICE_RETIRED,
}
OPEN_FOR_ACTIVATION: Final = frozenset(
    {DeviceState.SHIPPED, DeviceState.RECEIVED, DeviceState.ACTIVATING}
)
# What a check of the device's life means to the person who activates.
CAUSE_OF_CHECK: Final[Mapping[Check, ActivationFailure]] = {
    Check.MERCHANT_ACTIVE: ActivationFailure.MERCHANT_SUSPENDED,
    Check.SETTLEMENT_ACCOUNT: ActivationFailure.NO_SETTLEMENT_ACCOUNT,
    Check.KEYS_READY: ActivationFailure.NO_KEYS,
    Check.CERTIFIED: ActivationFailure.CERTIFICATE_REFUSED,
    Check.SELF_TEST_PASSED: ActivationFailure.SELF_TEST_FAILED,
}
STEPS: Final = tuple(ActivationStep)


def code_of(secret: str, activation_id: str, public_key: bytes) -> str:
    """Return the code of an invitation: always the same for one, unguessable without the secret."""
    made = _keyed(secret, b"code", activation_id.encode() + b"\0" + public_key)
    return f"{int.from_bytes(made[:8]) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def code_hash(secret: str, activation_id: str, code: str) -> str:
    """Return what is kept of a code, 64 hex digits."""
    return _keyed(secret, b"hash", f"{activation_id}\0{code}".encode()).hex()


def is_code(secret: str, activation_id: str, code: str, kept: str) -> bool:
    """Return whether this is the code that was kept, in constant time."""
    return hmac.compare_digest(code_hash(secret, activation_id, code), kept)


def key_digest(public_key: bytes) -> str:
    """Return the name of a device key: its SHA-256, 64 hex digits."""
    return hashlib.sha256(public_key).hexdigest()


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the map in millionths of a degree."""

    latitude_udeg: int
    longitude_udeg: int


def distance_m(one: Point, other: Point) -> int:
    """Return the distance between two places in metres, along the ground."""
    lat1, lat2 = (math.radians(point.latitude_udeg / 1e6) for point in (one, other))
    dlon = math.radians((other.longitude_udeg - one.longitude_udeg) / 1e6)
    half = (
        math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(dlon / 2) ** 2
    )
    return round(2 * _EARTH_RADIUS_M * math.asin(math.sqrt(half)))


def step_states(done: str, failed_cause: str) -> list[tuple[ActivationStep, str]]:
    """Return each step with done, current, failed or waiting, after the last one that is done."""
    position = STEPS.index(ActivationStep(done)) + 1 if done else 0
    states = []
    for number, step in enumerate(STEPS):
        if number < position:
            states.append((step, "done"))
        elif number == position:
            states.append((step, "failed" if failed_cause else "current"))
        else:
            states.append((step, "waiting"))
    return states


def _keyed(secret: str, purpose: bytes, message: bytes) -> bytes:
    key = b"tongbao activation " + purpose + b"\0" + secret.encode()
    return hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
