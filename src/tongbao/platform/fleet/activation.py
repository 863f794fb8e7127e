"""The one service in which every way of activating a terminal ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.fleet import checks, history, outbox
from tongbao.platform.fleet.activation_rules import (
    CAUSE_OF_CHECK,
    DISTANCE_MAX_M,
    NOT_NOW,
    PROMISE_US,
    TRIES_MAX,
    Method,
    Point,
    distance_m,
    is_code,
)
from tongbao.platform.fleet.lifecycle import DeviceState, DeviceStep
from tongbao.platform.fleet.models import Activation, Device, DeviceCertificate
from tongbao.platform.fleet.steps import Facts, StepRefusedError, locked, move
from tongbao.wire.device.activation import ActivationFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor

_F = ActivationFailure
PAPERS = frozenset({"id_card", "licence", "contract"})


class ActivationRefusedError(Exception):
    """The terminal was not activated; `cause` says why, `tries_left` after a wrong code."""

    def __init__(self, cause: ActivationFailure, tries_left: int | None = None) -> None:
        super().__init__(cause.value)
        self.cause = cause
        self.tries_left = tries_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What somebody says about the terminal in front of them.

    `point`: where they are, when their browser tells. `papers`: what staff saw at a service point,
    each kind with a short note, never a number of a paper.
    """

    merchant_id: str
    serial_number: str
    terminal_id: str
    code: str
    method: Method
    point: Point | None = None
    papers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Outcome:
    activation: Activation | None = None
    cause: ActivationFailure | None = None
    tries_left: int | None = None


def confirm(actor: Actor, claim: Claim, *, now_us: int) -> Activation:
    """Confirm that the terminal with this code is in the right hands; asked again, say it again.

    Raises AccessDeniedError; ActivationRefusedError.
    """
    operation = {
        Method.SERVICE_POINT: Operation.ACTIVATION_SERVICE_POINT,
        Method.PHONE: Operation.ACTIVATION_PHONE,
    }.get(claim.method, Operation.ACTIVATION_CONFIRM)
    target = ("device", claim.serial_number[:32])
    require(actor, operation, now_us=now_us, merchant_id=claim.merchant_id, target=target)
    outcome = _decide(actor, claim, operation, now_us)
    if outcome.cause is not None:
        record(
            actor,
            operation,
            now_us=now_us,
            outcome=Outcome.FAILED,
            target=target,
            merchant_id=claim.merchant_id,
            after={"cause": outcome.cause.value, "method": claim.method.value},
        )
        raise ActivationRefusedError(outcome.cause, outcome.tries_left)
    if outcome.activation is None:
        raise AssertionError("an activation is confirmed or has a cause")
    return outcome.activation


def _decide(actor: Actor, claim: Claim, operation: Operation, now_us: int) -> _Outcome:
    # Unknown and another's look the same: nobody learns which serial numbers exist.
    mine = Device.objects.filter(pk=claim.serial_number, merchant_id=claim.merchant_id)
    if not mine.exists():
        return _Outcome(cause=_F.NOT_YOUR_TERMINAL)
    with locked(claim.serial_number) as device:
        cause = _standing_cause(device, claim)
        if cause is not None:
            return _Outcome(cause=cause)
        outcome = _match(device, claim, now_us)
        if outcome.activation is None or outcome.activation.state != "waiting":
            return outcome
        try:
            _begin(actor, device, claim, now_us)
        except StepRefusedError as refused:
            cause = CAUSE_OF_CHECK.get(refused.check) if refused.check else None
            return _Outcome(cause=cause or _F.NOT_RECEIVED)
        _accept(actor, device, outcome.activation, claim, now_us)
        entry = history.Entry(
            event="activation_confirmed",
            operation=operation,
            detail={
                "activation_id": outcome.activation.pk,
                "method": claim.method.value,
                "papers": sorted(claim.papers),
            },
        )
        history.write(actor, device, entry, now_us=now_us)
        return outcome


def _standing_cause(device: Device, claim: Claim) -> ActivationFailure | None:
    """Return the first thing that stands in the way, whatever the code is."""
    merchant = device.merchant
    is_closed = merchant is None or merchant.status == "closed"
    no_papers = claim.method is Method.SERVICE_POINT and "id_card" not in claim.papers
    causes = (
        (device.terminal_id != claim.terminal_id, _F.SERIAL_MISMATCH),
        (is_closed, _F.MERCHANT_CLOSED),
        (merchant is not None and not merchant.is_active, _F.MERCHANT_SUSPENDED),
        (DeviceState(device.state) in NOT_NOW, NOT_NOW.get(DeviceState(device.state))),
        (not checks.has_settlement_account(device.merchant_id), _F.NO_SETTLEMENT_ACCOUNT),
        (device.key_state not in ("loaded", "remote"), _F.NO_KEYS),
        (no_papers, _F.PAPERS_NOT_SEEN),
        (_is_far(device, claim.point), _F.TOO_FAR),
    )
    return next((cause for applies, cause in causes if applies), None)


