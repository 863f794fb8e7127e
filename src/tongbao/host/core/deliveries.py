"""Messages that are repeated until the issuer has said something definite, by this process itself.

A process that was started anew does not know the cards any more: it asks what became of the message
(0600), and the terminal's own repeat brings the card back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.host.core.backlog import Sender, Undelivered, pause_ms
from tongbao.host.core.payment_rules import REPEAT_RULES, PaymentInput, PaymentState
from tongbao.host.core.recording import EventFacts, record_events
from tongbao.host.records import ExceptionKind

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect
    from tongbao.host.records import PaymentRecord
    from tongbao.wire.iso8583.codec import Message


class Deliveries(Sender):
    """The repeatable payments that the issuer has not answered in time."""

    __slots__ = ()

    def keep(
        self, payment: PaymentRecord, message: Message | None, *, exception_id: int = 0
    ) -> None:
        """Send it again from now on; what was known of earlier attempts stays."""
        state = self._state
        known = state.delivering.get(payment.rrn)
        if known is None:
            known = Undelivered(payment, 1 if state.link_up else 0, 0, exception_id)
        state.claim(payment)
        state.delivering.put(
            known._replace(
                message=message or known.message,
                due_ms=state.uptime_ms + self._pause_ms(known.attempts),
            )
        )

    def inquire(self, payment: PaymentRecord, out: list[Effect]) -> None:
        """Ask the issuer what became of a message."""
        if self._state.link_up:
            self._issuer.send_inquiry(out, payment)

    def settled(self, rrn: str, now_us: int, out: list[Effect]) -> None:
        """Let go of a message that the issuer has answered."""
        item = self._state.delivering.remove(rrn)
        if item is not None:
            self._exceptions.close(item.exception_id, "the issuer answered", now_us, out)

    def repeat(self, now_us: int, out: list[Effect]) -> None:
        """Send again what is due, a bounded number at a time."""
        state = self._state
        if not state.link_up:
            return
        rule = REPEAT_RULES[PaymentState.DELIVERING, PaymentInput.TIMEOUT]
        for item in state.delivering.take_due(state.uptime_ms):
            payment, attempts = item.payment, item.attempts + 1
            facts = EventFacts(detail=f"attempt {attempts}")
            record_events(state, rule, payment.payment_id, facts, now_us, out)
            # An issuer that never answers the one may answer the other.
            if item.message is None or (item.attempts and attempts % 2):
                self._issuer.send_inquiry(out, payment)
            else:
                self._issuer.send_again(out, item.message, payment)
            due_ms = state.uptime_ms + self._pause_ms(attempts)
            sent = item._replace(attempts=attempts, due_ms=due_ms)
            kind = ExceptionKind.ADVICE_UNDELIVERED
            state.delivering.put(self._exceptions.open_when_stuck(sent, kind, now_us, out))

    def link_found(self) -> None:
        """Let everything be sent again with the next ticks."""
        self._state.delivering.make_due(self._state.uptime_ms)

    def _pause_ms(self, attempts: int) -> int:
        return pause_ms(self._settings, max(attempts - 1, 0))
