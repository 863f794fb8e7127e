"""Which slips a payment leaves, and what stands on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Rrn, Stan
from tongbao.terminal.core.effects import Print
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.core.state import SlipJob
from tongbao.terminal.core.wording import REVERSED, START_AGAIN
from tongbao.terminal.slip import (
    BilingualText,
    CardEntry,
    Slip,
    SlipCopy,
    SlipMark,
    SlipOutcome,
)

if TYPE_CHECKING:
    from tongbao.terminal.core.records import ReversalClosed, SaleClosed, SaleIntended
    from tongbao.terminal.core.state import Doubt, Notice
    from tongbao.terminal.core.turn import Turn
    from tongbao.terminal.settings import TerminalSettings

_CARDHOLDER: Final = "-cardholder"
_IN_DOUBT: Final = "-in-doubt"


def slip_name(trace: int) -> str:
    """Return the file name, without ending, of a payment's first slip."""
    return f"{trace:06d}"


def print_jobs(turn: Turn, jobs: tuple[SlipJob, ...]) -> None:
    """Have slips printed, in order."""
    for job in jobs:
        turn.do(Print(job.name, job.batch, job.trace, job.slip))


def sale_slips(
    settings: TerminalSettings, intent: SaleIntended, closed: SaleClosed, *, reprint: bool = False
) -> tuple[SlipJob, ...]:
    """Return the slips of an approved sale: the merchant's copy, then the cardholder's."""
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
            remarks=(closed.remark,) if closed.remark else (),
            is_reprint=reprint,
        )
        slips.append(_job(intent, ending, slip))
    return tuple(slips)


def reversal_slip(
    settings: TerminalSettings,
    intent: SaleIntended,
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
        is_reprint=reprint,
    )
    return (_job(intent, "", slip),)


def doubt_slip(settings: TerminalSettings, doubt: Doubt) -> tuple[SlipJob, ...]:
    """Return the cardholder's paper that says that the payment is still being checked."""
    slip = _plain_slip(settings, doubt.intent, SlipOutcome.IN_DOUBT, doubt.since)
    return (_job(doubt.intent, _IN_DOUBT, slip),)


def _job(intent: SaleIntended, ending: str, slip: Slip) -> SlipJob:
    return SlipJob(
        slip_name(intent.trace) + ending, BatchNo(intent.batch), Stan(intent.trace), slip
    )


def _plain_slip(
    settings: TerminalSettings, intent: SaleIntended, outcome: SlipOutcome, moment: Instant
) -> Slip:
    return Slip(
        outcome=outcome,
        copy=SlipCopy.CARDHOLDER,
        merchant_name=settings.merchant_name,
        merchant_name_en=settings.merchant_name_en,
        merchant_id=MerchantId(intent.merchant_id),
        terminal_id=settings.terminal_id,
        operator=OperatorNo(intent.operator),
        card_masked=intent.card_masked,
        card_entry=CardEntry.SWIPE,
        batch_no=BatchNo(intent.batch),
        stan=Stan(intent.trace),
        at=moment,
        amount=intent.amount,
        mark=SlipMark.SANDBOX if settings.is_sandbox else None,
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
