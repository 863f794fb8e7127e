"""What staff can do on a device's page: each form of the page is one function here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from tongbao.domain.secrets import SecretText
from tongbao.platform.access.enforce import actor_of
from tongbao.platform.clock import now_us
from tongbao.platform.fleet import activation, acts, ceremonies, certificates, idle, moves, stock
from tongbao.platform.fleet.activation_rules import Method
from tongbao.platform.fleet.lifecycle import DeviceStep
from tongbao.platform.fleet.models import Activation, Device
from tongbao.platform.fleet.steps import Facts, take
from tongbao.platform.merchants.models import Shop
from tongbao.wire.device.health import AS_LOST, ActKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

# Steps that need nothing but a note; the others have forms of their own.
PLAIN_STEPS: Final = frozenset(
    {
        DeviceStep.UNASSIGN,
        DeviceStep.HAND_OVER,
        DeviceStep.RECEIVE,
        DeviceStep.SUSPEND,
        DeviceStep.RESUME,
        DeviceStep.ARRIVE,
        DeviceStep.RETURN,
        DeviceStep.WIPE,
        DeviceStep.RESTOCK,
        DeviceStep.LOSE,
        DeviceStep.FIND,
        DeviceStep.SCRAP,
    }
)


class UnknownFormError(LookupError):
    """The page has no such form."""


def run(request: HttpRequest, device: Device) -> str:
    """Do what the form asks for and return what to say about it.

    Raises UnknownFormError, and what the services raise.
    """
    what = FORMS.get(request.POST.get("what", ""))
    if what is None:
        raise UnknownFormError
    return what(request, device)


def _text(request: HttpRequest, name: str, length_max: int = 500) -> str:
    return request.POST.get(name, "").strip()[:length_max]


def _facts(_request: HttpRequest) -> dict[str, Any]:
    return {"now_us": now_us()}


def _step(request: HttpRequest, device: Device) -> str:
    try:
        step = DeviceStep(request.POST.get("step", ""))
    except ValueError:
        raise UnknownFormError from None
    if step not in PLAIN_STEPS:
        raise UnknownFormError
    facts = Facts(note=_text(request, "note"))
    take(actor_of(request), device.pk, step, facts=facts, **_facts(request))
    return _("Done.")


def _assign(request: HttpRequest, device: Device) -> str:
    shop = Shop.objects.filter(pk=_text(request, "shop_id", 32)).first()
    if shop is None:
        raise UnknownFormError
    wanted = stock.Assignment(
        merchant_id=shop.merchant_id,
        shop_id=shop.pk,
        terminal_id=_text(request, "terminal_id", 8),
    )
    assigned = stock.assign(actor_of(request), device.pk, wanted, **_facts(request))
    return _("The device has the terminal number %(number)s.") % {"number": assigned.terminal_id}


def _ship(request: HttpRequest, device: Device) -> str:
    journey = stock.Journey(
        courier=_text(request, "courier", 40),
        tracking_number=_text(request, "tracking_number", 40),
    )
    stock.ship(actor_of(request), device.pk, journey, **_facts(request))
    return _("The device is on its way.")


def _remote_keys(request: HttpRequest, device: Device) -> str:
    ceremonies.mark_remote(actor_of(request), device.pk, **_facts(request))
    return _("The device fetches its key over the line.")


def _open_ceremony(request: HttpRequest, device: Device) -> str:
    ceremonies.open_ceremony(
        actor_of(request),
        device.pk,
        algorithm=_text(request, "algorithm", 8),
        check_value=_text(request, "check_value", 8),
        **_facts(request),
    )
    return _("Key loading has begun. Two custodians now enter one component each.")


def _component(request: HttpRequest, device: Device) -> str:
    del device
    number = _text(request, "number", 1)
    ceremony = ceremonies.enter(
        actor_of(request),
        _text(request, "ceremony_id", 32),
        ceremonies.Component(
            number=int(number) if number.isdigit() else 0,
            typed=SecretText(request.POST.get("component", "")),
            check_value=_text(request, "check_value", 8),
        ),
        **_facts(request),
    )
    if ceremony.state == "loaded":
        return _("The key is loaded.")
    return _("The component is kept. Another custodian enters the other one.")


def _abort(request: HttpRequest, device: Device) -> str:
    del device
    ceremonies.abort(actor_of(request), _text(request, "ceremony_id", 32), **_facts(request))
    return _("Key loading was aborted; what was entered is destroyed.")


def _act(request: HttpRequest, device: Device) -> str:
    try:
        kind = ActKind(request.POST.get("kind", ""))
    except ValueError:
        raise UnknownFormError from None
    names = ("words", "reason", AS_LOST)
    words = {name: request.POST[name] for name in names if name in request.POST}
    acts.ask(actor_of(request), device.pk, kind, words, **_facts(request))
    return _("Asked. The terminal hears of it with its next heartbeat.")


def _move(request: HttpRequest, device: Device) -> str:
    moves.ask_for_move(
        actor_of(request),
        device.pk,
        _text(request, "shop_id", 32),
        reason=_text(request, "note"),
        **_facts(request),
    )
    return _("Asked for. A second person must approve the move.")


def _replace(request: HttpRequest, device: Device) -> str:
    new = moves.replace(
        actor_of(request),
        device.pk,
        _text(request, "successor", 32),
        note=_text(request, "note"),
        **_facts(request),
    )
    return _("%(serial)s takes over. Load its keys and send it out.") % {"serial": new.pk}


def _verify(request: HttpRequest, device: Device) -> str:
    note = _text(request, "note")
    idle.verify(actor_of(request), device.pk, note=note, **_facts(request))
    return _("Written down: merchant and place were verified.")


def _revoke(request: HttpRequest, device: Device) -> str:
    reason = _text(request, "note", 40) or "staff"
    certificates.revoke(actor_of(request), device.pk, reason=reason, **_facts(request))
    return _("The certificate is revoked.")


def _service_point(request: HttpRequest, device: Device) -> str:
    papers = {kind: "seen" for kind in activation.PAPERS if request.POST.get(f"paper_{kind}")}
    claim = activation.Claim(
        merchant_id=device.merchant_id or "",
        serial_number=device.pk,
        terminal_id=device.terminal_id or "",
        code="".join(_text(request, "code", 20).split()),
        method=Method.SERVICE_POINT,
        papers=papers,
    )
    activation.confirm(actor_of(request), claim, **_facts(request))
    return _("The code was accepted. The terminal sets itself up now.")


def _call_off(request: HttpRequest, device: Device) -> str:
    row = Activation.objects.filter(device=device, ended_at_us__isnull=True).first()
    if row is None:
        raise UnknownFormError
    note = _text(request, "note")
    activation.call_off(actor_of(request), row.pk, note=note, **_facts(request))
    return _("The activation is broken off.")


FORMS: Final[dict[str, Callable[[HttpRequest, Device], str]]] = {
    "step": _step,
    "assign": _assign,
    "ship": _ship,
    "remote_keys": _remote_keys,
    "open_ceremony": _open_ceremony,
    "component": _component,
    "abort": _abort,
    "act": _act,
    "move": _move,
    "replace": _replace,
    "verify": _verify,
    "revoke": _revoke,
    "service_point": _service_point,
    "call_off": _call_off,
}
