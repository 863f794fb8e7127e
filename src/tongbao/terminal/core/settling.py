"""Batch settlement 批结算, step by step: pending work, totals, batch upload, end, the next batch.

Every step stands in the journal before its message goes out, so a settlement that was interrupted
anywhere goes on at the step it was in. Once totals may have reached the host no payment is made
until the batch is closed.

Spec: UnionPay terminal dialect, 3.9, 3.10 and 7.4.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import OperatorNo, Stan
from tongbao.terminal.core import management_messages as build
from tongbao.terminal.core import wording
from tongbao.terminal.core.approval import approve
from tongbao.terminal.core.batch_upload import ACCEPTED_CODES, UploadMessage, UploadRound
from tongbao.terminal.core.items import find_item
from tongbao.terminal.core.pending_work import WorkKind
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.core.reversing import begin_row
from tongbao.terminal.core.service_records import (
    BatchClosed,
    SettlementAnswered,
    SettlementRefused,
    SettlementStarted,
    UploadEnding,
    UploadSent,
    UploadTaken,
)
from tongbao.terminal.core.services import begin_sign_off
from tongbao.terminal.core.settlement import (
    Settlement,
    SettlementStage,
    left_over,
    totals_digits,
    upload_plan,
)
from tongbao.terminal.core.settlement_paper import settlement_job
from tongbao.terminal.core.signing_in import begin_sign_in, local_moment
from tongbao.terminal.core.slips import print_jobs
from tongbao.terminal.core.state import ExchangeKind
from tongbao.terminal.core.totals import batch_totals, is_domestic
from tongbao.terminal.core.verdicts import SIGN_IN_CODES
from tongbao.terminal.core.vocabulary import Cue, Phase, Silence, TimerKind
from tongbao.terminal.core.working import send_work
from tongbao.wire.unionpay.structured import SettlementTotals

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.terminal.core.events import Cancel, Dismiss, LinkUp, Settle, Timeout
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.state import Notice, TerminalState
    from tongbao.terminal.core.turn import Equipment, Turn
    from tongbao.wire.iso8583.codec import Message

S = SettlementStage
_SILENCE_WORDS: Final = {
    Silence.NOT_SENT: wording.NO_CONNECTION,
    Silence.LINE_BROKE: wording.CONNECTION_LOST,
    Silence.TIMEOUT: wording.NO_ANSWER,
}
_ADVICE_ROUNDS: Final = frozenset({UploadRound.OFFLINE, UploadRound.ADVICES})


def settle(equipment: Equipment, turn: Turn, event: Settle) -> None:
    """Begin a settlement, or go on with one that was stopped."""
    state = turn.state
    refusal = _why_not(state)
    if refusal is not None:
        turn.refuse(refusal)
        if state.doubt is not None and state.exchange is None:
            # A settlement is an online act: what is in doubt goes first.
            begin_row(equipment, turn)
        return
    if event.approval is not None:
        refusal = approve(equipment, turn, event.approval, "settlement")
        if refusal is not None:
            turn.refuse(refusal)
            return
    if state.settlement is not None and state.settlement.is_binding:
        resume(equipment, turn)
        return
    turn.change(
        settlement=Settlement(batch=state.batch, ignores_advices=event.approval is not None),
        work=state.work.fresh_row(),
    )
    _enter(equipment, turn)


def go_on(equipment: Equipment, turn: Turn, _event: Settle) -> None:
    """Go on with a settlement that has stopped on the screen."""
    settlement = _settlement(turn)
    if settlement.error is None:
        turn.refuse(wording.KEEP_WAITING)
        return
    if not settlement.is_binding:
        turn.change(work=turn.state.work.fresh_row())
    resume(equipment, turn)


def resume(equipment: Equipment, turn: Turn) -> None:
    """Go on with a settlement at the step it was in."""
    settlement = _settlement(turn)
    plan = None if settlement.plan is None else settlement.plan.resumed()
    turn.change(settlement=replace(settlement, plan=plan, silences=0, error=None))
    _enter(equipment, turn)


def advance(equipment: Equipment, turn: Turn) -> None:
    """Do the next step of the settlement."""
    _STEPS[_settlement(turn).stage](equipment, turn)


def take_totals_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Act on the host's comparison: only its two flags count, field 39 may be absent.

    Spec: UnionPay terminal dialect, 3.9.
    """
    flags = build.settlement_flags(answer.message)
    code = answer.text(39)
    _answered(turn)
    if flags is None and code not in {"", "00"}:
        _refused(turn, code)
        if code in SIGN_IN_CODES:
            begin_sign_in(equipment, turn)
        return
    if flags is None:
        _stop(turn, wording.BAD_ANSWER)
        return
    moment = local_moment(answer, turn.host_now) or turn.host_now.local()
    settlement = replace(_settlement(turn), domestic=flags[0], foreign=flags[1], stage=S.UPLOAD)
    turn.persist(
        SettlementAnswered(
            batch=settlement.batch.value,
            domestic=flags[0],
            foreign=flags[1],
            totals=answer.text(48),
            local_date=f"{moment:%Y%m%d}",
            local_time=f"{moment:%H%M%S}",
        )
    )
    plan = upload_plan(settlement, turn.state.items, equipment.settings.profile)
    turn.change(settlement=replace(settlement, plan=plan))
    advance(equipment, turn)


