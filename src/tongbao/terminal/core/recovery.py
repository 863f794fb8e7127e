"""Rebuilds the terminal's state from its journal after a start or a power cut."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, get_args

from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.ids import BatchNo, Stan
from tongbao.terminal.core.approval import log_in_delay_ms
from tongbao.terminal.core.closing import OUTCOMES
from tongbao.terminal.core.items import BatchItem, day_change
from tongbao.terminal.core.kinds import RULE_OF, CountsAs
from tongbao.terminal.core.pending_work import WorkKind, work_identity
from tongbao.terminal.core.records import (
    DoubtOpened,
    LoggedIn,
    LogInFailed,
    PaymentClosed,
    PaymentIntended,
    Record,
    RepeatSent,
    ReversalClosed,
    ReversalSent,
    SignedIn,
    SignInStarted,
    SlipDone,
    SupervisorApproved,
)
from tongbao.terminal.core.service_records import BatchClosed, ServiceRecord
from tongbao.terminal.core.service_recovery import ServiceReader
from tongbao.terminal.core.slips import payment_slips, reversal_slip, slip_name
from tongbao.terminal.core.state import (
    RECENT_MAX,
    DayTotals,
    Doubt,
    RecentPayment,
    SlipJob,
    TerminalState,
)
from tongbao.terminal.core.vocabulary import DoubtStage, Outcome, ReversalReason
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.settings import TerminalSettings

COMMAND_IDS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class PaymentLine:
    """One payment as the journal knows it; `outcome` is IN_DOUBT until the journal has its end.

    A question that moves no money is never in doubt: without an end it counts as cancelled.
    """

    intent: PaymentIntended
    at: Instant
    outcome: Outcome = Outcome.IN_DOUBT
    closed: PaymentClosed | ReversalClosed | None = None
    opened: DoubtOpened | None = None
    doubt_since: Instant | None = None
    closed_at: Instant | None = None
    attempts: int = 0
    slips: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[int, int]:
        """Batch and trace, which name the payment in this terminal."""
        return self.intent.batch, self.intent.trace

    def item(self) -> BatchItem | None:
        """Return it as an item of a batch; None while it has no end."""
        if self.closed is None or self.closed_at is None:
            return None
        return BatchItem(self.intent, self.outcome, self.closed, self.closed_at, self.slips)


@dataclass(slots=True)
class JournalReader:
    """Reads records in order and remembers what they add up to.

    Payments of earlier batches are kept only as far as the list of last payments needs them, unless
    `keep_all` is set.
    """

    keep_all: bool = False
    payments: dict[tuple[int, int], PaymentLine] = field(default_factory=dict)
    next_trace: Stan = field(default_factory=lambda: Stan(1))
    batch: BatchNo = field(default_factory=lambda: BatchNo(1))
    clock_offset_ms: int = 0
    today: DayTotals = field(default_factory=DayTotals)
    log_in_failures: int = 0
    log_in_failed_at: Instant | None = None
    last_at: Instant | None = None
    service: ServiceReader = field(default_factory=ServiceReader)

    def take(self, record: Record, at: Instant) -> None:
        """Add one record to what is known."""
        self.last_at = at
        match record:
            case SignInStarted():
                self.next_trace = Stan(record.trace).next()
            case SignedIn():
                self.batch = BatchNo(record.batch)
                self.clock_offset_ms = record.clock_offset_ms
            case LogInFailed():
                self.log_in_failures += 1
                self.log_in_failed_at = at
            case LoggedIn() | SupervisorApproved():
                self.log_in_failures = 0
                self.log_in_failed_at = None
            case PaymentIntended():
                self.next_trace = Stan(record.trace).next()
                self._intended(record, at)
            case _ if isinstance(record, get_args(ServiceRecord)):
                self._take_service(record, at)
            case _:
                self._take_about_sale(record, at)

    def _take_service(self, record: ServiceRecord, at: Instant) -> None:
        next_trace = self.service.take(record, at, self._item)
        if next_trace is not None:
            self.next_trace = next_trace
        if isinstance(record, BatchClosed):
            self.batch = BatchNo(record.next_batch)

    def _item(self, batch: int, trace: int) -> BatchItem | None:
        line = self.payments.get((batch, trace))
        return None if line is None else line.item()

    def _take_about_sale(self, record: Record, at: Instant) -> None:
        match record:
            case PaymentClosed():
                self._closed(record, at)
            case DoubtOpened():
                self._amend(record, opened=record, doubt_since=at)
            case ReversalSent() | RepeatSent():
                self._amend(record, attempts=record.attempt)
            case ReversalClosed():
                self._amend(record, outcome=Outcome.REVERSED, closed=record, closed_at=at)
            case SlipDone():
                self._printed(record)
            case _:
                pass

    def open_payment(self) -> PaymentLine | None:
        """Return the one payment whose fate is unknown."""
        found = [line for line in self.payments.values() if line.outcome is Outcome.IN_DOUBT]
        if len(found) > 1:
            raise InvariantViolationError("the journal holds more than one payment in doubt")
        return found[0] if found else None

    def items(self) -> tuple[BatchItem, ...]:
        """Return the closed payments of the batch that is open or being settled."""
        settlement = self.service.settlement
        batch = self.batch.value if settlement is None else settlement.started.batch
        lines = [line for line in self.payments.values() if line.intent.batch == batch]
        items = [item for item in (line.item() for line in lines) if item is not None]
        return tuple(items)

    def _intended(self, record: PaymentIntended, at: Instant) -> None:
        is_question = RULE_OF[record.payment_kind].resolution is Resolution.NONE
        line = PaymentLine(record, at, Outcome.CANCELLED if is_question else Outcome.IN_DOUBT)
        if self.payments.get(line.key):
            raise InvariantViolationError("the journal holds a trace number twice in a batch")
        self.payments[line.key] = line
        if not self.keep_all and len(self.payments) > COMMAND_IDS_MAX:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        open_batch = next(reversed(self.payments.values())).intent.batch
        for key, line in list(self.payments.items()):
            if len(self.payments) <= COMMAND_IDS_MAX:
                return
            if line.outcome is not Outcome.IN_DOUBT and line.intent.batch != open_batch:
                del self.payments[key]

    def _closed(self, record: PaymentClosed, at: Instant) -> None:
        outcome = OUTCOMES[record.outcome]
        line = self.payments.get((record.batch, record.trace))
        was_stored = isinstance(line.closed, PaymentClosed) if line is not None else False
        if line is not None and (outcome is Outcome.APPROVED) is not was_stored:
            changes = RULE_OF[line.intent.payment_kind].counts is CountsAs.CHANGE
            count, amount_minor = day_change(self.items() if changes else (), line.intent)
            if was_stored and isinstance(line.closed, PaymentClosed):
                # The host has refused an advice that was stored before.
                date = line.closed.local_date
                self.today = self.today.plus(date, -count, -amount_minor)
            else:
                self.today = self.today.plus(record.local_date, count, amount_minor)
        line = self._amend(record, outcome=outcome, closed=record, closed_at=at)
        self._note_advice(line, record, at)

    def _note_advice(self, line: PaymentLine, record: PaymentClosed, at: Instant) -> None:
        item = line.item()
        if record.outcome == "stored" and item is not None:
            self.service.add_work(WorkKind.ADVICE, item, at)
        else:
            self.service.works.pop(work_identity(WorkKind.ADVICE, *line.key), None)

    def _printed(self, record: SlipDone) -> None:
        self.service.printed(record.name)
        line = self.payments.get((record.batch, record.trace))
        if line is not None:
            self.payments[line.key] = replace(line, slips=line.slips | {record.name})

    def _amend(
        self,
        record: PaymentClosed | DoubtOpened | ReversalSent | RepeatSent | ReversalClosed,
        **changes: object,
    ) -> PaymentLine:
        line = self.payments.get((record.batch, record.trace))
        if line is None:
            raise InvariantViolationError(f"a {record.kind} record belongs to no payment")
        line = replace(line, **changes)  # type: ignore[arg-type]  # names are checked by replace()
        self.payments[line.key] = line
        return line


def read_records(
    records: Iterable[tuple[Record, Instant]], *, keep_all: bool = False
) -> JournalReader:
    """Read all records of a journal, oldest first."""
    reader = JournalReader(keep_all=keep_all)
    for record, at in records:
        reader.take(record, at)
    return reader


def restore(settings: TerminalSettings, reader: JournalReader) -> TerminalState:
    """Return the state to start with: off, signed out, and nothing of the money forgotten."""
    lines = list(reader.payments.values())
    doubt = _doubt_of(reader)
    blocked_until = None
    if reader.log_in_failed_at is not None:
        delay_ms = log_in_delay_ms(settings, reader.log_in_failures)
        blocked_until = reader.log_in_failed_at.plus_ms(delay_ms)
    return TerminalState(
        **_service_state(settings, reader),
        batch=reader.batch,
        next_trace=reader.next_trace,
        clock_offset_ms=reader.clock_offset_ms,
        doubt=doubt,
        today=reader.today,
        recent=_recent(lines, reader.clock_offset_ms),
        items=reader.items(),
        unprinted=(
            *(job for line in lines for job in _unprinted(settings, line, reader.service.signed)),
            *reader.service.unprinted(settings),
        ),
        log_in_failures=reader.log_in_failures,
        log_in_blocked_until=blocked_until,
    )


def _service_state(settings: TerminalSettings, reader: JournalReader) -> dict[str, Any]:
    """Return the parts of the state beside the payments."""
    service = reader.service
    found = service.settlement
    return {
        "work": service.queue(),
        "signed": dict(service.signed),
        "loaded": service.loaded,
        "settlement": found.settlement(reader.items(), settings.profile) if found else None,
    }


def _doubt_of(reader: JournalReader) -> Doubt | None:
    line = reader.open_payment()
    if line is None:
        return None
    reason = ReversalReason.NO_ANSWER
    if line.opened is not None:
        reason = ReversalReason(line.opened.reason)
    since = (line.doubt_since or line.at).plus_ms(reader.clock_offset_ms)
    return Doubt(line.intent, reason, since, DoubtStage.NEEDS_PERSON, attempts=line.attempts)


def _recent(lines: list[PaymentLine], clock_offset_ms: int) -> tuple[RecentPayment, ...]:
    closed = [line for line in lines if line.closed is not None]
    return tuple(
        RecentPayment(
            batch=line.intent.batch,
            trace=line.intent.trace,
            amount_minor=line.intent.amount_minor,
            card_masked=line.intent.card_masked,
            outcome=line.outcome,
            at=(line.closed_at or line.at).plus_ms(clock_offset_ms),
            slip=_first_slip(line),
            payment_kind=line.intent.payment_kind,
        )
        for line in reversed(closed[-RECENT_MAX:])
    )


def _first_slip(line: PaymentLine) -> str | None:
    name = slip_name(line.intent.trace)
    return name if name in line.slips else None


def _unprinted(
    settings: TerminalSettings, line: PaymentLine, signed: Mapping[tuple[int, int], str]
) -> tuple[SlipJob, ...]:
    """Return the slips of a payment that may not be on paper; each says it is a reprint."""
    jobs: tuple[SlipJob, ...] = ()
    if isinstance(line.closed, ReversalClosed):
        jobs = reversal_slip(settings, line.intent, line.closed, reprint=True)
    elif line.closed is not None and line.outcome is Outcome.APPROVED:
        signature = signed.get(line.key, "")
        jobs = payment_slips(settings, line.intent, line.closed, reprint=True, signature=signature)
    return tuple(job for job in jobs if job.name not in line.slips)
