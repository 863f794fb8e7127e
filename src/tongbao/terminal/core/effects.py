"""Effects: what a step wants done, as data. The shell does them in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from tongbao.domain.ids import BatchNo, Stan
from tongbao.terminal.core.records import Record
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.state import Notice
from tongbao.terminal.core.vocabulary import Cue, TimerKind
from tongbao.terminal.papers import Paper
from tongbao.wire.device.operators import OperatorChange


@dataclass(frozen=True, slots=True)
class Persist:
    """Write and flush the record before anything after this effect is done."""

    record: Record


@dataclass(frozen=True, slots=True)
class Send:
    """Send the frame (length prefix included); a failure comes back with the ticket."""

    frame: bytes = field(repr=False)
    ticket: int


@dataclass(frozen=True, slots=True)
class Print:
    """Print the paper under a file name without ending; `SlipPrinted` comes back."""

    name: str
    batch: BatchNo
    trace: Stan | None
    slip: Paper


@dataclass(frozen=True, slots=True)
class StartTimer:
    """Start a timer; one of the same kind that runs is replaced."""

    timer: TimerKind
    ms: int


@dataclass(frozen=True, slots=True)
class StopTimer:
    """Stop a timer if it runs; its `Timeout` must not come any more."""

    timer: TimerKind


@dataclass(frozen=True, slots=True)
class PlaySound:
    """Play a cue once."""

    cue: Cue


@dataclass(frozen=True, slots=True)
class Refuse:
    """Tell whoever gave the command why it is not done."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class KeepStorageKeys:
    """Destroy, flushed, every key that seals card numbers but those of these batches."""

    batches: frozenset[int]


@dataclass(frozen=True, slots=True)
class KeepStaff:
    """Keep, flushed, what was done about an operator; it is in force from the next step on."""

    change: OperatorChange = field(repr=False)


@dataclass(frozen=True, slots=True)
class Allow:
    """Do an act about the terminal that somebody with the right has just allowed."""

    what: Grant


@dataclass(frozen=True, slots=True)
class RunSelfCheck:
    """Check every part; results come back one by one and then together."""


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Connect to the host and stay connected."""


@dataclass(frozen=True, slots=True)
class RenewLink:
    """Give the connection up and make a new one: this one has gone silent."""


@dataclass(frozen=True, slots=True)
class CloseLink:
    """Disconnect and stay disconnected."""


Effect = (
    Persist
    | Send
    | Print
    | StartTimer
    | StopTimer
    | PlaySound
    | Refuse
    | KeepStorageKeys
    | KeepStaff
    | Allow
    | RunSelfCheck
    | OpenLink
    | RenewLink
    | CloseLink
)
