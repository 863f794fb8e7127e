"""The sales slip 签购单 and its short relatives, as values and as bytes for a receipt printer.

Pure: the core puts a `Slip` into its `Print` effect; the shell turns it into ESC/POS and hands it
to the printer. A slip can only hold a masked card number; nothing else of the card fits into it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Rrn, Stan, TerminalId
from tongbao.domain.secrets import Pan
from tongbao.terminal.coin import COIN_SIZE_DOTS, coin_raster
from tongbao.terminal.paper import NO_TEXTS, BilingualText, Page, PaperTexts, amount_text, wrap
from tongbao.wire.escpos.operations import Alignment, columns
from tongbao.wire.jbig import decode, fitted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.domain.dates import Instant
    from tongbao.domain.money import Money

__all__ = [
    "PAPER_58_MM_DOTS",
    "PAPER_80_MM_DOTS",
    "SALE_WORDS",
    "BilingualText",
    "CardEntry",
    "Slip",
    "SlipCopy",
    "SlipMark",
    "SlipOutcome",
    "payment_reference",
    "slip_to_escpos",
]

PAPER_58_MM_DOTS: Final = 384
PAPER_80_MM_DOTS: Final = 576

_MASKED_CARD: Final = re.compile(r"[0-9]{0,6}\*+[0-9]{0,4}", re.ASCII)
_MASKED_CARD_MAX: Final = 19
_LONG_DIGITS: Final = re.compile(r"(?<![0-9])[0-9](?:[ -]?[0-9]){12,18}(?![0-9])")
_SIGNATURE_DOTS: Final = 84
_SIGNATURE_WIDTH_DOTS: Final = 320
_SIGNATURE_HEIGHT_DOTS: Final = 160
_CUT_FEED_DOTS: Final = 96
_QR_MODULE_DOTS: Final = 5


class SlipOutcome(Enum):
    """What became of the payment; decides which form is printed."""

    APPROVED = "approved"
    DECLINED = "declined"
    REVERSED = "reversed"
    IN_DOUBT = "in_doubt"


class SlipCopy(Enum):
    """Whose copy it is: only the merchant's has the signature line."""

    MERCHANT = "merchant"
    CARDHOLDER = "cardholder"


class CardEntry(Enum):
    """The letter behind the card number.

    Spec: UnionPay terminal dialect, 7.8 receipt
    """

    SWIPE = "S"
    INSERT = "I"
    CONTACTLESS = "C"
    MANUAL = "M"
    FALLBACK = "N"


class SlipMark(Enum):
    """A band that says in white on black that no real money moved."""

    SANDBOX = "sandbox"
    TRAINING = "training"


SALE_WORDS: Final = BilingualText("消费", "SALE")

