"""What can happen to the issuer and what it wants done, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongbao.sandbox.issuer.core.book import Record, Remembered
    from tongbao.wire.network.messages import ReversalRequest, SaleRequest


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """A message came in on a connection; `body` begins with the MTI."""

    connection: int
    body: bytes


@dataclass(frozen=True, slots=True)
class RequestRecalled:
    """The shell looked up what the book holds under the request's F37."""

    asked: Recall
    remembered: Remembered


@dataclass(frozen=True, slots=True)
class Recall:
    """Look up the request's F37 and come back with `RequestRecalled`."""

    connection: int
    request: SaleRequest | ReversalRequest


@dataclass(frozen=True, slots=True)
class Persist:
    """Keep this record; nothing of the same step may be said before it is flushed."""

    record: Record


@dataclass(frozen=True, slots=True)
class Reply:
    """Send this message on the connection, `delay_ms` after its records are flushed."""

    connection: int
    body: bytes
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A message could not be taken at all; `hang_up` when its bytes made no sense."""

    connection: int
    reason: str
    hang_up: bool


Event = FrameArrived | RequestRecalled
Effect = Recall | Persist | Reply | Refused
