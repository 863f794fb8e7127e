"""The forms of line that slips are made of: rows, bands, paragraphs, the large amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tongbao.domain.money import Currency, Money
from tongbao.wire.escpos.builder import EscPosBuilder
from tongbao.wire.escpos.operations import (
    LETTER_HEIGHT_DOTS,
    LETTER_WIDTH_DOTS,
    Alignment,
    columns,
)

GAP_DOTS: Final = 12

_AMOUNT_MAX_SCALE: Final = 3
_CLOSING: Final = frozenset("，。；：！？、）》」』”’")
_PIECES: Final = re.compile(r"[!-~]+ *| +|[^\x00-\x7f]")


@dataclass(frozen=True, slots=True)
class BilingualText:
    """The same words in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperTexts:
    """What the acquirer and the merchant want on every paper: lines above and below, the shop."""

    shop_name: str = ""
    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()


NO_TEXTS: Final = PaperTexts()


class Page:
    """The paper: `columns` letters wide, with the few forms of line that slips are made of."""

    def __init__(self, width_dots: int) -> None:
        self.columns = width_dots // LETTER_WIDTH_DOTS
        self.builder = EscPosBuilder().initialise()

    def centred(self, text: str, width: int = 1, height: int = 1, *, bold: bool = False) -> None:
        """Print centred lines, `width` and `height` times as large."""
        self.builder.align(Alignment.CENTRE)
        self._lines(wrap(text, self.columns // width), width, height, bold=bold)
        self.builder.align(Alignment.LEFT)

    def right(self, text: str, width: int = 1, height: int = 1, *, bold: bool = False) -> None:
        """Print lines at the right edge, `width` and `height` times as large."""
        self.builder.align(Alignment.RIGHT)
        self._lines(wrap(text, self.columns // width), width, height, bold=bold)
        self.builder.align(Alignment.LEFT)

    def paragraph(self, words: BilingualText, *, bold: bool = False) -> None:
        """Print the Chinese words and the English ones below them."""
        self._lines(wrap(words.zh, self.columns), 1, 1, bold=bold)
        self._lines(wrap(words.en, self.columns), 1, 1, bold=False)

    def row(self, labels: tuple[str, ...], value: str, *, bold: bool = False) -> None:
        """Print the longest label that leaves room for the value; the value goes below if none."""
        if not value:
            return
        for label in labels:
            gap = self.columns - columns(label) - columns(value)
            if gap >= 1:
                self.builder.text(label + " " * gap).bold(on=bold).line(value).bold(on=False)
                return
        self.builder.line(labels[0])
        self.right(value, bold=bold)

    def band(self, text: str, width: int = 1, height: int = 1) -> None:
        """Print white on black over the whole width."""
        room = self.columns // width
        self.builder.size(width, height).inverse(on=True).bold(on=True)
        self.builder.line_spacing(LETTER_HEIGHT_DOTS)
        for line in wrap(text, room):
            left = (room - columns(line)) // 2
            self.builder.line(" " * left + line + " " * (room - columns(line) - left))
        self.builder.bold(on=False).inverse(on=False).size().line_spacing()

    def rule(self) -> None:
        """Print a dashed line over the whole width."""
        self.builder.line("-" * self.columns)

    def gap(self, dots: int = GAP_DOTS) -> None:
        """Move the paper a little."""
        self.builder.feed(dots)

    def amount(self, amount: Money, label: str = "金额 AMOUNT") -> None:
        """Print the amount as the largest thing on the slip."""
        text = amount_text(amount)
        scale = max(1, min(_AMOUNT_MAX_SCALE, self.columns // columns(text)))
        self.builder.line(label)
        self.gap(6)
        self.right(text, scale, min(scale + 1, _AMOUNT_MAX_SCALE), bold=True)
        self.gap()

    def _lines(self, lines: list[str], width: int, height: int, *, bold: bool) -> None:
        self.builder.size(width, height).bold(on=bold)
        for line in lines:
            self.builder.line(line)
        self.builder.bold(on=False).size()


def amount_text(amount: Money) -> str:
    """Return the amount for paper: grouped, with ￥ for yuan and the currency code for others."""
    text = amount.text()
    sign = "-" if text.startswith("-") else ""
    whole, point, fraction = text.removeprefix("-").partition(".")
    symbol = "￥" if amount.currency is Currency.CNY else f"{amount.currency.code} "
    return f"{sign}{symbol}{int(whole):,}{point}{fraction}"


def wrap(text: str, room: int) -> list[str]:
    """Break text into lines of at most `room` letter columns; English at blanks, Chinese anywhere.

    A closing mark never begins a line. Empty text gives no line.
    """
    lines: list[str] = []
    line = ""
    for piece in _PIECES.findall(text):
        if columns(line + piece.rstrip()) <= room:
            line += piece
            continue
        # A mark that may not begin a line takes the character before it along.
        keep = len(line) - 1 if piece in _CLOSING and len(line) > 1 else len(line)
        if line[:keep].strip():
            lines.append(line[:keep].rstrip())
        line = (line[keep:] + piece).lstrip()
        while columns(line) > room:
            head = _head(line, room)
            lines.append(head)
            line = line[len(head) :]
    if line.strip():
        lines.append(line.rstrip())
    return lines


def _head(text: str, room: int) -> str:
    head = ""
    for character in text:
        if head and columns(head + character) > room:
            break
        head += character
    return head
