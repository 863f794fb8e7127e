"""What terminals are asked to do from afar: asked, delivered with a heartbeat, done or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.fleet import history, outbox
from tongbao.platform.fleet.models import Device, RemoteAct
from tongbao.platform.fleet.steps import device_of, locked
from tongbao.platform.ids import new_id
from tongbao.wire.device.health import Act, ActKind, ActOutcome, ActResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor

ACT_LIVES_US: Final = 7 * 24 * 3600 * 1_000_000
DELIVERED_AT_ONCE_MAX: Final = 20
STAFF_ONLY: Final = frozenset({ActKind.WIPE, ActKind.LOG_PULL})
TEXT_LENGTH_MAX: Final = 200
# What each kind needs in its body; a text is missing when it is empty.
BODY_NEEDS: Final[Mapping[ActKind, tuple[str, ...]]] = {
    ActKind.MESSAGE: ("words",),
    ActKind.LOCK: ("words",),
}


class ActRefusedError(Exception):
    """Nothing was asked; `reason` is no_terminal, open_already, text_missing or text_too_long."""

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
        raise ActRefusedError("text_missing")
    if any(len(text) > TEXT_LENGTH_MAX for text in words.values()):
        raise ActRefusedError("text_too_long")
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
        note=words.get("words", ""),
        detail={"act_id": act.pk},
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
    with transaction.atomic():
        act = RemoteAct.objects.select_for_update().filter(pk=act_id, device=serial_number).first()
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
        history.write(actor, act.device, entry, now_us=now_us)
        outbox.tell(act.device, f"terminal.act_{act.state}", now_us=now_us, kind=act.kind)
    return act
