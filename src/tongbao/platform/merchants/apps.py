"""The merchants app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MerchantsConfig(AppConfig):
    """Names the app and its tables' prefix, `merchants`."""

    name = "tongbao.platform.merchants"
    label = "merchants"
    verbose_name = _("Merchants")
    default_auto_field = "django.db.models.BigAutoField"
