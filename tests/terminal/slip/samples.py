"""The slips that the golden files hold: one of each kind, merchant and card made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.terminal.papers import Paper, paper_to_escpos
from tongbao.terminal.slip import (
    BilingualText,
    CardEntry,
    Slip,
    SlipCopy,
    SlipMark,
    SlipOutcome,
)
from tongbao.terminal.totals_slip import TotalsLine, TotalsSlip

WIDTHS_DOTS: Final = (384, 576)

APPROVED: Final = Slip(
    outcome=SlipOutcome.APPROVED,
    copy=SlipCopy.MERCHANT,
    merchant_name="通宝便利店",
    merchant_name_en="Tongbao Corner Shop",
    merchant_id=MerchantId("100000000000001"),
    terminal_id=TerminalId("00000001"),
    operator=OperatorNo("01"),
    card_masked="620000*********0128",
    card_entry=CardEntry.SWIPE,
    batch_no=BatchNo(1),
    stan=Stan(12),
    at=Instant.from_datetime(datetime(2026, 11, 21, 10, 0, 0, tzinfo=CHINA_TIME)),
    amount=Money(123_450, Currency.CNY),
    issuer_name="通宝沙盒银行",
    acquirer_name="通宝收单",
    auth_code="A12345",
    rrn=Rrn("632510000012"),
    mark=SlipMark.SANDBOX,
)
_UNANSWERED: Final = replace(APPROVED, rrn=None, auth_code="", issuer_name="", acquirer_name="")

SAMPLES: Final[dict[str, Slip]] = {
    "approved_merchant": APPROVED,
    "approved_cardholder_reprint": replace(
        APPROVED, copy=SlipCopy.CARDHOLDER, is_reprint=True, remarks=("谢谢光临 ￥0.00",)
    ),
    "declined": replace(
        _UNANSWERED,
        outcome=SlipOutcome.DECLINED,
        copy=SlipCopy.CARDHOLDER,
        response_code="51",
        response=BilingualText("余额不足", "Insufficient funds"),
        action=BilingualText(
            "请换卡或换一种方式付款", "Ask for another card or another way to pay"
        ),
    ),
    "void": replace(
        APPROVED,
        transaction=BilingualText("消费撤销", "VOID"),
        amount=Money(-123_450, Currency.CNY),
        stan=Stan(13),
        remarks=(
            "原凭证号 ORIG. VOUCHER 000012",
            "原参考号 ORIG. REF. 632510000012",
            "原授权码 ORIG. AUTH A12345",
        ),
    ),
    "refund": replace(
        APPROVED,
        copy=SlipCopy.CARDHOLDER,
        transaction=BilingualText("退货", "REFUND"),
        amount=Money(-20_000, Currency.CNY),
        stan=Stan(14),
        auth_code="",
        remarks=(
            "原参考号 ORIG. REF. 632410000077",
            "原交易日期 ORIG. DATE 1120",
        ),
    ),
    "pre_authorisation": replace(
        APPROVED, transaction=BilingualText("预授权", "AUTH"), stan=Stan(15)
    ),
    "completion": replace(
        APPROVED,
        copy=SlipCopy.CARDHOLDER,
        transaction=BilingualText("预授权完成", "AUTH COMPLETE"),
        stan=Stan(16),
        remarks=(
            "原凭证号 ORIG. VOUCHER 000015",
            "原授权码 ORIG. AUTH A12345",
            "原交易日期 ORIG. DATE 1121",
        ),
    ),
    "tip": replace(
        APPROVED,
        transaction=BilingualText("小费调整", "TIP"),
        amount=Money(138_450, Currency.CNY),
        tip=Money(15_000, Currency.CNY),
        stan=Stan(17),
        card_entry=CardEntry.MANUAL,
        remarks=("原凭证号 ORIG. VOUCHER 000012",),
    ),
    "void_reversed": replace(
        _UNANSWERED,
        outcome=SlipOutcome.REVERSED,
        transaction=BilingualText("消费撤销", "VOID"),
        amount=Money(-123_450, Currency.CNY),
        remarks=("原凭证号 ORIG. VOUCHER 000012",),
    ),
    "reversed": replace(_UNANSWERED, outcome=SlipOutcome.REVERSED),
    "in_doubt_training": replace(_UNANSWERED, outcome=SlipOutcome.IN_DOUBT, mark=SlipMark.TRAINING),
}


def _line(zh: str, en: str, count: int, minor: int) -> TotalsLine:
    return TotalsLine(BilingualText(zh, en), count, Money(minor, Currency.CNY))


TOTALS: Final = TotalsSlip(
    merchant_name=APPROVED.merchant_name,
    merchant_name_en=APPROVED.merchant_name_en,
    merchant_id=APPROVED.merchant_id,
    terminal_id=APPROVED.terminal_id,
    operator=APPROVED.operator,
    batch_no=APPROVED.batch_no,
    at=APPROVED.at,
    kinds=(
        _line("消费", "SALE", 12, 1_234_500),
        _line("消费撤销", "VOID", 1, 123_450),
        _line("退货", "REFUND", 1, 20_000),
        _line("预授权完成", "AUTH COMPLETE", 1, 115_000),
    ),
    domestic=(_line("借记", "DEBIT", 11, 1_126_050), _line("贷记", "CREDIT", 1, 20_000)),
    foreign=(_line("借记", "DEBIT", 1, 100_000), _line("贷记", "CREDIT", 0, 0)),
    mark=SlipMark.SANDBOX,
)
PAPERS: Final[dict[str, Paper]] = {**SAMPLES, "totals": TOTALS}

GOLDEN_FOLDER: Final = Path(__file__).parent / "golden"


def golden_file(name: str, width_dots: int) -> Path:
    """Return where the expected bytes of a sample are kept, as hex, 32 bytes a line."""
    return GOLDEN_FOLDER / f"{name}_{width_dots}.hex"


def write_golden_files() -> None:
    """Write every golden file anew; the difference shows in review.

    Run: python -m tests.terminal.slip.samples
    """
    for name, paper in PAPERS.items():
        for width_dots in WIDTHS_DOTS:
            text = paper_to_escpos(paper, width_dots).hex()
            lines = [text[start : start + 64] for start in range(0, len(text), 64)]
            golden_file(name, width_dots).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_golden_files()
