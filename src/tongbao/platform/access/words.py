"""Roles in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.roles import PortalRole, StaffRole

STAFF_ROLE_WORDS: Final = {
    StaffRole.REVIEWER: _("Reviewer"),
    StaffRole.FLEET: _("Terminal fleet"),
    StaffRole.KEY_CUSTODIAN: _("Key custodian"),
    StaffRole.SETTLEMENT: _("Settlement"),
    StaffRole.RISK: _("Risk"),
    StaffRole.SUPPORT: _("Customer support"),
    StaffRole.AUDITOR: _("Auditor"),
    StaffRole.ADMINISTRATOR: _("Administrator"),
}
PORTAL_ROLE_WORDS: Final = {
    PortalRole.OWNER: _("Owner of the business"),
    PortalRole.MANAGER: _("Manager"),
    PortalRole.ACCOUNTANT: _("Accountant"),
    PortalRole.SUPPORT: _("Shop support"),
    PortalRole.READ_ONLY: _("Reader"),
    PortalRole.CUSTOM: _("Custom role"),
}
