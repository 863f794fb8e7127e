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
