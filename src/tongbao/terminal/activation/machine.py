"""The activation as a step function: what came in, what is to be done next.

Pure, as the terminal's core is. What an effect keeps is flushed before the effects behind it are
done, so that after a power cut `SwitchedOn` with what is kept goes on where it stopped.

network → code → certificate → keys → parameters → self-test → ready
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from tongbao.terminal.activation import wording
from tongbao.wire.device.activation import (
    ActivationAnswer,
    ActivationFailure,
    ActivationState,
    DeviceStanding,
    HelloAnswer,
    Invitation,
)
from tongbao.wire.device.health import ActivationStep, StepOutcome

if TYPE_CHECKING:
    from tongbao.terminal.core.state import Notice


class Stage(StrEnum):
    """Where the activation stands; the order is that of the screen."""

    NETWORK = "network"
    CODE = "code"
    CERTIFICATE = "certificate"
    KEYS = "keys"
    PARAMETERS = "parameters"
    SELF_TEST = "self_test"
    READY = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the data folder holds of an activation."""

    certificate: bool = False
    document: bool = False
    keys: bool = False
    tested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One activation; `trouble` is why it does not go on, `is_busy` that somebody was asked."""

    stage: Stage = Stage.NETWORK
    kept: Kept = Kept()
    standing: DeviceStanding | None = None
    terminal_id: str | None = None
    merchant_name: str | None = None
    invitation: Invitation | None = None
    trouble: Notice | None = None
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class SwitchedOn:
    """The device was switched on; `terminal_id` and `merchant_name` are from an earlier hello."""

    kept: Kept
    terminal_id: str | None = None
    merchant_name: str | None = None


@dataclass(frozen=True, slots=True)
class HelloAnswered:
    """The platform has answered a hello."""

    answer: HelloAnswer


@dataclass(frozen=True, slots=True)
class PollAnswered:
    """The platform has said how far the activation is."""

    answer: ActivationAnswer


@dataclass(frozen=True, slots=True)
class CertificateUnfit:
    """The certificate that came is for another key or another device; nothing was kept."""


@dataclass(frozen=True, slots=True)
class DocumentKept:
    """The settings came and are kept, or nothing is newer than what is kept."""

    merchant_name: str


@dataclass(frozen=True, slots=True)
class KeysLoaded:
    """The master key is in the key store and confirmed by the host."""


@dataclass(frozen=True, slots=True)
class TestEnded:
    """The function self-test has ended and its result is kept."""

    __test__ = False  # not a class of tests, whatever a test runner reads out of its name

    passed: bool
    words: Notice | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """What was asked came to nothing; it is tried again after the pause, 0 for never by itself."""

    notice: Notice
    again_ms: int


@dataclass(frozen=True, slots=True)
class Due:
    """The pause is over."""


@dataclass(frozen=True, slots=True)
class Retry:
    """A person wants it tried now."""


Event = (
    SwitchedOn
    | HelloAnswered
    | PollAnswered
    | CertificateUnfit
    | DocumentKept
    | KeysLoaded
    | TestEnded
    | Failed
    | Due
    | Retry
)


@dataclass(frozen=True, slots=True)
class SayHello:
    """Say hello to the platform."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask how far the activation is; with a certificate request once it is confirmed."""

    with_request: bool


@dataclass(frozen=True, slots=True)
class KeepHello:
    """Keep terminal number and host, flushed."""

    answer: HelloAnswer


@dataclass(frozen=True, slots=True)
class KeepCertificate:
    """Check and keep the certificate, flushed; `CertificateUnfit` comes when it does not fit."""

    certificate_pem: str
    chain_pem: str


@dataclass(frozen=True, slots=True)
class FetchDocument:
    """Fetch the settings and keep them, flushed."""


@dataclass(frozen=True, slots=True)
class FetchKeys:
    """Fetch a master key from the host."""


@dataclass(frozen=True, slots=True)
class BeginTest:
    """Begin the function self-test, or what of it has failed."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the platform how a step stands; kept until it was taken."""

    step: ActivationStep
    outcome: StepOutcome
    cause: ActivationFailure | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class KeepReady:
    """Keep that the activation has ended, flushed."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Let `Due` come after a pause; one that runs is replaced."""

    ms: int


@dataclass(frozen=True, slots=True)
class Leave:
    """The activation is over: the terminal begins."""


