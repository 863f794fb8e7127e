"""Points in time and business days. Nothing here reads a clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final

CHINA_TIME: Final = timezone(timedelta(hours=8), "+08:00")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class Instant:
    """A point in time: whole microseconds of UTC since 1970-01-01T00:00:00Z."""

    us: int

    def __post_init__(self) -> None:
        if type(self.us) is not int:
            raise TypeError("an instant is a whole number of microseconds")

    def plus_us(self, us: int) -> Instant:
        """Return the instant `us` microseconds later (earlier when negative)."""
        return Instant(self.us + us)

    def plus_ms(self, ms: int) -> Instant:
        """Return the instant `ms` milliseconds later (earlier when negative)."""
        return Instant(self.us + ms * 1000)

    def us_since(self, earlier: Instant) -> int:
        """Return the microseconds from `earlier` to this instant."""
        return self.us - earlier.us

    def local(self, zone: tzinfo = CHINA_TIME) -> datetime:
        """Return the aware date and time a clock in that zone shows."""
        return (_EPOCH + timedelta(microseconds=self.us)).astimezone(zone)

    @classmethod
    def from_datetime(cls, moment: datetime) -> Instant:
        """Convert an aware datetime exactly; ValueError for a naive one."""
        if moment.tzinfo is None:
            raise ValueError("a date and time needs its zone")
        return cls((moment - _EPOCH) // _MICROSECOND)


@dataclass(frozen=True, slots=True, order=True)
class BusinessDate:
    """The day a payment is booked on; set by cut-over, not by midnight."""

    value: date

    def __post_init__(self) -> None:
        if type(self.value) is not date:
            raise TypeError("a business date is a date without a time")

    @classmethod
    def parse(cls, text: str) -> BusinessDate:
        """Read "2026-11-21" or "20261121"; ValueError for anything else."""
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}", text) is None:
            raise ValueError("a business date is written YYYY-MM-DD or YYYYMMDD")
        digits = text.replace("-", "")
        return cls(date(int(digits[:4]), int(digits[4:6]), int(digits[6:])))

    @classmethod
    def nearest(cls, mmdd: str, near: BusinessDate) -> BusinessDate:
        """Complete a date without a year (fields 13 and 15) to the one closest to `near`.

        ValueError when the four digits are no date in any of the three years around `near`.
        """
        if re.fullmatch(r"[0-9]{4}", mmdd) is None:
            raise ValueError("month and day are four digits")
        candidates = []
        for year in (near.value.year, near.value.year - 1, near.value.year + 1):
            try:
                candidates.append(date(year, int(mmdd[:2]), int(mmdd[2:])))
            except ValueError:
                continue
        if not candidates:
            raise ValueError("month and day are not in the calendar")
        return cls(min(candidates, key=lambda candidate: abs(candidate - near.value)))

    @property
    def mmdd(self) -> str:
        """Month and day as they travel in fields 13 and 15."""
        return f"{self.value.month:02d}{self.value.day:02d}"

    def text(self) -> str:
        """Return "YYYY-MM-DD"."""
        return self.value.isoformat()

    def plus_days(self, days: int) -> BusinessDate:
        """Return the date `days` later (earlier when negative)."""
        return BusinessDate(self.value + timedelta(days=days))

    def __str__(self) -> str:
        return self.text()
