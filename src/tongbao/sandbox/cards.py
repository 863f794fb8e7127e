"""The named cards of the drawer: whose they are, what they are for and what the issuer does.

Card numbers lie under 620000, a range we reserve for the sandbox; they are worked out here from
a serial number and exist in memory only. A person must be able to type the PINs, so they stand
here in the open: nothing of this is ever a real card.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pan, Pin, Track2

SANDBOX_BIN: Final = "620000"
# The part of the range that host profiles take for a foreign scheme's.
_FOREIGN_SERIALS: Final = 990_000_000_000
_TRACK_SERIALS: Final = 10**8
_SERIAL_DIGITS: Final = 12
_SERVICE_CODE: Final = "220"
_EXPIRY_FAR: Final = "4912"
_EXPIRY_PAST: Final = "2412"
_PIN: Final = "135246"


class CardStatus(Enum):
    """What the issuer has on file about the card."""

    ACTIVE = "active"
    LOST = "lost"


class Behaviour(Enum):
    """How the issuer's side answers a sale with this card."""

    NORMAL = "normal"
    LATE = "late"
    """Books at once, answers after the delay in the settings."""
    SILENT = "silent"
    """Books at once, never answers the sale or an inquiry about it; answers its reversal."""
    UNHEARD = "unheard"
    """Books at once, never answers the sale, but says what became of it when it is asked."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxCard:
    """One card of the drawer with the account behind it; `serial` makes its number."""

    card_id: str
    serial: int
    name: Text
    story: Text
    expected_code: str
    """The F39 that a small sale with the right PIN ends in."""
    colour: str
    opening: Money
    expiry: str = _EXPIRY_FAR
    status: CardStatus = CardStatus.ACTIVE
    behaviour: Behaviour = Behaviour.NORMAL
    single_limit: Money | None = None
    wrong_pins: int = 0
    needs_pin: bool = True
    """Whether the issuer wants a PIN; if not, the card holder signs."""

    @property
    def pan(self) -> Pan:
        """The 19-digit number: the sandbox range, the serial number, the Luhn digit."""
        return Pan(self._digits())

    @property
    def pin(self) -> Pin:
        """The PIN that the issuer expects."""
        return Pin(_PIN)

    @property
    def pin_hint(self) -> str:
        """What the drawer shows to the person who plays the card holder."""
        return _PIN

    @property
    def track2(self) -> Track2:
        """The stripe: number, expiry YYMM, service code 220, discretionary data.

        Spec: ISO/IEC 7813 track 2.
        """
        return Track2(
            f"{self._digits()}={self.expiry}{_SERVICE_CODE}{self.serial % _TRACK_SERIALS:08d}"
        )

    def _digits(self) -> str:
        body = f"{SANDBOX_BIN}{self.serial:0{_SERIAL_DIGITS}d}"
        return body + _luhn_digit(body)


def _luhn_digit(body: str) -> str:
    """The check digit that completes `body`. Spec: ISO/IEC 7812-1 Annex B."""
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * 2 if place % 2 == 0 else int(digit)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _yuan(text: str) -> Money:
    return Money.parse(text, Currency.CNY)


DRAWER: Final[tuple[SandboxCard, ...]] = (
    SandboxCard(
        card_id="good",
        serial=1,
        name=Text("小梅的借记卡", "Mei's debit card"),
        story=Text("余额充足，一切正常。试试输错密码。", "Plenty of money. Try a wrong PIN, too."),
        expected_code="00",
        colour="#0b6e4f",
        opening=_yuan("50000.00"),
    ),
    SandboxCard(
        card_id="second",
        serial=2,
        name=Text("阿强的借记卡", "Qiang's debit card"),
        story=Text("另一个账户，余额同样充足。", "Another account, just as healthy."),
        expected_code="00",
        colour="#1d4e89",
        opening=_yuan("20000.00"),
    ),
    SandboxCard(
        card_id="no_funds",
        serial=3,
        name=Text("月光卡", "The day before payday"),
        story=Text("账上只剩一分钱：余额不足。", "One fen is left: insufficient funds."),
        expected_code="51",
        colour="#8a8d91",
        opening=_yuan("0.01"),
    ),
    SandboxCard(
        card_id="limit",
        serial=4,
        name=Text("小额限额卡", "Pocket-money card"),
        story=Text(
            "单笔最多 100.00 元：超出则拒绝。", "At most 100.00 a purchase: above it, declined."
        ),
        expected_code="00",
        colour="#c98b2b",
        opening=_yuan("5000.00"),
        single_limit=_yuan("100.00"),
    ),
    SandboxCard(
        card_id="expired",
        serial=5,
        name=Text("过期卡", "Expired card"),
        story=Text("有效期至 2024 年 12 月：已过期。", "Valid until December 2024: expired."),
        expected_code="54",
        colour="#6d597a",
        opening=_yuan("5000.00"),
        expiry=_EXPIRY_PAST,
    ),
    SandboxCard(
        card_id="lost",
        serial=6,
        name=Text("挂失卡", "Reported lost"),
        story=Text("持卡人已挂失：请没收。", "Its holder reported it lost: keep the card."),
        expected_code="41",
        colour="#b23a48",
        opening=_yuan("5000.00"),
        status=CardStatus.LOST,
    ),
    SandboxCard(
        card_id="pin_locked",
        serial=7,
        name=Text("密码已锁卡", "PIN locked"),
        story=Text("密码已输错三次：不再接受。", "Three wrong PINs were entered: refused."),
        expected_code="75",
        colour="#5c4742",
        opening=_yuan("5000.00"),
        wrong_pins=3,
    ),
    SandboxCard(
        card_id="late",
        serial=8,
        name=Text("慢半拍的卡", "Answers late"),
        story=Text(
            "发卡行会批准，但要等一会儿。", "Its issuer approves, but takes its time to say so."
        ),
        expected_code="00",
        colour="#2a7f8e",
        opening=_yuan("5000.00"),
        behaviour=Behaviour.LATE,
    ),
    SandboxCard(
        card_id="silent",
        serial=9,
        name=Text("石沉大海的卡", "Never answers"),
        story=Text(
            "发卡行扣了款却不回答：终端必须冲正。",
            "Its issuer takes the money and never answers: the terminal must reverse.",
        ),
        expected_code="98",
        colour="#343a40",
        opening=_yuan("5000.00"),
        behaviour=Behaviour.SILENT,
    ),
    SandboxCard(
        card_id="foreign",
        serial=_FOREIGN_SERIALS + 10,
        name=Text("海外游客的外卡", "A tourist's foreign card"),
        story=Text(
            "外卡组织发行，计入外卡合计；可不输密码，签名即可。",
            "Of a foreign scheme, in its own totals; no PIN is needed, its holder signs.",
        ),
        expected_code="00",
        colour="#3d348b",
        opening=_yuan("30000.00"),
        needs_pin=False,
    ),
)
CARD_BY_ID: Final = {card.card_id: card for card in DRAWER}