Effect = (
    SayHello
    | Poll
    | KeepHello
    | KeepCertificate
    | FetchDocument
    | FetchKeys
    | BeginTest
    | Tell
    | KeepReady
    | Wait
    | Leave
)

_STANDINGS: Final = {
    DeviceStanding.UNKNOWN: wording.UNKNOWN_DEVICE,
    DeviceStanding.WAITING: wording.NOT_ASSIGNED,
}
_STEPS: Final = {
    Stage.CERTIFICATE: ActivationStep.CERTIFICATE,
    Stage.KEYS: ActivationStep.KEYS,
    Stage.PARAMETERS: ActivationStep.PARAMETERS,
    Stage.SELF_TEST: ActivationStep.SELF_TEST,
}


_ACTS: Final[dict[Stage, Effect]] = {
    Stage.NETWORK: SayHello(),
    Stage.CODE: Poll(with_request=False),
    Stage.CERTIFICATE: Poll(with_request=True),
    Stage.KEYS: FetchDocument(),
    Stage.PARAMETERS: FetchDocument(),
    Stage.SELF_TEST: BeginTest(),
}


def step(state: Activation, event: Event) -> tuple[Activation, list[Effect]]:
    """Return the activation after an event and what to do, in order.

    What comes for a stage that is over, or while nothing was asked, changes nothing.
    """
    return _HANDLERS[type(event)](state, event)


def _switched_on(_state: Activation, event: SwitchedOn) -> tuple[Activation, list[Effect]]:
    begun = Activation(
        stage=_first_open(event.kept),
        kept=event.kept,
        terminal_id=event.terminal_id,
        merchant_name=event.merchant_name,
    )
    return _go_on(begun)


def _unfit(state: Activation, _event: CertificateUnfit) -> tuple[Activation, list[Effect]]:
    kept = replace(state.kept, certificate=False)
    failed = replace(state, stage=Stage.NETWORK, kept=kept, is_busy=False)
    return replace(failed, trouble=wording.CERTIFICATE_UNFIT), [Wait(_PAUSE_MS)]


def _due(state: Activation, _event: Due) -> tuple[Activation, list[Effect]]:
    return (state, []) if state.is_busy else _go_on(state)


_PAUSE_MS: Final = 5_000


def _first_open(kept: Kept) -> Stage:
    if not kept.certificate:
        return Stage.NETWORK
    if not (kept.document and kept.keys):
        return Stage.KEYS
    return Stage.READY if kept.tested else Stage.SELF_TEST


def _go_on(state: Activation) -> tuple[Activation, list[Effect]]:
    """Do, or do again, what the present stage is about."""
    if state.stage is Stage.READY:
        return replace(state, is_busy=False), []
    if state.stage is Stage.KEYS and state.kept.document:
        return replace(state, is_busy=True), [FetchKeys()]
    if state.stage is Stage.SELF_TEST:
        state = replace(state, trouble=None)
    return replace(state, is_busy=True), [_ACTS[state.stage]]


def _take_hello(state: Activation, event: HelloAnswered) -> tuple[Activation, list[Effect]]:
    answer = event.answer
    if state.stage not in {Stage.NETWORK, Stage.CODE}:
        return state, []
    state = replace(
        state,
        stage=Stage.NETWORK,
        standing=answer.standing,
        terminal_id=answer.terminal_id,
        merchant_name=answer.merchant_name,
        invitation=answer.invitation,
        trouble=_STANDINGS.get(answer.standing),
        is_busy=False,
    )
    pause = Wait(answer.next_in_s * 1_000)
    if answer.standing is DeviceStanding.ACTIVATED:
        asked = replace(state, stage=Stage.CERTIFICATE, is_busy=True)
        return asked, [KeepHello(answer), Poll(with_request=True)]
    if answer.standing is DeviceStanding.ASSIGNED and answer.invitation is not None:
        return replace(state, stage=Stage.CODE), [KeepHello(answer), pause]
    return state, [pause]


