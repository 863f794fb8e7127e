"""Whether a request is approved: the checks in their fixed order, the first that fails counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import PinBlockError
from tongbao.crypto.key_store import KeyName
from tongbao.domain.money import Currency
from tongbao.domain.secrets import Purpose
from tongbao.sandbox.cards import CardStatus
from tongbao.sandbox.issuer.core.book import APPROVED, Card, PinTry, Remembered
from tongbao.sandbox.issuer.core.standing import ASK_OF, TABLE, TOO_LATE, Ask
from tongbao.wire.network.operations import Operation

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.domain.money import Money
    from tongbao.domain.secrets import Pan
    from tongbao.sandbox.issuer.core.book import Authorisation
    from tongbao.sandbox.issuer.core.standing import Family
    from tongbao.sandbox.issuer.core.state import IssuerState
    from tongbao.wire.network.operation_messages import OperationRequest

ZPK: Final = KeyName("zpk")
PVK: Final = KeyName("pvk")
PIN_TRIES_MAX: Final = 3
_MAIL_ORDER_CONDITIONS: Final = ("08", "18")

_INVALID_TRANSACTION: Final = "12"
_INVALID_AMOUNT: Final = "13"
_UNKNOWN_CARD: Final = "14"
_LOST: Final = "41"
_NO_FUNDS: Final = "51"
_EXPIRED: Final = "54"
_WRONG_PIN: Final = "55"
_ABOVE_LIMIT: Final = "61"
_OTHER_AMOUNT: Final = "64"
_PIN_LOCKED: Final = "75"
_PIN_BLOCK: Final = "99"


@dataclass(frozen=True, slots=True)
class IssuerRules:
    """How the simulated issuer behaves.

    Attributes:
        late_reply_delay_ms: for cards that answer late.
        hold_ms: how long a pre-authorisation is held.
        completion_percent_max: how much of the hold a completion may take.
        refund_ms: how long after a payment a refund of it is taken.
    """

    late_reply_delay_ms: int
    hold_ms: int = 30 * 86_400_000
    completion_percent_max: int = 115
    refund_ms: int = 365 * 86_400_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what was worked out of its card once, number and token.

    `family` is that of the original it names, if it names one.
    """

    request: OperationRequest
    pan: Pan
    token: bytes
    family: Family


@dataclass(frozen=True, slots=True)
class Bench:
    """What the checks look at besides the request."""

    state: IssuerState
    keys: KeyStore
    rules: IssuerRules
    now: Instant


def check(asked: Asked, bench: Bench) -> tuple[str, PinTry | None]:
    """Return F39 of the answer and, when a PIN was compared, the try to be counted.

    Order: currency 12, amount 13, unknown card 14; then, for a request that names no original:
    lost 41, expired or keyed with another expiry 54, PIN tries used up 75, PIN 55 or 99, single
    limit 61, funds 51. A missing PIN is a wrong one, but no guess, so it is not counted; neither is
    a block that cannot be read. A mail order, an offline sale and a card whose holder signs need no
    PIN, but one that is given must be right.

    For a request that names an original: no original 25, another card 14, wrong state 12 or 22,
    a refund that comes too late 22, amount 64, then a PIN if there is one as above, and 51 for what
    a completion takes above the hold or an adjustment above the sale. Such a request may come
    without a PIN and for a card that was lost or has expired since.
    """
    request = asked.request
    if request.amount.currency is not Currency.CNY:
        return _INVALID_TRANSACTION, None
    if request.amount.minor <= 0 and request.operation is not Operation.BALANCE:
        return _INVALID_AMOUNT, None
    card = bench.state.cards.get(asked.token)
    if card is None:
        return _UNKNOWN_CARD, None
    if request.original is not None:
        return _check_follow_up(asked, request.original.value, card, bench)
    code = _check_card(request, card, bench.state, bench.now)
    if code != APPROVED:
        return code, None
    pin_try = None
    if request.pin_block is not None or _needs_pin(request, card):
        code, pin_try = _check_pin(asked, card, bench)
    if code == APPROVED and request.operation is not Operation.BALANCE:
        code = _check_money(request.amount, card, bench.state)
    return code, pin_try


