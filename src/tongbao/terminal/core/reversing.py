"""The in-doubt path: one payment whose fate is unknown, reversed or repeated until it is known.

A doubt is opened in the journal before anything is said about it. A reversal is closed only by an
authentic answer 00, 12 or 25; a repeated message by any authentic answer that settles it. Tries
follow each other with growing pauses; a row of them that stays without answer hands the matter to
a person, and never drops it.

Spec: UnionPay terminal dialect, 3.7 and 7.3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.domain.ids import Stan
from tongbao.terminal.core.closing import add_item, close_payment, closing_record
from tongbao.terminal.core.effects import RenewLink
from tongbao.terminal.core.items import BatchItem
from tongbao.terminal.core.kinds import RULE_OF, CountsAs
from tongbao.terminal.core.messages import MacCheck
from tongbao.terminal.core.records import (
    DoubtOpened,
    RepeatFailed,
    RepeatSent,
    ReversalClosed,
    ReversalFailed,
    ReversalSent,
)
from tongbao.terminal.core.signing_in import begin_sign_in, local_moment
from tongbao.terminal.core.slips import doubt_slip, print_jobs, reversal_slip
from tongbao.terminal.core.state import (
    Doubt,
    ExchangeKind,
    Result,
)
from tongbao.terminal.core.verdicts import SIGN_IN_CODES, why_unsettled
from tongbao.terminal.core.vocabulary import (
    Cue,
    DoubtStage,
    Outcome,
    Part,
    Phase,
    ReversalReason,
    Silence,
    TimerKind,
)
from tongbao.terminal.core.wording import (
    ALREADY_SENDING,
    ASK_AGAIN,
    KEEP_WAITING,
    NOT_NOW,
    REVERSED,
    VOID_REVERSED,
    with_code,
)
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from tongbao.terminal.core.events import Dismiss, LinkUp, ResolveNow, Timeout
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.records import PaymentIntended
    from tongbao.terminal.core.turn import Equipment, Turn

# Answers that end a reversal: done, refused as invalid, nothing there to reverse.
_ENDING_CODES: Final = frozenset({"00", "12", "25"})


def open_doubt(
    equipment: Equipment,
    turn: Turn,
    intent: PaymentIntended,
    reason: ReversalReason,
    code: str = "",
) -> None:
    """Put on record that the fate of a payment is unknown, and begin to settle it."""
    turn.persist(
        DoubtOpened(trace=intent.trace, batch=intent.batch, reason=reason.value, code=code)
    )
    turn.stop_timer(TimerKind.HOST)
    doubt = Doubt(intent, reason, turn.host_now, DoubtStage.SENDING)
    turn.go(Phase.REVERSING, draft=None, intent=None, exchange=None, doubt=doubt, result=None)
    turn.sound(Cue.DOUBT)
    begin_attempt(equipment, turn)


def begin_row(equipment: Equipment, turn: Turn) -> None:
    """Begin a new row of tries at once."""
    _change_doubt(turn, unanswered=0, failures=0)
    turn.stop_timer(TimerKind.RETRY)
    turn.go(Phase.REVERSING, result=None)
    begin_attempt(equipment, turn)


def begin_attempt(equipment: Equipment, turn: Turn) -> None:
    """Send the reversal or the repeat, after a new sign-in when there are no valid keys."""
    _change_doubt(turn, stage=DoubtStage.SENDING)
    if turn.state.signed_in:
        send_reversal(equipment, turn)
    elif not begin_sign_in(equipment, turn):
        attempt_failed(equipment, turn, "no_master_key")


def send_reversal(equipment: Equipment, turn: Turn) -> None:
    """Send the reversal or the repeat once more; the keys are there."""
    doubt = _doubt(turn)
    intent = doubt.intent
    attempt = doubt.attempts + 1
    repeats = doubt.resolution is Resolution.REPEAT
    pan = equipment.seal.open(intent)
    try:
        if repeats:
            frame = equipment.messages.signed(equipment.messages.repeat(intent, pan))
        else:
            frame = equipment.messages.reversal(intent, doubt.reason, pan)
    except CryptoError:
        turn.change(signed_in=False)
        attempt_failed(equipment, turn, "no_keys")
        return
    record = RepeatSent if repeats else ReversalSent
    turn.persist(record(trace=intent.trace, batch=intent.batch, attempt=attempt))
    _change_doubt(turn, attempts=attempt, stage=DoubtStage.SENDING)
    kind = ExchangeKind.REPEAT if repeats else ExchangeKind.REVERSAL
    turn.send(kind, Stan(intent.trace), frame)
    turn.start_timer(TimerKind.REVERSAL, equipment.settings.host_timeout_ms)


def attempt_failed(
    equipment: Equipment, turn: Turn, code: str, silence: Silence | None = None
) -> None:
    """Plan the next try, or hand the matter to a person when the row of tries is over.

    `silence` is None when an answer came that ends nothing. When the line was at fault, a new
    line is worth a try at once, also after the row; but a host that takes message after message
    without answering is not asked for ever.
    """
    settings = equipment.settings
    doubt = _doubt(turn)
    record = RepeatFailed if doubt.resolution is Resolution.REPEAT else ReversalFailed
    turn.persist(record(trace=doubt.intent.trace, batch=doubt.intent.batch, code=code))
    turn.stop_timer(TimerKind.REVERSAL)
    turn.change(exchange=None)
    failures = doubt.failures + 1
    _change_doubt(
        turn,
        stage=DoubtStage.WAITING,
        failures=failures,
        unanswered=doubt.unanswered + (0 if silence is Silence.NOT_SENT else 1),
        line_broke=silence in {Silence.NOT_SENT, Silence.LINE_BROKE},
    )
    if failures <= settings.repeats_max:
        turn.start_timer(TimerKind.RETRY, _pause_ms(equipment, failures))
        return
    _change_doubt(turn, stage=DoubtStage.NEEDS_PERSON)
    rest(equipment, turn)
    if not doubt.told_on_paper:
        _change_doubt(turn, told_on_paper=True)
        print_jobs(turn, doubt_slip(settings, doubt))
        turn.sound(Cue.ERROR)


def take_reversal_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Act on the answer to the reversal: only an authentic 00, 12 or 25 closes the doubt."""
    code = answer.text(39)
    mac = equipment.messages.check_mac(answer)
    if mac is MacCheck.WRONG or (code in _ENDING_CODES and mac is MacCheck.MISSING):
        attempt_failed(equipment, turn, "mac")
    elif code in _ENDING_CODES:
        _close_doubt(equipment, turn, answer, code)
    else:
        if code in SIGN_IN_CODES:
            turn.change(signed_in=False)
        attempt_failed(equipment, turn, code or "no_code")


