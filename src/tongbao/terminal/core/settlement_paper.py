"""What stands on the settlement slip of a closed batch.

Spec: UnionPay terminal dialect, 7.4.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core.settlement import flag_word
from tongbao.terminal.core.state import SlipJob
from tongbao.terminal.paper import BilingualText
from tongbao.terminal.settlement_slip import SettledSide, SettlementSlip
from tongbao.wire.unionpay.structured import SettlementSide, SettlementTotals

if TYPE_CHECKING:
    from tongbao.terminal.core.service_records import BatchClosed
    from tongbao.terminal.core.settlement import Settlement
    from tongbao.terminal.settings import TerminalSettings


def settlement_slip_name(batch: int) -> str:
    """Return the file name, without ending, of a batch's settlement slip."""
    return f"settlement-{batch:06d}"


def settlement_job(
    settings: TerminalSettings,
    settlement: Settlement,
    closed: BatchClosed,
    operator: OperatorNo,
    *,
    reprint: bool = False,
) -> SlipJob:
    """Return the settlement slip of a batch that was just closed."""
    totals = SettlementTotals.parse(settlement.totals)
    moment = datetime.strptime(closed.local_date + closed.local_time, "%Y%m%d%H%M%S")  # noqa: DTZ007 - the zone follows
    slip = SettlementSlip(
        merchant_name=settings.merchant_name,
        merchant_name_en=settings.merchant_name_en,
        merchant_id=settings.merchant_id,
        terminal_id=settings.terminal_id,
        operator=operator,
        batch_no=BatchNo(closed.batch),
        stan=Stan(closed.trace),
        at=Instant.from_datetime(moment.replace(tzinfo=CHINA_TIME)),
        domestic=_side(totals.domestic, settlement.domestic),
        foreign=_side(totals.foreign, settlement.foreign),
        notes=_notes(settlement, closed),
        mark=settings.mark,
        texts=settings.paper,
        is_reprint=reprint,
    )
    return SlipJob(settlement_slip_name(closed.batch), BatchNo(closed.batch), None, slip)


def _side(side: SettlementSide, flag: str) -> SettledSide:
    return SettledSide(
        debit_count=int(side.debit_count),
        debit=Money(int(side.debit_amount), Currency.CNY),
        credit_count=int(side.credit_count),
        credit=Money(int(side.credit_amount), Currency.CNY),
        verdict=flag_word(flag) or "error",
    )


def _notes(settlement: Settlement, closed: BatchClosed) -> tuple[BilingualText, ...]:
    notes = []
    if not settlement.is_balanced:
        notes.append(
            BilingualText(
                f"明细已上送 {closed.count} 笔，请等待收单机构核对。",
                f"{closed.count} RECORDS WENT UP; THE ACQUIRER WILL COMPARE THEM.",
            )
        )
    if closed.host_count not in (-1, closed.count):
        notes.append(
            BilingualText(
                f"主机收到 {closed.host_count} 笔，与上送笔数不符，请联系收单机构。",
                f"THE HOST COUNTED {closed.host_count} RECORDS. CALL THE ACQUIRER.",
            )
        )
    if closed.left:
        count = closed.left.count(",") + 1
        notes.append(
            BilingualText(
                f"主机拒收 {count} 笔明细，请联系收单机构。",
                f"THE HOST REFUSED {count} RECORDS. CALL THE ACQUIRER.",
            )
        )
    return tuple(notes)
