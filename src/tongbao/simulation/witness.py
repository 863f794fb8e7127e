"""Stands outside all machines, sees every message, and knows what may be said.

Nothing here asks a machine what it believes: what was said is compared with what would survive a
power cut at this moment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.records import EventKind
from tongbao.simulation.node import WrongWorldError
from tongbao.simulation.secrecy import Secrecy
from tongbao.simulation.terminal_witness import MONOTONIC, SAID, TerminalsWitness, text_of
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.host.records import EventRecord
    from tongbao.sandbox.issuer.core.book import Record
    from tongbao.simulation.host_store import VirtualHostStore
    from tongbao.simulation.issuer_store import VirtualIssuerStore
    from tongbao.simulation.network import Way
    from tongbao.simulation.trace import Trace
    from tongbao.wire.iso8583.codec import Message

_LENGTH_BYTES: Final = 2
# Codes with which the issuer decides nothing.
_FROM_BOOK: Final = frozenset({"94", "A0", "30", "40", "64", "12", "22", "25"})
_ANSWERS: Final = frozenset({"0110", "0210", "0230"})
_QUESTIONS: Final = frozenset({"0600"})
_DOUBTS: Final = frozenset({EventKind.REVERSAL_REQUESTED, "delivery_repeated"})
# A balance moves no money and has no row.
_BALANCE: Final = "310000"
_ENDS: Final = frozenset({EventKind.REVERSAL_REQUESTED, EventKind.DECLINED, EventKind.REVERSED})


@dataclass(slots=True)
class Witness:
    """The memory of the one outside; see the module's text."""

    secrecy: Secrecy
    trace: Trace
    terminals: TerminalsWitness
    _asked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _last_asked: str = ""

    # The wire.

    def frame(self, route: str, way: Way, data: bytes) -> None:
        """Look for secrets in a frame."""
        self.secrecy.look_at_frame(f"{route} {way.value}", data)

    # The host.

    def answers(self, store: VirtualHostStore, frame: bytes) -> None:
        """Check a reply to a terminal against the host's tables."""
        message = UNIONPAY.decode(frame[_LENGTH_BYTES + ENVELOPE_BYTES :])
        code, rrn = text_of(message, 39), text_of(message, 37)
        terminal, trace = text_of(message, 41), text_of(message, 11)
        self.trace.note("host", f"answers {terminal}: {message.mti} {trace} {code}")
        if message.mti == "0810":
            if code == "00" and 62 in message.fields and not store.has_durable_session(terminal):
                raise WrongWorldError(SAID, f"the host gives {terminal} keys unwritten")
            return
        is_about_money = message.mti in _ANSWERS and text_of(message, 3) != _BALANCE
        if not is_about_money and message.mti != "0410":
            return
        payment = store.payment_by_rrn(rrn)
        if payment is None:
            if code == "00":
                raise WrongWorldError(SAID, f"the host answers 00 for {rrn}, which has no row")
            return
        events = store.durable_events(payment.payment_id)
        if events is None or not _bears(message, events):
            raise WrongWorldError(
                SAID, f"the host answers {message.mti} {code} for {rrn} without its record"
            )

    def asks(self, store: VirtualHostStore, frame: bytes) -> None:
        """Check a request to the issuer against the host's tables."""
        message = NETWORK.decode(frame[_LENGTH_BYTES:])
        rrn = text_of(message, 37)
        asked_for = f"{text_of(message, 41)} {text_of(message, 11)}"
        self.trace.note("host", f"asks the issuer: {message.mti} {rrn} for {asked_for}")
        if text_of(message, 3) == _BALANCE:
            return
        payment = store.payment_by_rrn(rrn)
        events = None if payment is None else store.durable_events(payment.payment_id)
        if events is None:
            raise WrongWorldError(SAID, f"the host asks the issuer about {rrn} without a row")
        if message.mti == "0420":
            if not any(event.kind == EventKind.REVERSAL_REQUESTED for event in events):
                raise WrongWorldError(SAID, f"the host reverses {rrn} without a record")
            return
        if message.mti in _QUESTIONS:
            return
        self._ask_for_money(message, rrn)

    def _ask_for_money(self, message: Message, rrn: str) -> None:
        content = tuple(text_of(message, number) for number in (41, 11, 4, 3, 62))
        first = self._asked.setdefault(rrn, content)
        if first is not content:
            if first != content:
                raise WrongWorldError(MONOTONIC, f"reference number {rrn} is used twice")
            if message.mti != "0220":
                raise WrongWorldError("no double charge", f"the host asks for {rrn} again")
            return
        if message.mti == "0220":
            # It may have waited for the link since it came.
            return
        if rrn < self._last_asked:
            raise WrongWorldError(MONOTONIC, f"reference number {rrn} after {self._last_asked}")
        self._last_asked = rrn

    def notes(self, text: str) -> None:
        """Look for secrets in a line of the host's log."""
        self.secrecy.look_at_text("log of the host", text)

    # The issuer.

    def replies(self, store: VirtualIssuerStore, body: bytes) -> None:
        """Check a reply of the issuer against its book."""
        try:
            message = NETWORK.decode(body)
        except ProtocolError as error:
            raise WrongWorldError(
                "no bug", f"the issuer sends what nobody can read: {error}"
            ) from error
        code, rrn = text_of(message, 39), text_of(message, 37)
        self.trace.note("issuer", f"answers {message.mti} {rrn} {code}")
        if message.mti == "0430" and code not in _FROM_BOOK:
            if store.durable_reversal(rrn) is None:
                raise WrongWorldError(SAID, f"the issuer answers a reversal of {rrn} unwritten")
        elif message.mti in _ANSWERS and code not in _FROM_BOOK and text_of(message, 3) != _BALANCE:
            kept = store.durable_authorisation(rrn)
            if kept is None or kept.response_code != code:
                raise WrongWorldError(SAID, f"the issuer answers {code} for {rrn} unwritten")

    def books(self, records: Sequence[Record]) -> None:
        """Look for secrets in what the issuer writes."""
        self.secrecy.look_at_text("book of the issuer", repr(records))


def _bears(message: Message, events: list[EventRecord]) -> bool:
    """Say whether these records allow this answer."""
    kinds = {event.kind for event in events}
    code = text_of(message, 39)
    if message.mti == "0410":
        if code == "25":
            return EventKind.REVERSED in kinds
        return code != "00" or bool(kinds & _ENDS)
    if code == "00":
        return EventKind.APPROVED in kinds
    if code == "98":
        # An advice that has no end yet waits for one; everything else is being reversed.
        return bool(kinds & _DOUBTS)
    if any(event.kind == EventKind.DECLINED and event.response_code == code for event in events):
        return True
    return code == "12" and stand_of(events).state is PaymentState.REVERSED
