"""A merchant's people: invited, given other rights, and sent away; nobody gives what they lack."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Q

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.access.permissions import PORTAL_PERMISSIONS, Permission
from tongbao.platform.access.roles import PortalRole, portal_permissions
from tongbao.platform.accounts.codes import CodePurpose, Post, send_code
from tongbao.platform.accounts.log_in import phone_of
from tongbao.platform.accounts.models import CustomRole, Membership, User
from tongbao.platform.accounts.notices import NoticeKind, notify
from tongbao.platform.audit.services import record
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import Merchant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from tongbao.platform.access.actor import Actor


class MemberRefusal(StrEnum):
    """Why nothing was done."""

    UNKNOWN = "unknown"
    PHONE_MALFORMED = "phone_malformed"
    IS_MEMBER = "is_member"
    MORE_THAN_ONESELF = "more_than_oneself"
    LAST_OWNER = "last_owner"
    ROLE_UNKNOWN = "role_unknown"
    NAME_TAKEN = "name_taken"
    NO_RIGHTS = "no_rights"
    ROLE_IN_USE = "role_in_use"


class MemberRefusedError(Exception):
    """Nothing was done; `refusal` says why."""

    def __init__(self, refusal: MemberRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Somebody to work for a merchant; `link` is where they choose their first password."""

    phone: str
    display_name: str
    role: PortalRole
    role_id: str = ""
    link: str = ""


def invite(actor: Actor, merchant_id: str, who: Invitation, *, now_us: int) -> Membership:
    """Give somebody a place at a merchant; who is new here gets a link by SMS.

    Raises AccessDeniedError; MemberRefusedError for a malformed phone, a member, or a role with
    more rights than the actor has; CodeRefusedError when the SMS was not sent (the place is kept).
    """
    require(actor, Operation.MEMBER_INVITE, now_us=now_us, merchant_id=merchant_id)
    phone = phone_of(who.phone)
    if phone is None:
        raise MemberRefusedError(MemberRefusal.PHONE_MALFORMED)
    merchant = Merchant.objects.get(pk=merchant_id)
    with transaction.atomic():
        own, rights = _role_of(merchant_id, who.role, who.role_id)
        _never_more_than_oneself(actor, merchant_id, rights)
        user = User.objects.filter(phone=phone).first() or _invited(phone, who.display_name)
        if Membership.objects.filter(user=user, merchant=merchant, until_us=None).exists():
            raise MemberRefusedError(MemberRefusal.IS_MEMBER)
        member = Membership.objects.create(
            membership_id=new_id("member"),
            user=user,
            merchant=merchant,
            role=who.role.value,
            custom_role=own,
            permissions=_listed(who.role, rights),
            since_us=now_us,
        )
        notify(user, NoticeKind.MEMBERSHIP_GIVEN, {"merchant": merchant.name}, now_us=now_us)
        _record(actor, Operation.MEMBER_INVITE, member, now_us, after=_facts(member))
    if not user.has_usable_password():
        post = Post(inviter=merchant.name, link=who.link)
        send_code(user, CodePurpose.INVITATION, now_us=now_us, post=post)
    return member


def change_member(
    actor: Actor,
    merchant_id: str,
    membership_id: str,
    role: PortalRole,
    *,
    role_id: str = "",
    now_us: int,
) -> Membership:
    """Give a member another role. Raises AccessDeniedError and MemberRefusedError."""
    require(actor, Operation.MEMBER_CHANGE, now_us=now_us, merchant_id=merchant_id)
    with transaction.atomic():
        own, rights = _role_of(merchant_id, role, role_id)
        member = _member(merchant_id, membership_id)
        _never_more_than_oneself(actor, merchant_id, rights | rights_of(member))
        if role is not PortalRole.OWNER:
            _keep_an_owner(member)
        before = _facts(member)
        member.role, member.permissions = role.value, _listed(role, rights)
        member.custom_role = own
        member.save(update_fields=["role", "permissions", "custom_role"])
        _record(actor, Operation.MEMBER_CHANGE, member, now_us, before=before, after=_facts(member))
    return member


def end_member(actor: Actor, merchant_id: str, membership_id: str, *, now_us: int) -> Membership:
    """Send a member away; from the next request on they see nothing of the merchant.

    Raises AccessDeniedError and MemberRefusedError (one owner must remain).
    """
    require(actor, Operation.MEMBER_END, now_us=now_us, merchant_id=merchant_id)
    with transaction.atomic():
        member = _member(merchant_id, membership_id)
        _never_more_than_oneself(actor, merchant_id, rights_of(member))
        _keep_an_owner(member)
        before = _facts(member)
        member.until_us = now_us
        member.save(update_fields=["until_us"])
        merchant = Merchant.objects.get(pk=merchant_id)
        notify(member.user, NoticeKind.MEMBERSHIP_ENDED, {"merchant": merchant.name}, now_us=now_us)
        _record(
            actor, Operation.MEMBER_END, member, now_us, before=before, after={"until_us": now_us}
        )
    return member


