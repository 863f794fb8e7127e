"""What the API shows of terminals and activations, and how it is made from the rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext

from tongbao.platform.access.actor import ActorKind
from tongbao.platform.api.shapes import Out, moment, moment_or_none
from tongbao.platform.fleet import wanted
from tongbao.platform.fleet.activation_rules import step_states
from tongbao.platform.fleet.detail_words import detail_words
from tongbao.platform.fleet.health_rules import HEALTHY_FROM, Reason, is_online
from tongbao.platform.fleet.models import DeviceHealth, WantedReport
from tongbao.platform.fleet.setting_texts import difference_out
from tongbao.platform.fleet.words import (
    ACT_KIND_WORDS,
    ACT_STATE_WORDS,
    ACTIVATION_STATE_WORDS,
    ACTIVATION_STEP_WORDS,
    CAUSE_WORDS,
    EVENT_WORDS,
    ORIGIN_WORDS,
    OUTCOME_WORDS,
    PART_WORDS,
    REASON_WORDS,
    STATE_WORDS,
)
from tongbao.wire.device.activation import ActivationFailure
from tongbao.wire.device.health import ActKind, Part
from tongbao.wire.device.settings import ReportOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tongbao.platform.fleet.models import (
        Activation,
        Device,
        DeviceEvent,
        RemoteAct,
        SelfTest,
        Terminal,
    )
    from tongbao.platform.fleet.wanted_rules import Effective

HEARTBEAT_S = 60


class WordOut(Out):
    """A stable code with its words for people."""

    code: str
    words: str


class ShopRefOut(Out):
    """The shop where a terminal stands."""

    shop_id: str
    name: str
    address: str


class HealthOut(Out):
    """How a device is, by its last heartbeat; the score goes from 0 (look at once) to 100."""

    score: int
    is_healthy: bool
    reasons: list[WordOut]
    battery_percent: int | None
    printer: str | None
    network_kind: str | None
    network_rtt_ms: int | None
    network_loss_permille: int | None
    storage_free_bytes: int | None
    unsent: int


class DeviceOut(Out):
    """The machine that serves a terminal number."""

    serial_number: str
    model: str
    state: WordOut
    software_version: str
    parts: dict[str, str]
    warranty_until: datetime | None
    is_lock_wanted: bool


class DriftOut(Out):
    """Whether the settings in force are the wanted ones; versions count from 1, 0 is none."""

    wanted_version: int
    applied_version: int
    is_in_step: bool
    differences: list[dict[str, str]]
    reported_at: datetime | None
    outcome: WordOut | None
    why: str


class TerminalOut(Out):
    """A terminal of a merchant."""

    terminal_id: str
    label: str
    shop: ShopRefOut | None
    is_active: bool
    is_online: bool
    heard_at: datetime | None
    device: DeviceOut | None
    health: HealthOut | None
    drift: DriftOut


class EventOut(Out):
    """One thing that happened to a device."""

    at: datetime
    event: WordOut
    who: str
    note: str


class PartOut(Out):
    """The test of one part."""

    part: WordOut
    outcome: str
    detail: str


class SelfTestOut(Out):
    """A self-test with its parts."""

    at: datetime
    occasion: str
    passed: bool
    parts: list[PartOut]


class TerminalStoryOut(TerminalOut):
    """A terminal with what happened to its device and its newest self-test."""

    events: list[EventOut]
    self_test: SelfTestOut | None


class SettingOut(Out):
    """One setting: its value, the level it comes from, and what this level itself sets."""

    path: str
    value: Any
    origin: WordOut
    own: Any


class SettingsOut(Out):
    """All settings at one level, in force and its own."""

    scope: str
    key: str
    version: int
    settings: list[SettingOut]


class ActOut(Out):
    """Something a terminal was asked to do."""

    act_id: str
    kind: WordOut
    state: WordOut
    asked_by: str
    asked_at: datetime
    delivered_at: datetime | None
    ended_at: datetime | None
    words: str
    detail: str


class ActivationStepOut(Out):
    """One step of an activation: done, current, failed or waiting."""

    step: WordOut
    state: str


class ActivationOut(Out):
    """An activation with its progress; `cause` is set when it stopped, with what to do."""

    activation_id: str
    serial_number: str
    terminal_id: str
    state: WordOut
    method: str
    confirmed_by: str
    confirmed_at: datetime | None
    promised_at: datetime | None
    is_late: bool
    ended_at: datetime | None
    cause: WordOut | None
    steps: list[ActivationStepOut]


def word(code: str, words: Mapping[Any, Any]) -> WordOut:
    """Return a code with its words; an unknown one stands for itself."""
    return WordOut(code=code, words=str(words.get(code, code)))


def terminals_out(terminals: Sequence[Terminal], *, now_us: int) -> list[TerminalOut]:
    """Return terminals as the API shows them, with two queries for all."""
    newest = wanted.newest_versions([terminal.pk for terminal in terminals])
    return [
        TerminalOut(**_terminal_facts(terminal, newest.get(terminal.pk, 0), now_us))
        for terminal in terminals
    ]


def terminal_out(terminal: Terminal, *, now_us: int) -> TerminalStoryOut:
    """Return one terminal with its history."""
    issue = wanted.newest_issue(terminal.pk)
    facts = _terminal_facts(terminal, issue.version if issue else 0, now_us)
    device = device_of_terminal(terminal)
    events = device.events.filter(terminal_id=terminal.pk)[:30] if device else []
    tests = device.self_tests.order_by("-test_id") if device else None
    newest = tests.filter(terminal_id=terminal.pk).first() if tests is not None else None
    return TerminalStoryOut(
        **facts,
        events=[event_out(event) for event in events],
        self_test=self_test_out(newest) if newest else None,
    )


def device_of_terminal(terminal: Terminal) -> Device | None:
    """Return the device that serves a terminal number, if any."""
    try:
        return terminal.device
    except ObjectDoesNotExist:
        return None


def health_of_device(device: Device | None) -> DeviceHealth | None:
    """Return the newest heartbeat of a device, if it was ever heard."""
    try:
        return device.health if device else None
    except ObjectDoesNotExist:
        return None


def _terminal_facts(terminal: Terminal, wanted_version: int, now_us: int) -> dict[str, Any]:
    device = device_of_terminal(terminal)
    health = health_of_device(device)
    shop = terminal.shop
    applied = health.applied_version if health else 0
    interval_s = (health.next_due_us - health.at_us) // 1_000_000 if health else HEARTBEAT_S
    return {
        "terminal_id": terminal.pk,
        "label": terminal.label,
        "shop": ShopRefOut(shop_id=shop.pk, name=shop.name, address=shop.address) if shop else None,
        "is_active": terminal.is_active,
        "is_online": is_online(health.at_us if health else None, interval_s, now_us),
        "heard_at": moment_or_none(health.at_us if health else None),
        "device": device_out(device) if device else None,
        "health": health_out(health) if health else None,
        "drift": _drift_out(terminal.pk, wanted_version, applied),
    }


def device_out(device: Device) -> DeviceOut:
    """Return a device as its merchant sees it."""
    return DeviceOut(
        serial_number=device.pk,
        model=device.model,
        state=word(device.state, STATE_WORDS),
        software_version=device.software_version,
        parts={str(part): str(version) for part, version in device.parts.items()},
        warranty_until=moment_or_none(device.warranty_until_us),
        is_lock_wanted=device.is_lock_wanted,
    )


def health_out(health: DeviceHealth) -> HealthOut:
    """Return a heartbeat with what it means."""
    body = health.body
    network = body.get("network", {})
    return HealthOut(
        score=health.score,
        is_healthy=health.score >= HEALTHY_FROM,
        reasons=[word(Reason(reason), REASON_WORDS) for reason in health.reasons],
        battery_percent=body.get("battery_percent"),
        printer=body.get("printer"),
        network_kind=network.get("kind"),
        network_rtt_ms=network.get("rtt_ms"),
        network_loss_permille=network.get("loss_permille"),
        storage_free_bytes=body.get("storage_free_bytes"),
        unsent=sum(body.get("unsent", {}).values()),
    )


def _drift_out(terminal_id: str, wanted_version: int, applied: int) -> DriftOut:
    rows = WantedReport.objects.filter(terminal_id=terminal_id).order_by("-report_id")
    report = rows.first()
    differences = [difference_out(one) for one in report.drift] if report else []
    return DriftOut(
        wanted_version=wanted_version,
        applied_version=applied,
        is_in_step=applied >= wanted_version and not differences,
        outcome=word(ReportOutcome(report.outcome), OUTCOME_WORDS) if report else None,
        why=report.detail if report else "",
        differences=differences,
        reported_at=moment_or_none(report.received_at_us if report else None),
    )


def event_out(event: DeviceEvent) -> EventOut:
    """Return an event of a device's life."""
    is_ours = event.actor_kind == ActorKind.STAFF.value
    return EventOut(
        at=moment(event.at_us),
        event=word(event.event, EVENT_WORDS),
        # Which of our people it was is nobody's business outside.
        who=gettext("The acquirer") if is_ours else event.actor_name,
        note=event.note,
    )