def take_upload_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Note what the host has taken, and send what is left. Spec: terminal dialect, 3.10."""
    _answered(turn)
    settlement = _settlement(turn)
    message = _present(settlement)
    code = answer.text(39)
    if code in ACCEPTED_CODES:
        turn.persist(
            UploadTaken(
                batch=settlement.batch.value,
                round=message.round.value,
                traces=_joined(message),
                code=code,
            )
        )
    _move_on(turn, code or "no_code")
    advance(equipment, turn)


def take_end_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Close the batch when the host has taken the end of the upload."""
    exchange = turn.state.exchange
    assert exchange is not None and exchange.trace is not None  # noqa: S101, PT018 - it was sent with a trace
    trace = exchange.trace
    code = answer.text(39)
    _answered(turn)
    if code not in ACCEPTED_CODES:
        _stop(turn, response_words(code)[0] if code else wording.BAD_ANSWER)
        return
    _close(equipment, turn, trace, answer)


def no_answer(equipment: Equipment, turn: Turn, silence: Silence) -> None:
    """Nobody answered a message of the settlement: the next one, another try, or a stop."""
    settlement = _settlement(turn)
    turn.stop_timer(TimerKind.HOST)
    turn.change(exchange=None)
    if settlement.stage is S.TOTALS and settlement.requests == 1 and silence is Silence.NOT_SENT:
        _refused(turn, silence.value, _SILENCE_WORDS[silence])
        return
    silences = settlement.silences + 1
    turn.change(settlement=replace(settlement, silences=silences))
    if settlement.stage is S.UPLOAD:
        _move_on(turn, None)
    if silences > equipment.settings.profile.upload_repeats:
        _stop(turn, _SILENCE_WORDS[silence])
    else:
        turn.start_timer(TimerKind.WORK, equipment.settings.retry_first_ms)


def work_silent(turn: Turn, silence: Silence) -> None:
    """Nobody answered a piece of pending work: no totals are compared without the host."""
    _stop(turn, _SILENCE_WORDS[silence])


