"""What a password must be besides long and not a known one: mixed, and not one of the last four."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

REMEMBERED: Final = 4


class LettersAndDigits:
    """A password has at least one letter and one digit."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError when either is missing."""
        del user
        if not (any(map(str.isalpha, password)) and any(map(str.isdigit, password))):
            raise ValidationError(
                _("A password needs letters and digits, both."), code="password_not_mixed"
            )

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("A password needs letters and digits, both.")


class NotUsedLately:
    """A password is none of the last four; each new one is remembered as its hash."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Raise ValidationError when the person had it lately."""
        if user is None or user.pk is None:
            return
        past = [one.password for one in self._past(user)[:REMEMBERED]]
        if any(check_password(password, one) for one in {*past, user.password}):
            raise ValidationError(
                _("You had this password before. Choose another one."), code="password_reused"
            )

    def password_changed(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """Remember the new password's hash; Django calls this when it is saved."""
        del password
        if user is not None and user.pk is not None and user.has_usable_password():
            self._past(user).create(user_id=user.pk, password=user.password)

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return _("A password must not be one of your last four.")

    @staticmethod
    def _past(user: AbstractBaseUser) -> Any:
        from tongbao.platform.accounts.models import (  # noqa: PLC0415 - validators load early
            PastPassword,
        )

        return PastPassword.objects.using(user._state.db).filter(user_id=user.pk)  # noqa: SLF001 - Django's own place for it
