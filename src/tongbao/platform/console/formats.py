"""How amounts, times and cards are written on the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.domain.money import Currency, Money

if TYPE_CHECKING:
    from datetime import date

_SYMBOLS = {Currency.CNY: "¥"}


def amount_text(minor: int, currency_number: str = Currency.CNY.number) -> str:
    """Return an amount for people, "¥1,234.56"; an unknown currency shows its number."""
    try:
        currency = Currency.from_number(currency_number)
    except ValueError:
        return f"{currency_number} {minor:,}"
    sign = "-" if minor < 0 else ""
    whole, point, fraction = Money(abs(minor), currency).text().partition(".")
    symbol = _SYMBOLS.get(currency, f"{currency.code} ")
    return f"{sign}{symbol}{int(whole):,}{point}{fraction}"


def local_time(at_us: int) -> datetime:
    """Return the instant in China's time."""
    return Instant(at_us).local(CHINA_TIME)


def instant_text(at_us: int) -> str:
    """Return "2026-11-21 10:00:00" in China's time."""
    return local_time(at_us).strftime("%Y-%m-%d %H:%M:%S")


def clock_text(at_us: int) -> str:
    """Return the time of day to the millisecond, "10:00:00.123", in China's time."""
    return local_time(at_us).isoformat(timespec="milliseconds")[11:23]


def start_of_day_us(day: date) -> int:
    """Return the first microsecond of a day in China."""
    return Instant.from_datetime(datetime(day.year, day.month, day.day, tzinfo=CHINA_TIME)).us


def short_card(masked: str) -> str:
    """Return a masked card number without its row of stars, "620000…0128"."""
    first, stars, _ = masked.partition("*")
    return f"{first}…{masked.rpartition('*')[2]}" if stars else masked


def short_instant_text(at_us: int) -> str:
    """Return "11-21 10:00:00" in China's time."""
    return instant_text(at_us)[5:]


def elapsed_text(us: int) -> str:
    """Return how long after the first step something happened: "+0.120 s", "+3:02", "+1 d"."""
    if us < 60_000_000:
        return f"+{us // 1_000_000}.{us // 1000 % 1000:03} s"
    elapsed = timedelta(microseconds=us)
    hours, rest = divmod(elapsed.seconds, 3600)
    clock = f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
    return f"+{elapsed.days} d {clock}" if elapsed.days else f"+{clock}"