def _take_poll(state: Activation, event: PollAnswered) -> tuple[Activation, list[Effect]]:
    answer = event.answer
    if state.stage not in {Stage.CODE, Stage.CERTIFICATE}:
        return state, []
    idle = replace(state, is_busy=False, trouble=None)
    match answer.state:
        case ActivationState.CONFIRMED:
            asked = replace(idle, stage=Stage.CERTIFICATE, is_busy=True)
            return asked, [Poll(with_request=True)]
        case ActivationState.CERTIFIED if answer.certificate_pem is not None:
            return _certified(idle, answer.certificate_pem, answer.chain_pem or "")
        case ActivationState.FAILED:
            notice = wording.failure(answer.cause, answer.words_zh, answer.words_en)
            failed = replace(idle, stage=Stage.NETWORK, invitation=None, trouble=notice)
            return failed, [Wait(answer.next_in_s * 1_000)]
        case _:
            return idle, [Wait(answer.next_in_s * 1_000)]


def _certified(state: Activation, pem: str, chain: str) -> tuple[Activation, list[Effect]]:
    kept = replace(state.kept, certificate=True)
    state = replace(state, stage=Stage.KEYS, kept=kept, invitation=None, is_busy=True)
    return state, [
        KeepCertificate(pem, chain),
        Tell(ActivationStep.CERTIFICATE, StepOutcome.DONE),
        Tell(ActivationStep.NETWORK, StepOutcome.DONE),
        Tell(ActivationStep.KEYS, StepOutcome.BEGUN),
        FetchDocument(),
    ]


def _take_document(state: Activation, event: DocumentKept) -> tuple[Activation, list[Effect]]:
    kept = replace(state.kept, document=True)
    state = replace(state, kept=kept, merchant_name=event.merchant_name, trouble=None)
    if state.stage is Stage.KEYS:
        return replace(state, is_busy=True), [FetchKeys()]
    if state.stage is not Stage.PARAMETERS:
        return state, []
    return replace(state, stage=Stage.SELF_TEST, is_busy=True), [
        Tell(ActivationStep.PARAMETERS, StepOutcome.DONE),
        Tell(ActivationStep.SELF_TEST, StepOutcome.BEGUN),
        BeginTest(),
    ]


def _take_keys(state: Activation, _event: KeysLoaded) -> tuple[Activation, list[Effect]]:
    if state.stage is not Stage.KEYS:
        return state, []
    kept = replace(state.kept, keys=True)
    state = replace(state, stage=Stage.PARAMETERS, kept=kept, trouble=None, is_busy=True)
    return state, [
        Tell(ActivationStep.KEYS, StepOutcome.DONE),
        Tell(ActivationStep.PARAMETERS, StepOutcome.BEGUN),
        FetchDocument(),
    ]


def _take_test(state: Activation, event: TestEnded) -> tuple[Activation, list[Effect]]:
    if state.stage is not Stage.SELF_TEST:
        return state, []
    if not event.passed:
        cause = ActivationFailure.SELF_TEST_FAILED
        detail = "" if event.words is None else event.words.en
        failed = replace(state, is_busy=False, trouble=event.words or wording.TEST_FAILED)
        return failed, [Tell(ActivationStep.SELF_TEST, StepOutcome.FAILED, cause, detail[:200])]
    kept = replace(state.kept, tested=True)
    ready = replace(state, stage=Stage.READY, kept=kept, is_busy=False, trouble=None)
    return ready, [
        Tell(ActivationStep.SELF_TEST, StepOutcome.DONE),
        Tell(ActivationStep.READY, StepOutcome.DONE),
        KeepReady(),
    ]


def _fail(state: Activation, event: Failed) -> tuple[Activation, list[Effect]]:
    notice, again_ms = event.notice, event.again_ms
    told: list[Effect] = []
    if state.stage is Stage.KEYS and state.trouble != notice:
        told = [Tell(ActivationStep.KEYS, StepOutcome.FAILED, None, notice.en[:200])]
    failed = replace(state, trouble=notice, is_busy=False)
    return failed, [*told, *([Wait(again_ms)] if again_ms else [])]


def _retry(state: Activation, _event: Retry) -> tuple[Activation, list[Effect]]:
    if state.stage is Stage.READY:
        return state, [KeepReady(), Leave()]
    if state.is_busy:
        return state, []
    return _go_on(state)


_HANDLERS: Final[dict[type, Callable[[Activation, Any], tuple[Activation, list[Effect]]]]] = {
    SwitchedOn: _switched_on,
    HelloAnswered: _take_hello,
    PollAnswered: _take_poll,
    CertificateUnfit: _unfit,
    DocumentKept: _take_document,
    KeysLoaded: _take_keys,
    TestEnded: _take_test,
    Failed: _fail,
    Due: _due,
    Retry: _retry,
}
