"""The contract as a PDF: text, parties, fees, limits and the signature; in Chinese and English.

The same contract and signature give the same bytes: no clock and no chance is asked.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Image, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.platform.contracts.fees import METHOD_WORDS, percent_text, rates_of, yuan_text
from tongbao.platform.onboarding.tiers import LIMIT_WORDS, RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tongbao.platform.contracts.models import Contract
    from tongbao.platform.merchants.models import Merchant

FONT_FILE: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
_FONT: Final = "WenQuanYiMicroHei"
_GREEN: Final = colors.HexColor("#0e5b44")
_LINE: Final = colors.HexColor("#cfc8b7")
_WIDTH: Final = A4[0] - 36 * mm


class FontMissingError(RuntimeError):
    """There is no Chinese font, so no contract can be rendered; the text says what to do."""

    def __init__(self) -> None:
        super().__init__(
            f"the Chinese font {FONT_FILE} is missing; install the package fonts-wqy-microhei"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedPart:
    """What the signature adds to the document."""

    signer_name: str
    picture: bytes = field(repr=False)
    phone_masked: str
    code_sent_at_us: int
    signed_at_us: int
    address: str


def render(contract: Contract, signed: SignedPart | None = None) -> bytes:
    """Return the PDF of a contract, signed or as it is offered.

    Raises: FontMissingError.
    """
    _load_font()
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=20 * mm,
        bottomMargin=20 * mm,
        title=f"{contract.number}",
        author="Tongbao 通宝",
        subject=f"text {contract.version_id} fees {contract.schedule.version}",
        invariant=True,
        lang="zh-CN",
    )

    def frame(canvas: Any, page: Any) -> None:
        canvas.saveState()
        canvas.setFont(_FONT, 8)
        canvas.setFillColor(colors.HexColor("#66716a"))
        canvas.drawString(18 * mm, 12 * mm, f"{contract.number}  ·  Tongbao 通宝")
        canvas.drawRightString(A4[0] - 18 * mm, 12 * mm, str(page.page))
        canvas.restoreState()

    parts = [*_head(contract), *_fees(contract), *_limits(contract.merchant)]
    parts += [*_text(contract.version.text_zh), Spacer(1, 6 * mm)]
    parts += [*_text(contract.version.text_en), *_end(contract, signed)]
    document.build(parts, onFirstPage=frame, onLaterPages=frame)
    return target.getvalue()


def _load_font() -> None:
    if _FONT in pdfmetrics.getRegisteredFontNames():
        return
    try:
        pdfmetrics.registerFont(TTFont(_FONT, str(FONT_FILE), subfontIndex=0))
    except (OSError, TTFError):
        raise FontMissingError from None


def _style(size: float, **more: Any) -> ParagraphStyle:
    leading = size * 1.5
    return ParagraphStyle(
        f"s{size}", fontName=_FONT, fontSize=size, leading=leading, wordWrap="CJK", **more
    )


_TITLE: Final = {"spaceAfter": 4 * mm, "textColor": _GREEN}
_HEADING: Final = {
    "spaceBefore": 3 * mm,
    "spaceAfter": 1 * mm,
    "textColor": _GREEN,
    "keepWithNext": 1,
}


def _paragraph(text: str, size: float = 9.5, **more: Any) -> Paragraph:
    return Paragraph(escape(text), _style(size, **more))


def _text(markdown: str) -> Iterator[Any]:
    """Turn the few marks that the texts use into paragraphs: titles, headings, numbered clauses."""
    for line in markdown.splitlines():
        if line.startswith("# "):
            yield _paragraph(line[2:], 15, **_TITLE)
        elif line.startswith("## "):
            yield _paragraph(line[3:], 11, **_HEADING)
        elif line.strip():
            indented = line[:1].isdigit()
            yield _paragraph(line, leftIndent=4 * mm if indented else 0, spaceAfter=0.8 * mm)


def _rows(rows: list[tuple[str, ...]], widths: list[float], *, head: bool = False) -> Table:
    cells = [[_paragraph(cell, 9) for cell in row] for row in rows]
    table = Table(cells, colWidths=[_WIDTH * width for width in widths], repeatRows=int(head))
    style = [
        ("GRID", (0, 0), (-1, -1), 0.4, _LINE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
    if head:
        style.append(("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eff7f2")))
    table.setStyle(TableStyle(style))
    return table


def _head(contract: Contract) -> Iterator[Any]:
    merchant = contract.merchant
    yield _paragraph("签约要素 Particulars", 15, **_TITLE)
    yield _rows(
        [
            ("合同编号 Contract", contract.number),
            ("甲方 Party A", "通宝收单 Tongbao Acquiring"),
            ("乙方 Party B", merchant.registered_name or merchant.legal_person),
            ("商户简称 Name", " ".join(filter(None, (merchant.name, merchant.name_en)))),
            ("商户号 Merchant number", merchant.merchant_id),
            ("统一社会信用代码 Credit code", merchant.credit_code or "（小微商户 micro merchant）"),
            ("经营类别 Category (MCC)", merchant.mcc),
            (
                "文本版本与摘要 Text",
                f"{contract.version_id}  SHA-256 {contract.version.sha256}",
            ),
            (
                "费率表与摘要 Fees",
                f"{contract.schedule.version}  SHA-256 {contract.schedule.sha256}",
            ),
        ],
        [0.34, 0.66],
    )
    if contract.reason:
        yield _paragraph(f"变更说明 Reason: {contract.reason}", spaceBefore=2 * mm)


def _fees(contract: Contract) -> Iterator[Any]:
    yield _paragraph(f"费率表 Fees · {contract.schedule.title}", 11, **_HEADING)
    rows: list[tuple[str, ...]] = [("方式 Method", "费率 Rate", "单笔封顶 Cap")]
    for method, rate in rates_of(contract.schedule.rates).items():
        words = METHOD_WORDS[method]
        cap = "无 none" if rate.cap_minor is None else f"¥{yuan_text(rate.cap_minor)}"
        rows.append((f"{words.zh} {words.en}", f"{percent_text(rate.rate_ppm)} %", cap))
    yield _rows(rows, [0.5, 0.25, 0.25], head=True)


def _limits(merchant: Merchant) -> Iterator[Any]:
    limits = merchant.limits.filter(ended_at_us=None).first()
    if limits is None:
        return
    yield _paragraph("限额及依据 Limits and their rules", 11, **_HEADING)
    rows: list[tuple[str, ...]] = [("限额 Limit", "金额 Amount", "依据 Rule")]
    for key, words in LIMIT_WORDS.items():
        amount = getattr(limits, key)
        shown = "不限 none" if amount is None else f"¥{yuan_text(amount)}"
        rule = RULES.get(limits.rules.get(key, ""))
        rows.append((f"{words.zh} {words.en}", shown, rule.number if rule else "–"))
    yield _rows(rows, [0.4, 0.25, 0.35], head=True)
    yield Spacer(1, 6 * mm)


def _end(contract: Contract, signed: SignedPart | None) -> Iterator[Any]:
    yield _paragraph("签署 Signature", 11, **_HEADING)
    if signed is None:
        yield _paragraph("尚未签署 Not signed yet")
        return
    yield _rows(
        [
            ("签署人 Signed by", signed.signer_name),
            ("签署时间 Time", f"{_time(signed.signed_at_us)} (UTC+8)"),
            (
                "短信确认 Confirmation",
                f"{signed.phone_masked} · {_time(signed.code_sent_at_us)} (UTC+8)",
            ),
            ("来源 From", signed.address or "–"),
            ("乙方 Party B", contract.merchant.registered_name or contract.merchant.legal_person),
        ],
        [0.34, 0.66],
    )
    picture = Image(io.BytesIO(signed.picture), kind="proportional", width=70 * mm, height=30 * mm)
    picture.hAlign = "LEFT"
    yield Spacer(1, 3 * mm)
    yield picture


def _time(at_us: int) -> str:
    return Instant(at_us).local(CHINA_TIME).strftime("%Y-%m-%d %H:%M:%S")