def add_role(
    actor: Actor, merchant_id: str, name: str, permissions: Iterable[Permission], *, now_us: int
) -> CustomRole:
    """Make a role of a merchant's own from the closed list of rights.

    Raises AccessDeniedError and MemberRefusedError.
    """
    require(actor, Operation.ROLE_ADD, now_us=now_us, merchant_id=merchant_id)
    rights = frozenset(permissions) & PORTAL_PERMISSIONS
    if not rights:
        raise MemberRefusedError(MemberRefusal.NO_RIGHTS)
    _never_more_than_oneself(actor, merchant_id, rights)
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=merchant_id)
        if open_roles(merchant_id).filter(name=name).exists():
            raise MemberRefusedError(MemberRefusal.NAME_TAKEN)
        role = CustomRole.objects.create(
            role_id=new_id("role"),
            merchant_id=merchant_id,
            name=name,
            permissions=sorted(right.value for right in rights),
            created_at_us=now_us,
        )
        record(
            actor,
            Operation.ROLE_ADD,
            now_us=now_us,
            target=("role", role.pk),
            merchant_id=merchant_id,
            after={"name": name, "permissions": role.permissions},
        )
    return role


def open_roles(merchant_id: str) -> QuerySet[CustomRole]:
    """Return a merchant's own roles that can be given, each with its number of `members`."""
    working = Count("memberships", filter=Q(memberships__until_us=None))
    rows = CustomRole.objects.filter(merchant_id=merchant_id, ended_at_us=None)
    return rows.annotate(members=working)


def end_role(actor: Actor, merchant_id: str, role_id: str, *, now_us: int) -> CustomRole:
    """Retire a role that nobody has any more; its name is free again.

    Raises AccessDeniedError and MemberRefusedError (unknown, or somebody still has it).
    """
    require(actor, Operation.ROLE_END, now_us=now_us, merchant_id=merchant_id)
    with transaction.atomic():
        # Whoever gives the role holds the same row, so nobody gets it meanwhile.
        rows = CustomRole.objects.select_for_update()
        role = rows.filter(pk=role_id, merchant_id=merchant_id, ended_at_us=None).first()
        if role is None:
            raise MemberRefusedError(MemberRefusal.UNKNOWN)
        if role.memberships.filter(until_us=None).exists():
            raise MemberRefusedError(MemberRefusal.ROLE_IN_USE)
        role.ended_at_us = now_us
        role.save(update_fields=["ended_at_us"])
        record(
            actor,
            Operation.ROLE_END,
            now_us=now_us,
            target=("role", role.pk),
            merchant_id=merchant_id,
            before={"name": role.name, "permissions": role.permissions},
            after={"status": "ended"},
        )
    return role


def make_owner(user: User, merchant_id: str, *, now_us: int) -> Membership:
    """Make a person the owner of a merchant, for whoever registers it; runs in the caller's act."""
    member, _is_new = Membership.objects.get_or_create(
        user=user,
        merchant_id=merchant_id,
        until_us=None,
        defaults={
            "membership_id": new_id("member"),
            "role": PortalRole.OWNER.value,
            "since_us": now_us,
        },
    )
    return member


def rights_of(member: Membership) -> frozenset[Permission]:
    """Return what a membership lets a person do."""
    return portal_permissions(PortalRole(member.role), member.permissions)


def _role_of(
    merchant_id: str, role: PortalRole, role_id: str
) -> tuple[CustomRole | None, frozenset[Permission]]:
    """Return the merchant's own role, held until the end of the transaction, and the rights."""
    if role is not PortalRole.CUSTOM:
        return None, portal_permissions(role)
    rows = CustomRole.objects.select_for_update()
    own = rows.filter(pk=role_id, merchant_id=merchant_id, ended_at_us=None).first()
    if own is None:
        raise MemberRefusedError(MemberRefusal.ROLE_UNKNOWN)
    return own, portal_permissions(role, own.permissions)


def _listed(role: PortalRole, rights: Iterable[Permission]) -> list[str]:
    return sorted(right.value for right in rights) if role is PortalRole.CUSTOM else []


def _never_more_than_oneself(actor: Actor, merchant_id: str, rights: frozenset[Permission]) -> None:
    if not rights <= actor.memberships.get(merchant_id, frozenset()):
        raise MemberRefusedError(MemberRefusal.MORE_THAN_ONESELF)


def _keep_an_owner(member: Membership) -> None:
    owners = Membership.objects.select_for_update().filter(
        merchant_id=member.merchant_id, role=PortalRole.OWNER.value, until_us=None
    )
    if member.role == PortalRole.OWNER and [one.pk for one in owners] == [member.pk]:
        raise MemberRefusedError(MemberRefusal.LAST_OWNER)


def _member(merchant_id: str, membership_id: str) -> Membership:
    rows = Membership.objects.select_for_update().filter(merchant_id=merchant_id, until_us=None)
    member = rows.filter(pk=membership_id).first()
    if member is None:
        raise MemberRefusedError(MemberRefusal.UNKNOWN)
    return member


def _invited(phone: str, display_name: str) -> User:
    """Return the person who was invited by this phone before, or a new one without a password."""
    for waiting in User.objects.filter(pending_phone=phone).order_by("pk"):
        if not waiting.has_usable_password():
            return waiting
    user = User(username=new_id("person"), pending_phone=phone, display_name=display_name[:64])
    user.set_unusable_password()
    user.save()
    return user


def _facts(member: Membership) -> dict[str, object]:
    return {"user": member.user_id, "role": member.role, "permissions": member.permissions}


def _record(
    actor: Actor, operation: Operation, member: Membership, now_us: int, **changes: object
) -> None:
    record(
        actor,
        operation,
        now_us=now_us,
        target=("membership", member.pk),
        merchant_id=member.merchant_id or "",
        **changes,  # type: ignore[arg-type]  # `before` and `after`
    )
