"""Heartbeats, remote acts, self-tests and refusals.

Spec: our own, docs/device-protocol.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final

from tongbao.wire.device.activation import ActivationFailure, Milliseconds, Seconds, Words
from tongbao.wire.device.codec import Between, Length, Matches
from tongbao.wire.device.settings import Version

ActId = Annotated[str, Matches("[0-9A-Za-z_-]{1,32}")]
Count = Annotated[int, Between(0, 1_000_000)]
Number = Annotated[int, Between(1, 999_999)]
PENDING_MAX = 50
Permille = Annotated[int, Between(0, 1_000)]


class PrinterState(StrEnum):
    """What the printer says of itself."""

    READY = "ready"
    NO_PAPER = "no_paper"
    TOO_HOT = "too_hot"
    FAULT = "fault"
    ABSENT = "absent"


class NetworkKind(StrEnum):
    """What the terminal is connected by."""

    CABLE = "cable"
    WIFI = "wifi"
    MOBILE = "mobile"
    BLUETOOTH = "bluetooth"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkQuality:
    """Round trip in milliseconds and loss in thousandths, over the last requests."""

    kind: NetworkKind
    rtt_ms: Annotated[int, Between(0, 600_000)] | None
    loss_permille: Permille


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the terminal is, in millionths of a degree, if it knows."""

    latitude_microdegrees: Annotated[int, Between(-90_000_000, 90_000_000)]
    longitude_microdegrees: Annotated[int, Between(-180_000_000, 180_000_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """What still has to reach the host."""

    reversals: Count
    advices: Count
    signatures: Count


class PendingKind(StrEnum):
    """What a terminal owes the host about a payment."""

    REVERSAL = "reversal"
    REPEAT = "repeat"
    ADVICE = "advice"
    SIGNATURE = "signature"
    SCRIPT_RESULT = "script_result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """One message that the host has not answered, named by its payment.

    `needs_person` says that a row of tries is over: the terminal goes on slowly and asks for help.
    """

    kind: PendingKind
    batch: Number
    trace: Number
    since_ms: Milliseconds
    attempts: Count
    needs_person: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """POST heartbeat: how the terminal is; a missing battery is a terminal on the mains.

    `pending` names what is unsent, what needs a person first; earlier software leaves it out.
    """

    at_ms: Milliseconds
    uptime_s: Annotated[int, Between(0, 10**9)]
    software_version: Annotated[str, Length(1, 40)]
    battery_percent: Annotated[int, Between(0, 100)] | None
    storage_free_bytes: Annotated[int, Between(0, 2**50)]
    printer: PrinterState
    network: NetworkQuality
    place: Place | None
    unsent: Unsent
    applied_version: Version
    is_locked: bool
    is_training: bool
    pending: Annotated[tuple[Pending, ...], Length(0, PENDING_MAX)] | None = None


# In the body of a wipe: "true" wipes even what was not sent, because the machine is in wrong hands.
AS_LOST: Final = "as_lost"


class ActKind(StrEnum):
    """What the platform can ask a terminal to do."""

    MESSAGE = "message"
    LOCK = "lock"
    UNLOCK = "unlock"
    RESTART = "restart"
    LOG_PULL = "log_pull"
    WIPE = "wipe"
    PARAMETER_PUSH = "parameter_push"
    SELF_TEST = "self_test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing to do; what a kind needs is in `body`, such as `words_zh` and `words_en`."""

    act_id: ActId
    kind: ActKind
    body: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatAnswer:
    """What waits for the terminal; the next heartbeat is due after `next_in_s`."""

    acts: Annotated[tuple[Act, ...], Length(0, 20)]
    wanted_version: Version
    next_in_s: Seconds
    server_time_ms: Milliseconds


class ActOutcome(StrEnum):
    """How an act ended on the terminal."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"  # not now: a payment is open or work is unsent


@dataclass(frozen=True, slots=True, kw_only=True)
class ActResult:
    """POST acts/{act_id}: how it ended; `log` is the compressed log that was asked for."""

    outcome: ActOutcome
    at_ms: Milliseconds
    detail: Annotated[str, Length(0, 500)]
    log: Annotated[bytes, Length(0, 128 * 1024)] | None


class ActivationStep(StrEnum):
    """What a terminal does after it was certified, in this order."""

    CERTIFICATE = "certificate"
    NETWORK = "network"
    KEYS = "keys"
    PARAMETERS = "parameters"
    SELF_TEST = "self_test"
    READY = "ready"


class StepOutcome(StrEnum):
    """How a step stands."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """POST progress: where the terminal is between its certificate and its first sale."""

    step: ActivationStep
    outcome: StepOutcome
    cause: ActivationFailure | None
    detail: Annotated[str, Length(0, 200)]
    at_ms: Milliseconds


class Part(StrEnum):
    """What a self-test proves."""

    SCREEN = "screen"
    PRINTER = "printer"
    SCANNER = "scanner"
    KEYPAD = "keypad"
    NETWORK = "network"
    CLOCK = "clock"
    KEYS = "keys"
    STORAGE = "storage"
    TEST_SALE = "test_sale"


class TestOutcome(StrEnum):
    """How the test of one part ended."""

    __test__ = False  # not a class of tests, whatever a test runner reads out of its name

    PASSED = "passed"
    FAILED = "failed"
    ABSENT = "absent"  # this model has no such part
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartResult:
    """One part's test; `evidence_sha256` is the hash of what proves it, kept on the terminal."""

    part: Part
    outcome: TestOutcome
    detail: Annotated[str, Length(0, 200)]
    evidence_sha256: Annotated[str, Matches("[0-9a-f]{64}")] | None


class TestOccasion(StrEnum):
    """Why a self-test was run."""

    __test__ = False  # as above

    ACTIVATION = "activation"
    AFTER_ACTIVATION = "after_activation"
    ASKED = "asked"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestReport:
    """POST self-test: each part's result; `act_id` when the platform asked for it."""

    occasion: TestOccasion
    act_id: ActId | None
    at_ms: Milliseconds
    parts: Annotated[tuple[PartResult, ...], Length(1, 20)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The answer to what needs no other: it is kept."""

    server_time_ms: Milliseconds


class Refusal(StrEnum):
    """Why the gateway refused a request; closed."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNKNOWN_PATH = "unknown_path"
    WRONG_METHOD = "wrong_method"
    SIGNATURE_MISSING = "signature_missing"
    SIGNATURE_WRONG = "signature_wrong"
    CLOCK_WRONG = "clock_wrong"
    REPEATED = "repeated"
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_FOREIGN = "certificate_foreign"
    NOT_IN_SERVICE = "not_in_service"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    TOO_MANY = "too_many"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalAnswer:
    """The body of every answer that is not a success; `field` names what was malformed."""

    code: Refusal
    field: Annotated[str, Length(0, 120)]
    words_zh: Words
    words_en: Words
    retry_after_s: Annotated[int, Between(0, 86_400)] | None
    server_time_ms: Milliseconds
