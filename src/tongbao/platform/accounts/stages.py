"""Steps of the portal's log-in that differ from allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.stages import PhoneVerificationStage


class PhoneStage(PhoneVerificationStage):  # type: ignore[misc]  # published without types
    """Asks to prove a number that was typed; who has none (staff, for instance) goes on."""

    def handle(self) -> Any:
        """Return allauth's answer, but let people without a number pass."""
        user = self.login.user
        if user is not None and not (user.phone or user.pending_phone):
            return None, True
        return super().handle()
