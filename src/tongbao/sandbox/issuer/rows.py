"""Records of the issuer's book as rows of its tables, and back; columns as in the schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.domain.dates import Instant
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.issuer.core.book import Authorisation, Reversal
from tongbao.wire.network.operation_messages import Balances
from tongbao.wire.network.operations import Operation

if TYPE_CHECKING:
    from tongbao.sandbox.issuer.core.book import Account, Card, HoldMove

Row = tuple[Any, ...]  # what sqlite3 takes and hands out


def account_row(account: Account, now: Instant) -> Row:
    """Return the row of an account that is opened now."""
    opening = account.opening
    return (account.account_id, account.kind.value, opening.currency.code, opening.minor, now.us)


def card_row(card: Card) -> Row:
    """Return the row of a card."""
    return (
        card.card_id,
        card.token,
        card.masked,
        card.account_id,
        card.expiry,
        card.pin_reference,
        card.status.value,
        card.behaviour.value,
        None if card.single_limit is None else card.single_limit.minor,
        int(card.needs_pin),
    )


def authorisation_row(record: Authorisation) -> Row:
    """Return the row of `record`."""
    balances = record.balances
    return (
        record.rrn.value,
        record.terminal_id.value,
        record.merchant_id.value,
        record.stan.value,
        record.card_masked,
        record.card_token,
        record.amount.minor,
        record.amount.currency.code,
        record.response_code,
        record.auth_code,
        record.at.us,
        record.operation.value,
        None if record.original is None else record.original.value,
        None if record.root is None else record.root.value,
        None if balances is None else balances.ledger.minor,
        None if balances is None else balances.available.minor,
    )


def authorisation(row: Row) -> Authorisation:
    """Read a row back."""
    currency = Currency[row[7]]
    balances = None
    if row[14] is not None:
        balances = Balances(Money(row[14], currency), Money(row[15], currency))
    return Authorisation(
        rrn=Rrn(row[0]),
        terminal_id=TerminalId(row[1]),
        merchant_id=MerchantId(row[2]),
        stan=Stan(row[3]),
        card_masked=row[4],
        card_token=row[5],
        amount=Money(row[6], currency),
        response_code=row[8],
        auth_code=row[9],
        at=Instant(row[10]),
        operation=Operation(row[11]),
        original=None if row[12] is None else Rrn(row[12]),
        root=None if row[13] is None else Rrn(row[13]),
        balances=balances,
    )


def reversal_row(record: Reversal) -> Row:
    """Return the row of `record`."""
    return (
        record.rrn.value,
        record.amount.minor,
        record.amount.currency.code,
        record.response_code,
        record.at.us,
        record.operation.value,
    )


def reversal(row: Row) -> Reversal:
    """Read a row back."""
    return Reversal(
        rrn=Rrn(row[0]),
        amount=Money(row[1], Currency[row[2]]),
        response_code=row[3],
        at=Instant(row[4]),
        operation=Operation(row[5]),
    )


def hold_move_row(record: HoldMove) -> Row:
    """Return the row of `record`."""
    return (
        record.reason.value,
        record.rrn.value,
        None if record.cause is None else record.cause.value,
        record.account_id,
        record.amount.currency.code,
        record.amount.minor,
        record.expires_at.us,
        record.at.us,
    )
