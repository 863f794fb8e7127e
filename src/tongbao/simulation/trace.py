"""What happened, line by line: hashed always, kept as text only when somebody wants to read it."""

from __future__ import annotations

import hashlib

from tongbao.simulation.agenda import Agenda


class Trace:
    """The chronicle of a run. Two runs of one seed have the same digest or something is random."""

    __slots__ = ("_agenda", "_hash", "_lines", "count")

    def __init__(self, agenda: Agenda, *, keep: bool) -> None:
        self._agenda = agenda
        self._hash = hashlib.sha256()
        self._lines: list[str] | None = [] if keep else None
        self.count = 0

    def note(self, who: str, what: str) -> None:
        """Add a line; it never holds card data, only numbers, codes and masked cards."""
        now_us = self._agenda.now_us
        self.count += 1
        self._hash.update(f"{now_us} {who} {what}\n".encode())
        if self._lines is not None:
            self._lines.append(f"{now_us // 1000 / 1000:>10.3f}  {who:<10} {what}")

    def bytes(self, data: bytes) -> None:
        """Add bytes that passed, to the digest only."""
        self._hash.update(data)

    def digest(self) -> str:
        """Return the digest so far as 64 hex digits."""
        return self._hash.hexdigest()

    def lines(self) -> list[str]:
        """Return the lines that were kept."""
        return list(self._lines or ())
