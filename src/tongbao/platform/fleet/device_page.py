"""What a device's page in the console shows, and which forms it offers to this person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.access.decide import Decision, decide
from tongbao.platform.access.enforce import actor_of
from tongbao.platform.access.operations import Operation
from tongbao.platform.clock import now_us
from tongbao.platform.console.access import may
from tongbao.platform.console.words import local_name
from tongbao.platform.fleet.activation_rules import OPEN_FOR_ACTIVATION
from tongbao.platform.fleet.device_forms import PLAIN_STEPS
from tongbao.platform.fleet.idle import is_verification_due
from tongbao.platform.fleet.labels import state_label
from tongbao.platform.fleet.lifecycle import WHO, DeviceState, DeviceStep, steps_from
from tongbao.platform.fleet.models import Device, KeyCeremony
from tongbao.platform.fleet.shapes import (
    activation_out,
    health_of_device,
    health_out,
    self_test_out,
    terminals_out,
)
from tongbao.platform.fleet.words import (
    ACT_KIND_WORDS,
    ACT_STATE_WORDS,
    EVENT_WORDS,
    PART_NAMES,
    STEP_WORDS,
)
from tongbao.platform.merchants.models import Shop
from tongbao.wire.device.health import ActKind

if TYPE_CHECKING:
    from django.http import HttpRequest

LATEST = 12
_CHOICES = 200
_REMOTE = Operation.KEYS_REMOTE
_ACT = Operation.REMOTE_ACT_STAFF
_LOG = Operation.TERMINAL_LOG_READ
_SERVICE_POINT = Operation.ACTIVATION_SERVICE_POINT
_VERIFY = Operation.DEVICE_VERIFY


def device_context(request: HttpRequest, device: Device) -> dict[str, Any]:
    """Return the page's context."""
    state = DeviceState(device.state)
    now = now_us()
    health = health_of_device(device)
    return {
        "title": device.pk,
        "state_label": state_label(state),
        "merchant_name": local_name(device.merchant) if device.merchant else "",
        "parts": [
            (PART_NAMES.get(part, part), version) for part, version in sorted(device.parts.items())
        ],
        "health": health_out(health) if health else None,
        "heard_at_us": health.at_us if health else None,
        "drift": _drift(device, now),
        "events": [
            {
                "words": EVENT_WORDS.get(event.event, event.event),
                "at_us": event.at_us,
                "who": event.actor_name,
                "note": event.note,
            }
            for event in device.events.all()[: 2 * LATEST]
        ],
        "acts": [
            {
                "words": ACT_KIND_WORDS[ActKind(act.kind)],
                "state": ACT_STATE_WORDS.get(act.state, act.state),
                "at_us": act.asked_at_us,
                "detail": act.detail,
                "log_id": act.pk if act.log and may(request, _LOG) else "",
            }
            for act in device.acts.all()[:LATEST]
        ],
        "self_test": _self_test(device),
        "activation": _activation(device, now),
        "certificates": device.certificates.all()[:3],
        "shipments": device.shipments.all()[:3],
        "installations": device.installations.select_related("shop")[:LATEST],
        "verification_due": is_verification_due(device),
        **_forms(request, device, state),
    }


def _drift(device: Device, now: int) -> Any:
    if device.terminal is None:
        return None
    return terminals_out([device.terminal], now_us=now)[0].drift


def _self_test(device: Device) -> Any:
    newest = device.self_tests.order_by("-test_id").first()
    return self_test_out(newest) if newest else None


def _activation(device: Device, now: int) -> Any:
    newest = device.activations.exclude(state="expired").first()
    return activation_out(newest, now_us=now) if newest else None


def _forms(request: HttpRequest, device: Device, state: DeviceState) -> dict[str, Any]:
    steps = [step for step in steps_from(state) if may_step(request, device, step)]
    in_stock = state is DeviceState.STOCK
    has_number = device.terminal_id is not None
    can_assign = DeviceStep.ASSIGN in steps and in_stock and not has_number
    can_load = DeviceStep.LOAD_KEYS in steps and in_stock and has_number
    ceremony = KeyCeremony.objects.filter(device=device, ended_at_us__isnull=True).first()
    shops = Shop.objects.filter(is_active=True).select_related("merchant")
    can_move = DeviceStep.MOVE in steps
    own_shops = shops.filter(merchant_id=device.merchant_id)[:_CHOICES] if can_move else []
    can_replace = DeviceStep.REPLACE in steps and has_number
    spare = Device.objects.filter(state=DeviceState.STOCK.value, terminal__isnull=True)
    return {
        "plain_steps": [(step, STEP_WORDS[step]) for step in steps if step in PLAIN_STEPS],
        "shops": shops.filter(merchant__is_active=True)[:_CHOICES] if can_assign else [],
        "can_assign": can_assign,
        "can_ship": DeviceStep.SHIP in steps,
        "can_load": can_load,
        "can_mark_remote": in_stock and has_number and may(request, _REMOTE),
        "ceremony": ceremony,
        "entered": list(ceremony.components.all()) if ceremony else [],
        "missing": _missing(ceremony),
        "can_move": can_move,
        "own_shops": own_shops,
        "can_replace": can_replace,
        "spare": spare[:_CHOICES] if can_replace else [],
        "act_kinds": [
            (kind, words) for kind, words in ACT_KIND_WORDS.items() if kind is not ActKind.WIPE
        ],
        "can_act": has_number and may(request, _ACT),
        "can_serve": state in OPEN_FOR_ACTIVATION and may(request, _SERVICE_POINT),
        "can_call_off": DeviceStep.BREAK_OFF in steps,
        "can_verify": may(request, _VERIFY) and state is DeviceState.ACTIVE,
    }


def _missing(ceremony: KeyCeremony | None) -> list[int]:
    if ceremony is None:
        return []
    held = set(ceremony.components.values_list("number", flat=True))
    return [number for number in range(1, ceremony.parts + 1) if number not in held]


def may_step(request: HttpRequest, device: Device, step: DeviceStep) -> bool:
    """Return whether this person may take a step, by right alone."""
    decision = decide(
        actor_of(request), WHO[step], merchant_id=device.merchant_id or "", now_us=now_us()
    )
    return decision is Decision.ALLOWED
