"""What is wrong with a value, in words: pydantic's findings put for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise

_WORDS: dict[str, _StrPromise] = {
    "missing": _("This value is missing."),
    "extra_forbidden": _("This field is not known here."),
    "string_type": _("This must be text in quotes."),
    "string_too_short": _("This needs at least %(min_length)s characters."),
    "string_too_long": _("This may have at most %(max_length)s characters."),
    "string_pattern_mismatch": _("This does not have the form that is asked for."),
    "int_type": _("This must be a whole number."),
    "int_parsing": _("This must be a whole number."),
    "int_from_float": _("This must be a whole number."),
    "bool_type": _("This must be true or false."),
    "bool_parsing": _("This must be true or false."),
    "greater_than": _("This must be more than %(gt)s."),
    "greater_than_equal": _("This must be at least %(ge)s."),
    "less_than": _("This must be less than %(lt)s."),
    "less_than_equal": _("This may be at most %(le)s."),
    "enum": _("Choose one of: %(expected)s."),
    "literal_error": _("Choose one of: %(expected)s."),
    "list_type": _("This must be a list."),
    "too_short": _("This needs at least %(min_length)s entries."),
    "too_long": _("This may have at most %(max_length)s entries."),
    "date_parsing": _("Write the day as 2026-11-21."),
    "date_from_datetime_parsing": _("Write the day as 2026-11-21."),
    "date_type": _("Write the day as 2026-11-21."),
    "datetime_parsing": _("Write the time as 2026-11-21T09:00:00Z."),
    "datetime_from_date_parsing": _("Write the time as 2026-11-21T09:00:00Z."),
    "datetime_type": _("Write the time as 2026-11-21T09:00:00Z."),
    "dict_type": _("This must be an object with named fields."),
    "model_attributes_type": _("This must be an object with named fields."),
    "model_type": _("This must be an object with named fields."),
}


def words_of(error: Mapping[str, Any]) -> str:
    """Return what one finding says to a person; our own validators bring their words along."""
    kind = str(error["type"])
    context = dict(error.get("ctx") or {})
    if kind == "value_error" and "error" in context:
        return str(context["error"])
    if kind in _WORDS:
        try:
            return str(_WORDS[kind]) % context
        except (KeyError, ValueError):
            pass
    return gettext("This value cannot be used here.")
