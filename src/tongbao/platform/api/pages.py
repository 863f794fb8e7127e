"""Pages of a list by keyset: the cursor names the last row, so no page costs more than the first.

A cursor is sealed and bound to its list and its filters: nobody reads or makes one but we.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tongbao.platform.api.problems import invalid
from tongbao.platform.api.shapes import PageQuery
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet


def page_of(
    rows: QuerySet[Any], query: PageQuery, *, order: Sequence[str], name: str
) -> tuple[list[Any], str | None]:
    """Return one page of rows and the cursor of the next, None at the end.

    `order` names columns as Django's `order_by` does; the last must be unique. `name` tells this
    list from every other (with the merchant and the filters in it); a cursor of another list is
    refused. Raises Problem for a cursor that is not ours.
    """
    if query.cursor is not None:
        rows = rows.filter(_after(order, read_cursor(query.cursor, name, len(order))))
    found = list(rows.order_by(*order)[: query.limit + 1])
    if len(found) <= query.limit:
        return found, None
    last = found[query.limit - 1]
    values = [getattr(last, column.lstrip("-")) for column in order]
    return found[: query.limit], cursor_of(values, name)


def cursor_of(values: Sequence[int | str | date], name: str) -> str:
    """Return the cursor behind a row with these sort values."""
    plain = [value.isoformat() if isinstance(value, date) else value for value in values]
    sealed = data_key().seal(json.dumps(plain).encode(), f"cursor {name}")
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read_cursor(cursor: str, name: str, count: int) -> list[Any]:
    """Return the sort values in a cursor; raises Problem when it is not one of this list's."""
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
        values = json.loads(data_key().open(sealed, f"cursor {name}"))
    except (binascii.Error, ValueError):  # SealError is a ValueError, too
        values = []
    if len(values) != count:
        raise invalid(
            "cursor", _("This is not a cursor of this list; begin again without it."), "cursor"
        )
    return list(values)


def _after(order: Sequence[str], values: Sequence[Any]) -> Q:
    """Return the condition of all rows behind the one with these sort values."""
    behind, equal = Q(), Q()
    for column, value in zip(order, values, strict=True):
        name = column.lstrip("-")
        step = "lt" if column.startswith("-") else "gt"
        behind |= equal & Q(**{f"{name}__{step}": value})
        equal &= Q(**{name: value})
    if len(order) == 1:
        return behind
    # Says nothing new, but lets an index begin where the last page ended.
    first = order[0].lstrip("-")
    step = "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{step}": values[0]}) & behind
