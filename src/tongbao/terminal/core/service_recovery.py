"""What the journal says of settlement, pending work and downloads after a start or a power cut."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.terminal.core.batch_upload import UploadMessage, UploadRound
from tongbao.terminal.core.download_steps import Download
from tongbao.terminal.core.loaded import Loaded
from tongbao.terminal.core.pending_work import Work, WorkKind, WorkQueue, work_identity
from tongbao.terminal.core.service_records import (
    BatchClosed,
    DownloadDone,
    DownloadPart,
    DownloadStarted,
    ScriptReceived,
    ServiceRecord,
    SettlementAnswered,
    SettlementRefused,
    SettlementStarted,
    SignatureTaken,
    SignedOff,
    UploadEnding,
    UploadTaken,
    WorkDone,
    WorkFailed,
    WorkSent,
)
from tongbao.terminal.core.settlement import Settlement, SettlementStage, upload_plan
from tongbao.terminal.core.settlement_paper import settlement_job, settlement_slip_name
from tongbao.terminal.core.wording import SETTLEMENT_STOPPED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.domain.dates import Instant
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.state import SlipJob
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.wire.unionpay.profile import HostProfile


@dataclass(slots=True)
class OpenSettlement:
    """The records of a settlement that has no end yet."""

    started: SettlementStarted
    answered: SettlementAnswered | None = None
    ending: UploadEnding | None = None
    taken: list[UploadMessage] = field(default_factory=list)

    def settlement(self, items: tuple[BatchItem, ...], profile: HostProfile) -> Settlement:
        """Return it as it goes on: stopped, at the step it was in."""
        found = Settlement(
            batch=BatchNo(self.started.batch),
            stage=SettlementStage.TOTALS,
            totals=self.started.totals,
            # Nobody knows whether the totals went out: one more never proves that they did not.
            requests=2,
            error=SETTLEMENT_STOPPED,
        )
        if self.answered is None:
            return found
        flags = replace(found, domestic=self.answered.domestic, foreign=self.answered.foreign)
        plan = upload_plan(flags, items, profile).with_accepted(self.taken)
        stage = SettlementStage.UPLOAD if self.ending is None else SettlementStage.END
        return replace(flags, plan=plan, stage=stage)


@dataclass(slots=True)
class ServiceReader:
    """Reads the records of services in order and remembers what they add up to."""

    settlement: OpenSettlement | None = None
    closed: BatchClosed | None = None
    closing: OpenSettlement | None = None
    is_slip_printed: bool = False
    works: dict[str, Work] = field(default_factory=dict)
    signed: dict[tuple[int, int], str] = field(default_factory=dict)
    loaded: Loaded = field(default_factory=Loaded)

    def take(
        self,
        record: ServiceRecord,
        at: Instant,
        find_item: Callable[[int, int], BatchItem | None],
    ) -> Stan | None:
        """Add one record; the next trace number when the record uses one up."""
        match record:
            case SignatureTaken() | ScriptReceived() | WorkSent() | WorkFailed() | WorkDone():
                return self._take_work(record, at, find_item)
            case DownloadStarted() | DownloadPart() | DownloadDone():
                self._take_download(record, at)
                return None
            case SignedOff():
                return Stan(record.trace).next()
            case _:
                return self._take_settlement(record)

    def queue(self) -> WorkQueue:
        """Return the pending work; its rows of tries begin anew."""
        works = (replace(work, failures=0) for work in self.works.values())
        return WorkQueue(tuple(works))

    def printed(self, name: str) -> None:
        """Note that a paper came out."""
        if self.closed is not None and name == settlement_slip_name(self.closed.batch):
            self.is_slip_printed = True

    def unprinted(self, settings: TerminalSettings) -> tuple[SlipJob, ...]:
        """Return the slip of the last settlement when it may not be on paper."""
        closed, closing = self.closed, self.closing
        if closed is None or closing is None or closing.answered is None or self.is_slip_printed:
            return ()
        settlement = closing.settlement((), settings.profile)
        operator = OperatorNo(closing.started.operator)
        return (settlement_job(settings, settlement, closed, operator, reprint=True),)

    def add_work(self, kind: WorkKind, item: BatchItem, since: Instant, data: str = "") -> None:
        """Note what must still reach the host."""
        work = Work(kind=kind, item=item, since=since, data=data)
        self.works[work.identity] = work

    def forget_batch(self, batch: int) -> None:
        """Forget what ends with a batch: its advices and its signatures' marks."""
        self.works = {
            name: work
            for name, work in self.works.items()
            if work.kind is not WorkKind.ADVICE or work.batch != batch
        }
        self.signed = {key: image for key, image in self.signed.items() if key[0] != batch}

    def _take_settlement(self, record: ServiceRecord) -> Stan | None:
        present = self.settlement
        match record:
            case SettlementStarted():
                self.settlement = OpenSettlement(record)
            case SettlementRefused():
                self.settlement = None
            case SettlementAnswered() if present is not None:
                present.answered = record
            case UploadTaken() if present is not None:
                traces = tuple(int(trace) for trace in record.traces.split(","))
                present.taken.append(UploadMessage(UploadRound(record.round), traces))
            case UploadEnding() if present is not None:
                present.ending = record
            case BatchClosed():
                self.closed, self.closing, self.settlement = record, present, None
                self.is_slip_printed = False
                self.forget_batch(record.batch)
                return None
            case _:
                pass
        own_trace = getattr(record, "trace", 0)
        return Stan(own_trace).next() if own_trace else None

    def _take_work(
        self,
        record: SignatureTaken | ScriptReceived | WorkSent | WorkFailed | WorkDone,
        at: Instant,
        find_item: Callable[[int, int], BatchItem | None],
    ) -> Stan | None:
        if isinstance(record, (SignatureTaken, ScriptReceived)):
            item = find_item(record.batch, record.trace)
            is_signature = isinstance(record, SignatureTaken)
            data = record.image if isinstance(record, SignatureTaken) else record.data
            kind = WorkKind.SIGNATURE if is_signature else WorkKind.SCRIPT_RESULT
            if is_signature:
                self.signed[record.batch, record.trace] = data
            if item is not None:
                self.add_work(kind, item, at, data)
            return None
        name = work_identity(WorkKind(record.work), record.batch, record.trace)
        work = self.works.get(name)
        if work is not None:
            self._amend(name, work, record)
        if isinstance(record, WorkSent) and record.own_trace:
            return Stan(record.own_trace).next()
        return None

    def _amend(self, name: str, work: Work, record: WorkSent | WorkFailed | WorkDone) -> None:
        match record:
            case WorkSent():
                self.works[name] = replace(work, attempts=record.attempt)
            case WorkFailed():
                self.works[name] = replace(work, code=record.code)
            case WorkDone() if record.is_last:
                del self.works[name]
            case WorkDone():
                self.works[name] = replace(work, part=record.part, attempts=0)

    def _take_download(
        self, record: DownloadStarted | DownloadPart | DownloadDone, at: Instant
    ) -> None:
        what = Download(record.what)
        match record:
            case DownloadStarted():
                self.loaded = self.loaded.started(what)
            case DownloadPart():
                entry, part = bytes.fromhex(record.entry), bytes.fromhex(record.part)
                self.loaded = self.loaded.with_part(what, entry, part)
            case DownloadDone():
                self.loaded = self.loaded.done(what, at)
