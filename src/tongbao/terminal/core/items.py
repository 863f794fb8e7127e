"""The closed payments of the open batch, and what they add up to together.

A payment is never edited: a void, a tip or an adjustment is a payment of its own that refers to
it, and what a payment stands at now is worked out from all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tongbao.terminal.core.kinds import RULE_OF, CountsAs, PaymentRule
from tongbao.terminal.core.records import PaymentClosed, PaymentIntended, ReversalClosed
from tongbao.terminal.core.vocabulary import Outcome

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant


@dataclass(frozen=True, slots=True)
class BatchItem:
    """One payment with its end; `slips` are the names of the papers that came out."""

    intent: PaymentIntended
    outcome: Outcome
    closed: PaymentClosed | ReversalClosed
    closed_at: Instant
    slips: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[int, int]:
        """Batch and trace, which name the payment in this terminal."""
        return self.intent.batch, self.intent.trace

    @property
    def rule(self) -> PaymentRule:
        """What its kind does."""
        return RULE_OF[self.intent.payment_kind]

    @property
    def closed_rrn(self) -> str:
        """The reference number of its answer, or ""."""
        return self.closed.rrn if isinstance(self.closed, PaymentClosed) else ""

    @property
    def is_approved(self) -> bool:
        """Whether the host has approved it."""
        return self.outcome is Outcome.APPROVED


def find_item(items: Sequence[BatchItem], batch: int, trace: int) -> BatchItem | None:
    """Return the payment of this batch and trace."""
    return next((item for item in reversed(items) if item.key == (batch, trace)), None)


def is_undone(items: Sequence[BatchItem], item: BatchItem) -> bool:
    """Whether an approved void has taken a payment back."""
    return any(
        other.is_approved and other.rule.counts is CountsAs.UNDO for other in _about(items, item)
    )


def is_used_up(items: Sequence[BatchItem], item: BatchItem) -> bool:
    """Whether an approved void, completion or refund leaves others nothing to do with a payment."""
    return any(
        other.is_approved and other.rule.counts is not CountsAs.CHANGE
        for other in _about(items, item)
    )


def present_amount(items: Sequence[BatchItem], item: BatchItem) -> int:
    """Return what a payment stands at in minor units, after approved tips and adjustments."""
    amount_minor = item.intent.amount_minor
    for other in _about(items, item):
        if other.is_approved and other.rule.counts is CountsAs.CHANGE:
            amount_minor = other.intent.amount_minor
    return amount_minor


def has_tip(items: Sequence[BatchItem], item: BatchItem) -> bool:
    """Whether a payment has got its tip."""
    return any(other.is_approved and other.intent.tip_minor for other in _about(items, item))


def refunded_minor(items: Sequence[BatchItem], rrn: str) -> int:
    """Return what the open batch has given back of the payment with this reference number."""
    return sum(
        item.intent.amount_minor
        for item in items
        if item.is_approved
        and item.rule.counts is CountsAs.CREDIT
        and item.intent.original_rrn == rrn
    )


def can_be_undone(items: Sequence[BatchItem], item: BatchItem) -> bool:
    """Whether a void may be started for a payment: approved, of the right kind, not void yet."""
    return (
        item.is_approved
        and any(
            item.rule.kind in rule.originals
            for rule in RULE_OF.values()
            if rule.counts is CountsAs.UNDO
        )
        and not is_used_up(items, item)
    )


def day_change(items: Sequence[BatchItem], intent: PaymentIntended) -> tuple[int, int]:
    """Return count and minor units that an approved payment adds to its day's takings."""
    rule = RULE_OF[intent.payment_kind]
    if rule.counts is CountsAs.DEBIT:
        return 1, intent.amount_minor
    if rule.counts is CountsAs.UNDO:
        return -1, -intent.amount_minor
    if rule.counts is CountsAs.CREDIT:
        return 0, -intent.amount_minor
    if rule.counts is CountsAs.CHANGE:
        original = find_item(items, intent.original_batch, intent.original_trace)
        before = 0 if original is None else present_amount(items, original)
        return 0, intent.amount_minor - before
    return 0, 0


def _about(items: Sequence[BatchItem], item: BatchItem) -> list[BatchItem]:
    return [
        other
        for other in items
        if (other.intent.original_batch, other.intent.original_trace) == item.key
    ]
