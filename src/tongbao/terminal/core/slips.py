"""Which slips a payment leaves, and what stands on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Rrn, Stan
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core.effects import Print
from tongbao.terminal.core.kinds import RULE_OF
from tongbao.terminal.core.records import PaymentClosed, PaymentIntended, ReversalClosed
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.core.state import SlipJob
from tongbao.terminal.core.totals import SideTotals, batch_totals
from tongbao.terminal.core.wording import NO_ANSWER, NOT_SENT, REVERSED, START_AGAIN
from tongbao.terminal.slip import (
    BilingualText,
    CardEntry,
    Slip,
    SlipCopy,
    SlipOutcome,
)
from tongbao.terminal.totals_slip import TotalsLine, TotalsSlip
from tongbao.wire.unionpay.transactions import Resolution

if TYPE_CHECKING:
    from tongbao.terminal.core.items import BatchItem
    from tongbao.terminal.core.state import Doubt, Notice
    from tongbao.terminal.core.turn import Turn
    from tongbao.terminal.settings import TerminalSettings

_CARDHOLDER: Final = "-cardholder"
_IN_DOUBT: Final = "-in-doubt"
_REPRINT: Final = "-reprint"
_DEBIT: Final = BilingualText("借记", "DEBIT")
_CREDIT: Final = BilingualText("贷记", "CREDIT")


def slip_name(trace: int) -> str:
    """Return the file name, without ending, of a payment's first slip."""
    return f"{trace:06d}"


def print_jobs(turn: Turn, jobs: tuple[SlipJob, ...]) -> None:
    """Have slips printed, in order."""
    for job in jobs:
        turn.do(Print(job.name, job.batch, job.trace, job.slip))


def payment_slips(
    settings: TerminalSettings,
    intent: PaymentIntended,
    closed: PaymentClosed,
    *,
    reprint: bool = False,
    signature: str = "",
) -> tuple[SlipJob, ...]:
    """Return the slips of an approved payment: the merchant's copy, then the cardholder's.

    `signature` is the picture (JBIG in hex) that the cardholder drew, "" when nobody did. A
    question, such as for the balance, leaves no paper.
    """
    if RULE_OF[intent.payment_kind].resolution is Resolution.NONE:
        return ()
    words, action = response_words(closed.code)
    moment = _moment(closed.local_date, closed.local_time)
    slips = []
    for copy, ending in ((SlipCopy.MERCHANT, ""), (SlipCopy.CARDHOLDER, _CARDHOLDER)):
        slip = replace(
            _plain_slip(settings, intent, SlipOutcome.APPROVED, moment),
            copy=copy,
            issuer_name=closed.issuer,
            acquirer_name=closed.acquirer,
            auth_code=closed.auth_code,
            rrn=_rrn(closed.rrn),
            response_code=closed.code,
            response=_bilingual(words),
            action=_bilingual(action),
            remarks=(*_original(intent), *((closed.remark,) if closed.remark else ())),
            is_reprint=reprint,
            signature=bytes.fromhex(signature),
        )
        slips.append(_job(intent, ending, slip))
    return tuple(slips)


def reversal_slip(
    settings: TerminalSettings,
    intent: PaymentIntended,
    closed: ReversalClosed,
    *,
    reprint: bool = False,
) -> tuple[SlipJob, ...]:
    """Return the cardholder's paper that says that the payment was undone."""
    moment = _moment(closed.local_date, closed.local_time)
    slip = replace(
        _plain_slip(settings, intent, SlipOutcome.REVERSED, moment),
        response_code=closed.code,
        response=_bilingual(REVERSED),
        action=_bilingual(START_AGAIN),
        remarks=_original(intent),
        is_reprint=reprint,
    )
    return (_job(intent, "", slip),)


def doubt_slip(settings: TerminalSettings, doubt: Doubt) -> tuple[SlipJob, ...]:
    """Return the cardholder's paper that says that the payment is still being checked."""
    slip = _plain_slip(settings, doubt.intent, SlipOutcome.IN_DOUBT, doubt.since)
    return (_job(doubt.intent, _IN_DOUBT, slip),)


def reprint_jobs(
    settings: TerminalSettings, item: BatchItem, signature: str = ""
) -> tuple[SlipJob, ...]:
    """Return the one paper of a reprint: the merchant's copy with its signature, or the short form.

    `signature` is JBIG in hex, "" when the payment has none.
    """
    intent, closed = item.intent, item.closed
    if isinstance(closed, ReversalClosed):
        jobs = reversal_slip(settings, intent, closed, reprint=True)
    elif item.is_approved:
        jobs = payment_slips(settings, intent, closed, reprint=True, signature=signature)
    else:
        jobs = _declined_slip(settings, intent, closed)
    return tuple(replace(job, name=job.name + _REPRINT) for job in jobs[:1])


