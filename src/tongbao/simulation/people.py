"""Cashiers and cardholders: they tap, swipe, mistype, hurry, wait, and believe what they see."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import OperatorNo
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pin
from tongbao.simulation.cards import CARDS, PROBE, RIGHT_PIN, WRONG_PIN, SimulatedCard
from tongbao.simulation.faults import Fault
from tongbao.terminal.core.events import (
    Cancel,
    CardSwiped,
    Dismiss,
    Event,
    LogIn,
    LogOut,
    PinEntered,
    PowerOff,
    PowerOn,
    ResolveNow,
    SignIn,
    Start,
)
from tongbao.terminal.core.vocabulary import DoubtStage, Outcome, Part, Phase

if TYPE_CHECKING:
    from tongbao.simulation.terminal_node import TerminalNode

OPERATOR: Final = "01"
OPERATOR_PIN: Final = "0000"
_TRIES: Final = 3
_SECOND_US: Final = 1_000_000


@dataclass(slots=True)
class Basket:
    """What one customer buys; its amount is like no other, so that the list of payments tells."""

    name: str
    amount_minor: int
    card: SimulatedCard
    tries_left: int = _TRIES
    is_open: bool = False
    is_paid: bool = False

    @property
    def amount(self) -> Money:
        """What is to be paid."""
        return Money(self.amount_minor, Currency.CNY)


def draw_basket(chance: random.Random, terminal_id: str, number: int) -> Basket:
    """Make the basket of a customer; two thirds have a card that works."""
    good = chance.random() < 0.67
    card = CARDS[chance.randrange(3)] if good else CARDS[chance.randrange(3, len(CARDS))]
    amount_minor = chance.randrange(1, 9_000) * 1_000 + number * 10 + int(terminal_id) % 10
    return Basket(f"{terminal_id}-{number}", amount_minor, card)


@dataclass(slots=True)
class Cashier:
    """The person at one terminal. Looks at the screen every few seconds and does the next thing."""

    node: TerminalNode
    chance: random.Random
    baskets: list[Basket]
    is_calm: bool = False
    """The faults are over: no more odd ideas."""
    is_done: bool = False
    probe: Basket | None = None
    _index: int = 0
    _attempt: int = 0
    _away_until_us: int = 0
    _acts: dict[Phase, Callable[[], None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Learn what to do on which screen."""
        self._acts = {
            Phase.OFF: self._at_off,
            Phase.LOGGED_OUT: self._at_logged_out,
            Phase.SIGNING_IN: self._at_signing_in,
            Phase.IDLE: self._at_idle,
            Phase.CARD: self._at_card,
            Phase.PIN: self._at_pin,
            Phase.AUTHORISING: self._at_authorising,
            Phase.REVERSING: self._at_reversing,
            Phase.RESULT: self._at_result,
        }

    def begin(self) -> None:
        """Come to work."""
        self._wait(0.1, 3)

    def want_probe(self) -> None:
        """Have one more customer at the end, whose payment must go well."""
        self.is_calm = True
        terminal_id = self.node.name
        self.probe = Basket(f"{terminal_id}-probe", 1_000_000 * 10 + int(terminal_id), PROBE, 1_000)
        for basket in self.baskets[self._index :]:
            basket.tries_left = 0
        self.baskets.append(self.probe)
        self.is_done = False

    def _wait(self, low_s: float, high_s: float) -> None:
        delay_us = int(self.chance.uniform(low_s, high_s) * _SECOND_US)
        self.node.world.agenda.after(delay_us, self._look)

    def _look(self) -> None:
        node = self.node
        if not node.is_up:
            # Somebody comes and switches it on again.
            if self.chance.random() < 0.3:
                node.switch_on()
            self._wait(1, 8)
            return
        if node.world.agenda.now_us >= self._away_until_us:
            self._act()
        self._wait(0.3, 3.0)

    def _act(self) -> None:
        phase = self.node.state.phase
        act = self._acts.get(phase)
        if phase is not Phase.OFF and self._fires(Fault.SWITCHED_OFF):
            self._tap(PowerOff())
        elif act is not None:
            act()

    def _walk_away(self) -> None:
        """Nobody is there for a while, sometimes for longer than the terminal waits."""
        seconds = self.chance.randrange(5, 91)
        self._away_until_us = self.node.world.agenda.now_us + seconds * _SECOND_US

    def _tap(self, event: Event) -> None:
        self.node.offer(event)
        if self._fires(Fault.DOUBLE_TAP):
            self.node.offer(event)

    def _fires(self, fault: Fault) -> bool:
        return self.node.world.faults.fires(fault) is not None

    def _at_off(self) -> None:
        if self.chance.random() < 0.7:
            self._tap(PowerOn())
        else:
            self.node.cut_power()

    def _at_logged_out(self) -> None:
        state = self.node.state
        if not state.works(Part.JOURNAL):
            self.node.cut_power()
            return
        wrong = not self.is_calm and self.chance.random() < 0.05
        self._tap(LogIn(OperatorNo(OPERATOR), Pin("9999" if wrong else OPERATOR_PIN)))

    def _at_signing_in(self) -> None:
        if self._fires(Fault.CANCEL_LATE):
            self._tap(Cancel())

    def _at_idle(self) -> None:
        state = self.node.state
        basket = self._current()
        if state.doubt is not None:
            # Either asks for it to be settled, or tries to sell in spite of it.
            sell = basket is not None and self.chance.random() < 0.4
            self._tap(self._sale_of(basket) if sell and basket is not None else ResolveNow())
            return
        if basket is not None and basket.is_open:
            self._look_up(basket)
            return
        if not state.signed_in:
            self._tap(SignIn())
        elif basket is None:
            self.is_done = True
            if not self.is_calm and self.chance.random() < 0.05:
                self._tap(self.chance.choice((LogOut(), SignIn(), PowerOff())))
        else:
            self._tap(self._sale_of(basket))

    def _sale_of(self, basket: Basket) -> Start:
        self._attempt += 1
        return Start(f"{basket.name}-{self._attempt}", "sale", basket.amount)

    def _at_card(self) -> None:
        basket = self._current()
        if basket is None or not self._is_mine(basket):
            self._tap(Cancel())
            return
        basket.is_open = True
        if self._fires(Fault.WALKED_AWAY):
            self._walk_away()
            return
        if not self.is_calm and self.chance.random() < 0.02:
            self._tap(Cancel())
            return
        self._tap(CardSwiped(basket.card.track))

    def _at_pin(self) -> None:
        if self._fires(Fault.WALKED_AWAY):
            self._walk_away()
            return
        if not self.is_calm and self.chance.random() < 0.02:
            self._tap(Cancel())
            return
        wrong = self._fires(Fault.WRONG_PIN)
        self._tap(PinEntered(Pin(WRONG_PIN if wrong else RIGHT_PIN)))

    def _at_authorising(self) -> None:
        if self._fires(Fault.CANCEL_LATE):
            self._tap(self.chance.choice((Cancel(), PowerOff(), Dismiss())))

    def _at_reversing(self) -> None:
        doubt = self.node.state.doubt
        if doubt is not None and doubt.stage is DoubtStage.NEEDS_PERSON:
            self._tap(ResolveNow() if self.chance.random() < 0.7 else Dismiss())
        elif self._fires(Fault.CANCEL_LATE):
            self._tap(self.chance.choice((Dismiss(), ResolveNow(), PowerOff())))

    def _at_result(self) -> None:
        result, basket = self.node.state.result, self._current()
        if result is not None and basket is not None and result.amount == basket.amount:
            self._close(basket, paid=result.outcome is Outcome.APPROVED)
        self._tap(Dismiss())

    def _look_up(self, basket: Basket) -> None:
        """Find out from the list of payments what became of a sale whose result nobody saw."""
        lines = [
            line for line in self.node.state.recent if line.amount_minor == basket.amount_minor
        ]
        paid = any(line.outcome is Outcome.APPROVED for line in lines)
        self._close(basket, paid=paid)

    def _close(self, basket: Basket, *, paid: bool) -> None:
        basket.is_open = False
        basket.tries_left -= 1
        if paid:
            basket.is_paid = True
        if paid or basket.tries_left <= 0:
            self._index += 1

    def _is_mine(self, basket: Basket) -> bool:
        sale = self.node.state.draft
        return sale is not None and sale.amount == basket.amount

    def _current(self) -> Basket | None:
        while self._index < len(self.baskets):
            basket = self.baskets[self._index]
            if basket.tries_left > 0 or basket.is_open:
                return basket
            self._index += 1
        return None
