"""Opens closed accounts again: by one administrator, by two where staff roles come back with it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.accounts.models import StaffRoleGrant, User
from tongbao.platform.approvals.kinds import ChangeKind
from tongbao.platform.approvals.services import ChangeNotPossibleError, ask
from tongbao.platform.audit.services import record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.approvals.models import ChangeRequest


class ReopeningRefusal(StrEnum):
    """Why nothing was done."""

    UNKNOWN = "unknown"
    IS_OPEN = "is_open"
    REASON_MISSING = "reason_missing"


class ReopeningRefusedError(Exception):
    """Nothing was done; `refusal` says why."""

    def __init__(self, refusal: ReopeningRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def reopen(actor: Actor, user_id: int, *, reason: str, now_us: int) -> ChangeRequest | None:
    """Open a person's account, or ask for it when staff roles come back with it.

    Returns the request that another administrator decides, or None when the account is open now.
    Raises AccessDeniedError; ReopeningRefusedError.
    """
    target = ("user", str(user_id))
    require(actor, Operation.ACCOUNT_REOPEN, now_us=now_us, target=target)
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise ReopeningRefusedError(ReopeningRefusal.UNKNOWN)
    if user.is_active:
        raise ReopeningRefusedError(ReopeningRefusal.IS_OPEN)
    if not reason.strip():
        raise ReopeningRefusedError(ReopeningRefusal.REASON_MISSING)
    roles = _roles_of(user)
    if roles:
        after = {"user": user.pk, "reopen": True, "name": user.username, "roles": roles}
        return ask(
            actor,
            ChangeKind.ROLES,
            {**after, "is_active": True},
            now_us=now_us,
            target=target,
            merchant_id="",
            reason=reason,
            before={"name": user.username, "roles": [], "is_active": False},
        )
    with transaction.atomic():
        if not _open(user.pk, now_us):
            raise ReopeningRefusedError(ReopeningRefusal.IS_OPEN)
        record(
            actor,
            Operation.ACCOUNT_REOPEN,
            now_us=now_us,
            target=target,
            before={"is_active": False},
            after={"is_active": True, "reason": reason.strip()[:200]},
        )
    return None


def apply_reopening(payload: Mapping[str, Any], now_us: int) -> None:
    """Open the account that two administrators agreed on, in the decision's transaction.

    Raises ChangeNotPossibleError when it is open already or the roles are no longer those that
    were agreed on.
    """
    user = User.objects.select_for_update().filter(pk=payload["user"]).first()
    if user is None or _roles_of(user) != payload["roles"] or not _open(user.pk, now_us):
        raise ChangeNotPossibleError


def _open(user_id: int, now_us: int) -> bool:
    closed = User.objects.filter(pk=user_id, is_active=False)
    return closed.update(is_active=True, reopened_at_us=now_us) == 1


def _roles_of(user: User) -> list[str]:
    if not user.is_staff:
        return []
    grants = StaffRoleGrant.objects.filter(user=user, ended_at_us=None)
    return sorted(grants.values_list("role", flat=True))
