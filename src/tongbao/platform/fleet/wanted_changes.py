"""Changes of settings by staff: seen first, and with a second person where money is moved for all.

A change for every merchant at once of what may be taken, how much and in which way is only asked
for; another person approves it under approvals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.approvals.kinds import ChangeKind
from tongbao.platform.approvals.services import ChangeNotPossibleError, ask, register
from tongbao.platform.approvals.words import connect_texts
from tongbao.platform.fleet import wanted
from tongbao.platform.fleet.setting_texts import name_text, value_text
from tongbao.platform.fleet.wanted import SettingsRefusedError, Target
from tongbao.platform.fleet.wanted_rules import (
    Level,
    SettingFault,
    faults_of,
    needs_second_person,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.approvals.models import ChangeRequest


def propose(
    actor: Actor,
    target: Target,
    changes: Mapping[str, Any],
    *,
    seen_version: int,
    reason: str = "",
    now_us: int,
) -> ChangeRequest | None:
    """Change what one level sets, or ask a second person to where that is needed.

    `seen_version` is the version of the level that the person had before their eyes. Returns the
    request, or None when the change was made. Raises AccessDeniedError; SettingsRefusedError; as
    `wanted.merchant_of` does.
    """
    merchant_id = wanted.merchant_of(target)
    wanted.permit(actor, target, merchant_id, now_us=now_us)
    faults = faults_of(changes)
    if wanted.version_of(target) != seen_version:
        faults = [SettingFault(path, "overtaken") for path in changes]
    if needs_second_person(target.scope, changes) and not reason.strip():
        faults = [SettingFault("reason", "reason_missing"), *faults]
    if faults:
        raise SettingsRefusedError(faults)
    if not needs_second_person(target.scope, changes):
        wanted.set_leaves(actor, target, merchant_id, changes, now_us=now_us)
        return None
    before = wanted.leaves_of(target)
    return ask(
        actor,
        ChangeKind.TERMINAL_SETTINGS,
        dict(changes),
        now_us=now_us,
        target=("terminal_settings", target.scope.value),
        merchant_id=merchant_id,
        reason=reason.strip(),
        before={path: before.get(path) for path in changes},
    )


def _apply(approver: Actor, payload: dict[str, Any], now_us: int) -> None:
    """Set the acquirer's leaves; only that level is changed by two people."""
    if faults_of(payload):
        raise ChangeNotPossibleError
    try:
        wanted.write(approver, Target(Level.ACQUIRER), "", payload, now_us=now_us)
    except SettingsRefusedError as error:
        raise ChangeNotPossibleError from error


register(ChangeKind.TERMINAL_SETTINGS, _apply)
connect_texts(ChangeKind.TERMINAL_SETTINGS, name_text, value_text)