def _is_far(device: Device, point: Point | None) -> bool:
    shop = device.terminal.shop if device.terminal else None
    if point is None or shop is None:
        return False
    if shop.latitude_udeg is None or shop.longitude_udeg is None:
        return False
    return distance_m(point, Point(shop.latitude_udeg, shop.longitude_udeg)) > DISTANCE_MAX_M


def _match(device: Device, claim: Claim, now_us: int) -> _Outcome:
    """Find the invitation with this code; a wrong code counts against every open one."""
    rows = Activation.objects.filter(device=device).order_by("-created_at_us")
    newest, still_open = rows[:10], rows.filter(ended_at_us__isnull=True)
    recent = list({row.pk: row for row in (*newest, *still_open)}.values())
    for row in recent:
        fits = is_code(settings.SECRET_KEY, row.pk, claim.code, row.code_hash)
        if fits and row.state in ("confirmed", "certified") and row.ended_at_us is None:
            return _Outcome(activation=row)
        if fits and (row.state == "expired" or (row.state == "waiting" and _is_late(row, now_us))):
            return _Outcome(cause=_F.CODE_EXPIRED)
    waiting = [row for row in recent if row.state == "waiting" and not _is_late(row, now_us)]
    if not waiting:
        locked_out = any(row.cause == _F.TOO_MANY_TRIES for row in recent[:1])
        return _Outcome(cause=_F.TOO_MANY_TRIES if locked_out else _F.NOT_SWITCHED_ON)
    for row in waiting:
        if is_code(settings.SECRET_KEY, row.pk, claim.code, row.code_hash):
            return _Outcome(activation=row)
    return _wrong_code(waiting, now_us)


def _wrong_code(waiting: list[Activation], now_us: int) -> _Outcome:
    left = TRIES_MAX
    for row in waiting:
        row.tries += 1
        left = min(left, TRIES_MAX - row.tries)
        if row.tries >= TRIES_MAX:
            row.state, row.cause, row.ended_at_us = "failed", _F.TOO_MANY_TRIES.value, now_us
        row.save()
    if left <= 0:
        return _Outcome(cause=_F.TOO_MANY_TRIES)
    return _Outcome(cause=_F.WRONG_CODE, tries_left=left)


def _begin(actor: Actor, device: Device, claim: Claim, now_us: int) -> None:
    if device.state == DeviceState.SHIPPED:
        # Who reads the code from its screen has received it.
        facts = Facts(detail={"method": claim.method.value})
        move(actor, device, DeviceStep.RECEIVE, now_us=now_us, facts=facts)
    if device.state == DeviceState.RECEIVED:
        move(actor, device, DeviceStep.BEGIN_ACTIVATION, now_us=now_us)


def _accept(actor: Actor, device: Device, row: Activation, claim: Claim, now_us: int) -> None:
    others = Activation.objects.filter(device=device, ended_at_us__isnull=True).exclude(pk=row.pk)
    others.update(ended_at_us=now_us, state="failed", cause=_F.CALLED_OFF.value)
    stale = DeviceCertificate.objects.filter(device=device, revoked_at_us__isnull=True)
    stale.update(revoked_at_us=now_us, revoked_for="activated_anew")
    row.state = "confirmed"
    row.method = claim.method.value
    row.papers = {kind: claim.papers[kind][:200] for kind in sorted(PAPERS & claim.papers.keys())}
    row.confirmed_at_us = now_us
    row.confirmed_by, row.confirmed_by_name = actor.actor_id[:64], actor.name[:150]
    row.promised_at_us = now_us + PROMISE_US
    row.save()
    device.public_key = bytes(row.public_key)
    device.save()
    outbox.tell(device, "terminal.activation_confirmed", now_us=now_us)


def call_off(actor: Actor, activation_id: str, *, note: str, now_us: int) -> Activation:
    """Break an activation off: its certificate is revoked, the device can be activated anew.

    Raises AccessDeniedError; StepRefusedError; Activation.DoesNotExist.
    """
    row = Activation.objects.get(pk=activation_id)
    require(
        actor,
        Operation.ACTIVATION_CALL_OFF,
        now_us=now_us,
        merchant_id=row.merchant_id,
        target=("device", row.device_id),
    )
    with locked(row.device_id) as device:
        facts = Facts(note=note, detail={"activation_id": activation_id})
        move(actor, device, DeviceStep.BREAK_OFF, now_us=now_us, facts=facts)
    row.refresh_from_db()
    return row


def _is_late(row: Activation, now_us: int) -> bool:
    return now_us >= row.expires_at_us
