"""Holds what was done to a payment against the payment: refunds, voids, completions, holds. Pure.

Only what a book calls approved counts. An original that the till did not know is left out in its
journal; host and issuer must know it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.app.demo.comparison import BookStatus
from tongbao.app.soak.rules import Rule, Violation
from tongbao.wire.unionpay.profile import HostProfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tongbao.app.demo.comparison import BookLine, PaymentKey
    from tongbao.domain.money import Money

_HOLD: Final = "pre_authorisation"
_REFUND: Final = "refund"
_VOIDS: Final = frozenset({"void", "pre_authorisation_void", "completion_void"})
_COMPLETIONS: Final = frozenset({"completion", "completion_advice"})
_HOLD_ENDS: Final = _COMPLETIONS | {"pre_authorisation_void"}
_NEEDS_ORIGINAL: Final = _VOIDS | _COMPLETIONS | {_REFUND}
_TERMINAL: Final = "terminal"


@dataclass(slots=True)
class _Family:
    """A payment or a hold and all that was done to it."""

    head: BookLine
    members: list[BookLine] = field(default_factory=list)

    def of(self, kinds: frozenset[str]) -> list[BookLine]:
        return [line for line in self.members if line.kind in kinds]

    @property
    def is_open_hold(self) -> bool:
        """Whether the money must still be held."""
        return self.head.kind == _HOLD and not self.of(_VOIDS | _COMPLETIONS)


def check_families(name: str, book: Iterable[BookLine]) -> Iterable[Violation]:
    """Find what was given back above what was paid, and a hold that ended twice, in one book."""
    families, orphans = _families(book)
    for line in orphans:
        if line.original is not None or name != _TERMINAL:
            rule = Rule.HOLD_ENDS_ONCE if line.kind in _HOLD_ENDS else Rule.NO_OVER_REFUND
            text = f"{name}: a {line.kind} of what was not approved"
            yield Violation(rule, text, line.key)
    for family in families.values():
        if family.head.kind == _HOLD:
            yield from _hold(name, family)
        else:
            yield from _paid(name, family)


def check_holds(
    journals: Iterable[BookLine], holds: Mapping[PaymentKey, Money]
) -> Iterable[Violation]:
    """Hold what the issuer holds against the pre-authorisations that the tills left open."""
    families, _ = _families(journals)
    owed = {key: family.head.amount for key, family in families.items() if family.is_open_hold}
    for key in sorted(owed.keys() | holds.keys()):
        if owed.get(key) != holds.get(key):
            held = holds[key].text() if key in holds else "nothing"
            wanted = owed[key].text() if key in owed else "nothing"
            text = f"the issuer holds {held}, the till left {wanted}"
            yield Violation(Rule.HOLD_ENDS_ONCE, text, key)


def _families(book: Iterable[BookLine]) -> tuple[dict[PaymentKey, _Family], list[BookLine]]:
    approved = [line for line in book if line.status is BookStatus.APPROVED]
    families = {line.key: _Family(line) for line in approved}
    orphans = []
    for line in approved:
        if line.kind not in _NEEDS_ORIGINAL:
            continue
        if line.original is None or line.original not in families:
            orphans.append(line)
        else:
            families[line.original].members.append(line)
    return families, orphans


def _paid(name: str, family: _Family) -> Iterable[Violation]:
    head, voids, refunds = family.head, family.of(_VOIDS), family.of(frozenset({_REFUND}))
    back = sum(line.amount.minor for line in (*voids, *refunds))
    if back > head.amount.minor:
        text = f"{name}: {back} fen given back of {head.amount.minor}"
        yield Violation(Rule.NO_OVER_REFUND, text, head.key)
    elif voids and len(voids) + len(refunds) > 1:
        text = f"{name}: voided and given back again"
        yield Violation(Rule.NO_OVER_REFUND, text, head.key)
    if any(line.amount != head.amount for line in voids):
        yield Violation(Rule.SAME_AMOUNT, f"{name}: a void of another amount", head.key)


def _hold(name: str, family: _Family) -> Iterable[Violation]:
    head, completions = family.head, family.of(_COMPLETIONS)
    ends = family.of(_HOLD_ENDS)
    if len(ends) > 1:
        kinds = " and ".join(line.kind for line in ends)
        yield Violation(Rule.HOLD_ENDS_ONCE, f"{name}: ended by {kinds}", head.key)
    percent_max = HostProfile().completion_percent_max
    if any(line.amount.minor * 100 > head.amount.minor * percent_max for line in completions):
        text = f"{name}: completed above {percent_max} percent"
        yield Violation(Rule.HOLD_ENDS_ONCE, text, head.key)
