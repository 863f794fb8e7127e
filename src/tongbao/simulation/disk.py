"""A disk with a write buffer: what is written is seen at once, what is flushed survives.

A transaction is whole or not there, as SQLite's are. The log is a sequence: when one transaction
of it is lost, nothing behind it can be read again, even if a later flush said that it was kept.
A failed flush loses what it should have kept, and the next flush does not bring it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from tongbao.simulation.agenda import Agenda
from tongbao.simulation.faults import Fault, Faults

Row = TypeVar("Row")


class DiskError(Exception):
    """The disk is full, or a flush failed; the text says which."""


@dataclass(slots=True)
class Transaction(Generic[Row]):
    """Rows that were written together, and whether their pages are gone."""

    rows: tuple[Row, ...]
    is_lost: bool = False


class Disk(Generic[Row]):
    """One machine's log of transactions; it outlives the machine's processes."""

    __slots__ = ("_agenda", "_faults", "durable", "full_until_us", "owner", "transactions")

    def __init__(self, owner: str, agenda: Agenda, faults: Faults) -> None:
        self.owner = owner
        self._agenda = agenda
        self._faults = faults
        self.transactions: list[Transaction[Row]] = []
        self.durable = 0
        self.full_until_us = 0

    def write(self, rows: tuple[Row, ...]) -> int:
        """Put a transaction into the buffer and return its number; DiskError when full."""
        if self._agenda.now_us < self.full_until_us:
            raise DiskError("the disk is full")
        self.transactions.append(Transaction(rows))
        return len(self.transactions) - 1

    def flush(self) -> None:
        """Make everything written durable; DiskError when that fails."""
        if self._faults.fires(Fault.FLUSH_FAILED):
            for transaction in self.transactions[self.durable :]:
                transaction.is_lost = True
            raise DiskError("the flush failed")
        while self.durable < len(self.transactions):
            if self.transactions[self.durable].is_lost:
                return
            self.durable += 1

    def is_durable(self, number: int) -> bool:
        """Say whether a transaction would survive a power cut now."""
        return number < self.durable

    def crash(self) -> None:
        """Lose what was not flushed, or some of it: the disk may have been quicker than asked."""
        kept = self.durable
        while kept < len(self.transactions):
            if self.transactions[kept].is_lost or self._faults.fires(Fault.TORN_WRITE):
                break
            kept += 1
        del self.transactions[kept:]
        # What a new start reads from the log is on the medium.
        self.durable = kept

    def rows(self) -> list[Row]:
        """Return what a new start finds, oldest first."""
        return [row for transaction in self.transactions for row in transaction.rows]
