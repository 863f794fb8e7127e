"""The console app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Brings the templates, static files and catalogues of the console."""

    name = "tongbao.platform.console"
    label = "console"
