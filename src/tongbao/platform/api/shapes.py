"""Shapes that every room's endpoints share: bodies, amounts, times, pages.

Bodies derive from `In`: unknown fields are refused, and so is text that no database can keep.
Whole numbers and yes/no of a body are `Whole` and `YesNo`, which take no text for a number.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from django.utils.translation import gettext_lazy as _
from ninja import Path, Schema
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, model_validator

CURRENCIES = {"156": "CNY"}
LIMIT_MAX = 100
CURSOR_LENGTH_MAX = 400

Item = TypeVar("Item")

Whole = Annotated[int, Strict()]
YesNo = Annotated[bool, Strict()]
MerchantNumber = Annotated[str, Path(description="Merchant number, 15 characters", max_length=15)]


def _kept_as_typed(text: str) -> str:
    if not text.strip():
        raise ValueError(_("This must not be empty."))
    return text.strip()


# Text of a person: never empty, no blanks around it.
Words = Annotated[str, AfterValidator(_kept_as_typed)]


_DAY_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_as_day(value: Any) -> Any:
    # Pydantic alone takes "0.0" for a day, too: so many seconds after 1970.
    if isinstance(value, str) and not _DAY_FORM.fullmatch(value):
        raise ValueError(_("Write the day like 2026-01-31."))
    return value


_WHOLE_FORM = re.compile(r"-?[0-9]+")


def _written_as_whole(value: Any) -> Any:
    if isinstance(value, str) and not _WHOLE_FORM.fullmatch(value):
        raise ValueError(_("Write a whole number in digits."))
    return value


# A whole number of an address: digits only, where Pydantic alone takes "1.0" and "1_000", too.
Digits = Annotated[int, BeforeValidator(_written_as_whole)]

# A business date as ISO 8601 writes it, in no other form.
Day = Annotated[date, BeforeValidator(_written_as_day)]


class Out(Schema):
    """Base of what is answered."""


class In(Schema):
    """Base of what is taken: knows its fields and refuses all others."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def refuse_unstorable_text(cls, values: Any) -> Any:
        """Refuse control characters and half characters anywhere in the body.

        Raises ValueError.
        """
        _refuse_unstorable(values)
        return values


def _refuse_unstorable(value: Any) -> None:
    if isinstance(value, str):
        if not storable(value):
            raise ValueError(_("This holds characters that cannot be kept."))
    elif isinstance(value, dict):
        for name, part in value.items():
            _refuse_unstorable(name)
            _refuse_unstorable(part)
    elif isinstance(value, list):
        for part in value:
            _refuse_unstorable(part)


def storable(text: str) -> bool:
    """Return whether every database can keep this text: no control and no half characters."""
    return not any(
        (character < " " and character not in "\n\t") or "\ud800" <= character <= "\udfff"
        for character in text
    )


class Amount(Out):
    """An amount of money in the smallest unit of its currency (fen)."""

    amount_minor: int = Field(examples=[12345])
    currency: str = Field(examples=["CNY"])


def amount_of(amount_minor: int, currency: str) -> Amount:
    """Return an amount as the API writes it; the books keep the currency's number."""
    return Amount(amount_minor=amount_minor, currency=CURRENCIES.get(currency, currency))


def moment(at_us: int) -> datetime:
    """Return microseconds since 1970 as a time in UTC, which the API writes as ISO 8601."""
    return datetime.fromtimestamp(at_us // 1_000_000, tz=UTC).replace(microsecond=at_us % 1_000_000)


def moment_or_none(at_us: int | None) -> datetime | None:
    """Return the time, or None when there is none (None or 0)."""
    return moment(at_us) if at_us else None


class PageQuery(Schema):
    """How a list is asked for: where the last page ended, and how many at most."""

    cursor: str | None = Field(None, max_length=CURSOR_LENGTH_MAX)
    limit: Digits = Field(50, ge=1, le=LIMIT_MAX)


class Page(Out, Generic[Item]):
    """A page of a list; `next_cursor` is null at its end."""

    items: list[Item]
    next_cursor: str | None


class ProblemField(Out):
    """One refused value."""

    field: str
    code: str
    words: str


class ProblemOut(Out):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fields: list[ProblemField]
