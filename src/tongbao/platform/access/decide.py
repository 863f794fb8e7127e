"""The decision: may this actor do this here and now? Pure: imports no Django, reads no clock."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.access.operations import OPERATIONS, Operation, Rule, Tenant
from tongbao.platform.access.roles import staff_permissions

SECOND_FACTOR_FRESH_US: Final = 10 * 60 * 1_000_000


class Decision(StrEnum):
    """The answer. HIDDEN: what was asked for is another's, so it does not exist for this actor."""

    ALLOWED = "allowed"
    NOT_LOGGED_IN = "not_logged_in"
    HIDDEN = "hidden"
    FORBIDDEN = "forbidden"
    SECOND_FACTOR_NEEDED = "second_factor_needed"


def decide(
    actor: Actor,
    operation: Operation,
    *,
    merchant_id: str | None = None,
    owner_id: str | None = None,
    now_us: int,
) -> Decision:
    """Return whether `actor` may do `operation`.

    `merchant_id`: whose thing it is, needed by the tenant rule MERCHANT. `owner_id`: whose thing
    it is by the rule SELF, when it is somebody's in particular.
    Raises ValueError when a merchant's operation is asked about without a merchant.
    """
    rule = OPERATIONS[operation]
    if rule.tenant is Tenant.PUBLIC or actor.kind is ActorKind.SYSTEM:
        return Decision.ALLOWED
    if actor.kind is ActorKind.ANONYMOUS:
        return Decision.NOT_LOGGED_IN
    match rule.tenant:
        case Tenant.DEVICE:
            is_device = actor.kind is ActorKind.DEVICE
            return Decision.ALLOWED if is_device else Decision.FORBIDDEN
        case Tenant.STAFF:
            return _staff(actor, rule, now_us)
        case Tenant.SELF:
            return _self(actor, rule, owner_id, now_us)
        case Tenant.MERCHANT:
            if merchant_id is None:
                raise ValueError(f"{operation} is about a merchant: name it")
            return _merchant(actor, rule, merchant_id, now_us)


def _self(actor: Actor, rule: Rule, owner_id: str | None, now_us: int) -> Decision:
    if actor.kind not in (ActorKind.PERSON, ActorKind.STAFF):
        return Decision.FORBIDDEN
    if owner_id in (None, actor.actor_id):
        return _with_factor(actor, rule, now_us)
    if actor.kind is ActorKind.STAFF and rule.staff is not None:
        return _staff(actor, rule, now_us)
    return Decision.HIDDEN


def _merchant(actor: Actor, rule: Rule, merchant_id: str, now_us: int) -> Decision:
    held = actor.memberships.get(merchant_id)
    if held is None:
        is_staff = actor.kind is ActorKind.STAFF
        return _staff(actor, rule, now_us) if is_staff else Decision.HIDDEN
    if actor.kind is ActorKind.DEVICE or rule.permission not in held:
        return Decision.FORBIDDEN
    if actor.kind is ActorKind.API_KEY:
        may = rule.for_api_keys and rule.permission in actor.scopes
        return Decision.ALLOWED if may else Decision.FORBIDDEN
    return _with_factor(actor, rule, now_us)


def _staff(actor: Actor, rule: Rule, now_us: int) -> Decision:
    needed = rule.permission if rule.tenant is Tenant.STAFF else rule.staff
    if actor.kind is not ActorKind.STAFF or needed is None:
        return Decision.FORBIDDEN
    if needed not in staff_permissions(actor.staff_roles):
        return Decision.FORBIDDEN
    if actor.second_factor_at_us is None:
        return Decision.SECOND_FACTOR_NEEDED
    return _with_factor(actor, rule, now_us)


def _with_factor(actor: Actor, rule: Rule, now_us: int) -> Decision:
    if not rule.moves_money:
        return Decision.ALLOWED
    shown_us = actor.second_factor_at_us
    fresh = shown_us is not None and now_us - shown_us <= SECOND_FACTOR_FRESH_US
    return Decision.ALLOWED if fresh else Decision.SECOND_FACTOR_NEEDED
