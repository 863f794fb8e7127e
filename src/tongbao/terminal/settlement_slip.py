"""The settlement slip 结算单: what terminal and host found when they compared a batch.

Spec: UnionPay terminal dialect, 7.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Stan, TerminalId
from tongbao.terminal.paper import NO_TEXTS, BilingualText, Page, PaperTexts, amount_text
from tongbao.terminal.slip import PAPER_58_MM_DOTS, SlipMark, end_page, moment_text, paper_header

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant
    from tongbao.domain.money import Money

_TITLE: Final = BilingualText("结算单", "SETTLEMENT")
_VERDICTS: Final = {
    "balanced": BilingualText("对账平", "BALANCED"),
    "unbalanced": BilingualText("对账不平", "NOT BALANCED"),
    "error": BilingualText("对账出错", "NOT COMPARED"),
}


@dataclass(frozen=True, slots=True)
class SettledSide:
    """Domestic or foreign cards: counts, sums, and the host's verdict on them."""

    debit_count: int
    debit: Money
    credit_count: int
    credit: Money
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementSlip:
    """One closed batch; `notes` are lines that a person must read.

    `stan` is the trace number of the end message.
    """

    merchant_name: str
    merchant_name_en: str
    merchant_id: MerchantId
    terminal_id: TerminalId
    operator: OperatorNo
    batch_no: BatchNo
    stan: Stan
    at: Instant
    domestic: SettledSide
    foreign: SettledSide
    notes: tuple[BilingualText, ...] = ()
    mark: SlipMark | None = None
    texts: PaperTexts = NO_TEXTS
    is_reprint: bool = False


def settlement_to_escpos(slip: SettlementSlip, width_dots: int = PAPER_58_MM_DOTS) -> bytes:
    """Return the print job for paper of 384 dots (58 mm) or 576 dots (80 mm).

    Raises `ValueError` for another width.
    Spec: UnionPay terminal dialect, 7.4; ESC/POS
    """
    names = slip.merchant_name, slip.merchant_name_en
    page = paper_header(width_dots, names, slip.mark, slip.texts)
    if slip.is_reprint:
        page.centred("*** 重打印 REPRINT ***", bold=True)
        page.gap()
    page.centred(f"{_TITLE.zh} {_TITLE.en}", bold=True)
    page.rule()
    page.row(("商户编号 MERCHANT NO.", "商户编号 MERCHANT", "商户编号 MID"), slip.merchant_id.value)
    page.row(("终端编号 TERMINAL NO.", "终端编号"), slip.terminal_id.value)
    page.row(("操作员号 OPERATOR NO.", "操作员号"), slip.operator.value)
    page.row(("批次号 BATCH NO.",), slip.batch_no.digits)
    page.row(("凭证号 VOUCHER NO.",), slip.stan.digits)
    page.row(("日期时间 DATE/TIME", "时间 TIME"), moment_text(slip.at))
    _side(page, BilingualText("内卡", "DOMESTIC CARDS"), slip.domestic)
    _side(page, BilingualText("外卡", "FOREIGN CARDS"), slip.foreign)
    for note in slip.notes:
        page.gap()
        page.paragraph(note, bold=True)
    return end_page(page, slip.texts)


def _side(page: Page, words: BilingualText, side: SettledSide) -> None:
    page.rule()
    page.centred(f"{words.zh} {words.en}", bold=True)
    for name, count, amount in (
        (("借记 DEBIT", "借记"), side.debit_count, side.debit),
        (("贷记 CREDIT", "贷记"), side.credit_count, side.credit),
    ):
        page.row(name, str(count), bold=True)
        page.right(amount_text(amount))
    verdict = _VERDICTS[side.verdict]
    page.centred(f"{verdict.zh} {verdict.en}", bold=True)
