"""The closed lists of the terminal: phases, kinds of events, timers, cues, parts, outcomes."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """What the terminal is doing, and so what the whole screen shows."""

    OFF = "off"
    SELF_CHECK = "self_check"
    LOGGED_OUT = "logged_out"
    SIGNING_IN = "signing_in"
    IDLE = "idle"
    CARD = "card"
    PIN = "pin"
    AUTHORISING = "authorising"
    REVERSING = "reversing"
    RESULT = "result"
    SETTLING = "settling"
    LOADING = "loading"


class EventKind(Enum):
    """Everything that can happen to a terminal; the first group are commands of a person."""

    POWER_ON = "power_on"
    POWER_OFF = "power_off"
    LOG_IN = "log_in"
    LOG_OUT = "log_out"
    CHANGE_PIN = "change_pin"
    KEEP_AWAKE = "keep_awake"
    OPEN_FUNCTION = "open_function"
    MANAGE_OPERATOR = "manage_operator"
    SIGN_IN = "sign_in"
    START = "start"
    CARD_ENTERED = "card_entered"
    PIN_ENTERED = "pin_entered"
    PIN_SKIPPED = "pin_skipped"
    CANCEL = "cancel"
    DISMISS = "dismiss"
    RESOLVE_NOW = "resolve_now"
    FIND = "find"
    REPRINT = "reprint"
    PRINT_TOTALS = "print_totals"
    SETTLE = "settle"
    SIGN = "sign"
    SIGN_OFF = "sign_off"
    ECHO = "echo"
    DOWNLOAD = "download"
    SEND_NOW = "send_now"
    REPORT_STATUS = "report_status"
    AUTHORISE = "authorise"

    SELF_CHECK_PART = "self_check_part"
    SELF_CHECK_DONE = "self_check_done"
    CARD_SWIPED = "card_swiped"
    SLIP_PRINTED = "slip_printed"
    FRAME_RECEIVED = "frame_received"
    SEND_FAILED = "send_failed"
    LINK_UP = "link_up"
    LINK_DOWN = "link_down"
    HOST_TIMEOUT = "host_timeout"
    CARD_TIMEOUT = "card_timeout"
    PIN_TIMEOUT = "pin_timeout"
    REVERSAL_TIMEOUT = "reversal_timeout"
    RETRY_DUE = "retry_due"
    WORK_DUE = "work_due"
    NOBODY_THERE = "nobody_there"


COMMANDS = frozenset(
    {
        EventKind.POWER_ON,
        EventKind.POWER_OFF,
        EventKind.LOG_IN,
        EventKind.LOG_OUT,
        EventKind.CHANGE_PIN,
        EventKind.KEEP_AWAKE,
        EventKind.OPEN_FUNCTION,
        EventKind.MANAGE_OPERATOR,
        EventKind.SIGN_IN,
        EventKind.START,
        EventKind.CARD_ENTERED,
        EventKind.PIN_ENTERED,
        EventKind.PIN_SKIPPED,
        EventKind.CANCEL,
        EventKind.DISMISS,
        EventKind.RESOLVE_NOW,
        EventKind.FIND,
        EventKind.REPRINT,
        EventKind.PRINT_TOTALS,
        EventKind.SETTLE,
        EventKind.SIGN,
        EventKind.SIGN_OFF,
        EventKind.ECHO,
        EventKind.DOWNLOAD,
        EventKind.SEND_NOW,
        EventKind.REPORT_STATUS,
        EventKind.AUTHORISE,
    }
)


class TimerKind(Enum):
    """The clocks a step can start; at most one of each kind runs."""

    HOST = "host"
    CARD = "card"
    PIN = "pin"
    REVERSAL = "reversal"
    RETRY = "retry"
    WORK = "work"
    IDLE = "idle"


class Cue(Enum):
    """A short sound, played once."""

    POWER_ON = "power_on"
    KEY = "key"
    APPROVED = "approved"
    DECLINED = "declined"
    DOUBT = "doubt"
    ERROR = "error"


class Part(Enum):
    """What the self-check looks at."""

    SCREEN = "screen"
    PRINTER = "printer"
    READER = "reader"
    PINPAD = "pinpad"
    JOURNAL = "journal"
    CLOCK = "clock"
    NETWORK = "network"


class CheckResult(Enum):
    """What the self-check found."""

    PENDING = "pending"
    OK = "ok"
    FAIL = "fail"


class Outcome(Enum):
    """How a payment ended, in the words of the screen; in doubt is not an end."""

    APPROVED = "approved"
    DECLINED = "declined"
    REVERSED = "reversed"
    CANCELLED = "cancelled"
    IN_DOUBT = "in_doubt"


class DoubtStage(Enum):
    """Where the reversal or repeat of an in-doubt payment stands."""

    SENDING = "sending"
    WAITING = "waiting"
    NEEDS_PERSON = "needs_person"


class ReversalReason(Enum):
    """Field 39 of a reversal request. Spec: UnionPay terminal dialect, 3.7."""

    NO_ANSWER = "98"
    WRONG_MAC = "A0"
    OTHER = "06"
    TERMINAL_FAULT = "96"


class Silence(Enum):
    """Why no answer will come to the message in flight."""

    NOT_SENT = "not_sent"
    LINE_BROKE = "line_broke"
    TIMEOUT = "timeout"
