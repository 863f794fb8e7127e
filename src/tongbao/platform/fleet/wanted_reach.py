"""Whom a change of settings reaches: the terminals on which another value would be in force.

A terminal is not reached where a nearer level sets the same leaf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Max, Q

from tongbao.platform.fleet.models import Terminal, WantedSettings
from tongbao.platform.fleet.wanted import Target, effective_at, effective_without
from tongbao.platform.fleet.wanted_rules import POLICY_OF_CATEGORY, Level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

SHOWN_MAX: Final = 20
_NEARER: Final[Mapping[Level, tuple[Level, ...]]] = {
    Level.ACQUIRER: (Level.MERCHANT, Level.SHOP, Level.TERMINAL),
    Level.MERCHANT: (Level.SHOP, Level.TERMINAL),
    Level.SHOP: (Level.TERMINAL,),
    Level.TERMINAL: (),
}
_COLUMN: Final = {
    Level.MERCHANT: "merchant_id",
    Level.SHOP: "shop_id",
    Level.TERMINAL: "terminal_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many terminals of how many merchants change, the first of them, and per leaf."""

    terminals: int
    merchants: int
    first: tuple[Terminal, ...]
    of_leaf: Mapping[str, int]


def reach(target: Target, changes: Mapping[str, Any]) -> Reach:
    """Return whom changes of one level reach; None leaves a leaf to the level above.

    Raises as `wanted.effective_at` does.
    """
    now, above = effective_at(target).values, effective_without(target).values
    anybody = Q(pk__in=())
    of_leaf = {}
    for path, value in changes.items():
        after = above[path] if value is None else value
        reached = _reached(target, path) if after != now[path] else None
        of_leaf[path] = 0 if reached is None else _below(target).filter(reached).count()
        if reached is not None:
            anybody |= reached
    terminals = _below(target).filter(anybody)
    return Reach(
        terminals=terminals.count(),
        merchants=terminals.values("merchant_id").distinct().count(),
        first=tuple(
            terminals.select_related("merchant", "shop").order_by("terminal_id")[:SHOWN_MAX]
        ),
        of_leaf=of_leaf,
    )


def _below(target: Target) -> QuerySet[Terminal]:
    rows = Terminal.objects.all()
    if target.scope is Level.ACQUIRER:
        return rows
    return rows.filter(**{_COLUMN[target.scope]: target.key})


def _reached(target: Target, path: str) -> Q:
    """Return which terminals below a level take a leaf from it."""
    reached = Q(pk__isnull=False)
    if target.scope is Level.ACQUIRER and path == "sign_in_policy":
        reached &= ~Q(merchant__mcc__in=list(POLICY_OF_CATEGORY))
    for level in _NEARER[target.scope]:
        setters = _setters(level, path)
        if setters:
            column = _COLUMN[level]
            # A terminal may have no shop; what is not there sets nothing.
            reached &= ~Q(**{f"{column}__in": setters}) | Q(**{f"{column}__isnull": True})
    return reached


def _setters(level: Level, path: str) -> list[str]:
    """Return the keys of a level that set a leaf themselves."""
    rows = WantedSettings.objects.filter(scope=level.value)
    newest = rows.values("key").annotate(newest=Max("settings_id")).values("newest")
    found = rows.filter(settings_id__in=newest).values_list("key", "document")
    return [key for key, document in found if path in document]
