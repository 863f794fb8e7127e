"""In which shop a payment was made: where its terminal stood at that moment, not where it is now.

A terminal's installations say since when it has stood where; each counts until the next one begins,
the first one also before. A terminal without any is in the shop that its record names.
"""

from __future__ import annotations

from functools import reduce
from itertools import groupby, pairwise
from operator import or_
from typing import TYPE_CHECKING

from django.db.models import Q

from tongbao.platform.fleet.models import Installation, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOTHING = Q(pk__in=())


def made_in(merchant_id: str, shop_id: str) -> Q:
    """Return a condition on payments of a merchant: made in this shop."""
    here = Terminal.objects.filter(merchant_id=merchant_id, shop_id=shop_id)
    standing = set(here.values_list("pk", flat=True))
    once = Installation.objects.filter(merchant_id=merchant_id, shop_id=shop_id)
    rows = (
        Installation.objects.filter(
            merchant_id=merchant_id,
            terminal_id__in=standing | set(once.values_list("terminal_id", flat=True)),
        )
        .order_by("terminal_id", "from_us", "installation_id")
        .values_list("terminal_id", "shop_id", "from_us")
    )
    parts = []
    for terminal_id, places in groupby(rows, key=lambda row: row[0]):
        standing.discard(terminal_id)
        stays = [(str(shop), from_us) for _terminal, shop, from_us in places]
        if {shop for shop, _from_us in stays} == {shop_id}:
            standing.add(terminal_id)
        else:
            parts += list(_spans(terminal_id, shop_id, stays))
    if standing:
        parts.append(Q(terminal_id__in=sorted(standing)))
    return reduce(or_, parts) if parts else _NOTHING


def _spans(terminal_id: str, shop_id: str, stays: list[tuple[str, int]]) -> Iterator[Q]:
    """Yield the times of one terminal in a shop; `stays` are its places, oldest first."""
    moves = [stay for n, stay in enumerate(stays) if n == 0 or stay[0] != stays[n - 1][0]]
    for n, (stay, following) in enumerate(pairwise([*moves, None])):
        if stay is None or stay[0] != shop_id:
            continue
        span = Q(terminal_id=terminal_id)
        if n > 0:
            span &= Q(received_at_us__gte=stay[1])
        if following is not None:
            span &= Q(received_at_us__lt=following[1])
        yield span
