"""The fleet app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FleetConfig(AppConfig):
    """Names the app and its tables' prefix, `fleet`."""

    name = "tongbao.platform.fleet"
    label = "fleet"
    verbose_name = _("Fleet")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say how devices are bound anew when their merchant's account or place changes."""
        from tongbao.platform.fleet.installations import rebind  # noqa: PLC0415 - models first
        from tongbao.platform.merchants.binding import (  # noqa: PLC0415 - apps first
            connect_rebinding,
        )

        connect_rebinding(lambda merchant_id, now_us: _done(rebind(merchant_id, now_us=now_us)))


def _done(_count: int) -> None:
    """Take no notice of how many were bound anew."""
