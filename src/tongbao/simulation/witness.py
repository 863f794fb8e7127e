"""Stands outside all machines, sees every message, screen and slip, and knows what may be said.

Nothing here asks a machine what it believes: what was said is compared with what would survive a
power cut at this moment.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.records import EventKind
from tongbao.simulation.node import WrongWorldError
from tongbao.simulation.secrecy import Secrecy
from tongbao.terminal.core.vocabulary import Outcome, Phase
from tongbao.terminal.slip import Slip, SlipOutcome
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.host.records import EventRecord
    from tongbao.sandbox.issuer.core.book import Record
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.host_store import VirtualHostStore
    from tongbao.simulation.issuer_store import VirtualIssuerStore
    from tongbao.simulation.network import Way
    from tongbao.simulation.terminal_journal import Row
    from tongbao.simulation.terminal_node import TerminalNode
    from tongbao.simulation.trace import Trace
    from tongbao.terminal.core import effects as fx
    from tongbao.terminal.core.events import Event
    from tongbao.terminal.core.state import Result, TerminalState
    from tongbao.wire.iso8583.codec import Message

_LENGTH_BYTES: Final = 2
_SAID = "durable before said"
_MONOTONIC = "monotonic"
_FROM_BOOK: Final = frozenset({"94", "A0", "30", "40", "64", "12"})


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that a person has seen on a screen or on paper."""

    terminal_id: str
    trace: int
    amount_minor: int


@dataclass(slots=True)
class Witness:
    """The memory of the one outside; see the module's text."""

    secrecy: Secrecy
    trace: Trace
    approvals: set[Approval] = field(default_factory=set)
    taken: Counter[tuple[Phase, str]] = field(default_factory=Counter)
    refused_sales: int = 0
    _last_trace: dict[str, int] = field(default_factory=dict)
    _last_result: dict[str, Result | None] = field(default_factory=dict)
    _asked: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _last_asked: str = ""

    # The wire.

    def frame(self, route: str, way: Way, data: bytes) -> None:
        """Look for secrets in a frame."""
        self.secrecy.look_at_frame(f"{route} {way.value}", data)

    # A terminal.

    def stepped(self, before: Phase, event: Event) -> None:
        """Count a cell of the terminal's table."""
        self.taken[before, event.kind.value] += 1

    def sends(self, node: TerminalNode, frame: bytes) -> None:
        """Check a request against the journal."""
        message = UNIONPAY.decode(frame[_LENGTH_BYTES + ENVELOPE_BYTES :])
        trace = int(_text(message, 11))
        self.trace.note(node.name, f"sends {message.mti} {trace:06d}")
        journal = JournalView(node.disk)
        if message.mti == "0400":
            if not journal.has("reversal_sent", trace) or not journal.has(
                "payment_intended", trace
            ):
                raise WrongWorldError(
                    _SAID, f"{node.name} sends a reversal of {trace:06d} unwritten"
                )
            return
        kind = "payment_intended" if message.mti == "0200" else "sign_in_started"
        if not journal.has(kind, trace):
            raise WrongWorldError(_SAID, f"{node.name} sends {message.mti} {trace:06d} unwritten")
        last = self._last_trace.get(node.name, 0)
        if trace <= last:
            raise WrongWorldError(
                _MONOTONIC, f"{node.name} sends trace {trace:06d} after {last:06d}"
            )
        self._last_trace[node.name] = trace
        if message.mti == "0200":
            open_traces = journal.open_sales() - {trace}
            if open_traces:
                raise WrongWorldError(
                    "no new sale in doubt",
                    f"{node.name} sells {trace:06d} while {open_traces} is open",
                )

    def prints(self, node: TerminalNode, job: fx.Print) -> None:
        """Check a slip against the journal."""
        slip = job.slip
        self.secrecy.look_at_text(f"slip of {node.name}", repr(slip))
        if job.trace is None or not isinstance(slip, Slip):
            return
        trace = job.trace.value
        if slip.outcome is SlipOutcome.APPROVED:
            self._approved(node, trace, slip.amount.minor, "prints")
        elif slip.outcome is SlipOutcome.REVERSED and not JournalView(node.disk).has(
            "reversal_closed", trace
        ):
            raise WrongWorldError(_SAID, f"{node.name} prints a reversal of {trace:06d} unwritten")

    def shows(self, node: TerminalNode, state: TerminalState) -> None:
        """Check what the screen says of a payment against the journal."""
        result = state.result
        if result is None or result is self._last_result.get(node.name) or result.trace is None:
            return
        self._last_result[node.name] = result
        trace = result.trace.value
        journal = JournalView(node.disk)
        if result.outcome is Outcome.APPROVED:
            self._approved(node, trace, result.amount.minor, "shows")
        elif result.outcome is Outcome.REVERSED:
            if not journal.has("reversal_closed", trace):
                raise WrongWorldError(_SAID, f"{node.name} shows {trace:06d} reversed, unwritten")
        elif not journal.has("payment_closed", trace):
            raise WrongWorldError(_SAID, f"{node.name} shows {trace:06d} closed, unwritten")

    def _approved(self, node: TerminalNode, trace: int, amount_minor: int, how: str) -> None:
        if not JournalView(node.disk).has("payment_closed", trace, outcome="approved"):
            raise WrongWorldError(_SAID, f"{node.name} {how} an approval of {trace:06d} unwritten")
        self.approvals.add(Approval(node.name, trace, amount_minor))

    # The host.

    def answers(self, store: VirtualHostStore, frame: bytes) -> None:
        """Check a reply to a terminal against the host's tables."""
        message = UNIONPAY.decode(frame[_LENGTH_BYTES + ENVELOPE_BYTES :])
        code, rrn = _text(message, 39), _text(message, 37)
        terminal, trace = _text(message, 41), _text(message, 11)
        self.trace.note("host", f"answers {terminal}: {message.mti} {trace} {code}")
        if message.mti == "0810":
            if code == "00" and 62 in message.fields:
                terminal_id = _text(message, 41)
                if not store.has_durable_session(terminal_id):
                    raise WrongWorldError(_SAID, f"the host gives {terminal_id} keys unwritten")
            return
        payment = store.payment_by_rrn(rrn)
        if payment is None:
            if code == "00":
                raise WrongWorldError(_SAID, f"the host answers 00 for {rrn}, which has no row")
            return
        events = store.durable_events(payment.payment_id)
        if events is None or not _bears(message, events):
            raise WrongWorldError(
                _SAID, f"the host answers {message.mti} {code} for {rrn} without its record"
            )

    def asks(self, store: VirtualHostStore, frame: bytes) -> None:
        """Check a request to the issuer against the host's tables."""
        message = NETWORK.decode(frame[_LENGTH_BYTES:])
        rrn = _text(message, 37)
        asked_for = f"{_text(message, 41)} {_text(message, 11)}"
        self.trace.note("host", f"asks the issuer: {message.mti} {rrn} for {asked_for}")
        payment = store.payment_by_rrn(rrn)
        events = None if payment is None else store.durable_events(payment.payment_id)
        if events is None:
            raise WrongWorldError(_SAID, f"the host asks the issuer about {rrn} without a row")
        if message.mti == "0420":
            if not any(event.kind == EventKind.REVERSAL_REQUESTED for event in events):
                raise WrongWorldError(_SAID, f"the host reverses {rrn} without a record")
            return
        content = (_text(message, 41), _text(message, 11), _text(message, 4))
        if self._asked.setdefault(rrn, content) != content:
            raise WrongWorldError(_MONOTONIC, f"reference number {rrn} is used twice")
        if rrn < self._last_asked:
            raise WrongWorldError(_MONOTONIC, f"reference number {rrn} after {self._last_asked}")
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
        code, rrn = _text(message, 39), _text(message, 37)
        self.trace.note("issuer", f"answers {message.mti} {rrn} {code}")
        if message.mti == "0430" and code not in _FROM_BOOK:
            if store.durable_reversal(rrn) is None:
                raise WrongWorldError(_SAID, f"the issuer answers a reversal of {rrn} unwritten")
        elif message.mti == "0210" and code not in _FROM_BOOK:
            kept = store.durable_authorisation(rrn)
            if kept is None or kept.response_code != code:
                raise WrongWorldError(_SAID, f"the issuer answers {code} for {rrn} unwritten")

    def books(self, records: Sequence[Record]) -> None:
        """Look for secrets in what the issuer writes."""
        self.secrecy.look_at_text("book of the issuer", repr(records))


