"""The operators app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OperatorsConfig(AppConfig):
    """Names the app and tells the fleet who works at its terminals."""

    name = "tongbao.platform.operators"
    label = "operators"
    verbose_name = _("Terminal operators")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the fleet's documents and what is done about them at terminals with this room."""
        from tongbao.platform.fleet.people import (  # noqa: PLC0415 - apps first
            connect_operator_changes,
        )
        from tongbao.platform.fleet.wanted_document import connect_people  # noqa: PLC0415 - apps first
        from tongbao.platform.operators import people, reported  # noqa: PLC0415 - models need the apps

        connect_people(people.people_of)
        connect_operator_changes(reported.take_change)
