"""What certified terminals tell: heartbeats, reports, self-tests, progress, changed PINs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.fleet import acts, history, wanted
from tongbao.platform.fleet.activation_rules import CAUSE_OF_CHECK, STEPS
from tongbao.platform.fleet.health_rules import Health, Reason, health_of, is_worth_keeping
from tongbao.platform.fleet.lifecycle import DeviceState, DeviceStep
from tongbao.platform.fleet.models import (
    Activation,
    Device,
    DeviceHealth,
    Heartbeat,
    SelfTest,
    Terminal,
    WantedIssue,
    WantedReport,
)
from tongbao.platform.fleet.steps import StepRefusedError, locked, move
from tongbao.wire.device.activation import ActivationFailure
from tongbao.wire.device.codec import as_json, encode
from tongbao.wire.device.health import (
    PENDING_MAX,
    ActivationStep,
    HeartbeatAnswer,
    SelfTestReport,
    StepOutcome,
    TestOccasion,
    TestOutcome,
)
from tongbao.wire.device.settings import ReportOutcome
from tongbao.wire.device.signing import report_signing_input

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.wire.device.health import Heartbeat as HeartbeatMessage
    from tongbao.wire.device.health import Progress
    from tongbao.wire.device.settings import SignedReport


_REPORTS_LOOKED_AT = 20


class ReportRefusedError(ValueError):
    """The report is not of this device, or not signed by its key."""


def heartbeat(
    actor: Actor, serial_number: str, message: HeartbeatMessage, *, now_us: int
) -> HeartbeatAnswer:
    """Take a heartbeat and answer with what waits for the device."""
    _permit(actor, serial_number, now_us)
    with locked(serial_number) as device:
        terminal = _terminal(device)
        issue = wanted.issue(terminal, now_us=now_us)
        interval_s = int(json.loads(issue.document)["heartbeat_s"])
        _keep_heartbeat(actor, device, message, issue, now_us)
        due = acts.waiting_for(device, now_us)
    return HeartbeatAnswer(
        acts=due,
        wanted_version=issue.version,
        next_in_s=min(interval_s, 5) if due else interval_s,
        server_time_ms=now_us // 1000,
    )


def _keep_heartbeat(
    actor: Actor, device: Device, message: HeartbeatMessage, issue: WantedIssue, now_us: int
) -> None:
    interval_s = int(json.loads(issue.document)["heartbeat_s"])
    health = health_of(message, wanted_version=issue.version, now_ms=now_us // 1000)
    body = as_json(message)
    before = DeviceHealth.objects.filter(device=device).first()
    known = _health_in(before)
    newest = Heartbeat.objects.filter(device_id=device.pk).order_by("-heartbeat_id").first()
    kept_us = newest.at_us if newest else None
    DeviceHealth.objects.update_or_create(
        device=device,
        defaults={
            "at_us": now_us,
            "next_due_us": now_us + interval_s * 1_000_000,
            "address": actor.address[:45],
            "body": body,
            "score": health.score,
            "reasons": [reason.value for reason in health.reasons],
            "applied_version": message.applied_version,
        },
    )
    _ask_for_help(device, message, before, now_us)
    if is_worth_keeping(known, health, kept_us, now_us):
        Heartbeat.objects.create(device_id=device.pk, at_us=now_us, score=health.score, body=body)
    if device.software_version != message.software_version:
        device.software_version = message.software_version
        device.save(update_fields=["software_version"])


def _ask_for_help(
    device: Device, message: HeartbeatMessage, before: DeviceHealth | None, now_us: int
) -> None:
    """Put into the exception queue what the terminal cannot deliver without a person."""
    from tongbao.platform.payments import gave_up  # noqa: PLC0415 - payments import the fleet

    had_any = before is not None and bool(before.body.get("pending"))
    if message.pending is None or not (message.pending or had_any) or message.is_training:
        return
    is_whole = len(message.pending) < PENDING_MAX
    gave_up.follow(_terminal(device), message.pending, is_whole=is_whole, said_at_us=now_us)


def _health_in(row: DeviceHealth | None) -> Health | None:
    if row is None:
        return None
    return Health(row.score, tuple(Reason(reason) for reason in row.reasons))


def wanted_since(
    actor: Actor, serial_number: str, since: int, *, now_us: int
) -> WantedIssue | None:
    """Return the newest settings of a device, or None when it has them."""
    _permit(actor, serial_number, now_us)
    with locked(serial_number) as device:
        issue = wanted.issue(_terminal(device), now_us=now_us)
    return issue if issue.version > since else None


def report(actor: Actor, serial_number: str, signed: SignedReport, *, now_us: int) -> WantedReport:
    """Keep what a device reports to be in force; raises ReportRefusedError."""
    _permit(actor, serial_number, now_us)
    said = signed.report
    document = encode(said)
    with locked(serial_number) as device:
        if said.serial_number != device.pk or said.terminal_id != device.terminal_id:
            raise ReportRefusedError("it is of another device")
        if not _is_signed(device, document, signed.signature):
            raise ReportRefusedError("it is not signed by the device's key")
        # The answer to the first one was lost: said again, it is no second report.
        newest = WantedReport.objects.filter(terminal_id=device.terminal_id).order_by("-report_id")
        for row in newest[:_REPORTS_LOOKED_AT]:
            if bytes(row.signature) == signed.signature:
                return row
        issue = WantedIssue.objects.filter(
            terminal_id=device.terminal_id, version=said.version
        ).first()
        is_true = issue is not None and issue.document_sha256 == said.document_sha256
        row = WantedReport.objects.create(
            device_id=device.pk,
            terminal_id=str(device.terminal_id),
            version=said.version,
            outcome=said.outcome.value,
            is_true_copy=is_true,
            drift=[as_json(drift) for drift in said.drift],
            detail=said.detail,
            at_us=said.at_ms * 1000,
            received_at_us=now_us,
            signed_document=document,
            signature=signed.signature,
        )
        if said.outcome is ReportOutcome.APPLIED:
            DeviceHealth.objects.filter(device=device).update(applied_version=said.version)
            advance(device, ActivationStep.PARAMETERS, now_us=now_us)
    return row


def _is_signed(device: Device, document: bytes, signature: bytes) -> bool:
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes(device.public_key or b""))
        key.verify(signature, report_signing_input(document))
    except (ValueError, InvalidSignature):
        return False
    return True


def progress(actor: Actor, serial_number: str, message: Progress, *, now_us: int) -> None:
    """Write down how far a device is after its certificate, and why it stopped."""
    _permit(actor, serial_number, now_us)
    with locked(serial_number) as device:
        if message.outcome is StepOutcome.DONE:
            advance(device, message.step, now_us=now_us)
        elif message.outcome is StepOutcome.FAILED:
            cause = message.cause or ActivationFailure.SELF_TEST_FAILED
            _stop(device, cause, message.detail)


def self_test(
    actor: Actor, serial_number: str, message: SelfTestReport, *, now_us: int
) -> SelfTest:
    """Keep a self-test; the one that ends an activation puts the device into service."""
    _permit(actor, serial_number, now_us)
    with locked(serial_number) as device:
        twin = _self_test_twin(device, message)
        if twin is not None:
            return twin
        failed = [one for one in message.parts if one.outcome is TestOutcome.FAILED]
        row = SelfTest.objects.create(
            device_id=device.pk,
            terminal_id=device.terminal_id or "",
            occasion=message.occasion.value,
            act_id=message.act_id or "",
            passed=not failed,
            parts=[as_json(one) for one in message.parts],
            at_us=message.at_ms * 1000,
            received_at_us=now_us,
        )
        is_last = message.occasion is TestOccasion.ACTIVATION
        if is_last and device.state == DeviceState.ACTIVATING:
            if failed:
                names = ", ".join(one.part.value for one in failed)
                _stop(device, ActivationFailure.SELF_TEST_FAILED, names)
            else:
                _put_into_service(actor, device, now_us)
        entry = history.Entry(
            event="self_test_passed" if row.passed else "self_test_failed",
            operation=Operation.DEVICE_SPEAK,
            detail={"parts": [one.part.value for one in failed]},
        )
        history.write(actor, device, entry, now_us=now_us)
    return row


def _self_test_twin(device: Device, message: SelfTestReport) -> SelfTest | None:
    """Return the same self-test said before, whose answer was lost."""
    newest = SelfTest.objects.filter(device_id=device.pk).order_by("-test_id").first()
    if newest is None or newest.at_us != message.at_ms * 1000:
        return None
    same = newest.parts == [as_json(one) for one in message.parts]
    return newest if same and newest.occasion == message.occasion.value else None


def _put_into_service(actor: Actor, device: Device, now_us: int) -> None:
    advance(device, ActivationStep.SELF_TEST, now_us=now_us)
    try:
        move(actor, device, DeviceStep.ACTIVATE, now_us=now_us)
    except StepRefusedError as refused:
        cause = CAUSE_OF_CHECK.get(refused.check) if refused.check else None
        _stop(device, cause or ActivationFailure.CALLED_OFF, "")
        return
    advance(device, ActivationStep.READY, now_us=now_us)


def advance(device: Device, step: ActivationStep, *, now_us: int) -> None:
    """Note the last step that a device's activation has done; it never goes back."""
    row = _current(device)
    if row is None:
        return
    done = STEPS.index(ActivationStep(row.step)) if row.step else -1
    if STEPS.index(step) > done:
        row.step = step.value
    row.cause, row.cause_detail = "", ""
    if step is ActivationStep.READY and device.state == DeviceState.ACTIVE:
        row.state, row.ended_at_us = "done", now_us
    row.save()


def _stop(device: Device, cause: ActivationFailure, detail: str) -> None:
    row = _current(device)
    if row is not None:
        row.cause, row.cause_detail = cause.value, detail[:200]
        row.save()


def _current(device: Device) -> Activation | None:
    rows = Activation.objects.filter(device=device, state="certified", ended_at_us__isnull=True)
    return rows.order_by("-created_at_us").first()


def _terminal(device: Device) -> Terminal:
    if device.terminal is None:
        raise ReportRefusedError("the device has no terminal number any more")
    return device.terminal


def _permit(actor: Actor, serial_number: str, now_us: int) -> None:
    require(actor, Operation.DEVICE_SPEAK, now_us=now_us, target=("device", serial_number))
