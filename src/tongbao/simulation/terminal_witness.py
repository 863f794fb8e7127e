"""Stands behind each terminal: what leaves it, its paper and its screen against its journal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tongbao.simulation.node import WrongWorldError
from tongbao.simulation.secrecy import Secrecy
from tongbao.simulation.terminal_journal import read_row
from tongbao.terminal.core.records import (
    PaymentClosed,
    PaymentIntended,
    RepeatSent,
    ReversalClosed,
    ReversalSent,
    SignInStarted,
)
from tongbao.terminal.core.service_records import WorkSent
from tongbao.terminal.core.vocabulary import Outcome, Phase
from tongbao.terminal.slip import Slip, SlipOutcome
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import KINDS, SIGN_IN_CODES, Resolution

if TYPE_CHECKING:
    from tongbao.simulation.disk import Disk
    from tongbao.simulation.terminal_journal import Row
    from tongbao.simulation.terminal_node import TerminalNode
    from tongbao.simulation.trace import Trace
    from tongbao.terminal.core import effects as fx
    from tongbao.terminal.core.events import Event
    from tongbao.terminal.core.state import Result, TerminalState
    from tongbao.wire.iso8583.codec import Message

_LENGTH_BYTES: Final = 2
SAID: Final = "durable before said"
MONOTONIC: Final = "monotonic"
# An advice that the host has not heard of yet: agreed with the customer, and told later.
STORED: Final = "stored"
_PAYMENTS: Final = frozenset({"0100", "0200", "0220"})
# What a repeat must say again: processing code, amount, trace, the codes and batch, the original.
_SAME: Final = (3, 4, 11, 60, 61)


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval that a person has seen on a screen or on paper."""

    terminal_id: str
    trace: int
    kind: str
    amount_minor: int


class JournalIndex:
    """What a power cut now would leave of a terminal's journal, kept up to date."""

    def __init__(self, disk: Disk[Row]) -> None:
        self._disk = disk
        self._read = 0
        self._ends: set[tuple[int, str]] = set()
        self._facts: set[tuple[str, int]] = set()
        self._open: set[int] = set()

    def update(self) -> JournalIndex:
        """Read what has become durable since the last look; the log is a sequence."""
        while self._read < self._disk.durable:
            for row in self._disk.transactions[self._read].rows:
                self._take(row)
            self._read += 1
        return self

    def has(self, kind: str, trace: int, outcome: str | None = None) -> bool:
        """Say whether there is such a record."""
        known = (kind, trace) in self._facts
        return known and (outcome is None or (trace, outcome) in self._ends)

    def open_payments(self) -> set[int]:
        """Return the traces of payments that have no end and need one."""
        return self._open

    def _take(self, row: Row) -> None:
        record, _ = read_row(row)
        trace = getattr(record, "trace", None)
        if not isinstance(trace, int):
            return
        self._facts.add((record.kind, trace))
        if isinstance(record, PaymentIntended):
            if KINDS[record.payment_kind].resolution is not Resolution.NONE:
                self._open.add(trace)
        elif isinstance(record, PaymentClosed | ReversalClosed):
            self._open.discard(trace)
            if isinstance(record, PaymentClosed):
                # A stored advice has two ends: what was said, and what the host says later.
                self._ends.add((trace, record.outcome))