def work_due(equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """The pause after a silence is over."""
    if _settlement(turn).error is None and turn.state.exchange is None:
        advance(equipment, turn)


def link_up(equipment: Equipment, turn: Turn, _event: LinkUp) -> None:
    """The host can be reached again: what waits for it goes on at once."""
    turn.change(link_up=True)
    settlement = _settlement(turn)
    if turn.state.exchange is None and settlement.error is None and settlement.stage is not S.DONE:
        turn.stop_timer(TimerKind.WORK)
        advance(equipment, turn)


def cancel(_equipment: Equipment, turn: Turn, _event: Cancel) -> None:
    """Break a settlement off as long as no totals may have reached the host."""
    settlement = _settlement(turn)
    if settlement.is_binding or settlement.stage is S.DONE:
        turn.refuse(wording.SETTLEMENT_BINDING)
        return
    _leave(turn, None)


def dismiss(_equipment: Equipment, turn: Turn, _event: Dismiss) -> None:
    """Leave a settlement that is done or stopped; one that is binding stays open."""
    settlement = _settlement(turn)
    exchange = turn.state.exchange
    if settlement.stage is S.DONE:
        if exchange is not None and exchange.kind is ExchangeKind.SIGN_OFF:
            turn.refuse(wording.KEEP_WAITING)
            return
        turn.go(Phase.SIGNING_IN if exchange is not None else Phase.IDLE, settlement=None)
    elif settlement.error is None:
        turn.refuse(wording.KEEP_WAITING)
    else:
        _leave(turn, settlement if settlement.is_binding else None)


def _why_not(state: TerminalState) -> Notice | None:
    if state.doubt is not None:
        return wording.DOUBT_OPEN
    if state.settlement is not None and state.settlement.is_binding:
        return None
    if not _has_payments(state):
        return wording.NOTHING_TO_SETTLE
    return None if state.signed_in else wording.NOT_SIGNED_IN


def _has_payments(state: TerminalState) -> bool:
    return any(item.is_approved for item in state.items)


def _enter(equipment: Equipment, turn: Turn) -> None:
    turn.stop_timer(TimerKind.WORK)
    turn.stop_timer(TimerKind.HOST)
    turn.go(Phase.SETTLING, result=None, found=None, exchange=None)
    advance(equipment, turn)


def _do_pending_work(equipment: Equipment, turn: Turn) -> None:
    """Send each piece of pending work once; advices must arrive before totals are compared."""
    queue = turn.state.work
    work = queue.next_work()
    if work is not None:
        if not send_work(equipment, turn, work):
            _stop(turn, wording.NOT_SIGNED_IN)
        return
    settlement = _settlement(turn)
    advices = any(work.kind is WorkKind.ADVICE for work in queue.works)
    if advices and not settlement.ignores_advices:
        _stop(turn, wording.ADVICES_LEFT)
        return
    turn.change(settlement=replace(settlement, stage=S.TOTALS))
    _send_totals(equipment, turn)


def _send_totals(equipment: Equipment, turn: Turn) -> None:
    settlement = _settlement(turn)
    if not settlement.totals and not _has_payments(turn.state):
        # A sign-in has named another batch meanwhile, or the host has refused the only advice.
        _stop(turn, wording.NOTHING_TO_SETTLE)
        return
    totals = settlement.totals or totals_digits(
        batch_totals(turn.state.items, equipment.settings.profile)
    )
    operator = turn.state.operator or OperatorNo("00")
    trace = turn.take_trace()
    turn.persist(
        SettlementStarted(
            trace=trace.value,
            batch=settlement.batch.value,
            totals=totals,
            operator=operator.value,
        )
    )
    turn.change(settlement=replace(settlement, totals=totals, requests=settlement.requests + 1))
    message = build.settlement_request(
        equipment.messages.station,
        trace,
        settlement.batch,
        SettlementTotals.parse(totals),
        operator,
    )
    _send(equipment, turn, ExchangeKind.TOTALS, trace, message)


def _upload(equipment: Equipment, turn: Turn) -> None:
    settlement = _settlement(turn)
    plan = settlement.plan
    assert plan is not None  # noqa: S101 - the stage begins with the plan
    message = plan.message
    if message is None and plan.unanswered:
        _stop(turn, wording.NO_ANSWER)
    elif message is None:
        turn.change(settlement=replace(settlement, stage=S.END, silences=0))
        _send_end(equipment, turn)
    else:
        _send_upload(equipment, turn, settlement, message)


def _send_upload(
    equipment: Equipment, turn: Turn, settlement: Settlement, message: UploadMessage
) -> None:
    advice = _advice_of(equipment, turn, message)
    if advice is not None:
        trace, own, wire = Stan(message.traces[0]), 0, build.advice_upload(advice)
    else:
        trace = turn.take_trace()
        own = trace.value
        details = [_detail(equipment, turn, settlement, number) for number in message.traces]
        station = equipment.messages.station
        wire = build.details_upload(station, trace, settlement.batch, details)
    turn.persist(
        UploadSent(
            trace=own,
            batch=settlement.batch.value,
            round=message.round.value,
            traces=_joined(message),
        )
    )
    _send(equipment, turn, ExchangeKind.UPLOAD, trace, wire)


def _send_end(equipment: Equipment, turn: Turn) -> None:
    settlement = _settlement(turn)
    assert settlement.plan is not None  # noqa: S101 - the stage follows the upload
    trace = turn.take_trace()
    count = settlement.plan.records
    turn.persist(UploadEnding(trace=trace.value, batch=settlement.batch.value, count=count))
    message = build.upload_end(
        equipment.messages.station,
        trace,
        settlement.batch,
        count,
        balanced=settlement.is_balanced,
    )
    _send(equipment, turn, ExchangeKind.UPLOAD_END, trace, message)


def _close(equipment: Equipment, turn: Turn, trace: Stan, answer: Answer) -> None:
    """Close the batch on record, print, and begin the next batch."""
    settlement, state = _settlement(turn), turn.state
    assert settlement.plan is not None  # noqa: S101 - the stage follows the upload
    moment = local_moment(answer, turn.host_now) or turn.host_now.local()
    host_count = build.upload_count(answer.message)
    # A sign-in after an interruption may have named the next batch already.
    following = settlement.batch.next() if state.batch == settlement.batch else state.batch
    closed = BatchClosed(
        trace=trace.value,
        batch=settlement.batch.value,
        next_batch=following.value,
        count=settlement.plan.records,
        host_count=-1 if host_count is None else host_count,
        left=left_over(settlement.plan),
        local_date=f"{moment:%Y%m%d}",
        local_time=f"{moment:%H%M%S}",
    )
    turn.persist(closed)
    operator = state.operator or OperatorNo("00")
    job = settlement_job(equipment.settings, settlement, closed, operator)
    turn.change(
        settlement=replace(settlement, stage=S.DONE, silences=0),
        batch=following,
        items=(),
        found=None,
        signed={},
        work=state.work.without_advices(settlement.batch.value),
    )
    print_jobs(turn, (job,))
    turn.sound(Cue.APPROVED)
    if equipment.settings.profile.auto_sign_off:
        begin_sign_off(equipment, turn)
    else:
        begin_sign_in(equipment, turn)


def _send(
    equipment: Equipment, turn: Turn, kind: ExchangeKind, trace: Stan, message: Message
) -> None:
    turn.send(kind, trace, equipment.messages.plain(message))
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)


