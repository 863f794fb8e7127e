"""Logging in with any of a person's names, and never with an account that slept for long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.backends import ModelBackend

from tongbao.platform.access.roles import PortalRole
from tongbao.platform.accounts.models import Membership, User
from tongbao.platform.clock import now_us

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

UNUSED_AFTER_DAYS: Final = 90
_DAY_US: Final = 24 * 3600 * 1_000_000
# A Chinese mobile number without its country code.
_LOCAL_PHONE: Final = re.compile(r"1[3-9]\d{9}")
_MERCHANT_NUMBER: Final = re.compile(r"[0-9A-Za-z]{15}")


def find_user(name: str) -> User | None:
    """Return who is meant by an e-mail address, phone, user name, staff or merchant number.

    A merchant number means the merchant's owner, the earliest when there are several.
    """
    name = name.strip()
    if not name or "\0" in name:
        return None
    if "@" in name:
        return User.objects.filter(email__iexact=name).first()
    if phone := phone_of(name):
        found = User.objects.filter(phone=phone).first()
        if found is not None:
            return found
    by_name = User.objects.filter(username=name).first()
    found = by_name or User.objects.filter(staff_number=name.upper()).first()
    return found or _owner_of(name)


def phone_of(text: str) -> str | None:
    """Return a phone number as E.164, `+86…` when no country was typed; None when it is none."""
    digits = text.replace(" ", "").replace("-", "")
    if _LOCAL_PHONE.fullmatch(digits):
        return f"+86{digits}"
    return digits if re.fullmatch(r"\+[1-9]\d{5,14}", digits) else None


def is_unused(user: AbstractBaseUser, now_us: int) -> bool:
    """Return whether nobody logged in for 90 days (from the start or the reopening on)."""
    last = user.last_login or getattr(user, "date_joined", None)
    if last is None:
        return False
    used_us = int(last.timestamp()) * 1_000_000
    since_us = max(used_us, getattr(user, "reopened_at_us", None) or 0)
    return now_us - since_us > UNUSED_AFTER_DAYS * _DAY_US


def _owner_of(merchant_number: str) -> User | None:
    if not _MERCHANT_NUMBER.fullmatch(merchant_number):
        return None
    owners = Membership.objects.filter(
        merchant_id=merchant_number, role=PortalRole.OWNER, until_us=None
    )
    first = owners.select_related("user").order_by("since_us", "membership_id").first()
    return first.user if first else None


class AnyNameBackend(ModelBackend):
    """Checks a password for whoever a name means; an unknown name takes as long as a known one."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **names: Any,
    ) -> User | None:
        """Return the person, or None; the names `email` and `phone` come from the portal."""
        del request
        name = username or names.get("email") or names.get("phone")
        if not name or password is None:
            return None
        user = find_user(str(name))
        if user is None:
            User().set_password(password)
            return None
        if user.check_password(password) and self.user_can_authenticate(user):
            return user
        return None

    def user_can_authenticate(self, user: Any) -> bool:
        """Return whether the account is in use: active, and not asleep for 90 days."""
        return bool(super().user_can_authenticate(user)) and not is_unused(user, now_us())
