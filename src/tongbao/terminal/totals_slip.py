"""The paper with the totals of the open batch, by kind and by side, as values and as bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, TerminalId
from tongbao.domain.money import Money
from tongbao.terminal.paper import NO_TEXTS, BilingualText, Page, PaperTexts, amount_text
from tongbao.terminal.slip import PAPER_58_MM_DOTS, SlipMark, end_page, moment_text, paper_header

if TYPE_CHECKING:
    from tongbao.domain.dates import Instant

_TITLE: Final = BilingualText("交易汇总", "TOTALS")


@dataclass(frozen=True, slots=True)
class TotalsLine:
    """A count and a sum under a name."""

    words: BilingualText
    count: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsSlip:
    """The totals of one batch at one moment; `kinds` first, then `domestic` and `foreign` cards."""

    merchant_name: str
    merchant_name_en: str
    merchant_id: MerchantId
    terminal_id: TerminalId
    operator: OperatorNo
    batch_no: BatchNo
    at: Instant
    kinds: tuple[TotalsLine, ...]
    domestic: tuple[TotalsLine, ...]
    foreign: tuple[TotalsLine, ...]
    mark: SlipMark | None = None
    texts: PaperTexts = NO_TEXTS


def totals_to_escpos(slip: TotalsSlip, width_dots: int = PAPER_58_MM_DOTS) -> bytes:
    """Return the print job for paper of 384 dots (58 mm) or 576 dots (80 mm).

    Raises `ValueError` for another width.
    Spec: UnionPay terminal dialect, 7.4; ESC/POS
    """
    names = slip.merchant_name, slip.merchant_name_en
    page = paper_header(width_dots, names, slip.mark, slip.texts)
    page.centred(f"{_TITLE.zh} {_TITLE.en}", bold=True)
    page.rule()
    page.row(("商户编号 MERCHANT NO.", "商户编号 MERCHANT", "商户编号 MID"), slip.merchant_id.value)
    page.row(("终端编号 TERMINAL NO.", "终端编号"), slip.terminal_id.value)
    page.row(("操作员号 OPERATOR NO.", "操作员号"), slip.operator.value)
    page.row(("批次号 BATCH NO.",), slip.batch_no.digits)
    page.row(("日期时间 DATE/TIME", "时间 TIME"), moment_text(slip.at))
    page.rule()
    _lines(page, slip.kinds)
    if not slip.kinds:
        page.centred("本批次无交易 NO PAYMENTS YET")
    for words, lines in (
        (BilingualText("内卡", "DOMESTIC CARDS"), slip.domestic),
        (BilingualText("外卡", "FOREIGN CARDS"), slip.foreign),
    ):
        page.rule()
        page.centred(f"{words.zh} {words.en}", bold=True)
        _lines(page, lines)
    return end_page(page, slip.texts)


def _lines(page: Page, lines: tuple[TotalsLine, ...]) -> None:
    for line in lines:
        page.row((f"{line.words.zh} {line.words.en}", line.words.zh), str(line.count), bold=True)
        page.right(amount_text(line.amount))
