"""The marked cards of the canary run: numbers and PINs that nothing else could contain by chance.

They lie in the sandbox's reserved range. The PINs have twelve digits so that their packed form is
long enough to be searched for in binary files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pin
from tongbao.sandbox.cards import Behaviour, SandboxCard, Text

RIGHT_PIN: Final = "804671935528"
WRONG_PIN: Final = "917358264403"


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryCard(SandboxCard):
    """A card of the drawer with a PIN of its own that the drawer does not show."""

    @property
    def pin(self) -> Pin:
        return Pin(RIGHT_PIN)

    @property
    def pin_hint(self) -> str:
        return ""


_SILENT_NAME: Final = Text("金丝雀（沉默）", "Canary, silent")

CANARIES: Final = (
    CanaryCard(
        card_id="canary",
        serial=7_392_846_150,
        name=Text("金丝雀", "Canary"),
        story=Text("带记号的卡", "A marked card"),
        expected_code="00",
        colour="#e0b000",
        opening=Money(10_000_000, Currency.CNY),
    ),
    CanaryCard(
        card_id="canary_silent",
        serial=6_158_203_974,
        name=_SILENT_NAME,
        story=_SILENT_NAME,
        expected_code="98",
        colour="#e0b000",
        opening=Money(10_000_000, Currency.CNY),
        behaviour=Behaviour.SILENT,
    ),
)
