"""Sending pending work: advices, signatures and script results, one exchange at a time.

What has no answer, or none that counts, is tried again after growing pauses; after a row of tries
it asks for a person and goes on slowly. It leaves the queue by the host's answer only.

Spec: UnionPay terminal dialect, 3.8, 3.14 and 3.15.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.domain.ids import BatchNo, Stan
from tongbao.terminal.core import management_messages as build
from tongbao.terminal.core import wording
from tongbao.terminal.core.batch_upload import ACCEPTED_CODES
from tongbao.terminal.core.messages import MacCheck
from tongbao.terminal.core.pending_work import Work, WorkKind, WorkStage, pause_ms
from tongbao.terminal.core.reversing import begin_row
from tongbao.terminal.core.service_records import WorkDone, WorkFailed, WorkSent
from tongbao.terminal.core.state import ExchangeKind
from tongbao.terminal.core.stored_advices import advice_delivered
from tongbao.terminal.core.verdicts import SIGN_IN_CODES, why_unsettled
from tongbao.terminal.core.vocabulary import TimerKind

if TYPE_CHECKING:
    from tongbao.terminal.core.events import SendNow, Timeout
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.state import TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.wire.iso8583.codec import Message

_REVERSAL: Final = "reversal"
_YUAN: Final = "156"


def send_now(equipment: Equipment, turn: Turn, event: SendNow) -> None:
    """Begin a new row of tries at once, for one piece of pending work or for all."""
    state = turn.state
    is_reversal = event.work is not None and event.work.startswith(_REVERSAL)
    if state.doubt is not None and (event.work is None or is_reversal):
        begin_row(equipment, turn)
    elif event.work is not None and state.work.find(event.work) is None:
        turn.refuse(wording.NO_SUCH_WORK)
    elif not state.signed_in:
        turn.refuse(wording.NOT_SIGNED_IN)
    elif not state.link_up:
        turn.refuse(wording.NO_CONNECTION)
    else:
        turn.change(work=state.work.fresh_row(event.work))


def work_due(_equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """The pause is over: what has failed least may be tried once more."""
    turn.change(work=turn.state.work.pause_over(), work_paused=False)


def send_work(equipment: Equipment, turn: Turn, work: Work) -> bool:
    """Send a piece of pending work; False, with the failure noted, when no message can be made."""
    own_trace = turn.state.next_trace if work.kind is WorkKind.SCRIPT_RESULT else None
    try:
        frame = equipment.messages.signed(_BUILDERS[work.kind](equipment, turn, work))
    except CryptoError:
        turn.change(signed_in=False)
        work_failed(equipment, turn, work.identity, "no_keys")
        return False
    if own_trace is not None:
        turn.take_trace()
    turn.persist(
        WorkSent(
            work=work.kind.value,
            trace=work.trace,
            batch=work.batch,
            attempt=work.attempts + 1,
            own_trace=0 if own_trace is None else own_trace.value,
        )
    )
    turn.change(work=turn.state.work.sent(work.identity))
    turn.send(ExchangeKind.WORK, own_trace or Stan(work.trace), frame, work.identity)
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)
    return True


def present_work(state: TerminalState) -> Work | None:
    """Return the piece of pending work whose message is in flight."""
    exchange = state.exchange
    if exchange is None or exchange.kind is not ExchangeKind.WORK:
        return None
    return state.work.find(exchange.subject)


def belongs_to_work(equipment: Equipment, state: TerminalState, answer: Answer) -> bool:
    """Whether an answer is the one to the work in flight."""
    work, exchange = present_work(state), state.exchange
    if work is None or exchange is None or exchange.trace is None:
        return False
    if work.kind is WorkKind.ADVICE:
        return equipment.messages.is_for_payment(answer, work.item.intent)
    mti = "0630" if work.kind is WorkKind.SCRIPT_RESULT else "0830"
    return equipment.messages.is_for(answer, mti, exchange.trace)


def take_work_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Take a piece of work out of the queue, or note why it stays."""
    work = present_work(turn.state)
    assert work is not None  # noqa: S101 - the answer belongs to it
    code = answer.text(39)
    turn.stop_timer(TimerKind.HOST)
    turn.change(exchange=None)
    if code in SIGN_IN_CODES:
        turn.change(signed_in=False)
    if work.kind is WorkKind.ADVICE:
        if why_unsettled(equipment, answer) is not None:
            work_failed(equipment, turn, work.identity, code or "no_code")
            return
        advice_delivered(equipment, turn, work, answer)
    elif equipment.messages.check_mac(answer) is not MacCheck.GOOD and code in ACCEPTED_CODES:
        work_failed(equipment, turn, work.identity, "mac")
        return
    elif code not in ACCEPTED_CODES:
        work_failed(equipment, turn, work.identity, code or "no_code")
        return
    _part_done(turn, work, code)


