"""The only writer of console users.

Works on any database and needs no Django set up before, like `tongbao.platform.registry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tongbao.platform.access.actor import SYSTEM as SYSTEM_ACTOR
from tongbao.platform.access.operations import Operation
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.accounts.generated import generated_password
from tongbao.platform.clock import now_us
from tongbao.platform.payments.exception_rules import MACHINES, SYSTEM
from tongbao.platform.project import run_with

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.base_user import BaseUserManager

    from tongbao.platform.accounts.models import User


# One person for each role, and two wherever one asks and another approves.
SANDBOX_STAFF: Final = {
    "admin": StaffRole.ADMINISTRATOR,
    "admin2": StaffRole.ADMINISTRATOR,
    "reviewer": StaffRole.REVIEWER,
    "reviewer2": StaffRole.REVIEWER,
    "fleet": StaffRole.FLEET,
    "fleet2": StaffRole.FLEET,
    "custodian": StaffRole.KEY_CUSTODIAN,
    "custodian2": StaffRole.KEY_CUSTODIAN,
    "settlement": StaffRole.SETTLEMENT,
    "settlement2": StaffRole.SETTLEMENT,
    "risk": StaffRole.RISK,
    "support": StaffRole.SUPPORT,
    "auditor": StaffRole.AUDITOR,
}


class StaffError(ValueError):
    """The name or the password is not acceptable; the text says why and holds neither."""


def create_staff(
    database_url: str,
    name: str,
    password: str,
    roles: Iterable[StaffRole] = (StaffRole.ADMINISTRATOR,),
    *,
    phone: str = "",
) -> None:
    """Add a person who may log in to the console, with these roles and a phone for the second step.

    Raises StaffError when the name is taken or malformed, or the password is too weak (fewer than
    12 characters, a common one, all digits, or like the name).
    """
    run_with(database_url, lambda alias: _create(alias, name, password, tuple(roles), phone))


def create_sandbox_staff(database_url: str, password: str) -> list[str] | None:
    """Add a person for every role of a sandbox and return their names; None when there is someone.

    All have the one password, which must be made for this sandbox, and phones whose messages the
    sandbox shows; the first of them is the administrator.
    """

    def work(alias: str) -> list[str] | None:
        if _users(alias).filter(is_staff=True).exists():
            return None
        for number, (name, role) in enumerate(SANDBOX_STAFF.items(), start=1):
            _create(alias, name, password, (role,), f"+86199000099{number:02}")
        return list(SANDBOX_STAFF)

    return run_with(database_url, work)


def list_staff(database_url: str) -> list[dict[str, Any]]:
    """Return the staff by name, each with `name`, `roles` and `is_active`."""

    def work(alias: str) -> list[dict[str, Any]]:
        return [
            {
                "name": user.username,
                "roles": sorted(
                    user.staff_roles.filter(ended_at_us=None).values_list("role", flat=True)
                ),
                "is_active": user.is_active,
            }
            for user in _users(alias).filter(is_staff=True).order_by("username")
        ]

    return run_with(database_url, work)


def set_role(database_url: str, name: str, role: StaffRole, *, grant: bool) -> None:
    """Give or end a role by order of whoever runs the server; written into the audit log.

    Raises StaffError when there is no such person or nothing to change.
    """

    def work(alias: str) -> None:
        from django.db import transaction  # noqa: PLC0415 - needs the settings first

        from tongbao.platform.audit.services import record  # noqa: PLC0415 - as above

        user = _users(alias).filter(username=name, is_staff=True).first()
        if user is None:
            raise StaffError("there is nobody of this name on the staff")
        held = user.staff_roles.filter(role=role.value, ended_at_us=None)
        if held.exists() is grant:
            raise StaffError("this person has the role already" if grant else "no such role to end")
        now = now_us()
        after = {"username": name, "role": role.value, "status": "given" if grant else "ended"}
        with transaction.atomic(using=alias):
            if grant:
                user.staff_roles.create(role=role.value, granted_at_us=now, granted_by=SYSTEM)
            else:
                held.update(ended_at_us=now, ended_by=SYSTEM)
            record(
                SYSTEM_ACTOR,
                Operation.STAFF_ROLE,
                now_us=now,
                target=("user", str(user.pk)),
                after=after,
                using=alias,
            )

    run_with(database_url, work)


def create_first_staff(database_url: str, name: str) -> str | None:
    """Add the first person with a generated password and return it; None when there is someone.

    The password is not kept anywhere in clear: show it once.
    """

    def work(alias: str) -> str | None:
        if _users(alias).filter(is_staff=True).exists():
            return None
        password = generated_password()
        _create(alias, name, password, (StaffRole.ADMINISTRATOR,), "")
        return password

    return run_with(database_url, work)


def _users(alias: str) -> BaseUserManager[User]:
    from tongbao.platform.accounts.models import User  # noqa: PLC0415 - needs the settings first

    return User.objects.db_manager(alias)


def _create(alias: str, name: str, password: str, roles: tuple[StaffRole, ...], phone: str) -> None:
    from django.contrib.auth.password_validation import (  # noqa: PLC0415 - needs the settings
        validate_password,
    )
    from django.core.exceptions import ValidationError  # noqa: PLC0415 - as above: only when needed
    from django.utils.translation import override  # noqa: PLC0415 - as above: only when needed

    if name.strip().casefold() in MACHINES:
        raise StaffError("this name stands for a machine in the exception queue")
    users = _users(alias)
    user = users.model(username=users.model.normalize_username(name), is_staff=True)
    user.set_password(password)
    with override("en"):
        try:
            validate_password(password, user)
            user.clean_fields()
        except ValidationError as error:
            raise StaffError(" ".join(error.messages)) from None
    if users.filter(username__iexact=user.username).exists():
        raise StaffError("there is a user of this name already")
    if phone:
        user.phone = _phone(users, phone)
    _save_with_roles(alias, user, roles)


def _phone(users: BaseUserManager[User], typed: str) -> str:
    from tongbao.platform.accounts.log_in import phone_of  # noqa: PLC0415 - needs the settings

    phone = phone_of(typed)
    if phone is None or users.filter(phone=phone).exists():
        raise StaffError("this is not a mobile number, or somebody else has it")
    return phone


def _save_with_roles(alias: str, user: User, roles: tuple[StaffRole, ...]) -> None:
    from django.db import transaction  # noqa: PLC0415 - needs the settings first

    from tongbao.platform.accounts.models import StaffRoleGrant  # noqa: PLC0415 - as above
    from tongbao.platform.audit.services import record  # noqa: PLC0415 - as above

    now = now_us()
    with transaction.atomic(using=alias):
        user.save(using=alias)
        StaffRoleGrant.objects.using(alias).bulk_create(
            StaffRoleGrant(user=user, role=role.value, granted_at_us=now, granted_by=SYSTEM)
            for role in roles
        )
        record(
            SYSTEM_ACTOR,
            Operation.STAFF_ADD,
            now_us=now,
            target=("user", str(user.pk)),
            after={"username": user.username, "role": [role.value for role in roles]},
            using=alias,
        )
