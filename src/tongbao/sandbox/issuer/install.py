"""Opens the accounts of the drawer's cards in the issuer's book, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.domain.money import Currency, Money
from tongbao.sandbox.cards import DRAWER, SandboxCard
from tongbao.sandbox.issuer.core.book import (
    CAPITAL_ACCOUNT,
    CLEARING_ACCOUNT,
    Account,
    AccountKind,
    BookEvent,
    Card,
    Entry,
    EventKind,
    PinTry,
    Record,
)
from tongbao.sandbox.issuer.core.checks import PVK
from tongbao.sandbox.issuer.core.issuer import TOKEN
from tongbao.sandbox.issuer.core.state import IssuerState
from tongbao.sandbox.issuer.store import StoreUnusableError

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.dates import Instant
    from tongbao.sandbox.issuer.store import IssuerStore


def load_state(store: IssuerStore, keys: KeyStore, now: Instant) -> IssuerState:
    """Open what is missing in the book and return what it holds.

    Raises: StoreUnusableError when the book was made under other keys; StoreFailedError.
    """
    _open_missing(store, keys, now)
    state = IssuerState(
        cards={card.token: card for card in store.cards()},
        balances=store.balances(),
        wrong_pins=store.wrong_pins(),
        approvals=store.approvals(),
    )
    for rrn, hold in store.open_holds().items():
        state.open_hold(rrn, hold)
    return state


def _open_missing(store: IssuerStore, keys: KeyStore, now: Instant) -> None:
    zero = Money(0, Currency.CNY)
    known_accounts = {account.account_id for account in store.accounts()}
    known_cards = {card.card_id: card for card in store.cards()}
    accounts = [
        Account(account_id, kind, zero)
        for account_id, kind in (
            (CAPITAL_ACCOUNT, AccountKind.CAPITAL),
            (CLEARING_ACCOUNT, AccountKind.CLEARING),
        )
        if account_id not in known_accounts
    ]
    cards: list[Card] = []
    records: list[Record] = []
    for listed in DRAWER:
        card = _card(listed, keys)
        known = known_cards.get(listed.card_id)
        if known is None:
            accounts.append(Account(listed.card_id, AccountKind.CARDHOLDER, listed.opening))
            cards.append(card)
            records += _first_records(listed, card, now)
        elif known.token != card.token or known.pin_reference != card.pin_reference:
            raise StoreUnusableError("the issuer's book was made under other keys")
    if accounts or cards:
        store.open_accounts(accounts, cards, records, now)


def _card(listed: SandboxCard, keys: KeyStore) -> Card:
    return Card(
        card_id=listed.card_id,
        token=keys.token(TOKEN, listed.pan),
        masked=listed.pan.masked,
        account_id=listed.card_id,
        expiry=listed.expiry,
        pin_reference=keys.pin_reference(PVK, listed.pan, listed.pin),
        status=listed.status,
        behaviour=listed.behaviour,
        single_limit=listed.single_limit,
        needs_pin=listed.needs_pin,
    )


def _first_records(listed: SandboxCard, card: Card, now: Instant) -> list[Record]:
    entries = (Entry(CAPITAL_ACCOUNT, -listed.opening), Entry(listed.card_id, listed.opening))
    return [
        BookEvent(EventKind.OPENING, None, now, entries),
        *(PinTry(card.token, was_right=False, at=now) for _ in range(listed.wrong_pins)),
    ]
