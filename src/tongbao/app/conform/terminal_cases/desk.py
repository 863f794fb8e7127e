"""The desk of a case: the host that is played, the hands at the terminal, and common deeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.app.conform.case import NotApplicableError, check
from tongbao.app.conform.hands import APPROVED, IN_DOUBT, Hands
from tongbao.app.conform.host_side import Asked, HostSide

if TYPE_CHECKING:
    from tongbao.app.conform.plan import Plan, TestCard

SALE_MTI: Final = "0200"
REVERSAL_MTI: Final = "0400"
SMALL_MINOR: Final = 1_01
_QUIET_MS: Final = 300


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything a case for a terminal works with."""

    plan: Plan
    host: HostSide
    hands: Hands

    @property
    def card(self) -> TestCard:
        """The card that is presented unless a case says otherwise."""
        card = self.plan.cards.get("good")
        if card is None:
            raise NotApplicableError("the plan has no card 'good'")
        return card

    def begin_sale(self, amount_minor: int = SMALL_MINOR) -> Asked:
        """Start a sale, present the card and return the 0200."""
        return self.begin("sale", SALE_MTI, amount_minor)

    def begin(self, kind: str, mti: str, amount_minor: int = 0, **more: object) -> Asked:
        """Start any transaction, present the card and return its request."""
        check(self.hands.start(kind, amount_minor, **more), f"a {kind} that starts", "a refusal")
        self.hands.present(self.card)
        return self.host.expect(mti, f"the {kind}")

    def finish(self, asked: Asked) -> None:
        """Approve and wait until the screen says so."""
        self.host.say(asked)
        self.says(APPROVED)

    def sell(self, amount_minor: int = SMALL_MINOR) -> Asked:
        """Make a sale that is approved, and come back to rest."""
        asked = self.begin_sale(amount_minor)
        self.finish(asked)
        self.hands.begin(self.host)
        return asked

    def says(self, *words: str) -> str:
        """Wait until the screen says one of the words."""
        return self.hands.says(self.host, *words, wait_ms=self.plan.patience_ms)

    def expect_reversal(self, original: Asked, *reasons: str) -> Asked:
        """Return the next message, which must be the reversal of the original."""
        undo = self.host.expect(REVERSAL_MTI, "the reversal", wait_ms=self.plan.patience_ms)
        for number in (3, 4, 11, 22, 25, 41, 42, 49):
            same = undo.text(number) == original.text(number)
            check(same, f"F{number} of the original", repr(undo.text(number)))
        check(undo.batch == original.batch, "the original's batch", undo.batch)
        check(undo.function == original.function, "the original's 60.1", undo.function)
        if reasons:
            check(undo.text(39) in reasons, f"reason {' or '.join(reasons)}", repr(undo.text(39)))
        return undo

    def expect_reversed(self, original: Asked, *reasons: str) -> None:
        """See the reversal, end it with 00 and see that the screen never called it approved."""
        check(self.says(IN_DOUBT, APPROVED) == IN_DOUBT, "a screen in doubt", "approved")
        self.host.say(self.expect_reversal(original, *reasons))
        self.says("reversed")

    def quiet(self, why: str) -> None:
        """Fail when the terminal says anything now."""
        self.host.expect_nothing(_QUIET_MS, why)
