"""Telephone calls: the menu's steps kept between two requests, and what a confirmation does."""

from __future__ import annotations

import re
from typing import Final

from django.conf import settings
from django.db import transaction

from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.bilingual import Words
from tongbao.platform.fleet import activation, ivr
from tongbao.platform.fleet.activation import ActivationRefusedError, Claim
from tongbao.platform.fleet.activation_rules import Method
from tongbao.platform.fleet.models import Device, IvrCall
from tongbao.platform.fleet.words import cause_words
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.sealing import DataKey, SealError
from tongbao.wire.device.activation import ActivationFailure

CALL_US: Final = 10 * 60 * 1_000_000
# Only the code may be typed again; after any other refusal the caller has something to do first.
_MAY_TRY_AGAIN: Final = frozenset({ActivationFailure.WRONG_CODE, ActivationFailure.CODE_EXPIRED})


class UnknownCallError(LookupError):
    """There is no such call, or it has ended."""


def begin(call_id: str, caller: str, *, now_us: int) -> ivr.Step:
    """Take a call; a caller whose telephone belongs to no merchant hears why it ends."""
    known = _merchants_of(caller)
    step = ivr.begin() if known else ivr.unknown_caller()
    with transaction.atomic():
        row, is_new = IvrCall.objects.get_or_create(
            call_id=call_id[:64],
            defaults={"caller": caller[:24], "began_at_us": now_us, "state": step.call.as_json()},
        )
        if not is_new:
            raise UnknownCallError(call_id)
        if step.expect is None:
            row.ended_at_us, row.outcome = now_us, "unknown_caller"
            row.save()
    return step


def typed(call_id: str, digits: str, *, now_us: int) -> ivr.Step:
    """Go on with what the caller typed; raises UnknownCallError."""
    with transaction.atomic():
        row = IvrCall.objects.select_for_update().filter(pk=call_id).first()
        if row is None or row.ended_at_us is not None or now_us >= row.began_at_us + CALL_US:
            raise UnknownCallError(call_id)
        call = ivr.Call.from_json(row.state, _opened(row))
        step = ivr.typed(call, digits)
        if step.confirms:
            step = _confirm(row, step.call, now_us)
        row.state = {**step.call.as_json(), "sealed_code": _sealed(row, step.call.code)}
        if step.expect is None:
            row.ended_at_us = now_us
            row.outcome = row.outcome or "left"
        row.save()
    return step


def hang_up(call_id: str, *, now_us: int) -> None:
    """Write down that the caller hung up."""
    IvrCall.objects.filter(pk=call_id, ended_at_us__isnull=True).update(
        ended_at_us=now_us, outcome="hung_up", state={}
    )


def _confirm(row: IvrCall, call: ivr.Call, now_us: int) -> ivr.Step:
    device = _device_of(row.caller, call)
    claim = Claim(
        merchant_id=(device.merchant_id or "") if device else "",
        serial_number=device.pk if device else call.serial_digits,
        terminal_id=call.terminal_id,
        code=call.code,
        method=Method.PHONE,
    )
    actor = Actor(
        kind=ActorKind.SYSTEM,
        actor_id=f"telephone {row.call_id}"[:64],
        name=f"telephone …{row.caller[-4:]}",
    )
    try:
        activation.confirm(actor, claim, now_us=now_us)
    except ActivationRefusedError as refused:
        row.outcome = refused.cause.value
        words = Words(cause_words(refused.cause, "zh-hans"), cause_words(refused.cause, "en"))
        return ivr.refused(call, words, may_try_again=refused.cause in _MAY_TRY_AGAIN)
    row.outcome = "confirmed"
    return ivr.confirmed(call)


def _device_of(caller: str, call: ivr.Call) -> Device | None:
    """Return the caller's device whose serial number has these digits."""
    rows = Device.objects.filter(merchant_id__in=_merchants_of(caller))
    for device in rows.filter(terminal_id__isnull=False).order_by("pk"):
        if re.sub(r"[^0-9]", "", device.pk) == call.serial_digits:
            return device
    return None


def _merchants_of(caller: str) -> list[str]:
    """Return the merchants that registered this telephone."""
    digits = re.sub(r"[^0-9]", "", caller)[-11:]
    if len(digits) != 11:
        return []
    rows = Merchant.objects.filter(contact_phone__endswith=digits)
    return [row.pk for row in rows if re.sub(r"[^0-9]", "", row.contact_phone)[-11:] == digits]


# The code waits for its confirmation sealed: nothing in the database opens a terminal.
def _sealed(row: IvrCall, code: str) -> str:
    key = settings.TONGBAO_DATA_KEY
    if not code or not isinstance(key, DataKey):
        return ""
    return key.seal(code.encode(), f"ivr {row.pk}").hex()


def _opened(row: IvrCall) -> str:
    key, sealed = settings.TONGBAO_DATA_KEY, row.state.get("sealed_code", "")
    if not sealed or not isinstance(key, DataKey):
        return ""
    try:
        return key.open(bytes.fromhex(sealed), f"ivr {row.pk}").decode()
    except (SealError, ValueError):
        return ""
