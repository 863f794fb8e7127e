"""The wanted state of terminals: set by level, issued as numbered documents, reported back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.db.models import Max

from tongbao.platform.access.actor import ActorKind
from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.fleet.models import Terminal, WantedIssue, WantedSettings
from tongbao.platform.fleet.wanted_document import content_of
from tongbao.platform.fleet.wanted_rules import (
    MONEY_LEAVES,
    Effective,
    Layer,
    Level,
    SettingFault,
    category_layer,
    change,
    faults_of,
    is_looser,
    merge,
    needs_second_person,
)
from tongbao.platform.merchants.models import Merchant, Shop
from tongbao.wire.device.codec import encode
from tongbao.wire.device.signing import document_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.wire.device.settings import SettingsDocument


class SettingsRefusedError(Exception):
    """Nothing was set; every fault is named."""

    def __init__(self, faults: list[SettingFault]) -> None:
        super().__init__(", ".join(f"{fault.path}: {fault.rule}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Target:
    """Which level of whom: the key is empty for the acquirer, else the thing's number."""

    scope: Level
    key: str = ""


def leaves_of(target: Target) -> dict[str, Any]:
    """Return what this level sets now, leaf by leaf."""
    newest = _newest(target)
    return dict(newest.document) if newest else {}


def version_of(target: Target) -> int:
    """Return how often this level was changed."""
    newest = _newest(target)
    return newest.version if newest else 0


def _newest(target: Target) -> WantedSettings | None:
    rows = WantedSettings.objects.filter(scope=target.scope.value, key=target.key)
    return rows.order_by("-version").first()


def set_leaves(
    actor: Actor, target: Target, merchant_id: str, changes: Mapping[str, Any], *, now_us: int
) -> WantedSettings:
    """Change what one level sets; the value None leaves a leaf to the level above again.

    `merchant_id` is whose shop or terminal it is, checked by the caller's look-up.
    Raises AccessDeniedError; SettingsRefusedError, also where a merchant's own people would allow
    more than the acquirer does and where it takes two people (`wanted_changes.propose` asks).
    """
    permit(actor, target, merchant_id, now_us=now_us)
    faults = faults_of(changes) or _faults_of_actor(actor, target, changes)
    if needs_second_person(target.scope, changes):
        faults += [SettingFault(path, "two_people") for path in changes if path in MONEY_LEAVES]
    if faults:
        raise SettingsRefusedError(faults)
    return write(actor, target, merchant_id, changes, now_us=now_us)


def permit(actor: Actor, target: Target, merchant_id: str, *, now_us: int) -> None:
    """Raise AccessDeniedError unless the actor may change what this level sets."""
    require(
        actor,
        _operation(target),
        now_us=now_us,
        merchant_id=merchant_id,
        target=_audited(target),
    )


def write(
    actor: Actor, target: Target, merchant_id: str, changes: Mapping[str, Any], *, now_us: int
) -> WantedSettings:
    """Add the next version of what a level sets; everything was checked before.

    Raises SettingsRefusedError when somebody else did at the same moment.
    """
    try:
        with transaction.atomic():
            newest = _newest(target)
            before = dict(newest.document) if newest else {}
            row = WantedSettings.objects.create(
                scope=target.scope.value,
                key=target.key,
                version=newest.version + 1 if newest else 1,
                document=change(before, changes),
                at_us=now_us,
                actor_id=actor.actor_id[:64],
                actor_name=actor.name[:150],
                by_staff=actor.kind is ActorKind.STAFF,
            )
            record(
                actor,
                _operation(target),
                now_us=now_us,
                target=_audited(target),
                merchant_id=merchant_id,
                before={path: before.get(path) for path in changes},
                after=dict(changes),
            )
    except IntegrityError:
        raise SettingsRefusedError([SettingFault(path, "overtaken") for path in changes]) from None
    return row


def _operation(target: Target) -> Operation:
    is_acquirer = target.scope is Level.ACQUIRER
    return (
        Operation.TERMINAL_SETTINGS_ACQUIRER if is_acquirer else Operation.TERMINAL_SETTINGS_CHANGE
    )


def _audited(target: Target) -> tuple[str, str]:
    return ("terminal_settings", f"{target.scope.value} {target.key}".strip())


def _faults_of_actor(
    actor: Actor, target: Target, changes: Mapping[str, Any]
) -> list[SettingFault]:
    """Return the leaves with which somebody who is not staff would allow more than staff does.

    The ceiling is what holds without this level, and what staff has set at it.
    """
    money = [path for path in changes if path in MONEY_LEAVES]
    if actor.kind is ActorKind.STAFF or not money:
        return []
    above = effective_without(target).values
    staff_set = _set_by_staff(target)
    faults = []
    for path in money:
        wanted = above[path] if changes[path] is None else changes[path]
        ceilings = [above[path], *([staff_set[path]] if path in staff_set else [])]
        if any(is_looser(path, wanted, ceiling) for ceiling in ceilings):
            faults.append(SettingFault(path, "above_the_acquirer"))
    return faults


