"""What the core remembers between steps. All of it can be lost: a start reads what matters."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from typing import TYPE_CHECKING, NamedTuple

from tongbao.crypto.mac import MacAlgorithm
from tongbao.host.core.payment_ids import PaymentIds

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyName
    from tongbao.host.core.outbox import ReplyAddress
    from tongbao.host.records import PaymentRecord, StoredTerminal
    from tongbao.wire.iso8583.fields import FieldValue

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

    @property
    def may_trade(self) -> bool:
        """Whether the terminal and its merchant are switched on in the register."""
        return self.record.is_active and self.record.merchant_is_active

    def refresh(self, stored: StoredTerminal, now_ms: int) -> None:
        """Take over what the store says, unless this process has gone on since it was read."""
        open_batch_no = max(stored.terminal.batch_no, self.record.batch_no)
        self.record = stored.terminal._replace(batch_no=open_batch_no)
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


class Pending(NamedTuple):
    """A payment the issuer was asked about; its reply is prepared but for the outcome.

    `echo` holds the card number as a secret: it leaves memory with the answer.
    """

    payment: PaymentRecord
    terminal: Terminal
    address: ReplyAddress
    echo: dict[int, FieldValue]

    def __repr__(self) -> str:
        return f"Pending({self.payment.rrn})"


class Reversing(NamedTuple):
    """A payment whose reversal the issuer has not confirmed; never given up."""

    payment: PaymentRecord
    attempts: int
    due_ms: int


class HostState:
    """Everything a `HostCore` remembers."""

    __slots__ = (
        "closed",
        "counters",
        "deadlines",
        "ids",
        "link_up",
        "pending",
        "reversals_due",
        "reversing",
        "terminals",
        "uptime_ms",
    )

    def __init__(self, node: int) -> None:
        self.ids = PaymentIds(node)
        self.uptime_ms = 0
        self.link_up = False
        self.terminals: dict[str, Terminal] = {}
        # The three below have the RRN as key, which is what an answer of the issuer's names.
        self.pending: dict[str, Pending] = {}
        self.reversing: dict[str, Reversing] = {}
        # Reversed payments that a late answer may still be about: (payment, forget at).
        self.closed: OrderedDict[str, tuple[PaymentRecord, int]] = OrderedDict()
        # Both in order of time, because each has one fixed or a heap-ordered waiting time.
        self.deadlines: deque[tuple[int, str]] = deque()
        self.reversals_due: list[tuple[int, str]] = []
        self.counters: Counter[str] = Counter()
