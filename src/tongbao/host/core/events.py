"""What reaches the core and what it asks of its shell; values with frames do not print them.

Nothing changes any of them. Those that every sale makes are not frozen all the same, because a
tuple with names takes twice as long to make, and a frozen class three times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tongbao.host.core.requests import Request
    from tongbao.host.lookups import Query
    from tongbao.host.records import (
        Record,
        SignatureRecord,
        StoredBatch,
        StoredPayment,
        StoredTerminal,
        TraceKey,
    )


@dataclass(slots=True)
class TerminalFrame:
    """A terminal's frame without its length prefix; the shell numbers its connections.

    `peer` is the fingerprint of the certificate that the connection was made with, "" without one.
    """

    connection: int
    frame: bytes
    peer: str = ""

    def __repr__(self) -> str:
        return f"TerminalFrame(connection={self.connection}, {len(self.frame)} bytes)"


class TerminalLoaded(NamedTuple):
    """The store's answer to `LoadTerminal`; `stored` is None for a number nobody registered."""

    request: Request
    stored: StoredTerminal | None


class PaymentLoaded(NamedTuple):
    """The store's answer to `LoadPayment`; `stored` is None when there is no such payment."""

    request: Request
    stored: StoredPayment | None


class PaymentsLoaded(NamedTuple):
    """The store's answer to `LoadPayments`; see `lookups` for what each query brings."""

    request: Request
    query: Query
    payments: tuple[StoredPayment, ...]


class BatchLoaded(NamedTuple):
    """The store's answer to `LoadBatch`."""

    request: Request
    batch: StoredBatch


class SignatureLoaded(NamedTuple):
    """The store's answer to `LoadSignature`: the payment first, then its family; and the parts."""

    request: Request
    payments: tuple[StoredPayment, ...]
    parts: tuple[SignatureRecord, ...]


class IntentRefused(NamedTuple):
    """The store already held a payment with this key: the intent was not written, forget it.

    The shell then steps the event again that made the intent.
    """

    payment_id: int
    key: TraceKey


@dataclass(slots=True)
class UpstreamFrame:
    """A message of the issuer's, from the MTI on."""

    body: bytes

    def __repr__(self) -> str:
        return f"UpstreamFrame({len(self.body)} bytes)"


class UpstreamUp(NamedTuple):
    """The link to the issuer is up and signed on."""


class UpstreamDown(NamedTuple):
    """The link to the issuer is lost; what was on its way will not be answered."""


class Tick(NamedTuple):
    """Milliseconds since the host started, by a clock that is never set; time-outs count in it."""

    uptime_ms: int


class Recovered(NamedTuple):
    """What a start finds: this node's newest payment id and every payment without an end.

    `exceptions` are pairs of payment id and id of the exception that is open for it.
    """

    last_payment_id: int
    payments: tuple[StoredPayment, ...]
    exceptions: tuple[tuple[int, int], ...] = ()


Loaded: TypeAlias = PaymentLoaded | PaymentsLoaded | BatchLoaded | SignatureLoaded
"""What the store says about a request that waits for it."""

Event: TypeAlias = (
    TerminalFrame
    | TerminalLoaded
    | PaymentLoaded
    | PaymentsLoaded
    | BatchLoaded
    | SignatureLoaded
    | IntentRefused
    | UpstreamFrame
    | UpstreamUp
    | UpstreamDown
    | Tick
    | Recovered
)


@dataclass(slots=True)
class Persist:
    """Write this record; all of a group in one transaction, before any send of the group."""

    record: Record


@dataclass(slots=True)
class SendToTerminal:
    """Write a frame, length prefix included, to a connection, if it still stands."""

    connection: int
    data: bytes
    payment_id: int

    def __repr__(self) -> str:
        return f"SendToTerminal(connection={self.connection}, {len(self.data)} bytes)"


@dataclass(slots=True)
class SendUpstream:
    """Write a frame, length prefix included, to the issuer."""

    data: bytes
    payment_id: int

    def __repr__(self) -> str:
        return f"SendUpstream({len(self.data)} bytes)"


class LoadTerminal(NamedTuple):
    """Read a terminal with its newest session and come back with `TerminalLoaded`."""

    terminal_id: str
    request: Request


class LoadPayment(NamedTuple):
    """Read a payment with its events and come back with `PaymentLoaded`."""

    key: TraceKey
    request: Request


class LoadPayments(NamedTuple):
    """Read payments with their events and come back with `PaymentsLoaded`."""

    query: Query
    request: Request


class LoadBatch(NamedTuple):
    """Read what is stored about a terminal's batch and come back with `BatchLoaded`."""

    terminal_id: str
    batch_no: int
    with_payments: bool
    request: Request


class LoadSignature(NamedTuple):
    """Read a payment, its family and the parts of its signature; `SignatureLoaded` comes back."""

    key: TraceKey
    request: Request


class CloseConnection(NamedTuple):
    """Close a connection whose peer does not speak the protocol; the reason holds no card data."""

    connection: int
    reason: str


class Note(NamedTuple):
    """Something a person should find in the log: a name and plain values, never card data."""

    name: str
    values: dict[str, str | int]


Effect: TypeAlias = (
    Persist
    | SendToTerminal
    | SendUpstream
    | LoadTerminal
    | LoadPayment
    | LoadPayments
    | LoadBatch
    | LoadSignature
    | CloseConnection
    | Note
)
