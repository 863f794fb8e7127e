"""Cashiers and cardholders: they tap, swipe, mistype, hurry, wait, and believe what they see."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.secrets import Pin
from tongbao.simulation.cards import RIGHT_PIN, WRONG_PIN
from tongbao.simulation.errands import (
    SETTLEMENT,
    Errand,
    Fact,
    closing_errand,
    find_original,
    probe_errand,
    start_of,
)
from tongbao.simulation.faults import Fault
from tongbao.terminal.core.download_steps import Download
from tongbao.terminal.core.events import (
    Approval,
    Cancel,
    CardEntered,
    CardSwiped,
    Dismiss,
    Echo,
    Event,
    Find,
    LogIn,
    LogOut,
    PinEntered,
    PinSkipped,
    PowerOff,
    PowerOn,
    PrintTotals,
    ReportStatus,
    Reprint,
    ResolveNow,
    SendNow,
    Settle,
    Sign,
    SignIn,
    SignOff,
    StartDownload,
)
from tongbao.terminal.core.items import find_item
from tongbao.terminal.core.settlement import SettlementStage
from tongbao.terminal.core.vocabulary import DoubtStage, Outcome, Part, Phase

if TYPE_CHECKING:
    from tongbao.simulation.terminal_node import TerminalNode
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.state import RecentPayment

OPERATOR: Final = "01"
SUPERVISOR: Final = "00"
OPERATOR_PIN: Final = "0000"
_ANOTHER_PIN: Final = "9999"
_BATCH_FULL: Final = "must_settle"
_SECOND_US: Final = 1_000_000
_CLOSING_NUMBER: Final = 98
_PROBE_NUMBER: Final = 99


@dataclass(slots=True)
class Cashier:
    """The person at one terminal. Looks at the screen every few seconds and does the next thing."""

    node: TerminalNode
    chance: random.Random
    errands: list[Errand]
    everybody: Sequence[Errand]
    """All errands of the town: a customer may come back at another terminal."""
    is_calm: bool = False
    """The faults are over: no more odd ideas."""
    is_out: bool = False
    """There is no light in the shop: nothing is done before it comes back."""
    is_done: bool = False
    closing: list[Errand] = field(default_factory=list)
    """What must go well at the end."""
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
            Phase.SETTLING: self._at_settling,
            Phase.LOADING: self._at_loading,
        }

    def begin(self) -> None:
        """Come to work."""
        self._wait(0.1, 3)

    def want_closing(self) -> None:
        """Have one customer more and close the batch; both must go well."""
        self.is_calm = True
        name = self.node.name
        self.closing = [probe_errand(name, _PROBE_NUMBER), closing_errand(name, _CLOSING_NUMBER)]
        for errand in self.errands[self._index :]:
            errand.tries_left = 0
        self.errands += self.closing
        self.is_done = False

    def _wait(self, low_s: float, high_s: float) -> None:
        delay_us = int(self.chance.uniform(low_s, high_s) * _SECOND_US)
        self.node.world.agenda.after(delay_us, self._look)

    def _look(self) -> None:
        node = self.node
        if self.is_out:
            self._wait(1, 8)
            return
        if not node.is_up:
            # Somebody comes and switches it on again.
            if self.chance.random() < 0.3:
                node.switch_on()
            self._wait(1, 8)
            return
        if node.world.agenda.now_us >= self._away_until_us:
            self._act()
        self._wait(0.3, 3.5)

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
        password = _ANOTHER_PIN if wrong else OPERATOR_PIN
        self._tap(LogIn(OperatorNo(OPERATOR), Pin(password)))

    def _at_signing_in(self) -> None:
        if self._fires(Fault.CANCEL_LATE):
            self._tap(Cancel())

    def _at_idle(self) -> None:
        state = self.node.state
        errand = self._current()
        if state.doubt is not None:
            # Either asks for it to be settled, or tries to sell in spite of it.
            sell = errand is not None and self.chance.random() < 0.4
            if sell and errand is not None and errand.kind != SETTLEMENT:
                self._tap(start_of(errand, self._next_attempt(), self._approval()))
            else:
                self._tap(ResolveNow())
            return
        if errand is not None and errand.is_open:
            if errand.kind == SETTLEMENT:
                self._look_at_batch(errand)
            else:
                self._look_up(errand)
            return
        if not state.signed_in:
            self._tap(SignIn())
        elif state.settlement is not None:
            # Totals have gone out: nothing else is possible before the batch is closed.
            self._tap(Settle())
        elif errand is None:
            self.is_done = True
            if not self.is_calm and self.chance.random() < 0.05:
                self._tap(self.chance.choice((LogOut(), SignIn(), PowerOff())))
        elif not self.is_calm and self.chance.random() < 0.05:
            self._tap(self._idea())
        else:
            self._begin(errand)

    def _idea(self) -> Event:
        """Something that people do between payments."""
        ideas: list[Event] = [Echo(), ReportStatus(), SendNow(), SignOff(), PrintTotals()]
        ideas += [StartDownload(what) for what in Download]
        recent = self.node.state.recent
        if recent:
            line = self.chance.choice(recent)
            batch, trace = BatchNo(line.batch), Stan(line.trace)
            picture = self.chance.randbytes(16)
            ideas += [Find(trace, batch), Reprint(batch, trace)]
            ideas += [Sign(batch, trace, 16, 8, picture)] * 4
        return self.chance.choice(ideas)

    def _begin(self, errand: Errand) -> None:
        if errand.kind == SETTLEMENT:
            self._settle(errand)
            return
        if not errand.is_fixed and not find_original(errand, self.everybody, self.chance):
            errand.tries_left = 0
            return
        node, process_no = self.node, self.node.process_no
        node.last_refusal = ""
        errand.first_trace = errand.first_trace or node.state.next_trace.value
        self._tap(start_of(errand, self._next_attempt(), self._approval()))
        if node.last_refusal and node.state.phase is Phase.IDLE and node.process_no == process_no:
            # The terminal would not even begin.
            if node.last_refusal == _BATCH_FULL:
                self._tap(Settle())
            else:
                errand.tries_left -= 1
            return
        errand.is_open = True

    def _settle(self, errand: Errand) -> None:
        node, process_no = self.node, self.node.process_no
        batch = node.state.batch.value
        if not any(item.is_approved for item in node.state.items):
            # Nothing to settle.
            self._close(errand, paid=True)
            return
        self._tap(Settle())
        if node.process_no == process_no and node.is_up and node.state.phase is Phase.IDLE:
            errand.tries_left -= 1
            return
        errand.is_open, errand.amount_minor = True, batch

    def _at_settling(self) -> None:
        settlement = self.node.state.settlement
        if settlement is None:
            return
        if settlement.stage is SettlementStage.DONE:
            self._tap(Dismiss())
        elif settlement.error is not None:
            self._tap(Settle() if self.chance.random() < 0.7 else Dismiss())
        elif self._fires(Fault.CANCEL_LATE):
            self._tap(self.chance.choice((Cancel(), Dismiss(), Settle(), PowerOff())))

    def _at_loading(self) -> None:
        self._tap(self.chance.choice((Dismiss(), Dismiss(), Dismiss(), Cancel())))

    def _look_at_batch(self, errand: Errand) -> None:
        """Find out whether the batch of a settlement is closed; go on with it when it is not."""
        state = self.node.state
        closed = state.batch.value != errand.amount_minor and (
            state.settlement is None or not state.settlement.is_binding
        )
        errand.amount_minor = 0 if closed else errand.amount_minor
        self._close(errand, paid=closed)

    def _next_attempt(self) -> int:
        self._attempt += 1
        return self._attempt

    def _approval(self) -> Approval:
        wrong = not self.is_calm and self.chance.random() < 0.05
        password = _ANOTHER_PIN if wrong else OPERATOR_PIN
        return Approval(OperatorNo(SUPERVISOR), Pin(password))

    def _at_card(self) -> None:
        errand = self._current()
        if errand is None or not self._is_mine(errand):
            self._tap(Cancel())
            return
        if self._fires(Fault.WALKED_AWAY):
            self._walk_away()
            return
        if not self.is_calm and self.chance.random() < 0.02:
            self._tap(Cancel())
            return
        card = errand.card
        self._tap(CardEntered(card.pan, card.expiry) if errand.keyed else CardSwiped(card.track))
        if self.node.is_up and self.node.state.phase is Phase.CARD:
            # Not this card, or not this way.
            self._tap(Cancel())

    def _at_pin(self) -> None:
        if self._fires(Fault.WALKED_AWAY):
            self._walk_away()
            return
        if not self.is_calm and self.chance.random() < 0.02:
            self._tap(Cancel())
            return
        errand = self._current()
        pin = True if errand is None else errand.pin
        if pin is None:
            self._tap(PinSkipped())
            if not self.node.is_up or self.node.state.phase is not Phase.PIN:
                return
        wrong = self._fires(Fault.WRONG_PIN) or pin is False
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
        self._tap(Dismiss())

    def _look_up(self, errand: Errand) -> None:
        """Find out from the list of payments what became of it."""
        lines = [line for line in self.node.state.recent if self._is_of(line, errand)]
        approved = next((line for line in lines if line.outcome is Outcome.APPROVED), None)
        if approved is not None and errand.kind != "balance":
            item = find_item(self.node.state.items, approved.batch, approved.trace)
            errand.fact = None if item is None else _fact(self.node.name, item)
        self._close(errand, paid=approved is not None)

    def _is_of(self, line: RecentPayment, errand: Errand) -> bool:
        return (
            line.payment_kind == errand.kind
            and line.amount_minor == errand.amount_minor
            and line.trace >= errand.first_trace
        )

    def _close(self, errand: Errand, *, paid: bool) -> None:
        errand.is_open = False
        errand.tries_left -= 1
        if paid:
            errand.is_paid = True
            if errand.original is not None:
                errand.original.done_to.append(errand)
        if paid or errand.tries_left <= 0:
            self._index += 1

    def _is_mine(self, errand: Errand) -> bool:
        draft = self.node.state.draft
        return draft is not None and draft.command_id.startswith(f"{errand.name}-")

    def _current(self) -> Errand | None:
        while self._index < len(self.errands):
            errand = self.errands[self._index]
            if errand.tries_left > 0 or errand.is_open:
                return errand
            self._index += 1
        return None


def _fact(terminal_id: str, item: BatchItem) -> Fact:
    closed = item.closed
    return Fact(
        terminal_id,
        item.intent.batch,
        item.intent.trace,
        item.closed_rrn,
        getattr(closed, "auth_code", ""),
        closed.local_date[4:],
    )
