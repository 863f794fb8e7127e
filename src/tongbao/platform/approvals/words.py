"""Approvals in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tongbao.platform.access.words import STAFF_ROLE_WORDS
from tongbao.platform.approvals.kinds import ChangeKind, ChangeOutcome, Refusal

KIND_WORDS: Final = {
    ChangeKind.KEYS: _("Keys"),
    ChangeKind.FEES: _("Fees"),
    ChangeKind.SETTLEMENT_ACCOUNT: _("Settlement account"),
    ChangeKind.ROLES: _("Roles of staff"),
    ChangeKind.MERCHANT_CATEGORY: _("Merchant's category"),
    ChangeKind.TERMINAL_MOVE: _("Move of a terminal"),
    ChangeKind.TERMINAL_SETTINGS: _("Settings of all terminals"),
}
OUTCOME_WORDS: Final = {
    ChangeOutcome.APPROVED: _("Approved by a second person"),
    ChangeOutcome.REFUSED: _("Refused"),
    ChangeOutcome.WITHDRAWN: _("Withdrawn"),
}
REFUSAL_WORDS: Final = {
    Refusal.UNKNOWN: _("There is no such request."),
    Refusal.DECIDED_ALREADY: _("Somebody else decided this already; nothing was changed now."),
    Refusal.EXPIRED: _("The request has expired. Whoever asked must ask again."),
    Refusal.OWN_REQUEST: _("This is your own request: another person must decide it."),
    Refusal.NOT_OWN_REQUEST: _("Only who asked may withdraw a request."),
    Refusal.NOTE_MISSING: _("Say why you refuse, so that it can be put right."),
    Refusal.NOT_POSSIBLE: _("The change cannot be made any more. Refuse the request."),
}
_ROLES: Final = {role.value: words for role, words in STAFF_ROLE_WORDS.items()}
_TEXTS: Final[dict[str, tuple[Callable[[str], str], Callable[[str, Any], str]]]] = {}
_NAMES: Final = {
    "name": _("name"),
    "roles": _("roles"),
    "is_active": _("account is open"),
    "shop": _("shop"),
    "serial_number": _("serial number"),
    "mcc": _("category code (MCC)"),
    "bank": _("bank"),
    "last4": _("last four digits"),
    "kind": _("kind"),
    "debit_card": _("debit card"),
    "credit_card": _("credit card"),
    "code_debit": _("code, debit or balance"),
    "code_credit": _("code, credit"),
}


def kind_text(kind: str) -> str:
    """Return the kind in words; an unknown one as it is."""
    return str(KIND_WORDS.get(ChangeKind(kind), kind))


def connect_texts(
    kind: ChangeKind, name: Callable[[str], str], value: Callable[[str, Any], str]
) -> None:
    """Name the functions that put the fields of a kind of change, and their values, in words."""
    _TEXTS[kind] = (name, value)


def field_text(name: str, kind: str = "") -> str:
    """Return a field's name in words; an unknown one with blanks for its underscores."""
    if kind in _TEXTS:
        return _TEXTS[ChangeKind(kind)][0](name)
    return str(_NAMES.get(name, name.replace("_", " ")))


def value_text(value: Any, field: tuple[str, str] = ("", "")) -> str:
    """Return a value for people; `field` is the kind of the change and the name of the field."""
    kind, name = field
    if value is None:
        return "–"
    if kind in _TEXTS:
        return _TEXTS[ChangeKind(kind)][1](name, value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, list):
        return ", ".join(str(_ROLES.get(one, one)) for one in value) or "–"
    return str(value)
