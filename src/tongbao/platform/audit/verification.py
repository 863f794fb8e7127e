"""Reads the whole audit log and says where it was tampered with, first break first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS

from tongbao.platform.audit.chain import COVERED, ZERO_HASH, entry_hash
from tongbao.platform.audit.models import AuditEntry, DailySeal
from tongbao.platform.audit.seals import AuditKey, SealedState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

READ_AT_ONCE = 2_000


class Fault(StrEnum):
    """What is wrong at the first broken place."""

    MISSING = "missing"
    CHANGED = "changed"
    OUT_OF_PLACE = "out_of_place"
    CUT_OFF = "cut_off"
    REWRITTEN = "rewritten"
    SEAL_MISSING = "seal_missing"
    SEAL_FORGED = "seal_forged"
    SEAL_UNLIKE_KEPT = "seal_unlike_kept"


FAULT_WORDS = {
    Fault.MISSING: "is missing",
    Fault.CHANGED: "was changed: its content does not give its hash",
    Fault.OUT_OF_PLACE: "does not follow the entry before it (moved, swapped or inserted)",
    Fault.CUT_OFF: "is missing: the log ends before an entry that a seal covers",
    Fault.REWRITTEN: "is not the one that was sealed: the log was written anew",
    Fault.SEAL_MISSING: "is missing",
    Fault.SEAL_FORGED: "was not signed with this key",
    Fault.SEAL_UNLIKE_KEPT: "is not the one that was kept outside",
}


@dataclass(frozen=True, slots=True)
class Break:
    """The first broken place: an entry's number, or a seal's."""

    fault: Fault
    number: int
    is_seal: bool = False

    def __str__(self) -> str:
        return f"{'seal' if self.is_seal else 'entry'} {self.number} {FAULT_WORDS[self.fault]}"


@dataclass(frozen=True, slots=True)
class Report:
    """How many entries and seals were read, and the first break if there is one."""

    entries: int
    seals: int
    sealed_up_to: int
    broken: Break | None


def seal_line(seal: DailySeal) -> str:
    """Return one seal as the line that is kept outside the database."""
    state = asdict(_state(seal))
    return json.dumps({**state, "key": seal.key_name, "signature": seal.signature})


def verify(
    key: AuditKey, kept_seals: Iterable[str] = (), *, using: str = DEFAULT_DB_ALIAS
) -> Report:
    """Check every entry, every link and every seal.

    `kept_seals`: lines of `seal_line` that were kept elsewhere; with them even a log whose newest
    seals were removed along with the entries is found out. Raises ValueError for a malformed line.
    """
    seals = list(DailySeal.objects.using(using).order_by("seal_id"))
    broken = _check_seals(key, seals) or _check_kept(seals, kept_seals)
    count, in_chain = _check_entries(seals, using)
    sealed_up_to = max((seal.last_entry_id for seal in seals), default=0)
    return Report(count, len(seals), sealed_up_to, in_chain or broken)


def _check_entries(seals: list[DailySeal], using: str) -> tuple[int, Break | None]:
    roots = {seal.last_entry_id: seal.root for seal in seals}
    last_id, last_hash = 0, ZERO_HASH
    for entry in _entries(using):
        number = entry["entry_id"]
        if number != last_id + 1:
            fault = Fault.MISSING if number > last_id + 1 else Fault.OUT_OF_PLACE
            return last_id, Break(fault, last_id + 1)
        if entry["entry_hash"] != entry_hash(entry["previous_hash"], entry):
            return last_id, Break(Fault.CHANGED, number)
        if entry["previous_hash"] != last_hash:
            return last_id, Break(Fault.OUT_OF_PLACE, number)
        last_id, last_hash = number, entry["entry_hash"]
        if roots.get(number, last_hash) != last_hash:
            return last_id, Break(Fault.REWRITTEN, number)
    if max(roots, default=0) > last_id:
        return last_id, Break(Fault.CUT_OFF, last_id + 1)
    return last_id, None


def _entries(using: str) -> Iterator[dict[str, Any]]:
    rows = AuditEntry.objects.using(using).order_by("entry_id")
    yield from rows.values(*COVERED, "previous_hash", "entry_hash").iterator(READ_AT_ONCE)


def _check_seals(key: AuditKey, seals: list[DailySeal]) -> Break | None:
    for number, seal in enumerate(seals, start=1):
        if seal.seal_id != number:
            return Break(Fault.SEAL_MISSING, number, is_seal=True)
        if not key.is_ours(_state(seal), seal.signature):
            return Break(Fault.SEAL_FORGED, number, is_seal=True)
    return None


def _check_kept(seals: list[DailySeal], kept_seals: Iterable[str]) -> Break | None:
    stored = {seal.seal_id: json.loads(seal_line(seal)) for seal in seals}
    for line in filter(str.strip, kept_seals):
        kept = json.loads(line)
        if not isinstance(kept, dict) or type(kept.get("seal_id")) is not int:
            raise ValueError("a kept seal is one JSON object a line, as `verify audit` prints it")
        number = kept["seal_id"]
        if number not in stored:
            return Break(Fault.SEAL_MISSING, number, is_seal=True)
        if stored[number] != kept:
            return Break(Fault.SEAL_UNLIKE_KEPT, number, is_seal=True)
    return None


def _state(seal: DailySeal) -> SealedState:
    return SealedState(
        seal_id=seal.seal_id,
        day=seal.day,
        last_entry_id=seal.last_entry_id,
        root=seal.root,
        sealed_at_us=seal.sealed_at_us,
    )
