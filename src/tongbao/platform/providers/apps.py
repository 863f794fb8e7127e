"""The providers' place in the Django project: no tables, only their words."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    """Names the app; it keeps nothing."""

    name = "tongbao.platform.providers"
    label = "providers"
    verbose_name = _("Providers")
