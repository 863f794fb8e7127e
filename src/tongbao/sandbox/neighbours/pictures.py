"""Draws the papers of the made-up applicants, to be uploaded by hand or by a script.

Each bears the word specimen 样本; none imitates a real document's security features.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from tongbao.sandbox.neighbours.applicants import Applicant

FONT_FILE: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
SIZE: Final = (1_200, 800)
_PAPER: Final = "#fbfaf5"
_INK: Final = "#1d2a24"
_PALE: Final = "#dfe8e2"
_GREEN: Final = "#0e5b44"


class PictureFontMissingError(RuntimeError):
    """There is no Chinese font to draw with."""


def paper_picture(applicant: Applicant, kind: str) -> bytes:
    """Return the PNG of one paper of an applicant.

    Raises: PictureFontMissingError; KeyError for a kind that there is not.
    """
    title, lines = _CONTENT[kind](applicant)
    image = Image.new("RGB", SIZE, _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, SIZE[0] - 20, SIZE[1] - 20), outline=_GREEN, width=6)
    for step in range(0, 1_400, 70):
        draw.line((step, 30, step - 300, SIZE[1] - 30), fill=_PALE, width=2)
    draw.text((600, 90), title, _GREEN, font=_font(54), anchor="mm")
    for number, line in enumerate(lines):
        draw.text((90, 180 + 72 * number), line, _INK, font=_font(36))
    draw.text((1_110, 740), "样本 SPECIMEN", "#b23a48", font=_font(34), anchor="rm")
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont:
    try:
        return ImageFont.truetype(str(FONT_FILE), size)
    except OSError:
        raise PictureFontMissingError(f"{FONT_FILE} is missing") from None


def _licence(one: Applicant) -> tuple[str, list[str]]:
    return "营业执照", [
        f"统一社会信用代码 {one.credit_code}",
        f"名称 {one.registered_name}",
        f"类型 {'有限责任公司' if one.tier == 'enterprise' else '个体工商户'}",
        f"{'法定代表人' if one.tier == 'enterprise' else '经营者'} {one.person}",
        "成立日期 2019年05月01日",
        "营业期限 长期",
        f"住所 {one.address}",
    ]


def _id_front(one: Applicant) -> tuple[str, list[str]]:
    number = one.resident_id
    born = f"{number[6:10]}年{int(number[10:12])}月{int(number[12:14])}日"
    return "居民身份证（样本）", [
        f"姓名 {one.person}",
        f"出生 {born}",
        f"住址 样板市{one.address}",
        f"公民身份号码 {number}",
    ]


def _id_back(_one: Applicant) -> tuple[str, list[str]]:
    return "中华人民共和国居民身份证（样本）", [
        "签发机关 样板市公安局",
        "有效期限 2020.03.10-2040.03.10",
    ]


def _account_permit(one: Applicant) -> tuple[str, list[str]]:
    return "基本存款账户信息", [
        f"账户名称 {one.account_holder}",
        f"账号 {one.account_number}",
        "开户银行 通宝沙盒银行",
        f"法定代表人 {one.person}",
    ]


def _bank_card(one: Applicant) -> tuple[str, list[str]]:
    digits = one.account_number
    spaced = " ".join(digits[place : place + 4] for place in range(0, len(digits), 4))
    return "通宝沙盒银行 借记卡", [spaced, one.account_holder]


def _place(word: str, one: Applicant) -> tuple[str, list[str]]:
    return word, [one.shop_name, one.address, f"经营者 {one.person}"]


_CONTENT: Final[dict[str, Callable[[Applicant], tuple[str, list[str]]]]] = {
    "licence": _licence,
    "id_front": _id_front,
    "id_back": _id_back,
    "account_permit": _account_permit,
    "bank_card": _bank_card,
    "shop_front": lambda one: _place("门头照（样本）", one),
    "shop_inside": lambda one: _place("店内照（样本）", one),
    "owner_with_shop": lambda one: _place("经营者与经营场所（样本）", one),
}
KINDS: Final = frozenset(_CONTENT)