def self_test_out(test: SelfTest) -> SelfTestOut:
    """Return a self-test."""
    return SelfTestOut(
        at=moment(test.at_us),
        occasion=test.occasion,
        passed=test.passed,
        parts=[
            PartOut(
                part=word(Part(one["part"]), PART_WORDS),
                outcome=one["outcome"],
                detail=detail_words(one["detail"]),
            )
            for one in test.parts
        ],
    )


def settings_out(target: wanted.Target, effective: Effective) -> SettingsOut:
    """Return what is in force, where each value comes from, and what this level sets itself."""
    own = wanted.leaves_of(target)
    return SettingsOut(
        scope=target.scope.value,
        key=target.key,
        version=wanted.version_of(target),
        settings=[
            SettingOut(
                path=path,
                value=value,
                origin=word(effective.origins[path], ORIGIN_WORDS),
                own=own.get(path),
            )
            for path, value in effective.values.items()
        ],
    )


def act_out(act: RemoteAct) -> ActOut:
    """Return a remote act."""
    return ActOut(
        act_id=act.pk,
        kind=word(ActKind(act.kind), ACT_KIND_WORDS),
        state=word(act.state, ACT_STATE_WORDS),
        asked_by=act.asked_by_name,
        asked_at=moment(act.asked_at_us),
        delivered_at=moment_or_none(act.delivered_at_us),
        ended_at=moment_or_none(act.ended_at_us),
        words=str(act.body.get("words", "")),
        detail=act.detail,
    )


def activation_out(row: Activation, *, now_us: int) -> ActivationOut:
    """Return an activation with its steps."""
    cause = word(ActivationFailure(row.cause), CAUSE_WORDS) if row.cause else None
    is_open = row.ended_at_us is None
    return ActivationOut(
        activation_id=row.pk,
        serial_number=row.device_id,
        terminal_id=row.terminal_id,
        state=word(row.state, ACTIVATION_STATE_WORDS),
        method=row.method,
        confirmed_by=row.confirmed_by_name,
        confirmed_at=moment_or_none(row.confirmed_at_us),
        promised_at=moment_or_none(row.promised_at_us),
        is_late=is_open and row.promised_at_us is not None and now_us > row.promised_at_us,
        ended_at=moment_or_none(row.ended_at_us),
        cause=cause,
        steps=[
            ActivationStepOut(step=word(step, ACTIVATION_STEP_WORDS), state=state)
            for step, state in step_states(row.step, row.cause)
        ],
    )