def take_repeat_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Act on the answer to a repeated message: what settles the payment closes the doubt."""
    code = answer.text(39)
    if code in SIGN_IN_CODES:
        turn.change(signed_in=False)
    unsettled = why_unsettled(equipment, answer)
    if unsettled is not None:
        attempt_failed(equipment, turn, unsettled[1] or "mac")
        return
    intent = _doubt(turn).intent
    turn.stop_timer(TimerKind.REVERSAL)
    close_payment(equipment, turn, intent, closing_record(equipment, turn, answer, intent), answer)


def reversal_timeout(equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """Nobody answered the reversal: the connection is silent, so it is made anew."""
    turn.do(RenewLink())
    attempt_failed(equipment, turn, Silence.TIMEOUT.value, Silence.TIMEOUT)


def retry_due(equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """The pause is over: try again, after a row of tries only once and then after a long pause."""
    turn.go(Phase.REVERSING, result=None, found=None)
    begin_attempt(equipment, turn)


def retry_later(equipment: Equipment, turn: Turn, _event: Timeout) -> None:
    """Something else is under way: what is in doubt has its turn after it."""
    rest(equipment, turn)


def rest(equipment: Equipment, turn: Turn) -> None:
    """Take a long pause before the next try by itself, while something is in doubt."""
    if turn.state.doubt is not None:
        turn.start_timer(TimerKind.RETRY, equipment.settings.slow_retry_ms)


def begin_by_itself(equipment: Equipment, turn: Turn) -> None:
    """Begin to settle what is in doubt without a person, where line and journal allow it."""
    state = turn.state
    if state.doubt is not None and state.link_up and state.works(Part.JOURNAL):
        begin_row(equipment, turn)


def resolve_now(equipment: Equipment, turn: Turn, _event: ResolveNow) -> None:
    """An operator wants it settled now."""
    doubt = turn.state.doubt
    if doubt is None:
        turn.refuse(NOT_NOW)
    elif turn.state.exchange is not None:
        turn.refuse(ALREADY_SENDING)
    else:
        begin_row(equipment, turn)


def link_up(equipment: Equipment, turn: Turn, _event: LinkUp) -> None:
    """The host can be reached again: what waits goes out at once."""
    turn.change(link_up=True)
    doubt = turn.state.doubt
    if doubt is None or turn.state.exchange is not None:
        return
    if turn.state.phase is not Phase.REVERSING:
        begin_by_itself(equipment, turn)
    elif doubt.line_broke and doubt.unanswered <= equipment.settings.repeats_max:
        turn.stop_timer(TimerKind.RETRY)
        begin_attempt(equipment, turn)


def leave_doubt(_equipment: Equipment, turn: Turn, _event: Dismiss) -> None:
    """Let the operator leave the in-doubt screen once a person is needed; the doubt stays."""
    doubt = _doubt(turn)
    if doubt.stage is not DoubtStage.NEEDS_PERSON:
        turn.refuse(KEEP_WAITING)
        return
    turn.go_home()


def _close_doubt(equipment: Equipment, turn: Turn, answer: Answer, code: str) -> None:
    doubt = _doubt(turn)
    intent = doubt.intent
    moment = local_moment(answer, turn.host_now) or turn.host_now.local()
    closed = ReversalClosed(
        trace=intent.trace,
        batch=intent.batch,
        code=code,
        local_date=f"{moment:%Y%m%d}",
        local_time=f"{moment:%H%M%S}",
    )
    turn.persist(closed)
    turn.stop_timer(TimerKind.REVERSAL)
    jobs = reversal_slip(equipment.settings, intent, closed)
    undid_a_void = RULE_OF[intent.payment_kind].counts is CountsAs.UNDO
    turn.go(
        Phase.RESULT,
        exchange=None,
        doubt=None,
        result=Result(
            outcome=Outcome.REVERSED,
            words=with_code(VOID_REVERSED if undid_a_void else REVERSED, code),
            action=ASK_AGAIN,
            amount=intent.amount,
            card_masked=intent.card_masked,
            trace=Stan(intent.trace),
            payment_kind=intent.payment_kind,
            batch=intent.batch,
            tip_minor=intent.tip_minor,
            original_trace=intent.original_trace or None,
        ),
    )
    add_item(turn, BatchItem(intent, Outcome.REVERSED, closed, turn.now))
    print_jobs(turn, jobs)
    turn.sound(Cue.DECLINED)


def _pause_ms(equipment: Equipment, failures: int) -> int:
    settings = equipment.settings
    # The exponent is capped so that a week without network does not make a number of 100 digits.
    return min(settings.retry_first_ms * (1 << min(failures - 1, 30)), settings.retry_max_ms)


def _doubt(turn: Turn) -> Doubt:
    doubt = turn.state.doubt
    assert doubt is not None  # noqa: S101 - callers stand in a phase that has a doubt
    return doubt


def _change_doubt(turn: Turn, **changes: object) -> None:
    turn.change(doubt=replace(_doubt(turn), **changes))  # type: ignore[arg-type]  # names are checked by replace()
