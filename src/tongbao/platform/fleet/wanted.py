"""The wanted state of terminals: set by level, issued as numbered documents, reported back."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.fleet.models import Terminal, WantedIssue, WantedSettings
from tongbao.platform.fleet.wanted_document import content_of
from tongbao.platform.fleet.wanted_rules import (
    Effective,
    Layer,
    Level,
    SettingFault,
    category_layer,
    change,
    faults_of,
    merge,
)
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
    Raises AccessDeniedError; SettingsRefusedError.
    """
    is_acquirer = target.scope is Level.ACQUIRER
    operation = (
        Operation.TERMINAL_SETTINGS_ACQUIRER if is_acquirer else Operation.TERMINAL_SETTINGS_CHANGE
    )
    kind = ("terminal_settings", f"{target.scope.value} {target.key}".strip())
    require(actor, operation, now_us=now_us, merchant_id=merchant_id, target=kind)
    faults = faults_of(changes)
    if faults:
        raise SettingsRefusedError(faults)
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
        )
        record(
            actor,
            operation,
            now_us=now_us,
            target=kind,
            merchant_id=merchant_id,
            before={path: before.get(path) for path in changes},
            after=dict(changes),
        )
    return row


def effective(terminal: Terminal) -> Effective:
    """Return what is to be in force on a terminal, with the level each leaf comes from."""
    merchant = terminal.merchant
    wanted = [
        Target(Level.ACQUIRER),
        Target(Level.MERCHANT, merchant.pk),
        Target(Level.SHOP, terminal.shop_id or ""),
        Target(Level.TERMINAL, terminal.pk),
    ]
    layers = [Layer(target.scope, leaves_of(target)) for target in wanted]
    return merge([layers[0], category_layer(merchant.mcc), *layers[1:]])


def effective_above(merchant_id: str, mcc: str, shop_id: str = "") -> Effective:
    """Return what is in force for all terminals of a merchant, or of one of its shops."""
    wanted = [Target(Level.MERCHANT, merchant_id)]
    wanted += [Target(Level.SHOP, shop_id)] if shop_id else []
    acquirer = Layer(Level.ACQUIRER, leaves_of(Target(Level.ACQUIRER)))
    nearer = [Layer(target.scope, leaves_of(target)) for target in wanted]
    return merge([acquirer, category_layer(mcc), *nearer])


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
