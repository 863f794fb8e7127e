"""The sandbox's issuer with a book in memory, for hosts that are stepped without sockets."""

from __future__ import annotations

from collections.abc import Sequence

from tests.host.parties import OTHER_PAN, PAN, TOKEN, ScriptedIssuer
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.domain.dates import Instant
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import KeyBytes, Pan
from tongbao.sandbox.cards import Behaviour, CardStatus
from tongbao.sandbox.issuer.core.book import (
    CAPITAL_ACCOUNT,
    CLEARING_ACCOUNT,
    Authorisation,
    Card,
    Record,
    Remembered,
    Reversal,
)
from tongbao.sandbox.issuer.core.events import FrameArrived, Reply
from tongbao.sandbox.issuer.core.issuer import IssuerCore, IssuerRules
from tongbao.sandbox.issuer.core.state import IssuerState
from tongbao.sandbox.issuer.pump import IssuerPump

ACCOUNT = "holder"
OPENING_MINOR = 1_000_000


class _Book:
    """What the issuer's pump asks of a store, in memory."""

    def __init__(self) -> None:
        self.answers: dict[str, Authorisation] = {}
        self.reversals: dict[str, Reversal] = {}

    def recall(self, rrns: Sequence[str]) -> dict[str, Remembered]:
        roots = {self.answers[rrn].family_rrn for rrn in rrns if rrn in self.answers}
        family = [rrn for rrn, answer in self.answers.items() if answer.family_rrn in roots]
        return {
            rrn: Remembered(self.answers.get(rrn), self.reversals.get(rrn))
            for rrn in {*rrns, *family}
            if rrn in self.answers or rrn in self.reversals
        }

    def commit(self, records: Sequence[Record]) -> None:
        for record in records:
            if isinstance(record, Authorisation):
                self.answers[record.rrn.value] = record
            elif isinstance(record, Reversal):
                self.reversals[record.rrn.value] = record


class RealIssuer:
    """Takes what a host sends and returns what it says, under the keys of the scripted parties."""

    def __init__(self) -> None:
        keys = ScriptedIssuer().keys
        keys.import_key(KeyName("token"), TOKEN, KeyAlgorithm.HMAC)
        keys.import_key(KeyName("pvk"), KeyBytes(b"\x77" * 32), KeyAlgorithm.HMAC)
        cards = [_card(number, keys.token(KeyName("token"), Pan(number))) for number in _NUMBERS]
        self.state = IssuerState(
            cards={card.token: card for card in cards},
            balances={CAPITAL_ACCOUNT: 0, CLEARING_ACCOUNT: 0, ACCOUNT: OPENING_MINOR},
        )
        self.book = _Book()
        core = IssuerCore(keys, self.state, IssuerRules(5_000))
        self._pump = IssuerPump(core, self.book)

    @property
    def taken_minor(self) -> int:
        """What card holders have paid and not got back."""
        return self.state.balances[CLEARING_ACCOUNT]

    def handle(self, frame: bytes, now_us: int) -> list[bytes]:
        """Take a frame with its length prefix; return the answers without."""
        said = self._pump.run([FrameArrived(1, frame[2:])], Instant(now_us))
        return [one.body for one in said if isinstance(one, Reply)]

    def stands(self, rrn: str) -> bool:
        """Whether a payment was approved and not reversed."""
        remembered = Remembered(self.book.answers.get(rrn), self.book.reversals.get(rrn))
        return remembered.stands is not None


_NUMBERS = (PAN, OTHER_PAN)


def _card(number: str, token: bytes) -> Card:
    return Card(
        card_id=number[-4:],
        token=token,
        masked=Pan(number).masked,
        account_id=ACCOUNT,
        expiry="3012",
        pin_reference=b"",
        status=CardStatus.ACTIVE,
        behaviour=Behaviour.NORMAL,
        single_limit=Money(300_000, Currency.CNY),
        needs_pin=False,
    )
