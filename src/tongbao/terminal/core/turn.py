"""One step in the making: the state as it changes and the effects in the order they must happen."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tongbao.domain.dates import BusinessDate, Instant
from tongbao.terminal.core.effects import (
    Effect,
    Persist,
    PlaySound,
    Refuse,
    Send,
    StartTimer,
    StopTimer,
)
from tongbao.terminal.core.state import Exchange, ExchangeKind, Notice, TerminalState
from tongbao.terminal.core.vocabulary import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.ids import Stan
    from tongbao.terminal.core.card_seal import CardSeal
    from tongbao.terminal.core.messages import HostMessages
    from tongbao.terminal.core.records import Record
    from tongbao.terminal.core.vocabulary import Cue, TimerKind
    from tongbao.terminal.settings import TerminalSettings


@dataclass(frozen=True, slots=True)
class Equipment:
    """What every handler may use: the settings, the messages, the keys, and chance."""

    settings: TerminalSettings
    messages: HostMessages
    keys: KeyStore
    seal: CardSeal
    random_bytes: Callable[[int], bytes]


class Turn:
    """Collects what one step changes and wants done."""

    def __init__(self, state: TerminalState, now: Instant) -> None:
        self.state = state
        self.now = now
        self.effects: list[Effect] = []

    def change(self, **changes: Any) -> None:
        """Replace parts of the state."""
        self.state = dataclasses.replace(self.state, **changes)

    def go(self, phase: Phase, **changes: Any) -> None:
        """Enter a phase, changing other parts with it."""
        self.change(phase=phase, **changes)

    def go_home(self, **changes: Any) -> None:
        """Enter the phase of a till at rest: with or without somebody at it."""
        self.go(Phase.LOGGED_OUT if self.state.operator is None else Phase.IDLE, **changes)

    def do(self, effect: Effect) -> None:
        """Add an effect behind those so far."""
        self.effects.append(effect)

    def persist(self, record: Record) -> None:
        """Have a record flushed before whatever is added next."""
        self.effects.append(Persist(record))

    def refuse(self, notice: Notice) -> None:
        """Answer the command with a refusal; the state stays as the handler leaves it."""
        self.effects.append(Refuse(notice))

    def sound(self, cue: Cue) -> None:
        """Have a cue played."""
        self.effects.append(PlaySound(cue))

    def start_timer(self, timer: TimerKind, ms: int) -> None:
        """Start a timer."""
        self.effects.append(StartTimer(timer, ms))

    def stop_timer(self, timer: TimerKind) -> None:
        """Stop a timer."""
        self.effects.append(StopTimer(timer))

    def take_trace(self) -> Stan:
        """Take the next trace number; the caller persists it before anything is sent."""
        trace = self.state.next_trace
        self.change(next_trace=trace.next())
        return trace

    def send(self, kind: ExchangeKind, trace: Stan | None, frame: bytes, subject: str = "") -> None:
        """Send a frame as the one message in flight; `subject` says what it is about."""
        ticket = self.state.next_ticket
        self.change(exchange=Exchange(kind, trace, ticket, subject), next_ticket=ticket + 1)
        self.effects.append(Send(frame, ticket))

    @property
    def host_now(self) -> Instant:
        """The present time by the clock set at sign-in."""
        return self.now.plus_ms(self.state.clock_offset_ms)

    def host_date(self) -> BusinessDate:
        """The present day in China by the clock set at sign-in."""
        return BusinessDate(self.host_now.local().date())
