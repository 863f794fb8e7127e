"""Key loading: two custodians each bring a component, and only together they make the key."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.db import transaction

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.components import read_component
from tongbao.crypto.errors import KeyCheckError, KeyLengthError, KeyUseError
from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.fleet import history, key_room
from tongbao.platform.fleet.lifecycle import DeviceState, DeviceStep
from tongbao.platform.fleet.models import Device, KeyCeremony, KeyComponent, Terminal
from tongbao.platform.fleet.steps import Facts, StepRefusedError, device_of, locked, move
from tongbao.platform.ids import new_id

if TYPE_CHECKING:
    from tongbao.domain.secrets import SecretText
    from tongbao.platform.access.actor import Actor

PARTS: Final = 2
CEREMONY_US: Final = 30 * 60 * 1_000_000
_CHECK_VALUE_BYTES: Final = (3, 4)
ALGORITHMS: Final = {"tdes": KeyAlgorithm.TDES, "sm4": KeyAlgorithm.SM4}


class CeremonyFault(StrEnum):
    """Why a ceremony did not begin or go on; each has words that say what to do."""

    NOT_OPEN = "not_open"
    EXPIRED = "expired"
    OPEN_ALREADY = "open_already"
    SAME_PERSON = "same_person"
    NUMBER_TAKEN = "number_taken"
    NO_SUCH_NUMBER = "no_such_number"
    NO_COMPONENT = "no_component"
    WRONG_CHECK_VALUE = "wrong_check_value"
    NO_CHECK_VALUE = "no_check_value"
    WRONG_KEY = "wrong_key"
    WEAK_KEY = "weak_key"
    NOT_ASSIGNED = "not_assigned"
    NOT_IN_STOCK = "not_in_stock"


class CeremonyRefusedError(Exception):
    """Nothing was kept; when the fault is WRONG_KEY or WEAK_KEY the whole ceremony ended."""

    def __init__(self, fault: CeremonyFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """What one custodian types: the component and its check value, 6 or 8 hex digits."""

    number: int
    typed: SecretText
    check_value: str


def open_ceremony(
    actor: Actor, serial_number: str, *, algorithm: str, check_value: str, now_us: int
) -> KeyCeremony:
    """Begin loading a device's master key; `check_value` is the whole key's, told in advance.

    Raises UnknownDeviceError; AccessDeniedError; CeremonyRefusedError; StepRefusedError.
    """
    device = device_of(serial_number)
    _permit(actor, device, now_us)
    _check_bytes(check_value)
    with locked(serial_number) as device:
        terminal = _check_ready(device)
        _end_expired(device, now_us)
        if KeyCeremony.objects.filter(device=device, ended_at_us__isnull=True).exists():
            raise CeremonyRefusedError(CeremonyFault.OPEN_ALREADY)
        ceremony = KeyCeremony.objects.create(
            ceremony_id=new_id("ceremony"),
            device=device,
            terminal=terminal,
            algorithm=algorithm if algorithm in ALGORITHMS else "tdes",
            parts=PARTS,
            expected_check_value=check_value.upper(),
            opened_by=actor.actor_id,
            opened_by_name=actor.name,
            opened_at_us=now_us,
            expires_at_us=now_us + CEREMONY_US,
        )
        _write(actor, device, ceremony, "key_ceremony_opened", now_us=now_us)
    return ceremony


def enter(actor: Actor, ceremony_id: str, component: Component, *, now_us: int) -> KeyCeremony:
    """Take one custodian's component; with the last one the key is made and loaded.

    A component is looked at once and sealed; nothing shows it again. A person enters one component
    of a ceremony at most.
    Raises AccessDeniedError; CeremonyRefusedError; StepRefusedError; KeyRoomClosedError.
    """
    ceremony = _ceremony(ceremony_id)
    _permit(actor, ceremony.device, now_us)
    try:
        with locked(ceremony.device_id) as device:
            ceremony = _open_ceremony_row(ceremony_id, now_us)
            ceremony.device = device
            _keep(actor, ceremony, component, now_us)
            if ceremony.components.count() == ceremony.parts:
                _load(actor, ceremony, now_us)
            else:
                _write(
                    actor,
                    device,
                    ceremony,
                    "key_component_entered",
                    now_us=now_us,
                    number=component.number,
                )
    except CeremonyRefusedError as refusal:
        _fail(actor, ceremony_id, refusal.fault, now_us)
        raise
    return ceremony


def abort(actor: Actor, ceremony_id: str, *, now_us: int) -> KeyCeremony:
    """End a ceremony half-way: what was entered is destroyed.

    Raises AccessDeniedError; CeremonyRefusedError.
    """
    ceremony = _ceremony(ceremony_id)
    _permit(actor, ceremony.device, now_us)
    with locked(ceremony.device_id) as device:
        ceremony = _open_ceremony_row(ceremony_id, now_us)
        _end(ceremony, "aborted", "aborted", now_us)
        _write(actor, device, ceremony, "key_ceremony_aborted", now_us=now_us)
    return ceremony


def mark_remote(actor: Actor, serial_number: str, *, now_us: int) -> Device:
    """Say that this device fetches its master key from the host over the line.

    Raises UnknownDeviceError; AccessDeniedError; StepRefusedError.
    """
    require(
        actor,
        Operation.KEYS_REMOTE,
        now_us=now_us,
        target=("device", device_of(serial_number).pk),
    )
    with locked(serial_number) as device:
        device.key_state = "remote"
        facts = Facts(detail={"method": "remote"})
        move(actor, device, DeviceStep.LOAD_KEYS, now_us=now_us, facts=facts)
        return device


def end_expired(now_us: int) -> int:
    """End every ceremony whose time is over and destroy what it kept; returns how many."""
    late = KeyCeremony.objects.filter(ended_at_us__isnull=True, expires_at_us__lte=now_us)
    ended = 0
    for ceremony_id, serial_number in late.values_list("pk", "device_id"):
        with locked(serial_number):
            ceremony = KeyCeremony.objects.select_for_update().get(pk=ceremony_id)
            # The last component may have come while this waited for the device.
            if ceremony.ended_at_us is None:
                _end(ceremony, "aborted", "expired", now_us)
                ended += 1
    return ended


def _permit(actor: Actor, device: Device, now_us: int) -> None:
    require(actor, Operation.KEYS_LOAD, now_us=now_us, target=("device", device.pk))


def _ceremony(ceremony_id: str) -> KeyCeremony:
    found = KeyCeremony.objects.select_related("device").filter(pk=ceremony_id).first()
    if found is None:
        raise CeremonyRefusedError(CeremonyFault.NOT_OPEN)
    return found


def _open_ceremony_row(ceremony_id: str, now_us: int) -> KeyCeremony:
    row = KeyCeremony.objects.select_for_update().get(pk=ceremony_id)
    if row.ended_at_us is not None:
        raise CeremonyRefusedError(CeremonyFault.NOT_OPEN)
    if now_us >= row.expires_at_us:
        raise CeremonyRefusedError(CeremonyFault.EXPIRED)
    return row


def _check_ready(device: Device) -> Terminal:
    if device.state != DeviceState.STOCK:
        raise CeremonyRefusedError(CeremonyFault.NOT_IN_STOCK)
    if device.terminal is None:
        raise CeremonyRefusedError(CeremonyFault.NOT_ASSIGNED)
    return device.terminal


def _check_bytes(check_value: str) -> bytes:
    try:
        value = bytes.fromhex(check_value)
    except ValueError:
        value = b""
    if len(value) not in _CHECK_VALUE_BYTES:
        raise CeremonyRefusedError(CeremonyFault.NO_CHECK_VALUE)
    return value


def _keep(actor: Actor, ceremony: KeyCeremony, component: Component, now_us: int) -> None:
    rows = ceremony.components.all()
    if rows.filter(custodian_id=actor.actor_id).exists():
        raise CeremonyRefusedError(CeremonyFault.SAME_PERSON)
    if not 1 <= component.number <= ceremony.parts:
        raise CeremonyRefusedError(CeremonyFault.NO_SUCH_NUMBER)
    if rows.filter(number=component.number).exists():
        raise CeremonyRefusedError(CeremonyFault.NUMBER_TAKEN)
    kcv = _check_bytes(component.check_value)
    algorithm = ALGORITHMS[ceremony.algorithm]
    try:
        key = read_component(component.typed)
        key_room.keep_component(ceremony.pk, component.number, algorithm, key, kcv)
    except KeyLengthError:
        raise CeremonyRefusedError(CeremonyFault.NO_COMPONENT) from None
    except KeyCheckError:
        raise CeremonyRefusedError(CeremonyFault.WRONG_CHECK_VALUE) from None
    KeyComponent.objects.create(
        ceremony=ceremony,
        number=component.number,
        custodian_id=actor.actor_id,
        custodian_name=actor.name[:150],
        check_value=kcv.hex().upper(),
        entered_at_us=now_us,
    )


def _load(actor: Actor, ceremony: KeyCeremony, now_us: int) -> None:
    device = ceremony.device
    kcv = bytes.fromhex(ceremony.expected_check_value)
    try:
        made = key_room.make_master_key(
            ceremony.pk,
            ceremony.parts,
            ceremony.terminal_id,
            ALGORITHMS[ceremony.algorithm],
            kcv,
        )
    except KeyCheckError:
        raise CeremonyRefusedError(CeremonyFault.WRONG_KEY) from None
    except KeyUseError:
        raise CeremonyRefusedError(CeremonyFault.WEAK_KEY) from None
    if not hmac.compare_digest(made[: len(kcv)], kcv):
        raise CeremonyRefusedError(CeremonyFault.WRONG_KEY)
    ceremony.state, ceremony.ended_at_us = "loaded", now_us
    ceremony.save()
    device.key_state, device.key_check_value = "loaded", made.hex().upper()
    facts = Facts(detail={"method": "components", "ceremony_id": ceremony.pk})
    try:
        move(actor, device, DeviceStep.LOAD_KEYS, now_us=now_us, facts=facts)
    except StepRefusedError:
        # The rows roll back; the key must not stay behind in the host's store.
        key_room.destroy_master_key(ceremony.terminal_id)
        raise


def _fail(actor: Actor, ceremony_id: str, fault: CeremonyFault, now_us: int) -> None:
    """Write a refusal down, and end the ceremony when its components are of no use."""
    with transaction.atomic():
        ceremony = _ceremony(ceremony_id)
        if ceremony.ended_at_us is None and fault in _FATAL:
            _end(ceremony, "refused", fault.value, now_us)
        record(
            actor,
            Operation.KEYS_LOAD,
            now_us=now_us,
            outcome=Outcome.FAILED,
            target=("device", ceremony.device_id),
            after={"ceremony_id": ceremony_id, "cause": fault.value},
        )


_FATAL: Final = frozenset({CeremonyFault.WRONG_KEY, CeremonyFault.WEAK_KEY, CeremonyFault.EXPIRED})


def _end(ceremony: KeyCeremony, state: str, reason: str, now_us: int) -> None:
    key_room.forget_components(ceremony.pk)
    ceremony.state, ceremony.end_reason, ceremony.ended_at_us = state, reason, now_us
    ceremony.save()


def _end_expired(device: Device, now_us: int) -> None:
    late = KeyCeremony.objects.filter(
        device=device, ended_at_us__isnull=True, expires_at_us__lte=now_us
    )
    for ceremony in late:
        _end(ceremony, "aborted", "expired", now_us)


def _write(
    actor: Actor,
    device: Device,
    ceremony: KeyCeremony,
    event: str,
    *,
    now_us: int,
    number: int = 0,
) -> None:
    detail = {"ceremony_id": ceremony.pk, **({"number": number} if number else {})}
    entry = history.Entry(event=event, operation=Operation.KEYS_LOAD, detail=detail)
    history.write(actor, device, entry, now_us=now_us)