def work_failed(equipment: Equipment, turn: Turn, identity: str, code: str) -> None:
    """Put a failed try on record and plan the next one."""
    work = turn.state.work.find(identity)
    assert work is not None  # noqa: S101 - only what is in the queue is sent
    turn.stop_timer(TimerKind.HOST)
    turn.persist(WorkFailed(work=work.kind.value, trace=work.trace, batch=work.batch, code=code))
    queue = turn.state.work.failed(identity, code)
    turn.change(exchange=None, work=queue)
    if queue.needs_pause:
        settings = equipment.settings
        pause = pause_ms(
            queue.failures,
            settings.retry_first_ms,
            settings.retry_max_ms,
            settings.repeats_max,
            settings.slow_retry_ms,
        )
        turn.start_timer(TimerKind.WORK, pause)


def work_stage(settings: TerminalSettings, state: TerminalState, work: Work) -> WorkStage:
    """Return where a piece of pending work stands, as the screen says it."""
    if present_work(state) == work:
        return WorkStage.SENDING
    tries = settings.repeats_max
    return WorkStage.NEEDS_PERSON if work.failures > tries else WorkStage.WAITING


def _part_done(turn: Turn, work: Work, code: str) -> None:
    parts = 1
    if work.kind is WorkKind.SIGNATURE:
        parts = len(build.signature_parts(bytes.fromhex(work.data)))
    part = work.part + 1
    turn.persist(
        WorkDone(
            work=work.kind.value,
            trace=work.trace,
            batch=work.batch,
            part=part,
            is_last=int(part >= parts),
            code=code,
        )
    )
    queue = turn.state.work
    if part >= parts:
        turn.change(work=queue.removed(work.identity))
    else:
        turn.change(work=queue.changed(replace(work, part=part, failures=0, attempts=0)))


def _advice(equipment: Equipment, _turn: Turn, work: Work) -> Message:
    intent = work.item.intent
    return equipment.messages.repeat(intent, equipment.seal.open(intent))


def _signature(equipment: Equipment, _turn: Turn, work: Work) -> Message:
    intent, closed = work.item.intent, work.item.closed
    parts = build.signature_parts(bytes.fromhex(work.data))
    receipt = {
        "FF00": equipment.settings.merchant_name,
        "FF01": work.item.rule.slip_zh,
        "FF02": intent.operator,
        "FF03": getattr(closed, "acquirer", ""),
        "FF04": getattr(closed, "issuer", ""),
        "FF06": closed.local_date + closed.local_time,
        "FF07": getattr(closed, "auth_code", ""),
        "FF08": f"{intent.tip_minor:012d}" if intent.tip_minor else "",
        "FF09": getattr(closed, "organisation", ""),
        "FF0A": _YUAN,
    }
    upload = build.SignatureUpload(
        trace=Stan(work.trace),
        batch=BatchNo(work.batch),
        amount_minor=intent.amount_minor,
        rrn=work.item.closed_rrn,
        card=equipment.seal.open(intent),
        receipt=build.receipt_data(receipt),
        image=parts[work.part],
        part=work.part + 1,
        parts=len(parts),
    )
    station = equipment.messages.station
    return build.signature_upload(station, equipment.settings.profile.signature_code, upload)


def _script_result(equipment: Equipment, turn: Turn, work: Work) -> Message:
    intent, closed = work.item.intent, work.item.closed
    advice = build.ScriptAdvice(
        trace=turn.state.next_trace,
        batch=turn.state.batch,
        processing_code=intent.processing_code,
        amount_minor=intent.amount_minor,
        entry_mode=intent.entry_mode,
        condition_code=intent.condition_code,
        capabilities=equipment.settings.capabilities,
        rrn=work.item.closed_rrn,
        auth_code=getattr(closed, "auth_code", ""),
        card=equipment.seal.open(intent),
        chip_data=bytes.fromhex(work.data),
        original_batch=BatchNo(work.batch),
        original_trace=Stan(work.trace),
        original_date=closed.local_date[4:],
    )
    return build.script_result(equipment.messages.station, advice)


_BUILDERS: Final = {
    WorkKind.ADVICE: _advice,
    WorkKind.SIGNATURE: _signature,
    WorkKind.SCRIPT_RESULT: _script_result,
}
