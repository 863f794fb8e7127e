"""Small services of the line: sign-off 签退, echo test 回响测试, status upload 终端状态上送.

They are sent from the till without leaving it; a payment that is started meanwhile goes first.

Spec: UnionPay terminal dialect, 3.0, 3.2 and 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao import __version__
from tongbao.terminal.core import management_messages as build
from tongbao.terminal.core import wording
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.core.service_records import SignedOff
from tongbao.terminal.core.state import ExchangeKind
from tongbao.terminal.core.vocabulary import Part, TimerKind

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.terminal.core.events import Echo, ReportStatus, SignOff
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.state import Notice, TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.wire.iso8583.codec import Message

_KINDS: Final = {
    ExchangeKind.SIGN_OFF: "sign_off",
    ExchangeKind.ECHO: "echo",
    ExchangeKind.STATUS: "status",
}
# 60.3 of each, by which an answer without a trace number is known.
# Field 62 has room for 500 characters.
_OWED_MAX: Final = 9
_CODES: Final = {ExchangeKind.ECHO: "301", ExchangeKind.STATUS: "362"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceResult:
    """How the last small service ended; `round_trip_ms` from sending to the answer."""

    what: str
    at: Instant
    round_trip_ms: int | None = None
    error: Notice | None = None


def sign_off(equipment: Equipment, turn: Turn, _event: SignOff) -> None:
    """Sign off by an operator's wish."""
    if not turn.state.signed_in:
        turn.refuse(wording.NOT_SIGNED_IN)
    elif not _is_busy(turn):
        begin_sign_off(equipment, turn)


def echo(equipment: Equipment, turn: Turn, _event: Echo) -> None:
    """Ask whether the host is there, and measure how long it takes."""
    if not _is_busy(turn):
        message = build.echo(equipment.messages.station, turn.state.batch)
        _send(equipment, turn, ExchangeKind.ECHO, message)


def report_status(equipment: Equipment, turn: Turn, _event: ReportStatus) -> None:
    """Tell the host how the terminal is."""
    if not _is_busy(turn):
        begin_status(equipment, turn)


def begin_sign_off(equipment: Equipment, turn: Turn) -> None:
    """Send a sign-off; the keys are gone whatever the host answers."""
    trace = turn.take_trace()
    state = turn.state
    turn.persist(SignedOff(trace=trace.value, batch=state.batch.value))
    equipment.messages.forget_working_keys()
    turn.change(signed_in=False, sign_in_error=None)
    frame = equipment.messages.plain(build.sign_off(equipment.messages.station, trace, state.batch))
    turn.send(ExchangeKind.SIGN_OFF, trace, frame)
    turn.change(service_sent_at=turn.now)
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)


def begin_status(equipment: Equipment, turn: Turn) -> None:
    """Send the status."""
    state = turn.state
    station = equipment.messages.station
    message = build.status_upload(
        station, state.batch, status_text(state, equipment.settings.repeats_max)
    )
    _send(equipment, turn, ExchangeKind.STATUS, message)


def status_text(state: TerminalState, tries: int) -> str:
    """Return the terminal's status: names and values, semicolons between them.

    `owes` names pending work with its attempts, what needs a person (after `tries` failures in a
    row) first and with a mark behind it.
    """
    parts = {check.part: check.result.value for check in state.self_check}
    values = {
        "version": __version__,
        "batch": state.batch.digits,
        "trace": state.next_trace.digits,
        "items": str(len(state.items)),
        "pending": str(len(state.work.works)),
        "doubt": "1" if state.doubt is not None else "0",
        "owes": _owed(state, tries),
        **{part.value: parts[part] for part in Part if part in parts},
    }
    return ";".join(f"{name}={value}" for name, value in values.items())


def _owed(state: TerminalState, tries: int) -> str:
    works = sorted(state.work.works, key=lambda work: work.failures <= tries)
    return ",".join(
        f"{work.identity}*{work.attempts}{'!' if work.failures > tries else ''}"
        for work in works[:_OWED_MAX]
    )


def belongs_to_service(equipment: Equipment, state: TerminalState, answer: Answer) -> bool:
    """Whether an answer is the one to the small service in flight."""
    exchange = state.exchange
    if exchange is None:
        return False
    if exchange.trace is not None:
        return equipment.messages.is_for(answer, "0830", exchange.trace)
    code = _CODES.get(exchange.kind)
    return equipment.messages.is_for_code(answer, "0830", code or "")


def take_service_answer(turn: Turn, answer: Answer) -> None:
    """Note how a small service ended."""
    code = answer.text(39)
    error = None if code == "00" else (response_words(code)[0] if code else wording.BAD_ANSWER)
    _end(turn, error, answered=True)


def service_failed(turn: Turn, notice: Notice) -> None:
    """Note that nobody answered."""
    _end(turn, notice, answered=False)


def _is_busy(turn: Turn) -> bool:
    if turn.state.doubt is not None:
        turn.refuse(wording.DOUBT_OPEN)
        return True
    return False


def _send(equipment: Equipment, turn: Turn, kind: ExchangeKind, message: Message) -> None:
    turn.send(kind, None, equipment.messages.plain(message))
    turn.change(service_sent_at=turn.now)
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)


def _end(turn: Turn, error: Notice | None, *, answered: bool) -> None:
    exchange, sent_at = turn.state.exchange, turn.state.service_sent_at
    assert exchange is not None  # noqa: S101 - it was under way
    round_trip_ms = None
    if answered and sent_at is not None:
        round_trip_ms = max(0, turn.now.us_since(sent_at) // 1000)
    turn.stop_timer(TimerKind.HOST)
    turn.change(
        exchange=None,
        service_sent_at=None,
        service=ServiceResult(
            what=_KINDS[exchange.kind], at=turn.host_now, round_trip_ms=round_trip_ms, error=error
        ),
    )
