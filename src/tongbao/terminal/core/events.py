"""Events: what happens to the terminal. Secrets in them cannot print themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.money import Money
from tongbao.domain.secrets import Pan, Pin, Track2
from tongbao.terminal.core.download_steps import Download
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.state import PartCheck
from tongbao.terminal.core.vocabulary import EventKind, TimerKind
from tongbao.wire.device.operators import OperatorAct
from tongbao.wire.device.settings import OperatorRole


@dataclass(frozen=True, slots=True)
class PowerOn:
    """A person switches the terminal on."""

    kind: ClassVar[EventKind] = EventKind.POWER_ON


@dataclass(frozen=True, slots=True)
class PowerOff:
    """A person switches the terminal off."""

    kind: ClassVar[EventKind] = EventKind.POWER_OFF


@dataclass(frozen=True, slots=True)
class LogIn:
    """An operator names himself and gives his PIN."""

    kind: ClassVar[EventKind] = EventKind.LOG_IN
    operator: OperatorNo
    password: Pin


@dataclass(frozen=True, slots=True)
class LogOut:
    """The operator leaves."""

    kind: ClassVar[EventKind] = EventKind.LOG_OUT


@dataclass(frozen=True, slots=True)
class ChangePin:
    """The operator chooses another PIN; `old` is not asked after a first PIN was given."""

    kind: ClassVar[EventKind] = EventKind.CHANGE_PIN
    new: Pin
    old: Pin | None = None


@dataclass(frozen=True, slots=True)
class KeepAwake:
    """Somebody touches the page without asking anything of the terminal."""

    kind: ClassVar[EventKind] = EventKind.KEEP_AWAKE


@dataclass(frozen=True, slots=True)
class SignIn:
    """The operator asks for new working keys 签到."""

    kind: ClassVar[EventKind] = EventKind.SIGN_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalGiven:
    """What the cashier has typed of the original transaction; `date` is MMDD, "" is not given."""

    trace: Stan | None = None
    batch: BatchNo | None = None
    rrn: str = ""
    date: str = ""
    auth_code: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """A supervisor's number and password, given for one payment while the cashier stays."""

    operator: OperatorNo
    password: Pin


@dataclass(frozen=True, slots=True)
class OpenFunction:
    """Open a function for one act: its own password, somebody's approval, where it needs them."""

    kind: ClassVar[EventKind] = EventKind.OPEN_FUNCTION
    function: str
    password: Pin | None = None
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageOperator:
    """Add an operator, give one a first PIN again, or end one; approved by whoever does it."""

    kind: ClassVar[EventKind] = EventKind.MANAGE_OPERATOR
    act: OperatorAct
    number: OperatorNo
    approval: Approval
    pin: Pin | None = None
    name: str = ""
    role: OperatorRole | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The operator begins a payment; `command_id` was born on the page with it.

    `payment_kind` is a word of `tongbao.terminal.core.kinds`.
    """

    kind: ClassVar[EventKind] = EventKind.START
    command_id: str
    payment_kind: str
    amount: Money | None = None
    tip: Money | None = None
    original: OriginalGiven = OriginalGiven()
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class CardEntered:
    """The card number and its expiry (YYMM) were keyed in, in the sandbox on the screen."""

    kind: ClassVar[EventKind] = EventKind.CARD_ENTERED
    pan: Pan
    expiry: str


@dataclass(frozen=True, slots=True)
class PinEntered:
    """The cardholder has entered the PIN."""

    kind: ClassVar[EventKind] = EventKind.PIN_ENTERED
    pin: Pin


@dataclass(frozen=True, slots=True)
class PinSkipped:
    """The cardholder has no PIN and confirms without one."""

    kind: ClassVar[EventKind] = EventKind.PIN_SKIPPED


@dataclass(frozen=True, slots=True)
class Cancel:
    """The operator breaks off what was not sent, or asks to cancel what was."""

    kind: ClassVar[EventKind] = EventKind.CANCEL


@dataclass(frozen=True, slots=True)
class Dismiss:
    """The operator has seen the result, or leaves the in-doubt screen."""

    kind: ClassVar[EventKind] = EventKind.DISMISS


@dataclass(frozen=True, slots=True)
class ResolveNow:
    """The operator wants the reversal or the repeat sent now."""

    kind: ClassVar[EventKind] = EventKind.RESOLVE_NOW


@dataclass(frozen=True, slots=True)
class Find:
    """The operator looks for a payment by its trace, in the open batch unless another is given."""

    kind: ClassVar[EventKind] = EventKind.FIND
    trace: Stan
    batch: BatchNo | None = None


@dataclass(frozen=True, slots=True)
class Reprint:
    """The operator wants the slip of a payment printed again."""

    kind: ClassVar[EventKind] = EventKind.REPRINT
    batch: BatchNo
    trace: Stan


@dataclass(frozen=True, slots=True)
class PrintTotals:
    """The operator wants the totals of the open batch on paper."""

    kind: ClassVar[EventKind] = EventKind.PRINT_TOTALS


@dataclass(frozen=True, slots=True)
class Settle:
    """The operator closes the batch 批结算; with an approval also when advices are left."""

    kind: ClassVar[EventKind] = EventKind.SETTLE
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """The cardholder has signed on the screen: rows of bits, padded to bytes, 1 is black."""

    kind: ClassVar[EventKind] = EventKind.SIGN
    batch: BatchNo
    trace: Stan
    width: int
    height: int
    rows: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignOff:
    """The operator gives the terminal's session back 签退."""

    kind: ClassVar[EventKind] = EventKind.SIGN_OFF