def totals_slip(settings: TerminalSettings, turn: Turn) -> tuple[SlipJob, ...]:
    """Return the paper with the totals of the open batch."""
    state = turn.state
    totals = batch_totals(state.items, settings.profile)
    kinds = tuple(
        TotalsLine(
            BilingualText(RULE_OF[line.kind].slip_zh, RULE_OF[line.kind].slip_en),
            line.count,
            Money(line.amount_minor, Currency.CNY),
        )
        for line in totals.kinds
    )
    slip = TotalsSlip(
        merchant_name=settings.merchant_name,
        merchant_name_en=settings.merchant_name_en,
        merchant_id=settings.merchant_id,
        terminal_id=settings.terminal_id,
        operator=state.operator or OperatorNo("00"),
        batch_no=state.batch,
        at=turn.host_now,
        kinds=kinds,
        domestic=side_lines(totals.domestic),
        foreign=side_lines(totals.foreign),
        mark=settings.mark,
        texts=settings.paper,
    )
    return (SlipJob(f"totals-{state.batch.digits}", state.batch, None, slip),)


def side_lines(side: SideTotals) -> tuple[TotalsLine, ...]:
    """Return the lines of one side of the totals: debit, then credit."""
    return (
        TotalsLine(_DEBIT, side.debit_count, Money(side.debit_minor, Currency.CNY)),
        TotalsLine(_CREDIT, side.credit_count, Money(side.credit_minor, Currency.CNY)),
    )


def _declined_slip(
    settings: TerminalSettings, intent: PaymentIntended, closed: PaymentClosed
) -> tuple[SlipJob, ...]:
    words, action = response_words(closed.code)
    if not closed.code:
        words, action = NOT_SENT if closed.outcome == "not_sent" else NO_ANSWER, START_AGAIN
    slip = replace(
        _plain_slip(
            settings,
            intent,
            SlipOutcome.DECLINED,
            _moment(closed.local_date, closed.local_time),
        ),
        response_code=closed.code,
        response=_bilingual(words),
        action=_bilingual(action),
        remarks=_original(intent),
        is_reprint=True,
    )
    return (_job(intent, "", slip),)


def _original(intent: PaymentIntended) -> tuple[str, ...]:
    """Return what a slip says of the original transaction."""
    remarks = []
    if intent.original_trace:
        remarks.append(f"原凭证号 ORIG. VOUCHER {intent.original_trace:06d}")
    if intent.original_rrn:
        remarks.append(f"原参考号 ORIG. REF. {intent.original_rrn}")
    if intent.original_auth_code:
        remarks.append(f"原授权码 ORIG. AUTH {intent.original_auth_code}")
    if intent.original_date:
        remarks.append(f"原交易日期 ORIG. DATE {intent.original_date}")
    return tuple(remarks)


def _job(intent: PaymentIntended, ending: str, slip: Slip) -> SlipJob:
    return SlipJob(
        slip_name(intent.trace) + ending, BatchNo(intent.batch), Stan(intent.trace), slip
    )


def _plain_slip(
    settings: TerminalSettings, intent: PaymentIntended, outcome: SlipOutcome, moment: Instant
) -> Slip:
    rule = RULE_OF[intent.payment_kind]
    swiped = intent.entry_mode.startswith("02")
    return Slip(
        outcome=outcome,
        copy=SlipCopy.CARDHOLDER,
        merchant_name=settings.merchant_name,
        merchant_name_en=settings.merchant_name_en,
        merchant_id=MerchantId(intent.merchant_id),
        terminal_id=settings.terminal_id,
        operator=OperatorNo(intent.operator),
        card_masked=intent.card_masked,
        card_entry=CardEntry.SWIPE if swiped else CardEntry.MANUAL,
        batch_no=BatchNo(intent.batch),
        stan=Stan(intent.trace),
        at=moment,
        amount=-intent.amount if rule.takes_money_back else intent.amount,
        tip=Money(intent.tip_minor, intent.amount.currency) if intent.tip_minor else None,
        transaction=BilingualText(rule.slip_zh, rule.slip_en),
        mark=settings.mark,
        texts=settings.paper,
    )


def _bilingual(notice: Notice) -> BilingualText:
    return BilingualText(notice.zh, notice.en)


def _rrn(text: str) -> Rrn | None:
    try:
        return Rrn(text)
    except ValueError:
        return None


def _moment(local_date: str, local_time: str) -> Instant:
    """Return the instant of a date YYYYMMDD and time hhmmss in China, as a record keeps them."""
    moment = datetime.strptime(local_date + local_time, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
    return Instant.from_datetime(moment.replace(tzinfo=CHINA_TIME))