_TITLES: Final = {
    SlipOutcome.APPROVED: BilingualText("签购单", "SALES SLIP"),
    SlipOutcome.DECLINED: BilingualText("交易失败", "DECLINED"),
    SlipOutcome.REVERSED: BilingualText("已冲正", "REVERSED"),
    SlipOutcome.IN_DOUBT: BilingualText("查询中", "BEING CHECKED"),
}
_COPIES: Final = {
    SlipCopy.MERCHANT: BilingualText("商户存根", "MERCHANT COPY"),
    SlipCopy.CARDHOLDER: BilingualText("持卡人存根", "CARDHOLDER COPY"),
}
_MARKS: Final = {
    SlipMark.SANDBOX: BilingualText("沙盒交易 非真实资金", "SANDBOX - NO REAL MONEY"),
    SlipMark.TRAINING: BilingualText("训练 非真实资金", "TRAINING - NO REAL MONEY"),
}
_NOTICES: Final = {
    SlipOutcome.DECLINED: BilingualText("本次未扣款。", "NOTHING WAS CHARGED."),
    SlipOutcome.REVERSED: BilingualText(
        "本笔交易已冲正，视同未发生。已扣款项将退回原卡。",
        "THIS PAYMENT WAS UNDONE. ANY MONEY TAKEN GOES BACK TO THE CARD.",
    ),
    SlipOutcome.IN_DOUBT: BilingualText(
        "结果待查，终端正在查证。查明之前请勿重复收款。",
        "THE RESULT IS NOT KNOWN YET; THE TERMINAL IS FINDING OUT. DO NOT CHARGE AGAIN UNTIL THEN.",
    ),
}
# The same for what gives money back: a void or a refund.
_NOTICES_BACK: Final = {
    SlipOutcome.DECLINED: BilingualText("本次未退款。", "NOTHING WAS GIVEN BACK."),
    SlipOutcome.REVERSED: BilingualText(
        "本次撤销未生效，原交易仍然有效。", "THIS VOID DID NOT HAPPEN; THE ORIGINAL PAYMENT STANDS."
    ),
    SlipOutcome.IN_DOUBT: BilingualText(
        "结果待查，终端正在查证。查明之前请勿重复退款。",
        "THE RESULT IS NOT KNOWN YET; THE TERMINAL IS FINDING OUT. DO NOT GIVE BACK AGAIN UNTIL"
        " THEN.",
    ),
}
_ACKNOWLEDGEMENT: Final = BilingualText(
    "本人确认以上交易，同意将其记入本卡账户",
    "I ACKNOWLEDGE SATISFACTORY RECEIPT OF RELATIVE GOODS/SERVICES",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """Everything that one slip shows.

    `at` is the date and time of the transaction, printed in China time. `card_masked` is a
    `Pan.masked` text: at most six leading and four trailing digits, `*` between them, at most 19
    characters. Texts may have any length and are wrapped. The expiry date is left out on purpose.
    `stan` is the trace number, printed as voucher 凭证号; a reversal's slip shows the original one.
    `amount` is negative when money goes back; with a `tip` it is the total of both. `signature` is
    the JBIG picture that the cardholder drew, empty when nobody did; the merchant's copy shows it.

    Raises `ValueError` when the card number shows more, `TypeError` when it is not text.
    Spec: UnionPay terminal dialect, 7.8 receipt
    """

    outcome: SlipOutcome
    copy: SlipCopy
    merchant_name: str
    merchant_name_en: str
    merchant_id: MerchantId
    terminal_id: TerminalId
    operator: OperatorNo
    card_masked: str
    card_entry: CardEntry
    batch_no: BatchNo
    stan: Stan
    at: Instant
    amount: Money
    tip: Money | None = None
    transaction: BilingualText = SALE_WORDS
    issuer_name: str = ""
    acquirer_name: str = ""
    auth_code: str = ""
    rrn: Rrn | None = None
    response_code: str = ""
    response: BilingualText | None = None
    action: BilingualText | None = None
    remarks: tuple[str, ...] = ()
    is_reprint: bool = False
    mark: SlipMark | None = None
    signature: bytes = field(default=b"", repr=False)
    texts: PaperTexts = NO_TEXTS

    def __post_init__(self) -> None:
        if type(self.card_masked) is not str:
            raise TypeError("a slip takes the masked text of a card number")
        if len(self.card_masked) > _MASKED_CARD_MAX or not _MASKED_CARD.fullmatch(self.card_masked):
            raise ValueError("a slip shows the first six and last four digits of a card at most")


def payment_reference(slip: Slip) -> str:
    """Return the text of the QR code: `TONGBAO/1/terminal/batch/trace/RRN`, the RRN may be empty.

    It names one payment for good, holds nothing about the card, and is at most 51 characters.
    """
    rrn = slip.rrn.value if slip.rrn else ""
    return f"TONGBAO/1/{slip.terminal_id}/{slip.batch_no}/{slip.stan}/{rrn}"


def slip_to_escpos(slip: Slip, width_dots: int = PAPER_58_MM_DOTS) -> bytes:
    """Return the print job for paper of 384 dots (58 mm) or 576 dots (80 mm).

    Raises `ValueError` for another width.
    Spec: UnionPay terminal dialect, 7.8 receipt; ESC/POS
    """
    names = slip.merchant_name, slip.merchant_name_en
    page = paper_header(width_dots, names, slip.mark, slip.texts)
    _title(page, slip)
    _BODIES[slip.outcome](page, slip)
    return end_page(page, slip.texts)


def paper_header(
    width_dots: int, names: tuple[str, str], mark: SlipMark | None, texts: PaperTexts
) -> Page:
    """Return a page that begins with the coin, the merchant's names, the mark and the lines above.

    Raises `ValueError` for a width that is neither 384 nor 576 dots.
    """
    if width_dots not in (PAPER_58_MM_DOTS, PAPER_80_MM_DOTS):
        raise ValueError("paper is 384 dots (58 mm) or 576 dots (80 mm) wide")
    page = Page(width_dots)
    page.builder.align(Alignment.CENTRE).raster(COIN_SIZE_DOTS // 8, coin_raster())
    page.gap()
    merchant_name, merchant_name_en = names
    name = _safe(merchant_name)
    wide = columns(name) <= page.columns // 2
    page.centred(name, 2 if wide else 1, 2, bold=True)
    page.gap(6)
    page.centred(_safe(merchant_name_en))
    if texts.shop_name not in ("", merchant_name, merchant_name_en):
        page.centred(_safe(texts.shop_name))
    page.gap()
    _text_lines(page, texts.header)
    if mark:
        words = _MARKS[mark]
        page.band(words.zh)
        page.band(words.en)
        page.gap()
    return page


def end_page(page: Page, texts: PaperTexts) -> bytes:
    """Print the lines below, cut the paper and return the whole print job."""
    if texts.footer:
        page.gap()
        _text_lines(page, texts.footer)
    page.builder.cut(_CUT_FEED_DOTS)
    return page.builder.encode()


def _text_lines(page: Page, lines: tuple[str, ...]) -> None:
    """Print lines as they were set; one that is too long for this paper is broken, never cut."""
    for line in lines:
        page.centred(_safe(line))
    if lines:
        page.gap()


def moment_text(at: Instant) -> str:
    """Return date and time in China as they stand on paper."""
    moment = at.local()
    return (
        f"{moment.year:04d}/{moment.month:02d}/{moment.day:02d} "
        f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d}"
    )


def _title(page: Page, slip: Slip) -> None:
    if slip.is_reprint:
        page.centred("*** 重打印 REPRINT ***", bold=True)
        page.gap()
    title = _TITLES[slip.outcome]
    if slip.outcome is SlipOutcome.APPROVED:
        page.centred(f"{title.zh} {title.en}", bold=True)
    else:
        page.band(title.zh, 2, 2)
        page.band(title.en)
        page.gap()
    copy = _COPIES[slip.copy]
    page.centred(f"{copy.zh} {copy.en}")
    page.rule()


def _approved(page: Page, slip: Slip) -> None:
    _parties(page, slip)
    page.rule()
    _card(page, slip)
    page.row(("交易类型 TRANS TYPE", "交易类型"), _words(slip.transaction), bold=True)
    _numbers(page, slip)
    page.rule()
    if slip.tip is not None:
        page.row(("消费金额 SALE",), amount_text(slip.amount - slip.tip))
        page.row(("小费 TIP",), amount_text(slip.tip))
        page.amount(slip.amount, "总计 TOTAL")
    else:
        page.amount(slip.amount)
    page.rule()
    _remarks(page, slip)
    if slip.copy is SlipCopy.MERCHANT:
        _signature(page, slip.signature)
    _reference(page, slip)
    if slip.copy is SlipCopy.CARDHOLDER:
        page.gap()
        page.centred("谢谢惠顾 THANK YOU", bold=True)


def _declined(page: Page, slip: Slip) -> None:
    page.amount(slip.amount)
    page.rule()
    code = f"{slip.response_code} " if slip.response_code else ""
    if slip.response:
        page.paragraph(
            BilingualText(code + _safe(slip.response.zh), _safe(slip.response.en)), bold=True
        )
    if slip.action:
        page.paragraph(BilingualText(_safe(slip.action.zh), _safe(slip.action.en)))
    page.gap()
    page.paragraph(_notice(slip), bold=True)
    page.rule()
    _short(page, slip)


def _undone_or_unknown(page: Page, slip: Slip) -> None:
    page.amount(slip.amount)
    page.rule()
    page.paragraph(_notice(slip), bold=True)
    page.rule()
    _short(page, slip)
    _reference(page, slip)


def _notice(slip: Slip) -> BilingualText:
    gives_back = slip.amount.minor < 0
    return (_NOTICES_BACK if gives_back else _NOTICES)[slip.outcome]


def _short(page: Page, slip: Slip) -> None:
    _card(page, slip)
    page.row(("交易类型 TRANS TYPE", "交易类型"), _words(slip.transaction))
    page.row(("终端编号 TERMINAL NO.", "终端编号"), slip.terminal_id.value)
    _numbers(page, slip)
    _remarks(page, slip)


def _parties(page: Page, slip: Slip) -> None:
    page.row(("商户编号 MERCHANT NO.", "商户编号 MERCHANT", "商户编号 MID"), slip.merchant_id.value)
    page.row(("终端编号 TERMINAL NO.", "终端编号"), slip.terminal_id.value)
    page.row(("操作员号 OPERATOR NO.", "操作员号"), slip.operator.value)
    page.row(("发卡机构 ISSUER", "发卡机构"), _safe(slip.issuer_name))
    page.row(("收单机构 ACQUIRER", "收单机构"), _safe(slip.acquirer_name))


def _card(page: Page, slip: Slip) -> None:
    card = f"{slip.card_masked} {slip.card_entry.value}"
    page.row(("卡号 CARD NO.", "卡号 CARD", "卡号"), card, bold=True)


def _numbers(page: Page, slip: Slip) -> None:
    page.row(("批次号 BATCH NO.",), slip.batch_no.digits)
    page.row(("凭证号 VOUCHER NO.",), slip.stan.digits)
    page.row(("授权码 AUTH NO.",), _safe(slip.auth_code).strip())
    page.row(("参考号 REF. NO.",), slip.rrn.value if slip.rrn else "")
    page.row(("日期时间 DATE/TIME", "时间 TIME"), moment_text(slip.at))


def _remarks(page: Page, slip: Slip) -> None:
    remarks = [text for text in (_safe(remark) for remark in slip.remarks) if text]
    if not remarks:
        return
    page.builder.line("备注 REMARKS")
    for remark in remarks:
        for line in wrap(remark, page.columns):
            page.builder.line(line)
    page.rule()


def _signature(page: Page, picture: bytes) -> None:
    page.builder.line("持卡人签名 CARDHOLDER SIGNATURE")
    if picture:
        drawn = fitted(decode(picture), _SIGNATURE_WIDTH_DOTS, _SIGNATURE_HEIGHT_DOTS)
        page.builder.align(Alignment.CENTRE).raster(drawn.row_bytes, drawn.rows)
        page.builder.align(Alignment.LEFT)
    else:
        page.gap(_SIGNATURE_DOTS)
    page.builder.line("_" * page.columns)
    page.paragraph(_ACKNOWLEDGEMENT)
    page.gap()


def _reference(page: Page, slip: Slip) -> None:
    quiet_dots = 4 * _QR_MODULE_DOTS  # what a reader needs free round the code
    page.gap(quiet_dots)
    reference = payment_reference(slip).encode("ascii")
    page.builder.align(Alignment.CENTRE).qr(reference, _QR_MODULE_DOTS)
    page.gap(quiet_dots // 2)
    page.centred("交易索引 PAYMENT REFERENCE")


_BODIES: Final[dict[SlipOutcome, Callable[[Page, Slip], None]]] = {
    SlipOutcome.APPROVED: _approved,
    SlipOutcome.DECLINED: _declined,
    SlipOutcome.REVERSED: _undone_or_unknown,
    SlipOutcome.IN_DOUBT: _undone_or_unknown,
}


def _words(words: BilingualText) -> str:
    return f"{_safe(words.zh)} {_safe(words.en)}"


def _safe(text: str) -> str:
    """Return text from elsewhere with any full card number masked and ¥ as printers have it."""
    return _LONG_DIGITS.sub(_mask_card, text.replace("\u00a5", "￥"))


def _mask_card(match: re.Match[str]) -> str:
    pan = Pan(re.sub("[ -]", "", match[0]))
    return pan.masked if pan.luhn_valid else match[0]
