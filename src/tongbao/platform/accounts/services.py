"""The only writer of console users.

Works on any database and needs no Django set up before, like `tongbao.platform.registry`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.platform.access.actor import SYSTEM as SYSTEM_ACTOR
from tongbao.platform.access.operations import Operation
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.accounts.generated import generated_password
from tongbao.platform.clock import now_us
from tongbao.platform.payments.exception_rules import SYSTEM
from tongbao.platform.project import run_with

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.base_user import BaseUserManager

    from tongbao.platform.accounts.models import User


class StaffError(ValueError):
    """The name or the password is not acceptable; the text says why and holds neither."""


def create_staff(
    database_url: str,
    name: str,
    password: str,
    roles: Iterable[StaffRole] = (StaffRole.ADMINISTRATOR,),
) -> None:
    """Add a person who may log in to the console, with these roles.

    Raises StaffError when the name is taken or malformed, or the password is too weak (fewer than
    12 characters, a common one, all digits, or like the name).
    """
    run_with(database_url, lambda alias: _create(alias, name, password, tuple(roles)))


def create_first_staff(database_url: str, name: str) -> str | None:
    """Add the first person with a generated password and return it; None when there is someone.

    The password is not kept anywhere in clear: show it once.
    """

    def work(alias: str) -> str | None:
        if _users(alias).filter(is_staff=True).exists():
            return None
        password = generated_password()
        _create(alias, name, password, (StaffRole.ADMINISTRATOR,))
        return password

    return run_with(database_url, work)


def _users(alias: str) -> BaseUserManager[User]:
    from tongbao.platform.accounts.models import User  # noqa: PLC0415 - needs the settings first

    return User.objects.db_manager(alias)


def _create(alias: str, name: str, password: str, roles: tuple[StaffRole, ...]) -> None:
    from django.contrib.auth.password_validation import (  # noqa: PLC0415 - needs the settings
        validate_password,
    )
    from django.core.exceptions import ValidationError  # noqa: PLC0415 - as above: only when needed
    from django.utils.translation import override  # noqa: PLC0415 - as above: only when needed

    if name.strip().casefold() == SYSTEM:
        raise StaffError("this name stands for the host in the exception queue")
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
    _save_with_roles(alias, user, roles)


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
