"""The acquirer's own people: added and ended by one administrator, their roles by two."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.accounts.generated import generated_password
from tongbao.platform.accounts.log_in import phone_of
from tongbao.platform.accounts.models import StaffRoleGrant, User
from tongbao.platform.accounts.reopening import apply_reopening
from tongbao.platform.approvals.kinds import ChangeKind
from tongbao.platform.approvals.services import ChangeNotPossibleError, ask, register
from tongbao.platform.audit.services import record
from tongbao.platform.payments.exception_rules import MACHINES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.approvals.models import ChangeRequest


class StaffRefusal(StrEnum):
    """Why nothing was done."""

    NAME_TAKEN = "name_taken"
    NAME_MALFORMED = "name_malformed"
    PHONE_MALFORMED = "phone_malformed"
    PHONE_TAKEN = "phone_taken"
    NUMBER_TAKEN = "number_taken"
    UNKNOWN = "unknown"
    HAS_IT = "has_it"
    HAS_IT_NOT = "has_it_not"
    LAST_ADMINISTRATOR = "last_administrator"
    ONESELF = "oneself"


class StaffRefusedError(Exception):
    """Nothing was done; `refusal` says why."""

    def __init__(self, refusal: StaffRefusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """Somebody who joins the acquirer's staff; phone in any Chinese form, or empty."""

    username: str
    display_name: str = ""
    staff_number: str = ""
    phone: str = ""


def add_staff(actor: Actor, new: NewStaff, *, now_us: int) -> tuple[User, str]:
    """Add a person without any role and return them with a password, which is shown once.

    Raises AccessDeniedError, and StaffRefusedError for names that are taken or malformed.
    """
    require(actor, Operation.STAFF_ADD, now_us=now_us, target=("user", new.username))
    user = _checked(new)
    password = generated_password()
    user.set_password(password)
    with transaction.atomic():
        user.save()
        record(
            actor,
            Operation.STAFF_ADD,
            now_us=now_us,
            target=("user", str(user.pk)),
            after={"username": user.username, "staff_number": user.staff_number},
        )
    return user, password


def end_staff(actor: Actor, user_id: int, *, now_us: int) -> None:
    """Close a person's account at once; another administrator must remain.

    Raises AccessDeniedError and StaffRefusedError.
    """
    require(actor, Operation.STAFF_END, now_us=now_us, target=("user", str(user_id)))
    if actor.actor_id == str(user_id):
        raise StaffRefusedError(StaffRefusal.ONESELF)
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=user_id, is_staff=True).first()
        if user is None or not user.is_active:
            raise StaffRefusedError(StaffRefusal.UNKNOWN)
        _keep_an_administrator(user)
        user.is_active = False
        user.save(update_fields=["is_active"])
        record(
            actor,
            Operation.STAFF_END,
            now_us=now_us,
            target=("user", str(user_id)),
            before={"is_active": True},
            after={"is_active": False},
        )


def ask_for_role(
    actor: Actor, user_id: int, role: StaffRole, *, grant: bool, reason: str, now_us: int
) -> ChangeRequest:
    """Ask that a person gets a role, or loses it; another administrator decides.

    Raises AccessDeniedError and StaffRefusedError.
    """
    require(actor, Operation.STAFF_ROLE, now_us=now_us, target=("user", str(user_id)))
    user = User.objects.filter(pk=user_id, is_staff=True).first()
    if user is None:
        raise StaffRefusedError(StaffRefusal.UNKNOWN)
    roles = roles_of(user)
    if (role in roles) is grant:
        raise StaffRefusedError(StaffRefusal.HAS_IT if grant else StaffRefusal.HAS_IT_NOT)
    after = roles | {role} if grant else roles - {role}
    return ask(
        actor,
        ChangeKind.ROLES,
        {
            "user": user.pk,
            "name": user.username,
            "role": role.value,
            "grant": grant,
            "roles": sorted(after),
        },
        now_us=now_us,
        target=("user", str(user.pk)),
        merchant_id="",
        reason=reason,
        before={"name": user.username, "roles": sorted(roles)},
    )


def roles_of(user: User) -> set[StaffRole]:
    """Return the roles a person has now."""
    open_grants = StaffRoleGrant.objects.filter(user=user, ended_at_us=None)
    return {StaffRole(role) for role in open_grants.values_list("role", flat=True)}


def apply_role(actor: Actor, payload: Mapping[str, Any], now_us: int) -> None:
    """Give or end a role that was asked for and approved, or open an account with its roles."""
    if payload.get("reopen"):
        apply_reopening(payload, now_us)
        return
    user = User.objects.select_for_update().filter(pk=payload["user"], is_staff=True).first()
    role = StaffRole(payload["role"])
    if user is None or (role in roles_of(user)) is payload["grant"]:
        raise ChangeNotPossibleError
    if payload["grant"]:
        StaffRoleGrant.objects.create(
            user=user, role=role.value, granted_at_us=now_us, granted_by=actor.name[:150]
        )
        return
    if role is StaffRole.ADMINISTRATOR:
        try:
            _keep_an_administrator(user)
        except StaffRefusedError as error:
            raise ChangeNotPossibleError from error
    StaffRoleGrant.objects.filter(user=user, role=role.value, ended_at_us=None).update(
        ended_at_us=now_us, ended_by=actor.name[:150]
    )


def register_changes() -> None:
    """Let approvals know how a change of roles is made."""
    register(ChangeKind.ROLES, apply_role)


def _checked(new: NewStaff) -> User:
    """Return the new person, not saved yet."""
    name = User.normalize_username(new.username.strip())
    user = User(username=name, is_staff=True, display_name=new.display_name.strip()[:64])
    user.staff_number = new.staff_number.strip().upper() or None
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError:
        raise StaffRefusedError(StaffRefusal.NAME_MALFORMED) from None
    if name.casefold() in MACHINES or phone_of(name):
        raise StaffRefusedError(StaffRefusal.NAME_MALFORMED)
    if User.objects.filter(username__iexact=name).exists():
        raise StaffRefusedError(StaffRefusal.NAME_TAKEN)
    if User.objects.filter(staff_number__in=[user.staff_number or "", name.upper()]).exists():
        raise StaffRefusedError(StaffRefusal.NUMBER_TAKEN)
    if new.phone.strip():
        user.phone = phone_of(new.phone)
        if user.phone is None:
            raise StaffRefusedError(StaffRefusal.PHONE_MALFORMED)
        if User.objects.filter(phone=user.phone).exists():
            raise StaffRefusedError(StaffRefusal.PHONE_TAKEN)
    return user


def _keep_an_administrator(user: User) -> None:
    others = StaffRoleGrant.objects.filter(
        role=StaffRole.ADMINISTRATOR, ended_at_us=None, user__is_active=True
    ).exclude(user=user)
    if StaffRole.ADMINISTRATOR in roles_of(user) and not others.exists():
        raise StaffRefusedError(StaffRefusal.LAST_ADMINISTRATOR)
