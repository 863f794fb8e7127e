"""Whether a sale is approved: the checks in their fixed order, the first that fails counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import PinBlockError
from tongbao.crypto.key_store import KeyName
from tongbao.domain.money import Currency
from tongbao.domain.secrets import Purpose
from tongbao.sandbox.cards import CardStatus
from tongbao.sandbox.issuer.core.book import APPROVED, Card, PinTry

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.domain.money import Money
    from tongbao.domain.secrets import Pan
    from tongbao.sandbox.issuer.core.state import IssuerState
    from tongbao.wire.network.messages import SaleRequest

ZPK: Final = KeyName("zpk")
PVK: Final = KeyName("pvk")
PIN_TRIES_MAX: Final = 3

_INVALID_TRANSACTION: Final = "12"
_INVALID_AMOUNT: Final = "13"
_UNKNOWN_CARD: Final = "14"
_LOST: Final = "41"
_NO_FUNDS: Final = "51"
_EXPIRED: Final = "54"
_WRONG_PIN: Final = "55"
_ABOVE_LIMIT: Final = "61"
_PIN_LOCKED: Final = "75"
_PIN_BLOCK: Final = "99"


@dataclass(frozen=True, slots=True)
class AskedSale:
    """A sale with what was worked out of its stripe once: number and token."""

    request: SaleRequest
    pan: Pan
    token: bytes


def check_sale(
    sale: AskedSale, state: IssuerState, keys: KeyStore, now: Instant
) -> tuple[str, PinTry | None]:
    """Return F39 of the answer and, when a PIN was compared, the try to be counted.

    Order: currency 12, amount 13, unknown card 14, lost 41, expired 54, PIN tries used up 75,
    PIN 55 or 99, single limit 61, funds 51. A missing PIN is a wrong one, but no guess, so it is
    not counted; neither is a block that cannot be read.
    """
    amount = sale.request.amount
    if amount.currency is not Currency.CNY:
        return _INVALID_TRANSACTION, None
    if amount.minor <= 0:
        return _INVALID_AMOUNT, None
    card = state.cards.get(sale.token)
    if card is None:
        return _UNKNOWN_CARD, None
    code = _check_card(card, state, now)
    if code != APPROVED:
        return code, None
    code, pin_try = _check_pin(sale, card, state, keys, now)
    if code == APPROVED:
        code = _check_money(amount, card, state)
    return code, pin_try


def _check_card(card: Card, state: IssuerState, now: Instant) -> str:
    if card.status is CardStatus.LOST:
        return _LOST
    today = now.local()
    if card.expiry < f"{today.year % 100:02d}{today.month:02d}":
        return _EXPIRED
    if state.wrong_pins.get(card.token, 0) >= PIN_TRIES_MAX:
        return _PIN_LOCKED
    return APPROVED


def _check_pin(
    sale: AskedSale, card: Card, state: IssuerState, keys: KeyStore, now: Instant
) -> tuple[str, PinTry | None]:
    if sale.request.pin_block is None:
        return _WRONG_PIN, None
    block = sale.request.pin_block.reveal(Purpose.CRYPTO)
    try:
        right = keys.verify_pin(ZPK, PVK, block, sale.pan, card.pin_reference)
    except PinBlockError:
        return _PIN_BLOCK, None
    if not right:
        return _WRONG_PIN, PinTry(card.token, was_right=False, at=now)
    if state.wrong_pins.get(card.token, 0):
        return APPROVED, PinTry(card.token, was_right=True, at=now)
    return APPROVED, None


def _check_money(amount: Money, card: Card, state: IssuerState) -> str:
    if card.single_limit is not None and amount > card.single_limit:
        return _ABOVE_LIMIT
    if amount.minor > state.balances[card.account_id]:
        return _NO_FUNDS
    return APPROVED
