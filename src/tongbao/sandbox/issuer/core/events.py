"""What can happen to the issuer and what it wants done, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tongbao.sandbox.issuer.core.standing import NOBODY, Family
from tongbao.wire.network.inquiry import StatusInquiry
from tongbao.wire.network.messages import ReversalRequest
from tongbao.wire.network.operation_messages import OperationRequest

if TYPE_CHECKING:
    from tongbao.sandbox.issuer.core.book import Record, Remembered


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """A message came in on a connection; `body` begins with the MTI."""

    connection: int
    body: bytes


@dataclass(frozen=True, slots=True)
class RequestRecalled:
    """The shell looked up what the book holds.

    `remembered` is what is known under `asked.rrn`, `family` the family of `asked.family_of`.
    """

    asked: Recall
    remembered: Remembered
    family: Family = NOBODY


@dataclass(frozen=True, slots=True)
class Recall:
    """Look up what the book holds about a request and come back with `RequestRecalled`."""

    connection: int
    request: OperationRequest | ReversalRequest | StatusInquiry

    @property
    def rrn(self) -> str:
        """The F37 that the request is about."""
        if isinstance(self.request, StatusInquiry):
            return self.request.asked.value
        return self.request.rrn.value

    @property
    def family_of(self) -> str | None:
        """The F37 whose family decides; None when the request stands for itself."""
        if isinstance(self.request, ReversalRequest):
            return self.request.rrn.value
        if isinstance(self.request, OperationRequest) and self.request.original is not None:
            return self.request.original.value
        return None


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