def _set_by_staff(target: Target) -> dict[str, Any]:
    """Return the leaves of a level that staff has set, as staff has set them last.

    What the merchant's people tightened since does not lift what staff said; what staff has left
    to the level above binds nobody.
    """
    rows = WantedSettings.objects.filter(scope=target.scope.value, key=target.key)
    found: dict[str, Any] = {}
    before: dict[str, Any] = {}
    for row in rows.order_by("version"):
        if row.by_staff:
            for path in {*before, *row.document}:
                if before.get(path) == row.document.get(path):
                    continue
                found.pop(path, None)
                if path in row.document:
                    found[path] = row.document[path]
        before = row.document
    return found


def effective(terminal: Terminal) -> Effective:
    """Return what is to be in force on a terminal, with the level each leaf comes from."""
    return _merged(terminal.merchant, terminal.shop_id or "", terminal.pk)


def effective_above(merchant_id: str, mcc: str, shop_id: str = "") -> Effective:
    """Return what is in force for all terminals of a merchant, or of one of its shops."""
    return _merged(Merchant(merchant_id=merchant_id, mcc=mcc), shop_id)


def effective_at(target: Target) -> Effective:
    """Return what is in force for whatever stands below a level, the level itself among it.

    Raises Merchant.DoesNotExist, Shop.DoesNotExist or Terminal.DoesNotExist.
    """
    if target.scope is Level.ACQUIRER:
        return merge([_layer(target)])
    if target.scope is Level.MERCHANT:
        return _merged(Merchant.objects.get(pk=target.key))
    if target.scope is Level.SHOP:
        shop = Shop.objects.select_related("merchant").get(pk=target.key)
        return _merged(shop.merchant, shop.pk)
    return effective(Terminal.objects.select_related("merchant").get(pk=target.key))


def merchant_of(target: Target) -> str:
    """Return whose level it is; empty for the acquirer's.

    Raises Merchant.DoesNotExist, Shop.DoesNotExist or Terminal.DoesNotExist.
    """
    if target.scope is Level.ACQUIRER:
        return ""
    if target.scope is Level.MERCHANT:
        return Merchant.objects.get(pk=target.key).pk
    if target.scope is Level.SHOP:
        return Shop.objects.get(pk=target.key).merchant_id
    return Terminal.objects.get(pk=target.key).merchant_id


def effective_without(target: Target) -> Effective:
    """Return what would be in force at a level if it set nothing itself.

    Raises as `merchant_of` does.
    """
    if target.scope is Level.ACQUIRER:
        return merge([])
    merchant = Merchant.objects.get(pk=merchant_of(target))
    shop_id = ""
    if target.scope is Level.TERMINAL:
        shop_id = Terminal.objects.get(pk=target.key).shop_id or ""
    return _merged(merchant, shop_id, without=target.scope)


def _merged(
    merchant: Merchant, shop_id: str = "", terminal_id: str = "", without: Level | None = None
) -> Effective:
    wanted = [
        Target(Level.MERCHANT, merchant.pk),
        *([Target(Level.SHOP, shop_id)] if shop_id else []),
        *([Target(Level.TERMINAL, terminal_id)] if terminal_id else []),
    ]
    nearer = [_layer(target) for target in wanted if target.scope is not without]
    return merge([_layer(Target(Level.ACQUIRER)), category_layer(merchant.mcc), *nearer])


def _layer(target: Target) -> Layer:
    return Layer(target.scope, leaves_of(target))


def issue(terminal: Terminal, *, now_us: int) -> WantedIssue:
    """Return the newest numbered document of a terminal; a new one when anything changed."""
    content = content_of(terminal, effective(terminal))
    digest = hashlib.sha256(encode(content)).hexdigest()
    newest = newest_issue(terminal.pk)
    if newest is not None and newest.content_sha256 == digest:
        return newest
    with transaction.atomic():
        Terminal.objects.select_for_update().get(pk=terminal.pk)
        newest = newest_issue(terminal.pk)
        if newest is not None and newest.content_sha256 == digest:
            return newest
        document = _numbered(content, newest.version + 1 if newest else 1, now_us)
        text = encode(document)
        return WantedIssue.objects.create(
            terminal_id=terminal.pk,
            version=document.version,
            content_sha256=digest,
            document_sha256=document_digest(text),
            document=text.decode(),
            at_us=now_us,
        )


def _numbered(content: SettingsDocument, version: int, now_us: int) -> SettingsDocument:
    return replace(content, version=version, issued_at_ms=now_us // 1000)


def newest_issue(terminal_id: str) -> WantedIssue | None:
    """Return the newest document that was issued to a terminal, if any."""
    return WantedIssue.objects.filter(terminal_id=terminal_id).order_by("-version").first()


def newest_versions(terminal_ids: list[str]) -> dict[str, int]:
    """Return the newest issued version of each of these terminals."""
    rows = WantedIssue.objects.filter(terminal_id__in=terminal_ids).values("terminal_id")
    return {row["terminal_id"]: row["newest"] for row in rows.annotate(newest=Max("version"))}
