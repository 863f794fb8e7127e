"""Reads a list of devices as the supplier sends it: CSV with one device a line. Pure.

Columns by their names in the first line, in any order: `serial_number`, `model`, then optionally
`software_version`, `warranty_until` (YYYY-MM-DD) and one column for each part, `part:printer` and
so on, with the part's version. Every line that cannot be taken is named with its number and what
to correct; with one such line nothing is taken.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.wire.device.activation import SERIAL_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping

BYTES_MAX: Final = 2_000_000
LINES_MAX: Final = 5_000
PART_PREFIX: Final = "part:"
_REQUIRED: Final = ("serial_number", "model")
_KNOWN: Final = (*_REQUIRED, "software_version", "warranty_until")
_PART: Final = re.compile(r"[a-z][a-z0-9_]{0,23}")


class Fault(StrEnum):
    """What is wrong with a list or with one of its lines."""

    TOO_LARGE = "too_large"
    NOT_TEXT = "not_text"
    NO_HEADER = "no_header"
    UNKNOWN_COLUMN = "unknown_column"
    TOO_MANY_LINES = "too_many_lines"
    EMPTY = "empty"
    COLUMNS = "columns"
    SERIAL = "serial"
    SERIAL_TWICE = "serial_twice"
    SERIAL_KNOWN = "serial_known"
    MODEL = "model"
    SOFTWARE = "software"
    WARRANTY = "warranty"
    PART_VERSION = "part_version"


@dataclass(frozen=True, slots=True)
class LineFault:
    """A fault with the number of its line, 1 being the names; `value` is what stands there."""

    line: int
    fault: Fault
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDevice:
    """One device to be received into stock; `warranty_until_us` is the day's end in UTC."""

    serial_number: str
    model: str
    software_version: str = ""
    warranty_until_us: int | None = None
    parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StockList:
    """What was read: devices when nothing is wrong, else all that is wrong."""

    devices: tuple[NewDevice, ...]
    faults: tuple[LineFault, ...]


def read_stock_list(content: bytes) -> StockList:
    """Read a list; UTF-8 with or without a byte order mark, comma or semicolon between columns."""
    if len(content) > BYTES_MAX:
        return _faulty(LineFault(0, Fault.TOO_LARGE))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _faulty(LineFault(0, Fault.NOT_TEXT))
    first = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    try:
        lines = [(rows.line_num, row) for row in rows if any(cell.strip() for cell in row)]
    except csv.Error:
        return _faulty(LineFault(rows.line_num, Fault.NOT_TEXT))
    if not lines:
        return _faulty(LineFault(0, Fault.EMPTY))
    header = [name.strip().casefold() for name in lines[0][1]]
    faults = _header_faults(header, len(lines) - 1)
    return _faulty(*faults) if faults else _read_lines(header, lines[1:])


def _header_faults(header: list[str], lines: int) -> list[LineFault]:
    faults = [LineFault(1, Fault.NO_HEADER, name) for name in _REQUIRED if name not in header]
    for name in header:
        part = name.removeprefix(PART_PREFIX)
        is_part = name.startswith(PART_PREFIX) and _PART.fullmatch(part)
        if (name not in _KNOWN and not is_part) or header.count(name) > 1:
            faults.append(LineFault(1, Fault.UNKNOWN_COLUMN, name[:40]))
    if lines == 0:
        faults.append(LineFault(1, Fault.EMPTY))
    if lines > LINES_MAX:
        faults.append(LineFault(1, Fault.TOO_MANY_LINES, str(lines)))
    return faults


def _read_lines(header: list[str], lines: list[tuple[int, list[str]]]) -> StockList:
    devices: list[NewDevice] = []
    faults: list[LineFault] = []
    seen: dict[str, int] = {}
    for number, row in lines:
        if len(row) != len(header):
            faults.append(LineFault(number, Fault.COLUMNS, str(len(row))))
            continue
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
        found = _line_faults(number, cells)
        serial = cells["serial_number"]
        if serial in seen:
            found.append(LineFault(number, Fault.SERIAL_TWICE, f"{serial} ({seen[serial]})"))
        seen.setdefault(serial, number)
        faults += found
        if not found:
            devices.append(_device(cells))
    return StockList((), tuple(faults)) if faults else StockList(tuple(devices), ())


def _line_faults(number: int, cells: Mapping[str, str]) -> list[LineFault]:
    faults = []
    if re.fullmatch(SERIAL_PATTERN, cells["serial_number"], re.ASCII) is None:
        faults.append(LineFault(number, Fault.SERIAL, cells["serial_number"][:40]))
    if not 1 <= len(cells["model"]) <= 40:
        faults.append(LineFault(number, Fault.MODEL, cells["model"][:40]))
    if len(cells.get("software_version", "")) > 40:
        faults.append(LineFault(number, Fault.SOFTWARE, cells["software_version"][:40]))
    warranty = cells.get("warranty_until", "")
    if warranty and _day_end_us(warranty) is None:
        faults.append(LineFault(number, Fault.WARRANTY, warranty[:40]))
    faults += [
        LineFault(number, Fault.PART_VERSION, name)
        for name, version in cells.items()
        if name.startswith(PART_PREFIX) and len(version) > 40
    ]
    return faults


def _device(cells: Mapping[str, str]) -> NewDevice:
    warranty = cells.get("warranty_until", "")
    return NewDevice(
        serial_number=cells["serial_number"],
        model=cells["model"],
        software_version=cells.get("software_version", ""),
        warranty_until_us=_day_end_us(warranty) if warranty else None,
        parts={
            name.removeprefix(PART_PREFIX): version
            for name, version in cells.items()
            if name.startswith(PART_PREFIX) and version
        },
    )


def _day_end_us(text: str) -> int | None:
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    end = dt.datetime.combine(day, dt.time(23, 59, 59), dt.UTC)
    return int(end.timestamp()) * 1_000_000


def _faulty(*faults: LineFault) -> StockList:
    return StockList((), faults)
