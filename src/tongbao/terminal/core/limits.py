"""Upper limits on amounts: for one payment by what it is, and for what a day may bring.

The platform sets them; none of them is a limit of the dialect. The day is that of the host's
calendar, and what counts in it is what was taken less what was given back at this terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.terminal.core import wording
from tongbao.terminal.core.items import present_amount
from tongbao.terminal.core.kinds import CountsAs

if TYPE_CHECKING:
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.kinds import PaymentRule
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.core.turn import Turn
    from tongbao.terminal.settings import TerminalSettings

_OFFLINE: Final = frozenset({"offline_sale", "adjustment"})
_HOLDS: Final = frozenset({"pre_authorisation"})


def over_limit(
    settings: TerminalSettings,
    turn: Turn,
    rule: PaymentRule,
    amount_minor: int,
    item: BatchItem | None,
) -> Notice | None:
    """Return which limit a payment of so many minor units is above, in words; None when none.

    `item` is the original in the open batch, where there is one.
    """
    limits = settings.limits
    if rule.counts is CountsAs.CREDIT:
        return _above(limits.refund_minor, amount_minor, wording.refund_limit)
    if rule.counts is CountsAs.UNDO or (
        rule.counts is CountsAs.NOTHING and rule.kind not in _HOLDS
    ):
        return None
    if rule.kind in _OFFLINE:
        refusal = _above(limits.offline_minor, amount_minor, wording.offline_limit)
        if refusal is not None:
            return refusal
    refusal = _above(limits.sale_minor, amount_minor, wording.sale_limit)
    if refusal is not None or rule.counts is CountsAs.NOTHING:
        return refusal
    return _above_day(limits.day_minor, turn, rule, amount_minor, item)


def _above(limit_minor: int | None, amount_minor: int, words: wording.LimitWords) -> Notice | None:
    return None if limit_minor is None or amount_minor <= limit_minor else words(limit_minor)


def _above_day(
    limit_minor: int | None,
    turn: Turn,
    rule: PaymentRule,
    amount_minor: int,
    item: BatchItem | None,
) -> Notice | None:
    if limit_minor is None:
        return None
    if rule.counts is CountsAs.CHANGE and item is not None:
        # Only what it adds is new: the original is in the day already.
        amount_minor -= present_amount(turn.state.items, item)
    today = turn.state.today
    taken_minor = today.amount_minor if today.date == f"{turn.host_now.local():%Y%m%d}" else 0
    left_minor = max(0, limit_minor - taken_minor)
    if amount_minor <= left_minor:
        return None
    return wording.day_limit(limit_minor, left_minor)
