"""The onboarding app's place in the Django project."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OnboardingConfig(AppConfig):
    """Names the app and its tables' prefix, `onboarding`."""

    name = "tongbao.platform.onboarding"
    label = "onboarding"
    verbose_name = _("Onboarding")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Say how changes that a second person approved are made."""
        from tongbao.platform.approvals.kinds import ChangeKind  # noqa: PLC0415 - models first
        from tongbao.platform.approvals.services import register  # noqa: PLC0415 - models first
        from tongbao.platform.onboarding.changes import put_in_force  # noqa: PLC0415 - models first

        register(ChangeKind.SETTLEMENT_ACCOUNT, put_in_force)
        register(ChangeKind.MERCHANT_CATEGORY, put_in_force)
