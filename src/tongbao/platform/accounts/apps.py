"""The accounts app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Names the app and its tables' prefix, `accounts`."""

    name = "tongbao.platform.accounts"
    label = "accounts"
    verbose_name = _("Accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to log-ins, and make a used code stay used."""
        from tongbao.platform.accounts import (  # noqa: PLC0415 - models are loaded by now
            credentials,
            devices,
            staff,
            totp_replay,
        )

        credentials.connect()
        devices.connect()
        staff.register_changes()
        totp_replay.install()