def _check_follow_up(
    asked: Asked, original_rrn: str, card: Card, bench: Bench
) -> tuple[str, PinTry | None]:
    family, request = asked.family, asked.request
    original = family.members.get(original_rrn, Remembered()).authorisation
    if original is not None and original.card_token != asked.token:
        return _UNKNOWN_CARD, None
    code = TABLE[family.standing(original_rrn), ASK_OF[request.operation]].code
    if code == APPROVED and original is not None:
        code = _check_age(request, original, bench)
    if code == APPROVED and original is not None:
        code = _check_amount(request, original, family, bench.rules)
    if code != APPROVED:
        return code, None
    pin_try = None
    if request.pin_block is not None:
        code, pin_try = _check_given_pin(asked, card, bench)
    if code == APPROVED and original is not None:
        above = _above(request, original, family)
        if above > 0 and above > bench.state.available(card.account_id):
            code = _NO_FUNDS
    return code, pin_try


def _above(request: OperationRequest, original: Authorisation, family: Family) -> int:
    """What the request takes beyond what its original holds or has taken, in minor units."""
    match ASK_OF[request.operation]:
        case Ask.COMPLETION:
            return request.amount.minor - original.amount.minor
        case Ask.ADJUSTMENT:
            return request.amount.minor - family.total_minor(original.rrn.value)
        case _:
            return 0


def _check_age(request: OperationRequest, original: Authorisation, bench: Bench) -> str:
    if ASK_OF[request.operation] is not Ask.REFUND:
        return APPROVED
    age_us = bench.now.us - original.at.us
    return TOO_LATE if age_us > bench.rules.refund_ms * 1_000 else APPROVED


def _check_amount(
    request: OperationRequest, original: Authorisation, family: Family, rules: IssuerRules
) -> str:
    """Voids undo the whole; a refund stays within what is left, a completion within its share.

    An adjustment may have any amount; what it may be is between the acquirer and its merchant.
    """
    amount, whole = request.amount.minor, family.total_minor(original.rrn.value)
    match ASK_OF[request.operation]:
        case Ask.REFUND:
            fits = amount <= whole - family.refunded_minor(original.rrn.value)
        case Ask.COMPLETION:
            fits = amount * 100 <= whole * rules.completion_percent_max
        case Ask.ADJUSTMENT:
            fits = True
        case _:
            fits = amount == whole
    return APPROVED if fits else _OTHER_AMOUNT


def _needs_pin(request: OperationRequest, card: Card) -> bool:
    if request.operation is Operation.OFFLINE_SALE or not card.needs_pin:
        return False
    is_mail_order = request.condition in _MAIL_ORDER_CONDITIONS
    return not (is_mail_order and request.operation is Operation.SALE)


def _check_card(request: OperationRequest, card: Card, state: IssuerState, now: Instant) -> str:
    if card.status is CardStatus.LOST:
        return _LOST
    today = now.local()
    if card.expiry < f"{today.year % 100:02d}{today.month:02d}":
        return _EXPIRED
    if request.track2 is None and request.expiry not in (None, card.expiry):
        # Who types a number off a card has its expiry, too.
        return _EXPIRED
    return _PIN_LOCKED if _tries_are_used_up(card, state) else APPROVED


def _tries_are_used_up(card: Card, state: IssuerState) -> bool:
    return state.wrong_pins.get(card.token, 0) >= PIN_TRIES_MAX


def _check_given_pin(asked: Asked, card: Card, bench: Bench) -> tuple[str, PinTry | None]:
    if _tries_are_used_up(card, bench.state):
        return _PIN_LOCKED, None
    return _check_pin(asked, card, bench)


def _check_pin(asked: Asked, card: Card, bench: Bench) -> tuple[str, PinTry | None]:
    if asked.request.pin_block is None:
        return _WRONG_PIN, None
    block = asked.request.pin_block.reveal(Purpose.CRYPTO)
    try:
        right = bench.keys.verify_pin(ZPK, PVK, block, asked.pan, card.pin_reference)
    except PinBlockError:
        return _PIN_BLOCK, None
    if not right:
        return _WRONG_PIN, PinTry(card.token, was_right=False, at=bench.now)
    if bench.state.wrong_pins.get(card.token, 0):
        return APPROVED, PinTry(card.token, was_right=True, at=bench.now)
    return APPROVED, None


def _check_money(amount: Money, card: Card, state: IssuerState) -> str:
    if card.single_limit is not None and amount > card.single_limit:
        return _ABOVE_LIMIT
    if amount.minor > state.available(card.account_id):
        return _NO_FUNDS
    return APPROVED