@dataclass(slots=True)
class TerminalsWitness:
    """The memory of the one who stands behind all terminals."""

    secrecy: Secrecy
    trace: Trace
    approvals: set[Approval] = field(default_factory=set)
    taken: Counter[tuple[Phase, str]] = field(default_factory=Counter)
    _last_trace: dict[str, int] = field(default_factory=dict)
    _sent: dict[tuple[str, int], tuple[str, ...]] = field(default_factory=dict)
    _last_result: dict[str, Result | None] = field(default_factory=dict)
    _journals: dict[str, JournalIndex] = field(default_factory=dict)

    def stepped(self, before: Phase, event: Event) -> None:
        """Count a cell of the terminal's table."""
        self.taken[before, event.kind.value] += 1

    def sends(self, node: TerminalNode, frame: bytes) -> None:
        """Check a request against the journal."""
        message = UNIONPAY.decode(frame[_LENGTH_BYTES + ENVELOPE_BYTES :])
        number = text_of(message, 11)
        self.trace.note(node.name, f"sends {message.mti} {number} {text_of(message, 60)[:2]}")
        trace = int(number or 0)
        if message.mti == "0400":
            self._must_have(node, message, trace, ReversalSent.kind, PaymentIntended.kind)
        elif message.mti in _PAYMENTS:
            self._sends_payment(node, message, trace)
        elif message.mti == "0800" and text_of(message, 60)[8:11] in SIGN_IN_CODES:
            self._must_have(node, message, trace, SignInStarted.kind)
            self._must_rise(node, trace)

    def _sends_payment(self, node: TerminalNode, message: Message, trace: int) -> None:
        self._must_have(node, message, trace, PaymentIntended.kind)
        journal = self._journal(node)
        content = (message.mti, *(text_of(message, number) for number in _SAME))
        first = self._sent.setdefault((node.name, trace), content)
        if first is not content:
            if not journal.has(RepeatSent.kind, trace) and not journal.has(WorkSent.kind, trace):
                raise WrongWorldError(SAID, f"{node.name} repeats {trace:06d} unwritten")
            if first != content:
                raise WrongWorldError(
                    "a repeat is the same", f"{node.name} repeats {trace:06d} with other content"
                )
            return
        if journal.has(WorkSent.kind, trace) or journal.has(RepeatSent.kind, trace):
            # Its first message was never sent: it was stored, or the power went.
            return
        if self._journal(node).has(RepeatSent.kind, trace):
            # The power went before the first one left.
            return
        self._must_rise(node, trace)
        open_traces = journal.open_payments() - {trace}
        if open_traces:
            raise WrongWorldError(
                "no new payment in doubt", f"{node.name} pays {trace:06d} with {open_traces} open"
            )

    def _must_have(self, node: TerminalNode, message: Message, trace: int, *kinds: str) -> None:
        journal = self._journal(node)
        if not all(journal.has(kind, trace) for kind in kinds):
            raise WrongWorldError(SAID, f"{node.name} sends {message.mti} {trace:06d} unwritten")

    def _must_rise(self, node: TerminalNode, trace: int) -> None:
        last = self._last_trace.get(node.name, 0)
        if trace <= last:
            raise WrongWorldError(
                MONOTONIC, f"{node.name} sends trace {trace:06d} after {last:06d}"
            )
        self._last_trace[node.name] = trace

    def prints(self, node: TerminalNode, job: fx.Print) -> None:
        """Check a slip against the journal."""
        slip = job.slip
        self.secrecy.look_at_text(f"slip of {node.name}", repr(slip))
        if job.trace is None or not isinstance(slip, Slip):
            return
        trace = job.trace.value
        if slip.outcome is SlipOutcome.APPROVED:
            self._must_be_approved(node, trace, "prints")
        elif slip.outcome is SlipOutcome.REVERSED and not self._journal(node).has(
            ReversalClosed.kind, trace
        ):
            raise WrongWorldError(SAID, f"{node.name} prints a reversal of {trace:06d} unwritten")

    def shows(self, node: TerminalNode, state: TerminalState) -> None:
        """Check what the screen says of a payment against the journal."""
        result = state.result
        if result is None or result is self._last_result.get(node.name) or result.trace is None:
            return
        self._last_result[node.name] = result
        trace = result.trace.value
        journal = self._journal(node)
        if result.outcome is Outcome.APPROVED:
            self._must_be_approved(node, trace, "shows")
            if not journal.has(PaymentClosed.kind, trace, outcome=STORED):
                seen = Approval(node.name, trace, result.payment_kind, result.amount.minor)
                self.approvals.add(seen)
        elif result.outcome is Outcome.REVERSED:
            if not journal.has(ReversalClosed.kind, trace):
                raise WrongWorldError(SAID, f"{node.name} shows {trace:06d} reversed, unwritten")
        elif not journal.has(PaymentClosed.kind, trace):
            raise WrongWorldError(SAID, f"{node.name} shows {trace:06d} closed, unwritten")

    def _must_be_approved(self, node: TerminalNode, trace: int, how: str) -> None:
        journal = self._journal(node)
        if not any(journal.has(PaymentClosed.kind, trace, word) for word in ("approved", STORED)):
            raise WrongWorldError(SAID, f"{node.name} {how} an approval of {trace:06d} unwritten")

    def _journal(self, node: TerminalNode) -> JournalIndex:
        index = self._journals.get(node.name)
        if index is None:
            index = self._journals[node.name] = JournalIndex(node.disk)
        return index.update()


def text_of(message: Message, number: int) -> str:
    """Return a field that is plain text, else ""."""
    value = message.fields.get(number)
    return value if isinstance(value, str) else ""
