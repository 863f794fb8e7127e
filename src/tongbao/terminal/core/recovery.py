"""Rebuilds the terminal's state from its journal after a start or a power cut."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.ids import BatchNo, Stan
from tongbao.terminal.core.records import (
    DoubtOpened,
    LoggedIn,
    LogInFailed,
    Record,
    ReversalClosed,
    ReversalSent,
    SaleClosed,
    SaleIntended,
    SignedIn,
    SignInStarted,
    SlipDone,
)
from tongbao.terminal.core.slips import reversal_slip, sale_slips, slip_name
from tongbao.terminal.core.state import (
    RECENT_MAX,
    DayTotals,
    Doubt,
    RecentSale,
    SlipJob,
    TerminalState,
)
from tongbao.terminal.core.vocabulary import DoubtStage, Outcome, ReversalReason

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.settings import TerminalSettings

COMMAND_IDS_MAX: Final = 200
_OUTCOMES: Final = {
    "approved": Outcome.APPROVED,
    "declined": Outcome.DECLINED,
    "not_sent": Outcome.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One sale as the journal knows it; `outcome` is IN_DOUBT until the journal has its end."""

    intent: SaleIntended
    at: Instant
    outcome: Outcome = Outcome.IN_DOUBT
    closed: SaleClosed | ReversalClosed | None = None
    opened: DoubtOpened | None = None
    doubt_since: Instant | None = None
    closed_at: Instant | None = None
    attempts: int = 0
    slips: frozenset[str] = frozenset()

    @property
    def key(self) -> tuple[int, int]:
        """Batch and trace, which name the sale in this terminal."""
        return self.intent.batch, self.intent.trace


@dataclass(slots=True)
class JournalReader:
    """Reads records in order and remembers what they add up to.

    Sales that are closed and on paper are kept only as far as the list of last payments needs
    them, unless `keep_all` is set.
    """

    keep_all: bool = False
    sales: dict[tuple[int, int], SaleLine] = field(default_factory=dict)
    next_trace: Stan = field(default_factory=lambda: Stan(1))
    batch: BatchNo = field(default_factory=lambda: BatchNo(1))
    clock_offset_ms: int = 0
    today: DayTotals = field(default_factory=DayTotals)
    log_in_failures: int = 0
    log_in_failed_at: Instant | None = None
    last_at: Instant | None = None

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
            case LoggedIn():
                self.log_in_failures = 0
                self.log_in_failed_at = None
            case SaleIntended():
                self.next_trace = Stan(record.trace).next()
                self._intended(record, at)
            case _:
                self._take_about_sale(record, at)

    def _take_about_sale(self, record: Record, at: Instant) -> None:
        match record:
            case SaleClosed():
                self._closed(record, at)
            case DoubtOpened():
                self._amend(record, opened=record, doubt_since=at)
            case ReversalSent():
                self._amend(record, attempts=record.attempt)
            case ReversalClosed():
                self._amend(record, outcome=Outcome.REVERSED, closed=record, closed_at=at)
            case SlipDone():
                self._printed(record)
            case _:
                pass

    def open_sale(self) -> SaleLine | None:
        """Return the one sale whose fate is unknown."""
        found = [line for line in self.sales.values() if line.outcome is Outcome.IN_DOUBT]
        if len(found) > 1:
            raise InvariantViolationError("the journal holds more than one sale in doubt")
        return found[0] if found else None

    def _intended(self, record: SaleIntended, at: Instant) -> None:
        line = SaleLine(record, at)
        if self.sales.get(line.key):
            raise InvariantViolationError("the journal holds a trace number twice in a batch")
        self.sales[line.key] = line
        if not self.keep_all and len(self.sales) > COMMAND_IDS_MAX:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        for key, line in self.sales.items():
            if line.outcome is not Outcome.IN_DOUBT:
                del self.sales[key]
                return

    def _closed(self, record: SaleClosed, at: Instant) -> None:
        outcome = _OUTCOMES[record.outcome]
        line = self._amend(record, outcome=outcome, closed=record, closed_at=at)
        if record.outcome == "approved":
            self.today = self.today.plus(record.local_date, line.intent.amount_minor)

    def _printed(self, record: SlipDone) -> None:
        line = self.sales.get((record.batch, record.trace))
        if line is not None:
            self.sales[line.key] = replace(line, slips=line.slips | {record.name})

    def _amend(
        self,
        record: SaleClosed | DoubtOpened | ReversalSent | ReversalClosed,
        **changes: object,
    ) -> SaleLine:
        line = self.sales.get((record.batch, record.trace))
        if line is None:
            raise InvariantViolationError(f"a {record.kind} record belongs to no sale")
        line = replace(line, **changes)  # type: ignore[arg-type]  # names are checked by replace()
        self.sales[line.key] = line
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
    lines = list(reader.sales.values())
    doubt = _doubt_of(reader)
    blocked_until = None
    if reader.log_in_failed_at is not None:
        delay_ms = log_in_delay_ms(settings, reader.log_in_failures)
        blocked_until = reader.log_in_failed_at.plus_ms(delay_ms)
    return TerminalState(
        batch=reader.batch,
        next_trace=reader.next_trace,
        clock_offset_ms=reader.clock_offset_ms,
        doubt=doubt,
        today=reader.today,
        recent=_recent(lines, reader.clock_offset_ms),
        unprinted=tuple(job for line in lines for job in _unprinted(settings, line)),
        log_in_failures=reader.log_in_failures,
        log_in_blocked_until=blocked_until,
    )


def log_in_delay_ms(settings: TerminalSettings, failures: int) -> int:
    """Return how long the log-in stays closed after this many wrong tries in a row."""
    return min(
        settings.log_in_delay_first_ms * (1 << min(failures - 1, 30)),
        settings.log_in_delay_max_ms,
    )


def _doubt_of(reader: JournalReader) -> Doubt | None:
    line = reader.open_sale()
    if line is None:
        return None
    reason = ReversalReason.NO_ANSWER
    if line.opened is not None:
        reason = ReversalReason(line.opened.reason)
    since = (line.doubt_since or line.at).plus_ms(reader.clock_offset_ms)
    return Doubt(line.intent, reason, since, DoubtStage.NEEDS_PERSON, attempts=line.attempts)


def _recent(lines: list[SaleLine], clock_offset_ms: int) -> tuple[RecentSale, ...]:
    closed = [line for line in lines if line.outcome is not Outcome.IN_DOUBT]
    return tuple(
        RecentSale(
            batch=line.intent.batch,
            trace=line.intent.trace,
            amount_minor=line.intent.amount_minor,
            card_masked=line.intent.card_masked,
            outcome=line.outcome,
            at=(line.closed_at or line.at).plus_ms(clock_offset_ms),
            slip=_first_slip(line),
        )
        for line in reversed(closed[-RECENT_MAX:])
    )


def _first_slip(line: SaleLine) -> str | None:
    name = slip_name(line.intent.trace)
    return name if name in line.slips else None


def _unprinted(settings: TerminalSettings, line: SaleLine) -> tuple[SlipJob, ...]:
    """Return the slips of a sale that are not on paper for certain; each says it is a reprint."""
    jobs: tuple[SlipJob, ...] = ()
    if isinstance(line.closed, ReversalClosed):
        jobs = reversal_slip(settings, line.intent, line.closed, reprint=True)
    elif line.closed is not None and line.outcome is Outcome.APPROVED:
        jobs = sale_slips(settings, line.intent, line.closed, reprint=True)
    return tuple(job for job in jobs if job.name not in line.slips)
