"""Refusals in the reader's language."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from tongbao.platform.accounts.reopening import ReopeningRefusal
from tongbao.platform.accounts.staff import StaffRefusal

REOPENING_REFUSAL_WORDS: Final = {
    ReopeningRefusal.UNKNOWN: _("There is no such person."),
    ReopeningRefusal.IS_OPEN: _("This account is open already."),
    ReopeningRefusal.REASON_MISSING: _("Say why: the reason stays on record."),
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
