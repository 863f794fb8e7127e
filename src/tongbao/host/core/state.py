"""What the core remembers between steps. All of it can be lost: a start reads what matters."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tongbao.crypto.mac import MacAlgorithm
from tongbao.host.core.backlog import Backlog
from tongbao.host.core.payment_ids import PaymentIds
from tongbao.host.core.payment_rules import PaymentState
from tongbao.wire.unionpay.transactions import KINDS, SALE, Resolution

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyName
    from tongbao.host.core.outbox import ReplyAddress
    from tongbao.host.records import PaymentRecord, StoredTerminal, TerminalRecord
    from tongbao.wire.iso8583.codec import Message
    from tongbao.wire.iso8583.fields import FieldValue
    from tongbao.wire.unionpay.transactions import Transaction

# How many of a terminal's last traces are known to be in the store without asking it. A terminal
# repeats its last message; an older repetition is caught by the store's uniqueness.
RECENT_TRACES_MAX = 16


class Session(NamedTuple):
    """The working keys of one sign-in, by name, and how MACs are made with them.

    `tdk` is None for a sign-in without a track key.
    """

    signed_in_at_us: int
    mak: KeyName
    pik: KeyName
    mac_algorithm: MacAlgorithm = MacAlgorithm.UNIONPAY_ECB
    tdk: KeyName | None = None


class Terminal:
    """A terminal in memory: its record, its session and its last traces."""

    __slots__ = (
        "closed_batch_no",
        "last_signature",
        "loaded_at_ms",
        "may_trade",
        "order",
        "pending",
        "recent",
        "record",
        "session",
        "totals_batch_no",
        "used_at_ms",
    )

    def __init__(self, stored: StoredTerminal, session: Session | None, now_ms: int) -> None:
        self.record = stored.terminal
        # Whether the terminal and its merchant are switched on in the register.
        self.may_trade = _may_trade(stored.terminal)
        self.session = session
        self.order = stored.order
        # No new payment enters a batch whose totals were taken.
        self.totals_batch_no = stored.totals_batch_no
        # The batch that this process has closed last.
        self.closed_batch_no = 0
        # Payment and image of the newest part of a signature.
        self.last_signature = (0, b"")
        # (batch, trace) -> RRN of payments that are written, or will be with the running group.
        self.recent: dict[tuple[int, int], str] = {}
        # Payments waiting for the issuer: such a terminal stays in memory.
        self.pending = 0
        self.loaded_at_ms = now_ms
        self.used_at_ms = now_ms

    def refresh(self, stored: StoredTerminal, now_ms: int) -> None:
        """Take over what the store says, unless this process has gone on since it was read."""
        open_batch_no = max(stored.terminal.batch_no, self.record.batch_no)
        self.record = stored.terminal._replace(batch_no=open_batch_no)
        self.may_trade = _may_trade(stored.terminal)
        self.order = stored.order
        self.totals_batch_no = max(stored.totals_batch_no, self.totals_batch_no)
        self.loaded_at_ms = now_ms

    def close_batch(self, batch_no: int, next_batch_no: int) -> None:
        """Open the next batch after this one."""
        self.closed_batch_no = batch_no
        open_batch_no = max(next_batch_no, self.record.batch_no)
        self.record = self.record._replace(batch_no=open_batch_no)

    def remember(self, batch_no: int, stan: int, rrn: str) -> None:
        """Note that this trace is used."""
        recent = self.recent
        recent[batch_no, stan] = rrn
        if len(recent) > RECENT_TRACES_MAX:
            del recent[next(iter(recent))]


def _may_trade(record: TerminalRecord) -> bool:
    return record.is_active and record.merchant_is_active


@dataclass(slots=True)
class Pending:
    """A payment the issuer was asked about; its reply is prepared but for the outcome.

    `echo` holds the card number as a secret: it leaves memory with the answer. `message` is what
    can be sent again when there is no answer, for kinds that are repeated.
    """

    payment: PaymentRecord
    terminal: Terminal
    address: ReplyAddress
    echo: dict[int, FieldValue]
    transaction: Transaction = SALE
    message: Message | None = None

    def __repr__(self) -> str:
        return f"Pending({self.payment.rrn})"


class HostState:
    """Everything a `HostCore` remembers."""

    __slots__ = (
        "asking",
        "claims",
        "closed",
        "counters",
        "deadlines",
        "delivering",
        "ids",
        "inquiring",
        "inquiry_deadlines",
        "link_up",
        "pending",
        "reversing",
        "terminals",
        "uptime_ms",
    )

    def __init__(self, node: int) -> None:
        self.ids = PaymentIds(node)
        self.uptime_ms = 0
        self.link_up = False
        self.terminals: dict[str, Terminal] = {}
        # The six below have the RRN as key, which is what an answer of the issuer's names.
        self.pending: dict[str, Pending] = {}
        # Those of `pending` that the issuer did not answer and was asked about.
        self.inquiring: set[str] = set()
        self.reversing = Backlog()
        self.delivering = Backlog()
        # Reversed payments that a late answer may still be about: (payment, forget at).
        self.closed: OrderedDict[str, tuple[PaymentRecord, int]] = OrderedDict()
        # Balances: nothing about them is ever written.
        self.asking: dict[str, Pending] = {}
        # Payments without an end by the payment that they name as their original.
        self.claims: dict[int, dict[str, PaymentRecord]] = {}
        # In order of time, because each has one fixed waiting time.
        self.deadlines: deque[tuple[int, str]] = deque()
        self.inquiry_deadlines: deque[tuple[int, str]] = deque()
        self.counters: Counter[str] = Counter()

    def claim(self, payment: PaymentRecord) -> None:
        """Note that a payment is under way on its original."""
        if payment.original_id:
            self.claims.setdefault(payment.original_id, {})[payment.rrn] = payment

    def release(self, payment: PaymentRecord) -> None:
        """Note that a payment has its end."""
        claims = self.claims.get(payment.original_id)
        if claims is not None and claims.pop(payment.rrn, None) is not None and not claims:
            del self.claims[payment.original_id]

    def state_of(self, payment: PaymentRecord, stored: PaymentState) -> PaymentState:
        """Prefer what this process knows and has not written yet to what the store says."""
        rrn = payment.rrn
        if rrn in self.pending:
            return PaymentState.INQUIRING if rrn in self.inquiring else PaymentState.PENDING
        if rrn in self.reversing:
            return PaymentState.REVERSING
        if rrn in self.delivering:
            return PaymentState.DELIVERING
        is_repeated = KINDS[payment.kind].resolution is Resolution.REPEAT
        if stored is PaymentState.PENDING and is_repeated:
            # Its process was started anew, or it is another one.
            return PaymentState.DELIVERING
        return stored

    def next_due_ms(self) -> int | None:
        """Return when a tick may have something to do next, by `uptime_ms`; None for never."""
        times = [
            deadlines[0][0] for deadlines in (self.deadlines, self.inquiry_deadlines) if deadlines
        ]
        times += [
            due
            for due in (self.reversing.next_due_ms(), self.delivering.next_due_ms())
            if due is not None
        ]
        return min(times, default=None)
