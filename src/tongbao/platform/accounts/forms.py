"""The console's log-in form: checks the throttle before the password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from tongbao.platform.accounts.adapter import waiting_error
from tongbao.platform.accounts.attempts import address_of, record_attempt, seconds_to_wait

if TYPE_CHECKING:
    from django.contrib.admin.forms import AdminAuthenticationForm as AuthenticationForm
else:
    from unfold.forms import AuthenticationForm


class LoginForm(AuthenticationForm):
    """Asks for name and password, and makes guessing slow."""

    # One answer for an unknown name, a wrong password and a person who is not staff.
    error_messages = {  # noqa: RUF012 - a plain dictionary is what Django declares
        "invalid_login": gettext_lazy("Wrong name or password."),
        "inactive": gettext_lazy("Wrong name or password."),
    }

    def clean(self) -> dict[str, Any]:
        """Refuse while a delay runs, otherwise check the password and write the attempt down."""
        name = self.cleaned_data.get("username")
        if self.request is None or not name or not self.cleaned_data.get("password"):
            return dict(super().clean())
        address = address_of(self.request)
        wait = seconds_to_wait(name, address)
        if wait:
            raise waiting_error(wait)
        try:
            cleaned = dict(super().clean())
        except ValidationError:
            record_attempt(name, address, succeeded=False)
            raise
        record_attempt(name, address, succeeded=True)
        return cleaned
