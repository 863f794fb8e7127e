"""The totals of a batch as terminal and host compare them at settlement.

Spec: UnionPay terminal dialect, 3.9 and 2.1 (field 48).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.kinds import RULES, CountsAs

if TYPE_CHECKING:
    from tongbao.terminal.core.items import BatchItem
    from tongbao.wire.unionpay.profile import HostProfile

_DOMESTIC: Final = frozenset({"", "CUP"})
_AS_CREDIT: Final = "credit"


@dataclass(frozen=True, slots=True)
class SideTotals:
    """Counts and amounts in minor units of domestic or of foreign cards."""

    debit_count: int = 0
    debit_minor: int = 0
    credit_count: int = 0
    credit_minor: int = 0

    def debit(self, count: int, amount_minor: int) -> SideTotals:
        """Return the totals with this much more, or less, on the debit side."""
        return replace(
            self,
            debit_count=self.debit_count + count,
            debit_minor=self.debit_minor + amount_minor,
        )

    def credit(self, count: int, amount_minor: int) -> SideTotals:
        """Return the totals with this much more on the credit side."""
        return replace(
            self,
            credit_count=self.credit_count + count,
            credit_minor=self.credit_minor + amount_minor,
        )


@dataclass(frozen=True, slots=True)
class KindTotals:
    """How many approved payments of a kind, and their sum in minor units."""

    kind: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class BatchTotals:
    """The totals of the open batch; `records` counts the payments that it holds for upload."""

    records: int
    domestic: SideTotals
    foreign: SideTotals
    kinds: tuple[KindTotals, ...]


def batch_totals(items: Sequence[BatchItem], profile: HostProfile) -> BatchTotals:
    """Add the approved payments of a batch up, by the host's habit of counting voids."""
    approved = [item for item in items if item.is_approved]
    kinds = []
    for rule in RULES:
        amounts = [item.intent.amount_minor for item in approved if item.rule is rule]
        if amounts:
            kinds.append(KindTotals(rule.kind, len(amounts), sum(amounts)))
    return BatchTotals(
        records=sum(item.rule.counts is not CountsAs.NOTHING for item in approved),
        domestic=_side([item for item in approved if is_domestic(item)], profile),
        foreign=_side([item for item in approved if not is_domestic(item)], profile),
        kinds=tuple(kinds),
    )


def must_settle(items: Sequence[BatchItem], profile: HostProfile) -> bool:
    """Whether the batch is full: the next payment must wait for its settlement.

    Spec: UnionPay terminal dialect, 7.4.
    """
    return batch_totals(items, profile).records >= profile.batch_records_max


def is_domestic(item: BatchItem) -> bool:
    """Whether the host called the card a domestic one, or said nothing.

    Spec: UnionPay terminal dialect, 2.9.
    """
    return getattr(item.closed, "organisation", "") in _DOMESTIC


def _side(approved: Sequence[BatchItem], profile: HostProfile) -> SideTotals:
    totals = SideTotals()
    amounts: dict[tuple[int, int], int] = {}
    for item in approved:
        intent, counts = item.intent, item.rule.counts
        if counts is CountsAs.DEBIT:
            amounts[item.key] = intent.amount_minor
            totals = totals.debit(1, intent.amount_minor)
        elif counts is CountsAs.CREDIT or (
            counts is CountsAs.UNDO and profile.void_totals == _AS_CREDIT
        ):
            totals = totals.credit(1, intent.amount_minor)
        elif counts is CountsAs.UNDO:
            totals = totals.debit(-1, -intent.amount_minor)
        elif counts is CountsAs.CHANGE:
            key = intent.original_batch, intent.original_trace
            before = amounts.get(key, 0)
            amounts[key] = intent.amount_minor
            totals = totals.debit(0, intent.amount_minor - before)
    return totals
