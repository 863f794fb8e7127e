"""The contracts app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    """Names the app and its tables' prefix, `contracts`."""

    name = "tongbao.platform.contracts"
    label = "contracts"
    verbose_name = _("Contracts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say how fees that a second person approved are offered."""
        from tongbao.platform.approvals.kinds import ChangeKind  # noqa: PLC0415 - models first
        from tongbao.platform.approvals.services import register  # noqa: PLC0415 - models first
        from tongbao.platform.contracts.fee_changes import (  # noqa: PLC0415 - models first
            apply_fees,
        )

        register(ChangeKind.FEES, apply_fees)
