"""The kinds of fault, how often a seed lets each happen, and what has happened so far.

Swarm: each kind is on in about half of the seeds, with a rate drawn per seed, so that some worlds
are nearly healthy and some have one thing wrong all the time. A rate is the chance at each
opportunity, which is named beside the kind.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final

from tongbao.simulation.agenda import dice


class Fault(StrEnum):
    """What can go wrong; the value is its name on the command line."""

    REQUEST_LOST = "request_lost"
    RESPONSE_LOST = "response_lost"
    DELAY = "delay"
    DUPLICATE = "duplicate"
    REPLAY = "replay"
    REORDER = "reorder"
    TRUNCATE = "truncate"
    JOINED = "joined"
    BYTEWISE = "bytewise"
    CORRUPT = "corrupt"
    FORGED = "forged"
    UNSIGNED = "unsigned"
    CUT = "cut"
    FREEZE = "freeze"
    PARTITION = "partition"
    POWER_CUT = "power_cut"
    HOST_CRASH = "host_crash"
    ISSUER_CRASH = "issuer_crash"
    FLUSH_FAILED = "flush_failed"
    DISK_FULL = "disk_full"
    TORN_WRITE = "torn_write"
    CLOCK_JUMP = "clock_jump"
    ISSUER_LATE = "issuer_late"
    ISSUER_SILENT = "issuer_silent"
    ISSUER_WRONG_MAC = "issuer_wrong_mac"
    ISSUER_DUPLICATE = "issuer_duplicate"
    ISSUER_ODD_CODE = "issuer_odd_code"
    KEYS_EXPIRED = "keys_expired"
    DEACTIVATED = "deactivated"
    DOUBLE_TAP = "double_tap"
    CANCEL_LATE = "cancel_late"
    SWITCHED_OFF = "switched_off"
    WALKED_AWAY = "walked_away"
    WRONG_PIN = "wrong_pin"
    PAPER_JAM = "paper_jam"
    UNBALANCED = "unbalanced"


class Occasion(Enum):
    """When a kind of fault gets its chance."""

    FRAME = "each frame on the wire"
    TEN_SECONDS = "every ten seconds, for each line or machine"
    BOUNDARY = "each boundary between two effects of a terminal"
    POINT = "each named point of a group: received, before and after writing, flushing, sending"
    FLUSH = "each flush of a disk"
    CRASH = "each crash with something not flushed"
    ANSWER = "each answer of the issuer"
    TAP = "each tap of a person"
    SALE = "each sale"
    SLIP = "each slip"
    TOTALS = "each answer to the totals of a batch"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the list of faults: the chance, its upper bound and how often at most a seed."""

    occasion: Occasion
    rate_max: float
    most: int
    words: str


_MANY: Final = 1_000_000

