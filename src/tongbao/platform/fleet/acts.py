"""What terminals are asked to do from afar: asked, delivered with a heartbeat, done or failed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.fleet import history, outbox
from tongbao.platform.fleet.lifecycle import DeviceStep
from tongbao.platform.fleet.models import Device, RemoteAct
from tongbao.platform.fleet.steps import Facts, StepRefusedError, device_of, locked, move
from tongbao.platform.ids import new_id
from tongbao.wire.device.health import AS_LOST, Act, ActKind, ActOutcome, ActResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor

ACT_LIVES_US: Final = 7 * 24 * 3600 * 1_000_000
DELIVERED_AT_ONCE_MAX: Final = 20
STAFF_ONLY: Final = frozenset({ActKind.WIPE, ActKind.LOG_PULL})
TEXT_LENGTH_MAX: Final = 200
LOG_BYTES_MAX: Final = 16 * 1024 * 1024
# What each kind needs in its body; a text is missing when it is empty.
BODY_NEEDS: Final[Mapping[ActKind, tuple[str, ...]]] = {
    ActKind.MESSAGE: ("words",),
    ActKind.LOCK: ("words",),
    ActKind.WIPE: ("reason",),
}
# What a kind may have besides; yes is the text "true".
BODY_MAY: Final[Mapping[ActKind, str]] = {ActKind.WIPE: AS_LOST}


class ActRefusedError(Exception):
    """Nothing was asked; `reason` is a key of `words.ACT_REFUSAL_WORDS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnknownActError(LookupError):
    """This device was not asked to do that."""


def ask(
    actor: Actor, serial_number: str, kind: ActKind, body: Mapping[str, str], *, now_us: int
) -> RemoteAct:
    """Ask a device to do something; it hears of it with its next heartbeat.

    Raises UnknownDeviceError; AccessDeniedError; ActRefusedError.
    """
    device = device_of(serial_number)
    operation = Operation.REMOTE_ACT_STAFF if kind in STAFF_ONLY else Operation.REMOTE_ACT_ASK
    require(
        actor,
        operation,
        now_us=now_us,
        merchant_id=device.merchant_id or "",
        target=("device", device.pk),
    )
    words = {name: body.get(name, "").strip() for name in BODY_NEEDS.get(kind, ())}
    if not all(words.values()):
        raise ActRefusedError("reason_missing" if kind is ActKind.WIPE else "text_missing")
    if any(len(text) > TEXT_LENGTH_MAX for text in words.values()):
        raise ActRefusedError("text_too_long")
    if body.get(BODY_MAY.get(kind, "")) == "true":
        words[BODY_MAY[kind]] = "true"
    with locked(serial_number) as device:
        return _ask(actor, device, (kind, operation), words, now_us)


def _ask(
    actor: Actor,
    device: Device,
    what: tuple[ActKind, Operation],
    words: dict[str, str],
    now_us: int,
) -> RemoteAct:
    kind, operation = what
    if device.terminal_id is None:
        raise ActRefusedError("no_terminal")
    rows = RemoteAct.objects.filter(device=device, kind=kind.value, ended_at_us__isnull=True)
    if kind is not ActKind.MESSAGE and rows.filter(expires_at_us__gt=now_us).exists():
        raise ActRefusedError("open_already")
    act = RemoteAct.objects.create(
        act_id=new_id("act"),
        device=device,
        merchant_id=device.merchant_id or "",
        terminal_id=device.terminal_id,
        kind=kind.value,
        body=words,
        asked_by=actor.actor_id[:64],
        asked_by_name=actor.name[:150],
        asked_at_us=now_us,
        expires_at_us=now_us + ACT_LIVES_US,
    )
    if kind in (ActKind.LOCK, ActKind.UNLOCK):
        device.is_lock_wanted = kind is ActKind.LOCK
        device.lock_words = words.get("words", "")
        device.save()
    entry = history.Entry(
        event=f"{kind.value}_asked",
        operation=operation,
        note=words.get("words") or words.get("reason", ""),
        detail={"act_id": act.pk, **({AS_LOST: True} if AS_LOST in words else {})},
    )
    history.write(actor, device, entry, now_us=now_us)
    return act


def withdraw(actor: Actor, act_id: str, *, now_us: int) -> RemoteAct:
    """Take an act back that was not heard of yet; raises ActRefusedError, UnknownActError."""
    act = RemoteAct.objects.filter(pk=act_id).first()
    if act is None:
        raise UnknownActError(act_id)
    operation = Operation.REMOTE_ACT_ASK
    require(
        actor,
        operation,
        now_us=now_us,
        merchant_id=act.merchant_id,
        target=("device", act.device_id),
    )
    with locked(act.device_id) as device:
        act = RemoteAct.objects.get(pk=act_id)
        if act.state != "asked":
            raise ActRefusedError("delivered_already")
        act.state, act.ended_at_us = "withdrawn", now_us
        act.save()
        entry = history.Entry(
            event=f"{act.kind}_withdrawn", operation=operation, detail={"act_id": act.pk}
        )
        history.write(actor, device, entry, now_us=now_us)
    return act


def waiting_for(device: Device, now_us: int) -> tuple[Act, ...]:
    """Return what a device has to do and write down that it was told, in the caller's transaction.

    An act is told again with each heartbeat until the device says how it ended.
    """
    rows = RemoteAct.objects.filter(device=device, ended_at_us__isnull=True)
    rows.filter(expires_at_us__lte=now_us).update(state="expired", ended_at_us=now_us)
    due = list(rows.order_by("asked_at_us", "act_id")[:DELIVERED_AT_ONCE_MAX])
    for act in due:
        act.state = "delivered"
        act.delivered_at_us = act.delivered_at_us or now_us
        act.deliveries += 1
        act.save()
    return tuple(
        Act(
            act_id=act.pk,
            kind=ActKind(act.kind),
            body={str(k): str(v) for k, v in act.body.items()},
        )
        for act in due
    )


def finish(
    actor: Actor, serial_number: str, act_id: str, result: ActResult, *, now_us: int
) -> RemoteAct:
    """Write down how an act ended; said again, it changes nothing. Raises UnknownActError."""
    with locked(serial_number) as device:
        act = RemoteAct.objects.select_for_update().filter(pk=act_id, device=device).first()
        if act is None:
            raise UnknownActError(act_id)
        if act.state in ("done", "failed"):
            return act
        if result.outcome is ActOutcome.REFUSED:
            # Not now: the device is told again with its next heartbeat.
            act.detail = result.detail
            act.save()
            return act
        act.state = result.outcome.value
        act.ended_at_us, act.detail = now_us, result.detail
        act.log = result.log
        act.save()
        entry = history.Entry(
            event=f"{act.kind}_{act.state}",
            operation=Operation.DEVICE_SPEAK,
            note=result.detail,
            detail={"act_id": act.pk},
        )
        history.write(actor, device, entry, now_us=now_us)
        outbox.tell(device, f"terminal.act_{act.state}", now_us=now_us, kind=act.kind)
        if act.kind == ActKind.WIPE and result.outcome is ActOutcome.DONE:
            _follow_wipe(actor, device, act, now_us)
    return act


def _follow_wipe(actor: Actor, device: Device, act: RemoteAct, now_us: int) -> None:
    """Take a machine that has wiped itself out of service: it has no key and no settings left.

    One that was wiped as lost is lost; any other counts as taken back and is prepared anew.
    """
    step = DeviceStep.LOSE if act.body.get(AS_LOST) == "true" else DeviceStep.RETURN
    facts = Facts(note=act.detail or str(act.body.get("reason", "")), detail={"act_id": act.pk})
    try:
        move(actor, device, step, now_us=now_us, facts=facts)
    except StepRefusedError:
        # It is out of service already, or staff must see first what was unsent.
        return


def read_log(actor: Actor, serial_number: str, act_id: str, *, now_us: int) -> bytes:
    """Return the log that a device sent, as UTF-8 text, and write down who read it.

    Raises AccessDeniedError; UnknownActError, also where no readable log came.
    """
    operation = Operation.TERMINAL_LOG_READ
    require(actor, operation, now_us=now_us, target=("device", serial_number))
    with transaction.atomic():
        act = RemoteAct.objects.filter(pk=act_id, device=serial_number).first()
        if act is None or act.log is None:
            raise UnknownActError(act_id)
        log = _unpacked(bytes(act.log))
        record(
            actor,
            operation,
            now_us=now_us,
            target=("device", serial_number),
            merchant_id=act.merchant_id,
            after={"act_id": act_id},
        )
    return log


def _unpacked(packed: bytes) -> bytes:
    """Return a log of at most 16 MiB; UnknownActError for what is none."""
    reader = zlib.decompressobj()
    try:
        log = reader.decompress(packed, LOG_BYTES_MAX)
    except zlib.error:
        raise UnknownActError("not a log") from None
    if not reader.eof:
        raise UnknownActError("not a whole log")
    return log
