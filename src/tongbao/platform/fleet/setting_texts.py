"""Settings of terminals in the reader's language: names, values, and what is not as wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from tongbao.platform.console.formats import amount_text
from tongbao.platform.fleet.words import CHOICE_WORDS, ORIGIN_WORDS, SETTING_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.fleet.wanted_rules import Effective

_MONEY: Final = "limits."
_LINES: Final = "slip."


def name_text(path: str) -> str:
    """Return what a setting is called; one that is no setting of a level as it stands."""
    return str(SETTING_WORDS.get(path, path))


def value_text(path: str, value: Any) -> str:
    """Return a value for people: amounts in yuan, choices in words, lines beside each other."""
    if path.startswith(_MONEY):
        return _("no limit") if value is None else amount_text(int(value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        joint = " / " if path.startswith(_LINES) else _(", ")
        return joint.join(str(CHOICE_WORDS.get(one, one)) for one in value) or "–"
    return str(CHOICE_WORDS.get(value, value)) if isinstance(value, str) else str(value)


def effective_texts(effective: Effective) -> list[dict[str, str]]:
    """Return every setting in force with its name, its value and the level it comes from."""
    return [
        {
            "name": name_text(path),
            "value": value_text(path, value),
            "origin": str(ORIGIN_WORDS[effective.origins[path]]),
        }
        for path, value in effective.values.items()
    ]


def difference_out(difference: Mapping[str, str]) -> dict[str, str]:
    """Return one difference of a report with its name and both values in words."""
    path = difference["path"]
    return {
        "path": path,
        "name": name_text(path),
        "wanted": _told(path, difference["wanted"]),
        "actual": _told(path, difference["actual"]),
    }


def _told(path: str, text: str) -> str:
    """Return a value in words that a terminal has told as a short text."""
    if path.startswith(_MONEY):
        return value_text(path, int(text) if text.isdigit() else None)
    if text in ("true", "false"):
        return value_text(path, text == "true")
    known = text.split(",") if path in ("tenders", "kinds") and text else None
    return value_text(path, text if known is None else known) or "–"
