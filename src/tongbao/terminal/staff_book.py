"""The terminal's own book of what was done about operators here: a file, whole or not there.

A line counts beside the platform's settings until the platform has refused it, or has taken it and
sent settings that were made after that. What the platform has not heard waits in its order.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final

from tongbao.crypto.errors import KeyStoreError
from tongbao.crypto.master_key import write_owner_only
from tongbao.domain.errors import ProtocolError
from tongbao.wire.device.activation import Milliseconds
from tongbao.wire.device.codec import Between, Length, decode, encode
from tongbao.wire.device.operators import (
    OperatorAct,
    OperatorAnswer,
    OperatorChange,
    OperatorOutcome,
)

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME: Final = "operators.json"
_LINES_MAX: Final = 400
_REFUSALS_MAX: Final = 5
_PINS: Final = frozenset({OperatorAct.PIN_CHANGED, OperatorAct.PIN_RESET})


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffLine:
    """One change; `told_at_ms` is the platform's time when it took it, None before."""

    number: Annotated[int, Between(1, 2**53 - 1)]
    change: OperatorChange
    told_at_ms: Milliseconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffRefusal:
    """A change that the platform did not take, for people to see."""

    act: OperatorAct
    number: Annotated[str, Length(2, 2)]
    reason: Annotated[str, Length(0, 40)]
    at_ms: Milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffPage:
    """All that is kept; a number is given once."""

    lines: Annotated[tuple[StaffLine, ...], Length(0, _LINES_MAX)]
    refusals: Annotated[tuple[StaffRefusal, ...], Length(0, _REFUSALS_MAX)]
    last_number: Annotated[int, Between(0, 2**53 - 1)]


_EMPTY: Final = StaffPage(lines=(), refusals=(), last_number=0)


class StaffBook:
    """The book of one terminal; written by the core's thread and the platform's line."""

    def __init__(self, folder: Path) -> None:
        """Read what is kept; a damaged file counts as none, because the platform's word is there.

        Raises: KeyStoreError when the file cannot be read.
        """
        self._file = folder / FILE_NAME
        self._lock = threading.Lock()
        self._page = self._read()

    @property
    def changes(self) -> tuple[OperatorChange, ...]:
        """What counts beside the platform's settings, oldest first."""
        return tuple(line.change for line in self._page.lines)

    @property
    def waiting(self) -> tuple[StaffLine, ...]:
        """What the platform has not heard yet, oldest first."""
        return tuple(line for line in self._page.lines if line.told_at_ms is None)

    @property
    def refusals(self) -> tuple[StaffRefusal, ...]:
        """The last changes that the platform did not take."""
        return self._page.refusals

    def keep(self, change: OperatorChange) -> None:
        """Add a change; flushed when this returns. Raises: KeyStoreError."""
        with self._lock:
            lines = _with_room(self._page.lines)
            number = self._page.last_number + 1
            added = StaffLine(number=number, change=change, told_at_ms=None)
            self._write(replace(self._page, lines=(*lines, added), last_number=number))

    def answered(self, number: int, answer: OperatorAnswer) -> None:
        """Note what the platform made of a change. Raises: KeyStoreError."""
        with self._lock:
            found = [line for line in self._page.lines if line.number == number]
            if not found:
                return
            if answer.outcome is OperatorOutcome.KEPT:
                told = replace(found[0], told_at_ms=answer.server_time_ms)
                self._write(replace(self._page, lines=_changed(self._page.lines, told)))
                return
            rest = tuple(line for line in self._page.lines if line.number != number)
            refusals = self._page.refusals
            if answer.outcome is OperatorOutcome.REFUSED:
                refusal = StaffRefusal(
                    act=found[0].change.act,
                    number=found[0].change.number,
                    reason=answer.reason,
                    at_ms=answer.server_time_ms,
                )
                refusals = (*refusals, refusal)[-_REFUSALS_MAX:]
            self._write(replace(self._page, lines=rest, refusals=refusals))

    def settings_came(self, issued_at_ms: int) -> None:
        """Drop what the platform knew when it made the settings that are now in force."""
        with self._lock:
            rest = tuple(
                line
                for line in self._page.lines
                if line.told_at_ms is None or line.told_at_ms >= issued_at_ms
            )
            if rest != self._page.lines:
                self._write(replace(self._page, lines=rest))

    def _write(self, page: StaffPage) -> None:
        write_owner_only(self._file, encode(page))
        self._page = page

    def _read(self) -> StaffPage:
        try:
            return decode(StaffPage, self._file.read_bytes())
        except FileNotFoundError:
            return _EMPTY
        except ProtocolError:
            return _EMPTY
        except OSError as error:
            raise KeyStoreError(f"{self._file}: {error.strerror}") from None


def _changed(lines: tuple[StaffLine, ...], new: StaffLine) -> tuple[StaffLine, ...]:
    return tuple(new if line.number == new.number else line for line in lines)


def _with_room(lines: tuple[StaffLine, ...]) -> tuple[StaffLine, ...]:
    """Make room in a full book: of several PINs of one number only the last ever counts."""
    if len(lines) < _LINES_MAX:
        return lines
    newest = {line.change.number: line.number for line in lines if line.change.act in _PINS}
    kept = [
        line
        for line in lines
        if line.change.act not in _PINS or newest[line.change.number] == line.number
    ]
    return tuple(kept[-(_LINES_MAX - 1) :])
