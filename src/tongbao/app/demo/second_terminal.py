"""A second terminal worked by hand: the real core, journal, keys and TLS, but our own shell.

A terminal never sends a message twice by itself. A network may deliver it twice, and this shell
does what such a network would: it sends the same bytes again and looks at both answers.
"""

from __future__ import annotations

import os
import socket
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tongbao.domain.dates import Instant
from tongbao.terminal.core.core import TerminalCore
from tongbao.terminal.core.effects import (
    Effect,
    OpenLink,
    Persist,
    Print,
    Refuse,
    RunSelfCheck,
    Send,
)
from tongbao.terminal.core.events import (
    CardSwiped,
    Event,
    FrameReceived,
    LinkUp,
    LogIn,
    PinEntered,
    PowerOn,
    SelfCheckDone,
    SlipPrinted,
    Start,
)
from tongbao.terminal.core.recovery import restore
from tongbao.terminal.core.state import PartCheck
from tongbao.terminal.core.vocabulary import CheckResult, Outcome, Part, Phase
from tongbao.terminal.journal import Journal, restore_reader
from tongbao.terminal.keys import open_keys
from tongbao.terminal.link import make_tls
from tongbao.wire.unionpay.framing import MAX_FRAME_BYTES, FrameSplitter

if TYPE_CHECKING:
    from types import TracebackType

    from tongbao.domain.ids import OperatorNo
    from tongbao.domain.money import Money
    from tongbao.domain.secrets import Pin, Track2
    from tongbao.terminal.core.state import Result
    from tongbao.terminal.settings import TerminalSettings

_ANSWER_TIMEOUT_S = 15.0


class SecondTerminalError(RuntimeError):
    """The terminal refused or the host did not answer; the text says what was going on."""


@dataclass(frozen=True, slots=True)
class RepeatedSale:
    """What came of one sale that was sent twice."""

    result: Result
    at: Instant
    same_answer: bool


class SecondTerminal:
    """A terminal whose effects are carried out one by one, in this process."""

    def __init__(self, settings: TerminalSettings) -> None:
        self._settings = settings
        self._journal = Journal.open(settings.data_folder, settings.terminal_id.value)
        self._core = TerminalCore(settings, open_keys(settings), os.urandom)
        self._state = restore(settings, restore_reader(self._journal))
        self._socket: socket.socket | None = None
        self._splitter = FrameSplitter(MAX_FRAME_BYTES)
        self._frames: deque[bytes] = deque()
        self._sent = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            self._socket.close()
        self._journal.close()

    def log_in(self, operator: OperatorNo, password: Pin) -> None:
        """Power on, log in and fetch working keys; SecondTerminalError when it does not work."""
        self._happen(PowerOn())
        self._happen(LogIn(operator, password))
        if self._state.phase is Phase.SIGNING_IN:
            self._happen(FrameReceived(self._next_frame()))
        self._expect(Phase.IDLE)

    def sell_twice(self, command_id: str, amount: Money, track: Track2, pin: Pin) -> RepeatedSale:
        """Make one sale, send its message twice and return the result and both answers' equality.

        The second answer goes to the core as well, which has no more use for it.
        """
        self._happen(Start(command_id, "sale", amount))
        self._happen(CardSwiped(track))
        self._happen(PinEntered(pin))
        self._expect(Phase.AUTHORISING)
        first = self._next_frame()
        self._line().sendall(self._sent)
        second = self._next_frame()
        self._happen(FrameReceived(first))
        self._happen(FrameReceived(second))
        self._expect(Phase.RESULT)
        result = self._state.result
        if result is None or result.outcome is not Outcome.APPROVED:
            raise SecondTerminalError("the repeated sale was not approved")
        return RepeatedSale(result, _read_clock(), first == second)

    def _happen(self, event: Event) -> None:
        """Step the core and carry out its effects in order, and what follows from them."""
        events = deque([event])
        while events:
            now = _read_clock()
            self._state, effects = self._core.step(self._state, events.popleft(), now)
            for effect in effects:
                events.extend(self._carry_out(effect, now))

    def _carry_out(self, effect: Effect, now: Instant) -> list[Event]:
        match effect:
            case Persist(record):
                self._journal.append(record, now)
            case Send(frame, _):
                self._sent = frame
                self._line().sendall(frame)
            case OpenLink():
                return [self._connect()]
            case RunSelfCheck():
                return [SelfCheckDone(tuple(PartCheck(part, CheckResult.OK) for part in Part))]
            case Print(name, batch, trace, _):
                return [SlipPrinted(name, batch, trace, printed=True)]
            case Refuse(notice):
                raise SecondTerminalError(f"the second terminal refused: {notice.en}")
            case _:
                pass
        return []

    def _connect(self) -> Event:
        settings = self._settings
        line = socket.create_connection(
            (settings.host_address, settings.host_port), timeout=_ANSWER_TIMEOUT_S
        )
        tls = make_tls(settings)
        if tls is not None:
            line = tls.wrap_socket(line, server_hostname=settings.host_name)
        self._socket = line
        return LinkUp()

    def _line(self) -> socket.socket:
        if self._socket is None:
            raise SecondTerminalError("the second terminal has no line to the host")
        return self._socket

    def _next_frame(self) -> bytes:
        while not self._frames:
            try:
                data = self._line().recv(MAX_FRAME_BYTES)
            except TimeoutError:
                raise SecondTerminalError("the host did not answer the second terminal") from None
            if not data:
                raise SecondTerminalError("the host hung up on the second terminal")
            self._frames.extend(self._splitter.feed(data))
        return self._frames.popleft()

    def _expect(self, phase: Phase) -> None:
        if self._state.phase is not phase:
            raise SecondTerminalError(
                f"the second terminal is in {self._state.phase.value}, not {phase.value}"
            )


def _read_clock() -> Instant:
    return Instant(time.time_ns() // 1000)
