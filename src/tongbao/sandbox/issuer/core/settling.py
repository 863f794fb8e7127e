"""What one more answer moves: the difference that it makes to what its family paid and holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import Rrn
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.issuer.core.book import (
    CLEARING_ACCOUNT,
    Authorisation,
    BookEvent,
    Entry,
    EventKind,
    HoldMove,
    HoldReason,
)
from tongbao.wire.network.operations import Operation

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.core.book import Reversal
    from tongbao.sandbox.issuer.core.standing import Family
    from tongbao.sandbox.issuer.core.state import IssuerState, OpenHold

_KINDS: Final = {
    Operation.SALE: EventKind.SALE,
    Operation.VOID: EventKind.VOID,
    Operation.REFUND: EventKind.REFUND,
    Operation.COMPLETION: EventKind.COMPLETION,
    Operation.COMPLETION_ADVICE: EventKind.COMPLETION,
    Operation.COMPLETION_VOID: EventKind.COMPLETION_VOID,
    Operation.OFFLINE_SALE: EventKind.OFFLINE_SALE,
    Operation.ADJUSTMENT: EventKind.ADJUSTMENT,
}
_COMPLETIONS: Final = frozenset({Operation.COMPLETION, Operation.COMPLETION_ADVICE})


def settle(
    before: Family,
    record: Authorisation | Reversal,
    account_id: str,
    state: IssuerState,
    hold_ms: int,
) -> list[BookEvent | HoldMove]:
    """Return what the record moves and change the state by it.

    The family before and after it is compared, so that no order of messages can book twice: a
    sale that was voided is not given back again by its reversal.
    """
    after = before.with_record(record)
    moves: list[BookEvent | HoldMove] = []
    hold = _hold_move(after, record, account_id, state, hold_ms)
    if hold is not None:
        state.move_hold(hold)
        moves.append(hold)
    paid = Money(after.charged_minor() - before.charged_minor(), Currency.CNY)
    if paid.minor:
        kind = _KINDS[record.operation] if isinstance(record, Authorisation) else EventKind.REVERSAL
        entries = (Entry(account_id, -paid), Entry(CLEARING_ACCOUNT, paid))
        event = BookEvent(kind, record.rrn, record.at, entries)
        state.book(event)
        moves.append(event)
    return moves


def _hold_move(
    after: Family,
    record: Authorisation | Reversal,
    account_id: str,
    state: IssuerState,
    hold_ms: int,
) -> HoldMove | None:
    head = after.members[after.root].authorisation
    if head is None or head.operation is not Operation.PRE_AUTHORISATION:
        return None
    known = state.holds.get(after.root)
    change = after.held_minor() - (0 if known is None else known.amount_minor)
    if not change:
        return None
    return HoldMove(
        reason=_reason(record, grows=change > 0),
        rrn=head.rrn,
        cause=record.rrn,
        account_id=account_id,
        amount=Money(change, head.amount.currency),
        expires_at=head.at.plus_ms(hold_ms),
        at=record.at,
    )


def _reason(record: Authorisation | Reversal, *, grows: bool) -> HoldReason:
    if isinstance(record, Authorisation):
        if grows:
            return HoldReason.PLACED
        return HoldReason.COMPLETED if record.operation in _COMPLETIONS else HoldReason.RELEASED
    return HoldReason.RESTORED if grows else HoldReason.RELEASED


def expiry(rrn: str, hold: OpenHold, now: Instant) -> HoldMove:
    """Return the move that ends a hold whose time is over."""
    return HoldMove(
        reason=HoldReason.EXPIRED,
        rrn=Rrn(rrn),
        cause=None,
        account_id=hold.account_id,
        amount=Money(-hold.amount_minor, Currency.CNY),
        expires_at=hold.expires_at,
        at=now,
    )
