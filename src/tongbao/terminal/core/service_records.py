"""Records of what is done beside the payments: settlement, pending work, downloads.

The same rules as in `tongbao.terminal.core.records` count: whole numbers and text, no secret in
clear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementStarted:
    """The totals of the batch (62 digits of field 48) are about to be sent.

    From here to `BatchClosed` or `SettlementRefused` no payment is made.
    """

    kind: ClassVar[str] = "settlement_started"
    trace: int
    batch: int
    totals: str
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementAnswered:
    """The host has compared the totals: flags 1 balanced, 2 not, 3 error; `totals` are the host's.

    `local_date` (YYYYMMDD) and `local_time` (hhmmss) are the host's.
    """

    kind: ClassVar[str] = "settlement_answered"
    batch: int
    domestic: str
    foreign: str
    totals: str
    local_date: str
    local_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementRefused:
    """The host did not take the totals, or they were never sent: the batch stays open for sales."""

    kind: ClassVar[str] = "settlement_refused"
    batch: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadSent:
    """A message of the batch upload is about to be sent; `traces` are its records, by comma.

    `trace` is the number of the message itself, 0 when it is that of its one record.
    """

    kind: ClassVar[str] = "upload_sent"
    trace: int
    batch: int
    round: str
    traces: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTaken:
    """The host has taken a message of the batch upload."""

    kind: ClassVar[str] = "upload_taken"
    batch: int
    round: str
    traces: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadEnding:
    """The end of the batch upload is about to be told, with the count of records."""

    kind: ClassVar[str] = "upload_ending"
    trace: int
    batch: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchClosed:
    """The host has answered the end of the upload: the batch is closed, the next one is open.

    `host_count` is the host's count of uploaded records, -1 when it told none. `left` are the
    records that it refused to take, as round:trace, by comma.
    """

    kind: ClassVar[str] = "batch_closed"
    trace: int
    batch: int
    next_batch: int
    count: int
    host_count: int
    left: str
    local_date: str
    local_time: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureTaken:
    """A cardholder has signed: the image (JBIG, hex) waits to be sent."""

    kind: ClassVar[str] = "signature_taken"
    trace: int
    batch: int
    image: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptReceived:
    """An approved answer brought an issuer's script; what became of it (TLV, hex) must be told."""

    kind: ClassVar[str] = "script_received"
    trace: int
    batch: int
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSent:
    """Pending work of a payment is about to be sent, for the `attempt`-th time.

    `own_trace` is the number of the message itself, 0 when it is the payment's.
    """

    kind: ClassVar[str] = "work_sent"
    work: str
    trace: int
    batch: int
    attempt: int
    own_trace: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkFailed:
    """A try came to nothing; `code` is field 39 or our own word for the reason."""

    kind: ClassVar[str] = "work_failed"
    work: str
    trace: int
    batch: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone:
    """The host has taken pending work, or the `part`-th part of it; `is_last` is 0 or 1."""

    kind: ClassVar[str] = "work_done"
    work: str
    trace: int
    batch: int
    part: int
    is_last: int
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOff:
    """The terminal gives its session back; its trace number is used up and its keys are gone."""

    kind: ClassVar[str] = "signed_off"
    trace: int
    batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadStarted:
    """A download is pending until its `DownloadDone`."""

    kind: ClassVar[str] = "download_started"
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadPart:
    """A part was loaded (hex): the entry that it belongs to and what it holds.

    Of a blacklist these are tokens and no card numbers; of a master key nothing is kept here.
    """

    kind: ClassVar[str] = "download_part"
    what: str
    entry: str
    part: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadDone:
    """The host has answered the end of a download: what was loaded counts from now on."""

    kind: ClassVar[str] = "download_done"
    what: str


ServiceRecord = (
    SettlementStarted
    | SettlementAnswered
    | SettlementRefused
    | UploadSent
    | UploadTaken
    | UploadEnding
    | BatchClosed
    | SignatureTaken
    | ScriptReceived
    | WorkSent
    | WorkFailed
    | WorkDone
    | SignedOff
    | DownloadStarted
    | DownloadPart
    | DownloadDone
)
