"""The console's places in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class ConsoleConfig(AppConfig):
    """Brings the templates, static files and catalogues of the console."""

    name = "tongbao.platform.console"
    label = "console"


class ConsoleAdminConfig(SimpleAdminConfig):
    """Django's admin with our own site; the pages are registered when the addresses load."""

    default_site = "tongbao.platform.console.site.ConsoleSite"