KINDS: Final[dict[Fault, Kind]] = {
    Fault.REQUEST_LOST: Kind(Occasion.FRAME, 0.30, _MANY, "a request vanishes on the way"),
    Fault.RESPONSE_LOST: Kind(Occasion.FRAME, 0.30, _MANY, "a response vanishes on the way"),
    Fault.DELAY: Kind(Occasion.FRAME, 0.08, _MANY, "a frame takes 30 to 120 s"),
    Fault.DUPLICATE: Kind(Occasion.FRAME, 0.20, _MANY, "a frame arrives twice within 3 s"),
    Fault.REPLAY: Kind(Occasion.FRAME, 0.10, _MANY, "a frame comes again 5 to 300 s later"),
    Fault.REORDER: Kind(Occasion.FRAME, 0.30, _MANY, "a frame is overtaken, up to 5 s"),
    Fault.TRUNCATE: Kind(Occasion.FRAME, 0.05, _MANY, "a frame breaks off and the line is reset"),
    Fault.JOINED: Kind(Occasion.FRAME, 0.05, _MANY, "a frame waits and comes with the next"),
    Fault.BYTEWISE: Kind(Occasion.FRAME, 0.05, _MANY, "a frame comes one byte at a time"),
    Fault.CORRUPT: Kind(
        Occasion.FRAME, 0.02, _MANY, "bits flip or a byte is gone; half of them come whole, too"
    ),
    Fault.CUT: Kind(Occasion.TEN_SECONDS, 0.10, _MANY, "a line is reset"),
    Fault.FREEZE: Kind(Occasion.TEN_SECONDS, 0.05, _MANY, "a line carries nothing for 1 to 120 s"),
    Fault.PARTITION: Kind(
        Occasion.TEN_SECONDS, 0.05, 3, "host and issuer do not reach each other for 5 to 300 s"
    ),
    Fault.POWER_CUT: Kind(Occasion.BOUNDARY, 0.03, 6, "a terminal loses its power"),
    Fault.HOST_CRASH: Kind(Occasion.POINT, 0.02, 3, "the host's process dies"),
    Fault.ISSUER_CRASH: Kind(Occasion.POINT, 0.02, 3, "the issuer's process dies"),
    Fault.FLUSH_FAILED: Kind(Occasion.FLUSH, 0.02, 2, "a flush fails and its pages are gone"),
    Fault.DISK_FULL: Kind(Occasion.TEN_SECONDS, 0.02, 2, "a disk is full for 5 to 90 s"),
    Fault.TORN_WRITE: Kind(Occasion.CRASH, 1.0, _MANY, "what was not flushed is lost in a crash"),
    Fault.CLOCK_JUMP: Kind(Occasion.TEN_SECONDS, 0.03, 3, "a clock jumps 1 s to 1 day, or to 1970"),
    Fault.ISSUER_LATE: Kind(Occasion.ANSWER, 0.20, _MANY, "the issuer answers 5 to 100 s late"),
    Fault.ISSUER_SILENT: Kind(Occasion.ANSWER, 0.20, _MANY, "the issuer books and says nothing"),
    Fault.ISSUER_WRONG_MAC: Kind(
        Occasion.ANSWER, 0.10, _MANY, "an answer with a wrong MAC, half of them say the opposite"
    ),
    Fault.FORGED: Kind(
        Occasion.FRAME, 0.05, _MANY, "an answer to a terminal says the opposite, its MAC as it was"
    ),
    Fault.UNSIGNED: Kind(
        Occasion.FRAME, 0.05, _MANY, "an answer to a terminal becomes a decline without a MAC"
    ),
    Fault.ISSUER_DUPLICATE: Kind(Occasion.ANSWER, 0.20, _MANY, "the issuer answers twice"),
    Fault.ISSUER_ODD_CODE: Kind(Occasion.ANSWER, 0.05, _MANY, "the issuer answers an odd code"),
    Fault.KEYS_EXPIRED: Kind(
        Occasion.TEN_SECONDS, 0.05, _MANY, "a terminal's session is replaced behind its back"
    ),
    Fault.DEACTIVATED: Kind(
        Occasion.TEN_SECONDS, 0.05, _MANY, "a terminal is switched off in the register for a while"
    ),
    Fault.DOUBLE_TAP: Kind(Occasion.TAP, 0.10, _MANY, "a person taps twice"),
    Fault.CANCEL_LATE: Kind(Occasion.TAP, 0.10, _MANY, "a person cancels or switches off late"),
    Fault.SWITCHED_OFF: Kind(Occasion.TAP, 0.03, _MANY, "a person uses the power switch"),
    Fault.WALKED_AWAY: Kind(Occasion.SALE, 0.10, _MANY, "nobody is there for 5 to 90 s"),
    Fault.WRONG_PIN: Kind(Occasion.SALE, 0.10, _MANY, "a cardholder mistypes the PIN"),
    Fault.PAPER_JAM: Kind(Occasion.SLIP, 0.10, _MANY, "a slip does not come out"),
    Fault.UNBALANCED: Kind(
        Occasion.TOTALS, 1.0, _MANY, "the answer to the totals calls a balanced side unbalanced"
    ),
}


@dataclass(frozen=True, slots=True, order=True)
class Firing:
    """One fault that happened: its kind by name and its number among those of the kind."""

    fault: str
    number: int

    def __str__(self) -> str:
        return f"{self.fault}:{self.number}"


def draw_rates(seed: int) -> dict[Fault, float]:
    """Return the rates of a seed: about half of the kinds, each up to its bound."""
    chance = dice(seed, "rates")
    rates: dict[Fault, float] = {}
    for fault, kind in KINDS.items():
        is_on, share = chance.random() < 0.5, chance.random()
        if is_on:
            rates[fault] = round(kind.rate_max * (0.1 + 0.9 * share), 4)
    return rates


class Faults:
    """Decides at each opportunity whether the fault happens.

    With `only` given, nothing happens but these firings: how a failure is made smaller. The chance
    of a kind does not depend on any other kind, and what a firing does only on its number.
    """

    __slots__ = (
        "_chances",
        "_counts",
        "_gaps",
        "_only",
        "_rates",
        "_seed",
        "active",
        "fired",
        "firings",
    )

    def __init__(
        self, seed: int, rates: Mapping[Fault, float], only: frozenset[Firing] | None = None
    ) -> None:
        self._seed = seed
        self._rates = dict(rates)
        self._only = only
        self._chances = {fault: dice(seed, fault.value) for fault in self._rates}
        self._counts: Counter[Fault] = Counter()
        # How many opportunities each kind still lets pass.
        self._gaps = {fault: self._gap(fault) for fault, rate in self._rates.items() if rate}
        self.active = True
        self.fired: Counter[str] = Counter()
        self.firings: list[Firing] = []

    def fires(self, fault: Fault) -> random.Random | None:
        """Return the chance that shapes the fault when it happens now, else None."""
        gap = self._gaps.get(fault)
        if gap is None or not self.active:
            return None
        if gap:
            self._gaps[fault] = gap - 1
            return None
        self._gaps[fault] = self._gap(fault)
        if self._counts[fault] >= KINDS[fault].most:
            return None
        self._counts[fault] += 1
        firing = Firing(fault.value, self._counts[fault])
        if self._only is not None and firing not in self._only:
            return None
        self.fired[fault.value] += 1
        self.firings.append(firing)
        return dice(self._seed, firing)

    def _gap(self, fault: Fault) -> int:
        """Draw how many opportunities pass before the next one is taken."""
        rate = self._rates[fault]
        if rate >= 1:
            return 0
        return int(math.log(1.0 - self._chances[fault].random()) / math.log(1.0 - rate))
