"""The form in which staff sets what one level sets: how each setting is typed, shown and read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tongbao.platform.fleet.setting_texts import name_text, value_text
from tongbao.platform.fleet.wanted_rules import DEFAULTS, KINDS, SettingFault, faults_of
from tongbao.platform.fleet.words import CHOICE_WORDS, ORIGIN_WORDS, SETTING_RULE_WORDS
from tongbao.wire.device.settings import Language, SignInPolicy, Tender

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from tongbao.platform.fleet.wanted_rules import Effective

_MANY: Final = {"tenders": [one.value for one in Tender], "kinds": list(KINDS)}
_ONE: Final = {
    "sign_in_policy": [one.value for one in SignInPolicy],
    "language": [one.value for one in Language],
}
_SWITCHES: Final = ("auto_sign_in", "training.is_allowed", "training.needs_supervisor")
_YUAN: Final = re.compile(r"([0-9]{1,10})(?:\.([0-9]{1,2}))?", re.ASCII)
_DIGITS: Final = re.compile("[0-9]{1,6}", re.ASCII)


def kind_of(path: str) -> str:
    """Return how a setting is typed: many, one, switch, money, lines or number."""
    if path in _MANY:
        return "many"
    if path in _ONE:
        return "one"
    if path in _SWITCHES:
        return "switch"
    if path.startswith("limits."):
        return "money"
    return "lines" if path.startswith("slip.") else "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting on the page."""

    path: str
    name: str
    kind: str
    is_own: bool
    typed: str
    choices: tuple[tuple[str, str, bool], ...]
    inherited: str
    origin: str
    wrong: str

    @property
    def field(self) -> str:
        """The name of its field in the form."""
        return self.path.replace(".", "-")


def rows(
    own: Mapping[str, Any], above: Effective, faults: list[SettingFault], form: QueryDict | None
) -> list[Row]:
    """Return every setting with what is set here, or typed, and what the levels above say."""
    wrong = {fault.path: str(SETTING_RULE_WORDS[fault.rule]) for fault in faults}
    return [_row(path, own, above, wrong, form) for path in DEFAULTS]


def _row(
    path: str,
    own: Mapping[str, Any],
    above: Effective,
    wrong: Mapping[str, str],
    form: QueryDict | None,
) -> Row:
    field = path.replace(".", "-")
    is_own = path in own if form is None else f"own-{field}" in form
    value = own.get(path, above.values[path])
    if form is None:
        typed = _typed(path, value)
        chosen = value if isinstance(value, list) else [typed]
    else:
        typed, chosen = form.get(field, ""), form.getlist(field)
    return Row(
        path=path,
        name=name_text(path),
        kind=kind_of(path),
        is_own=is_own,
        typed=typed,
        choices=tuple(
            (one, str(CHOICE_WORDS[one]), one in chosen)
            for one in _MANY.get(path) or _ONE.get(path, [])
        ),
        inherited=value_text(path, above.values[path]),
        origin=str(ORIGIN_WORDS[above.origins[path]]),
        wrong=wrong.get(path, ""),
    )


def _typed(path: str, value: Any) -> str:
    kind = kind_of(path)
    if kind == "lines":
        return "\n".join(value)
    if kind == "money":
        return "" if value is None else f"{value // 100}.{value % 100:02}"
    if kind == "switch":
        return "yes" if value else "no"
    return "" if isinstance(value, list) else str(value)


def read(form: QueryDict, own: Mapping[str, Any]) -> tuple[dict[str, Any], list[SettingFault]]:
    """Return what a form changes of what a level sets now, and what cannot be so.

    None leaves a setting to the levels above.
    """
    changes: dict[str, Any] = {}
    faults = []
    for path in DEFAULTS:
        field = path.replace(".", "-")
        if f"own-{field}" not in form:
            if path in own:
                changes[path] = None
            continue
        value = _value(path, form, field)
        if value is None:
            faults.append(SettingFault(path, "out_of_range"))
        elif path not in own or own[path] != value:
            changes[path] = value
    return changes, [*faults, *faults_of(changes)]


def _value(path: str, form: QueryDict, field: str) -> Any:
    """Return a typed value as settings keep it; None when it is none."""
    kind, typed = kind_of(path), form.get(field, "").strip()
    if kind == "many":
        return [one for one in _MANY[path] if one in form.getlist(field)]
    if kind == "switch":
        return {"yes": True, "no": False}.get(typed)
    if kind == "lines":
        lines = (line.rstrip() for line in form.get(field, "").splitlines())
        return [line for line in lines if line]
    if kind == "money":
        found = _YUAN.fullmatch(typed.replace(",", ""))
        return None if found is None else int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
    if kind == "number":
        return int(typed) if _DIGITS.fullmatch(typed) else None
    return typed