def _text(message: Message, number: int) -> str:
    value = message.fields.get(number)
    return value if isinstance(value, str) else ""


def _bears(message: Message, events: list[EventRecord]) -> bool:
    """Say whether these records allow this answer."""
    kinds = {event.kind for event in events}
    code = _text(message, 39)
    if message.mti == "0410":
        if code == "25":
            return EventKind.REVERSED in kinds
        return code != "00" or bool(
            kinds & {EventKind.REVERSAL_REQUESTED, EventKind.DECLINED, EventKind.REVERSED}
        )
    if code == "00":
        return EventKind.APPROVED in kinds
    if code == "98":
        return EventKind.REVERSAL_REQUESTED in kinds
    if any(event.kind == EventKind.DECLINED and event.response_code == code for event in events):
        return True
    return code == "12" and stand_of(events).state is PaymentState.REVERSED


class JournalView:
    """What a power cut now would leave of a terminal's journal."""

    __slots__ = ("_rows",)

    def __init__(self, disk: Disk[Row]) -> None:
        self._rows = [row for entry in disk.transactions[: disk.durable] for row in entry.rows]

    def has(self, kind: str, trace: int, outcome: str | None = None) -> bool:
        """Say whether there is such a record."""
        needle = f'"trace": {trace}'
        for _, found, body in reversed(self._rows):
            if found == kind and needle in body:
                values = json.loads(body)
                if values["trace"] == trace and outcome in (None, values.get("outcome")):
                    return True
        return False

    def open_sales(self) -> set[int]:
        """Return the traces of sales that have no end."""
        traces: set[int] = set()
        for _, kind, body in self._rows:
            if kind == "payment_intended":
                traces.add(json.loads(body)["trace"])
            elif kind in ("payment_closed", "reversal_closed"):
                traces.discard(json.loads(body)["trace"])
        return traces
