"""The work app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WorkConfig(AppConfig):
    """Names the app and its tables' prefix, `work`."""

    name = "tongbao.platform.work"
    label = "work"
    verbose_name = _("Periodic work")
    default_auto_field = "django.db.models.BigAutoField"
