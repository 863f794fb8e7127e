"""The line of a terminal in training: it leads to the training issuer and nowhere else.

No socket is opened. What the issuer does not answer is simply not answered, as on a real line.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.events import Event, FrameReceived, LinkDown, LinkUp, SendFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.domain.dates import Instant
    from tongbao.terminal.training.issuer import TrainingIssuer

# Long enough to be seen, short enough not to be waited for.
ANSWER_AFTER_S: Final = 0.4


class TrainingLine:
    """Has the methods of `tongbao.terminal.link.HostLink`."""

    def __init__(
        self,
        issuer: TrainingIssuer,
        report: Callable[[Event], None],
        clock: Callable[[], Instant],
        answer_after_s: float = ANSWER_AFTER_S,
    ) -> None:
        self._issuer = issuer
        self._report = report
        self._clock = clock
        self._answer_after_s = answer_after_s
        self._is_open = False
        self._waiting: set[asyncio.TimerHandle] = set()
        self._ticket: int | None = None

    def open(self) -> None:
        """Report the line as up."""
        if not self._is_open:
            self._is_open = True
            self._report(LinkUp())

    def close(self) -> None:
        """Forget the answers that are on their way."""
        self._is_open = False
        self._forget()

    def renew(self) -> None:
        """Break the line and make it again, as a terminal does with one that has gone silent."""
        if self._is_open:
            self._forget()
            ticket, self._ticket = self._ticket, None
            self._report(LinkDown(frozenset() if ticket is None else frozenset({ticket})))
            self._report(LinkUp())

    def send(self, frame: bytes, ticket: int) -> None:
        """Hand a frame with its length to the issuer; its answer comes a little later."""
        if not self._is_open:
            self._report(SendFailed(ticket, sent=False))
            return
        self._ticket = ticket
        answer = self._issuer.answer(frame, self._clock())
        if answer is not None:
            loop = asyncio.get_running_loop()
            handle = loop.call_later(self._answer_after_s, self._deliver, answer)
            self._waiting.add(handle)

    async def check(self, timeout_s: float) -> tuple[bool, str]:
        """Tell where this line leads; it always stands."""
        del timeout_s
        return True, "training"

    def _deliver(self, answer: bytes) -> None:
        self._waiting = {handle for handle in self._waiting if not handle.cancelled()}
        if self._is_open:
            self._report(FrameReceived(answer))

    def _forget(self) -> None:
        for handle in self._waiting:
            handle.cancel()
        self._waiting.clear()
