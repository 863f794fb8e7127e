"""The terminal's whole state: one frozen value, replaced at each step."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.terminal.core.kinds import RULE_OF
from tongbao.terminal.core.loaded import Loaded
from tongbao.terminal.core.pending_work import WorkQueue
from tongbao.terminal.core.vocabulary import (
    CheckResult,
    DoubtStage,
    Outcome,
    Part,
    Phase,
    ReversalReason,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.domain.dates import Instant
    from tongbao.domain.money import Money
    from tongbao.domain.secrets import Pan, Track2
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.loaded import Loading
    from tongbao.terminal.core.records import PaymentIntended
    from tongbao.terminal.core.services import ServiceResult
    from tongbao.terminal.core.settlement import Settlement
    from tongbao.terminal.papers import Paper
    from tongbao.wire.unionpay.transactions import Resolution

RECENT_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Notice:
    """Something said to a person: a stable code and the words in both languages."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class PartCheck:
    """One line of the self-check; `detail` is short and neutral between the languages."""

    part: Part
    result: CheckResult = CheckResult.PENDING
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What is known of the transaction that another refers to; 0 and "" are unknown.

    `date` is MMDD. `is_known` says that it stands in the open batch of this terminal.
    """

    batch: int = 0
    trace: int = 0
    date: str = ""
    rrn: str = ""
    auth_code: str = ""
    card_masked: str = ""
    organisation: str = ""
    sealed_card: str = ""
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card before anything was sent: by stripe with its track, or keyed with its expiry YYMM."""

    pan: Pan
    track: Track2 | None = None
    expiry: str = ""


@dataclass(frozen=True, slots=True)
class PaymentDraft:
    """A payment before anything was sent; the card is here from swipe to PIN, not longer."""

    command_id: str
    payment_kind: str
    amount: Money
    tip: Money
    original: Original = Original()
    approver: str = ""
    card: CardRead | None = None


class ExchangeKind(Enum):
    """What the message in flight is."""

    SIGN_IN = "sign_in"
    PAYMENT = "payment"
    REVERSAL = "reversal"
    REPEAT = "repeat"
    WORK = "work"
    TOTALS = "totals"
    UPLOAD = "upload"
    UPLOAD_END = "upload_end"
    SIGN_OFF = "sign_off"
    ECHO = "echo"
    STATUS = "status"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True)
class Exchange:
    """The one message in flight; the ticket tells its failure from that of an earlier one.

    `trace` is None in messages that carry none. `subject` names the pending work it is about.
    """

    kind: ExchangeKind
    trace: Stan | None
    ticket: int
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Doubt:
    """The one payment whose fate is unknown; reversed or repeated until the host ends it.

    `attempts` counts messages sent ever, `unanswered` and `failures` those of the present row.
    `line_broke` says that the last try failed with the line, so that a new line is worth a new try.
    """

    intent: PaymentIntended
    reason: ReversalReason
    since: Instant
    stage: DoubtStage
    attempts: int = 0
    unanswered: int = 0
    failures: int = 0
    line_broke: bool = False
    told_on_paper: bool = False

    @property
    def resolution(self) -> Resolution:
        """Whether it is reversed or repeated."""
        return RULE_OF[self.intent.payment_kind].resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the result screen says."""

    outcome: Outcome
    words: Notice
    action: Notice
    amount: Money
    card_masked: str | None = None
    trace: Stan | None = None
    auth_code: str | None = None
    rrn: str | None = None
    slip: str | None = None
    payment_kind: str = "sale"
    batch: int | None = None
    tip_minor: int = 0
    original_trace: int | None = None
    balance_minor: int | None = None
    available_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for a payment found; `item` is None when there is no such payment."""

    batch: int
    trace: int
    item: BatchItem | None


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What one day of the host's calendar (YYYYMMDD) brought: taken less given back."""

    date: str = ""
    count: int = 0
    amount_minor: int = 0

    def plus(self, date: str, count: int, amount_minor: int) -> DayTotals:
        """Count payments more, or fewer; a new day begins from nothing."""
        if date != self.date:
            return DayTotals(date, count, amount_minor)
        return DayTotals(date, self.count + count, self.amount_minor + amount_minor)


@dataclass(frozen=True, slots=True)
class RecentPayment:
    """One line of the list of last payments."""

    batch: int
    trace: int
    amount_minor: int
    card_masked: str
    outcome: Outcome
    at: Instant
    slip: str | None = None
    payment_kind: str = "sale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """What the till knows of people's time at it; days are YYYYMMDD by the host's clock.

    `locked_for` is whose place a locked till keeps. `day` is the day of the log-in, `keys_day` that
    of the working keys. `is_over` says that the PIN is to be given again as soon as the till rests.
    `opened` is the function that somebody has opened for one act.
    `wants_keys` and `wants_person` are what it does by itself, where it may.
    """

    locked_for: OperatorNo | None = None
    day: str = ""
    keys_day: str = ""
    is_over: bool = False
    opened: str = ""
    opened_until: Instant | None = None
    wants_keys: bool = False
    wants_person: bool = False


@dataclass(frozen=True, slots=True)
class SlipJob:
    """A slip that should be on paper: its file name, whose it is and what it shows.

    `trace` is None when it belongs to the batch and to no payment.
    """

    name: str
    batch: BatchNo
    trace: Stan | None
    slip: Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalState:
    """Everything the terminal knows; PIN and track are never here once a message was built.

    `signed` holds the signatures of the open batch, JBIG in hex, by batch and trace.
    """

    phase: Phase = Phase.OFF
    operator: OperatorNo | None = None
    newcomer: OperatorNo | None = None
    presence: Presence = Presence()
    link_up: bool = False
    signed_in: bool = False
    sign_in_error: Notice | None = None
    batch: BatchNo = field(default_factory=lambda: BatchNo(1))
    next_trace: Stan = field(default_factory=lambda: Stan(1))
    clock_offset_ms: int = 0
    self_check: tuple[PartCheck, ...] = tuple(PartCheck(part) for part in Part)
    draft: PaymentDraft | None = None
    intent: PaymentIntended | None = None
    exchange: Exchange | None = None
    next_ticket: int = 1
    doubt: Doubt | None = None
    result: Result | None = None
    today: DayTotals = DayTotals()
    recent: tuple[RecentPayment, ...] = ()
    items: tuple[BatchItem, ...] = ()
    found: Found | None = None
    cancel_requested: bool = False
    unprinted: tuple[SlipJob, ...] = ()
    work: WorkQueue = field(default_factory=WorkQueue)
    signed: Mapping[tuple[int, int], str] = field(default_factory=dict, repr=False)
    settlement: Settlement | None = None
    loaded: Loaded = field(default_factory=Loaded)
    loading: Loading | None = None
    work_paused: bool = False
    acts: tuple[str, ...] = ()
    service: ServiceResult | None = None
    service_sent_at: Instant | None = None
    log_in_failures: int = 0
    log_in_blocked_until: Instant | None = None
    strays: int = 0

    def works(self, part: Part) -> bool:
        """Whether the last self-check found nothing wrong with a part."""
        return all(
            check.result is not CheckResult.FAIL for check in self.self_check if check.part is part
        )
