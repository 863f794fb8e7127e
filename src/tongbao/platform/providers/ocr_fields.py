"""From the lines that a machine read to the fields of a form. Pure.

It takes only what is unmistakable: a labelled line, or a number that carries its own proof. What is
uncertain is left out; somebody types it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from stdnum import luhn
from stdnum.cn import ric, uscc

_SPACE: Final = re.compile(r"\s")
_CODE: Final = re.compile(r"[0-9A-Z]{18}")
_RESIDENT: Final = re.compile(r"[0-9]{17}[0-9X]")
_CARD: Final = re.compile(r"[0-9]{16,19}")
_DATE: Final = re.compile(r"([0-9]{4})[年.\-/]([0-9]{1,2})[月.\-/]([0-9]{1,2})")
_LABELS: Final[dict[str, dict[str, str]]] = {
    "licence": {"名称": "registered_name", "法定代表人": "legal_person", "经营者": "legal_person"},
    "id_front": {"姓名": "legal_person"},
}
_NO_END: Final = "no_end"


def fields_from(kind: str, lines: Iterable[str]) -> dict[str, str]:
    """Return field names of the form and what was read for them; empty for an unknown kind."""
    plain = [_SPACE.sub("", line).replace("：", "").replace(":", "") for line in lines]
    read = _READERS.get(kind)
    return read(plain) if read else {}


def _licence(lines: list[str]) -> dict[str, str]:
    values = _labelled("licence", lines)
    code = _first(_CODE, lines, uscc.is_valid)
    if code:
        values["credit_code"] = code
    for line in lines:
        if line.startswith("成立日期"):
            values.update(_dated("licence_begins", line))
        if line.startswith(("营业期限", "有效期")):
            if "长期" in line:
                values["licence_expires"] = _NO_END
            elif dates := _dates(line):
                values["licence_expires"] = dates[-1]
    return values


def _id_front(lines: list[str]) -> dict[str, str]:
    values = _labelled("id_front", lines)
    number = _first(_RESIDENT, lines, ric.is_valid)
    if number:
        values["resident_id"] = number
    return values


def _id_back(lines: list[str]) -> dict[str, str]:
    for line in lines:
        dates = _dates(line)
        if len(dates) == 2:
            return {"id_begins": dates[0], "id_expires": dates[1]}
        if dates and "长期" in line:
            return {"id_begins": dates[0], "id_expires": _NO_END}
    return {}


def _bank_card(lines: list[str]) -> dict[str, str]:
    number = _first(_CARD, lines, luhn.is_valid)
    return {"account_number": number} if number else {}


_READERS: Final[dict[str, Callable[[list[str]], dict[str, str]]]] = {
    "licence": _licence,
    "id_front": _id_front,
    "id_back": _id_back,
    "bank_card": _bank_card,
}


def _labelled(kind: str, lines: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for line in lines:
        for label, field in _LABELS[kind].items():
            text = line.removeprefix(label)
            if text != line and text and field not in values:
                values[field] = text
    return values


def _first(pattern: re.Pattern[str], lines: list[str], is_valid: Callable[[str], bool]) -> str:
    found = (match for line in lines for match in pattern.findall(line.upper()))
    return next((number for number in found if is_valid(number)), "")


def _dates(line: str) -> list[str]:
    return [f"{year}-{int(month):02}-{int(day):02}" for year, month, day in _DATE.findall(line)]


def _dated(field: str, line: str) -> dict[str, str]:
    dates = _dates(line)
    return {field: dates[0]} if dates else {}
