"""Roles and refusals in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.roles import PortalRole, StaffRole
from tongbao.platform.accounts.staff import StaffRefusal

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
STAFF_REFUSAL_WORDS: Final = {
    StaffRefusal.NAME_TAKEN: _("There is somebody of this name already."),
    StaffRefusal.NAME_MALFORMED: _("A name has letters, digits and @ . + - _ only."),
    StaffRefusal.PHONE_MALFORMED: _("This is not a mobile number."),
    StaffRefusal.PHONE_TAKEN: _("Somebody else has this mobile number."),
    StaffRefusal.NUMBER_TAKEN: _("Somebody else has this staff number."),
    StaffRefusal.UNKNOWN: _("There is no such person, or the account is closed already."),
    StaffRefusal.HAS_IT: _("This person has the role already."),
    StaffRefusal.HAS_IT_NOT: _("This person does not have the role."),
    StaffRefusal.LAST_ADMINISTRATOR: _("One administrator must remain."),
    StaffRefusal.ONESELF: _("You cannot close your own account."),
}