def _advice_of(equipment: Equipment, turn: Turn, message: UploadMessage) -> Message | None:
    if message.round not in _ADVICE_ROUNDS:
        return None
    item = _item(turn, _settlement(turn), message.traces[0])
    return equipment.messages.repeat(item.intent, equipment.seal.open(item.intent))


def _detail(
    equipment: Equipment, turn: Turn, settlement: Settlement, trace: int
) -> build.UploadDetail:
    item = _item(turn, settlement, trace)
    return build.UploadDetail(
        trace=trace,
        amount_minor=item.intent.amount_minor,
        pan=equipment.seal.open(item.intent) or build.NO_CARD,
        is_domestic=is_domestic(item),
    )


def _item(turn: Turn, settlement: Settlement, trace: int) -> BatchItem:
    item = find_item(turn.state.items, settlement.batch.value, trace)
    assert item is not None  # noqa: S101 - the plan was made from the items
    return item


def _answered(turn: Turn) -> None:
    turn.stop_timer(TimerKind.HOST)
    turn.change(exchange=None, settlement=replace(_settlement(turn), silences=0))


def _move_on(turn: Turn, code: str | None) -> None:
    settlement = _settlement(turn)
    assert settlement.plan is not None  # noqa: S101 - only an upload moves on
    turn.change(settlement=replace(settlement, plan=settlement.plan.answered(code)))


def _refused(turn: Turn, code: str, words: Notice | None = None) -> None:
    """The host has not taken the totals: the batch goes on as if nobody had tried."""
    settlement = _settlement(turn)
    turn.persist(SettlementRefused(batch=settlement.batch.value, code=code))
    turn.change(settlement=replace(settlement, totals="", requests=0))
    _stop(turn, words or response_words(code)[0])


def _stop(turn: Turn, notice: Notice) -> None:
    turn.stop_timer(TimerKind.WORK)
    turn.change(exchange=None, settlement=replace(_settlement(turn), error=notice))
    turn.sound(Cue.ERROR)


def _leave(turn: Turn, settlement: Settlement | None) -> None:
    turn.stop_timer(TimerKind.WORK)
    turn.stop_timer(TimerKind.HOST)
    turn.go(Phase.IDLE, settlement=settlement, exchange=None)


def _present(settlement: Settlement) -> UploadMessage:
    assert settlement.plan is not None  # noqa: S101 - only an upload has messages
    message = settlement.plan.message
    assert message is not None  # noqa: S101 - an answer belongs to the message that was sent
    return message


def _joined(message: UploadMessage) -> str:
    return ",".join(str(trace) for trace in message.traces)


def _settlement(turn: Turn) -> Settlement:
    settlement = turn.state.settlement
    assert settlement is not None  # noqa: S101 - callers stand in the phase SETTLING
    return settlement


def _rest(_equipment: Equipment, _turn: Turn) -> None:
    """Nothing is left to do."""


_STEPS: Final[dict[SettlementStage, Callable[[Equipment, Turn], None]]] = {
    S.PENDING_WORK: _do_pending_work,
    S.TOTALS: _send_totals,
    S.UPLOAD: _upload,
    S.END: _send_end,
    S.DONE: _rest,
}