@dataclass(frozen=True, slots=True)
class Echo:
    """The operator asks whether the host is there."""

    kind: ClassVar[EventKind] = EventKind.ECHO


@dataclass(frozen=True, slots=True)
class StartDownload:
    """The operator has something downloaded."""

    kind: ClassVar[EventKind] = EventKind.DOWNLOAD
    what: Download


@dataclass(frozen=True, slots=True)
class SendNow:
    """The operator wants pending work sent now: one piece by its name, or all of it."""

    kind: ClassVar[EventKind] = EventKind.SEND_NOW
    work: str | None = None


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """The operator wants the terminal's status told to the host."""

    kind: ClassVar[EventKind] = EventKind.REPORT_STATUS


@dataclass(frozen=True, slots=True)
class Authorise:
    """Somebody wants an act about the terminal done, with or without another's approval."""

    kind: ClassVar[EventKind] = EventKind.AUTHORISE
    what: Grant
    approval: Approval | None = None


@dataclass(frozen=True, slots=True)
class SelfCheckPart:
    """One part of the self-check has its result."""

    kind: ClassVar[EventKind] = EventKind.SELF_CHECK_PART
    check: PartCheck


@dataclass(frozen=True, slots=True)
class SelfCheckDone:
    """The self-check has ended."""

    kind: ClassVar[EventKind] = EventKind.SELF_CHECK_DONE
    results: tuple[PartCheck, ...]


@dataclass(frozen=True, slots=True)
class CardSwiped:
    """The reader has read a stripe."""

    kind: ClassVar[EventKind] = EventKind.CARD_SWIPED
    track: Track2


@dataclass(frozen=True, slots=True)
class SlipPrinted:
    """A print job has ended, well or not; `trace` is None for a paper about the batch."""

    kind: ClassVar[EventKind] = EventKind.SLIP_PRINTED
    name: str
    batch: BatchNo
    trace: Stan | None
    printed: bool


@dataclass(frozen=True, slots=True)
class FrameReceived:
    """A whole frame came from the host, without its length prefix."""

    kind: ClassVar[EventKind] = EventKind.FRAME_RECEIVED
    frame: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SendFailed:
    """A message could not be sent; `sent` says whether a part of it may have gone out."""

    kind: ClassVar[EventKind] = EventKind.SEND_FAILED
    ticket: int
    sent: bool


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The connection to the host stands."""

    kind: ClassVar[EventKind] = EventKind.LINK_UP


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The connection to the host is gone, and with it the answers to these tickets."""

    kind: ClassVar[EventKind] = EventKind.LINK_DOWN
    tickets: frozenset[int] = frozenset()


_TIMEOUT_KINDS: Final = {
    TimerKind.HOST: EventKind.HOST_TIMEOUT,
    TimerKind.CARD: EventKind.CARD_TIMEOUT,
    TimerKind.PIN: EventKind.PIN_TIMEOUT,
    TimerKind.REVERSAL: EventKind.REVERSAL_TIMEOUT,
    TimerKind.RETRY: EventKind.RETRY_DUE,
    TimerKind.WORK: EventKind.WORK_DUE,
    TimerKind.IDLE: EventKind.NOBODY_THERE,
}


@dataclass(frozen=True, slots=True)
class Timeout:
    """A timer that a step started has run out; a stopped timer never gets here."""

    timer: TimerKind

    @property
    def kind(self) -> EventKind:
        """The kind of event, one for each timer."""
        return _TIMEOUT_KINDS[self.timer]


Event = (
    PowerOn
    | PowerOff
    | LogIn
    | LogOut
    | ChangePin
    | KeepAwake
    | OpenFunction
    | ManageOperator
    | SignIn
    | Start
    | CardEntered
    | PinEntered
    | PinSkipped
    | Cancel
    | Dismiss
    | ResolveNow
    | Find
    | Reprint
    | PrintTotals
    | Settle
    | Sign
    | SignOff
    | Echo
    | StartDownload
    | SendNow
    | ReportStatus
    | Authorise
    | SelfCheckPart
    | SelfCheckDone
    | CardSwiped
    | SlipPrinted
    | FrameReceived
    | SendFailed
    | LinkUp
    | LinkDown
    | Timeout
)
