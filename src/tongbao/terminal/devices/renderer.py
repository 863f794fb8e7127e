"""Draws a print job as the paper it would be: one dot of the print head is `SCALE` pixels."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import singledispatch
from typing import TYPE_CHECKING, Final

import zxingcpp
from PIL import Image, ImageChops, ImageDraw

from tongbao.wire.escpos.operations import (
    DEFAULT_LINE_SPACING_DOTS,
    LETTER_HEIGHT_DOTS,
    LETTER_WIDTH_DOTS,
    Align,
    Alignment,
    Bold,
    Code128,
    Feed,
    Initialise,
    Inverse,
    LineFeed,
    LineSpacing,
    Operation,
    QrCode,
    Raster,
    Size,
    Text,
    columns,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.terminal.devices.fonts import FontSet

SCALE: Final = 2
_MARGIN_DOTS: Final = 36
_TOP_DOTS: Final = 40
_BOTTOM_DOTS: Final = 52
_TOOTH_DOTS: Final = 6
_INK: Final = (43, 41, 46)
_PAPER: Final = (253, 252, 248)
_SHADE: Final = (236, 233, 223)
_SHADES: Final = 14
_INK_STEPS: Final = 16
_TRANSPARENT: Final = 255


def render_png(operations: Iterable[Operation], width_dots: int, fonts: FontSet) -> bytes:
    """Return a PNG of the paper with its torn edges, transparent around them.

    `width_dots` is that of the print head; the paper is 72 dots wider. The height follows from the
    job. Cutting, the cash drawer and the density leave no mark on the picture.
    """
    paper = _Paper(fonts, width_dots)
    for operation in operations:
        _execute(operation, paper)
    paper.flush()
    buffer = io.BytesIO()
    _paint(paper).save(buffer, "PNG", transparency=_TRANSPARENT)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Cell:
    """One character in the line buffer; sizes in dots."""

    character: str
    width: int
    height: int
    bold: bool
    inverse: bool


@dataclass(slots=True)
class _Paper:
    """The state of the printer and what it has printed; `y` is the next free row in dots."""

    fonts: FontSet
    width_dots: int
    alignment: Alignment = Alignment.LEFT
    bold: bool = False
    inverse: bool = False
    size: Size = field(default_factory=Size)
    spacing: int = DEFAULT_LINE_SPACING_DOTS
    line: list[_Cell] = field(default_factory=list)
    marks: list[tuple[int, int, Image.Image]] = field(default_factory=list)
    y: int = 0

    def flush(self) -> None:
        if self.line:
            self.end_line()

    def end_line(self) -> None:
        """Print the line buffer on a common foot; a tall line takes more than the line spacing."""
        height = max((cell.height for cell in self.line), default=0)
        x = self.left(sum(cell.width for cell in self.line))
        for cell in self.line:
            mask = self.fonts.glyph(
                cell.character, (cell.width * SCALE, cell.height * SCALE), bold=cell.bold
            )
            if cell.inverse:
                mask = ImageChops.invert(mask)
            self.mark(x, self.y + height - cell.height, mask)
            x += cell.width
        self.line.clear()
        self.y += max(height, self.spacing)

    def picture(self, picture: Image.Image) -> None:
        """Print a picture of one pixel a dot, 255 being black."""
        self.flush()
        enlarged = picture.resize(
            (picture.width * SCALE, picture.height * SCALE), Image.Resampling.NEAREST
        )
        self.mark(self.left(picture.width), self.y, enlarged)
        self.y += picture.height

    def left(self, width_dots: int) -> int:
        halves = {Alignment.LEFT: 0, Alignment.CENTRE: 1, Alignment.RIGHT: 2}[self.alignment]
        return (self.width_dots - width_dots) * halves // 2

    def mark(self, x_dots: int, y_dots: int, mask: Image.Image) -> None:
        self.marks.append((x_dots * SCALE, y_dots * SCALE, mask))


@singledispatch
def _execute(_operation: Operation, _paper: _Paper) -> None:
    """Do what the printer does; what leaves no ink (cut, drawer, density, mode) does nothing."""


@_execute.register
def _(_operation: Initialise, paper: _Paper) -> None:
    paper.line.clear()
    paper.alignment = Alignment.LEFT
    paper.bold = paper.inverse = False
    paper.size = Size()
    paper.spacing = DEFAULT_LINE_SPACING_DOTS


@_execute.register
def _(operation: Align, paper: _Paper) -> None:
    paper.alignment = operation.alignment


@_execute.register
def _(operation: Bold, paper: _Paper) -> None:
    paper.bold = operation.on


@_execute.register
def _(operation: Inverse, paper: _Paper) -> None:
    paper.inverse = operation.on


@_execute.register
def _(operation: Size, paper: _Paper) -> None:
    paper.size = operation


@_execute.register
def _(operation: LineSpacing, paper: _Paper) -> None:
    paper.spacing = DEFAULT_LINE_SPACING_DOTS if operation.dots is None else operation.dots


@_execute.register
def _(operation: Text, paper: _Paper) -> None:
    for character in operation.value:
        cell = _Cell(
            character,
            LETTER_WIDTH_DOTS * columns(character) * paper.size.width,
            LETTER_HEIGHT_DOTS * paper.size.height,
            paper.bold,
            paper.inverse,
        )
        if sum(other.width for other in paper.line) + cell.width > paper.width_dots:
            paper.end_line()
        paper.line.append(cell)


@_execute.register
def _(_operation: LineFeed, paper: _Paper) -> None:
    paper.end_line()


@_execute.register
def _(operation: Feed, paper: _Paper) -> None:
    paper.flush()
    paper.y += operation.dots


@_execute.register
def _(operation: Raster, paper: _Paper) -> None:
    size = (operation.width_bytes * 8, operation.rows)
    paper.picture(Image.frombytes("1", size, operation.data).convert("L"))


@_execute.register
def _(operation: QrCode, paper: _Paper) -> None:
    content = operation.data.decode("ascii") if operation.data.isascii() else operation.data
    code = zxingcpp.create_barcode(
        content, zxingcpp.BarcodeFormat.QRCode, ec_level=operation.correction.name
    )
    modules = _modules(code)
    size = (modules.width * operation.module_dots, modules.height * operation.module_dots)
    paper.picture(modules.resize(size, Image.Resampling.NEAREST))


@_execute.register
def _(operation: Code128, paper: _Paper) -> None:
    modules = _modules(zxingcpp.create_barcode(operation.data, zxingcpp.BarcodeFormat.Code128))
    row = modules.crop((0, 0, modules.width, 1))
    size = (row.width * operation.module_dots, operation.height_dots)
    paper.picture(row.resize(size, Image.Resampling.NEAREST))
    if operation.caption:
        _execute(Text(operation.data), paper)
        paper.end_line()


def _modules(code: zxingcpp.Barcode) -> Image.Image:
    """Return a bar code as a picture of one pixel a module, 255 being black."""
    pixels = memoryview(code.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]  # it has the buffer protocol, its stub does not say so
    height, width = pixels.shape or (0, 0)
    picture = Image.frombytes("L", (width, height), pixels.tobytes())
    return ImageChops.invert(picture)


def _paint(paper: _Paper) -> Image.Image:
    """Put the ink on paper: a cream sheet, a little darker at its sides, torn above and below.

    The picture is made of palette numbers, `shade * _INK_STEPS + ink`: small files, made quickly.
    """
    margin, top = _MARGIN_DOTS * SCALE, _TOP_DOTS * SCALE
    size = (
        paper.width_dots * SCALE + 2 * margin,
        (paper.y + _BOTTOM_DOTS) * SCALE + top,
    )
    ink = Image.new("L", size, 0)
    for x, y, mask in paper.marks:
        ink.paste(mask, (x + margin, y + top))
    steps = ink.point([value * (_INK_STEPS - 1) // 255 for value in range(256)])
    picture = ImageChops.add(_shades(size), steps)
    picture.paste(_TRANSPARENT, (0, 0), ImageChops.invert(_outline(size)))
    picture.putpalette(_palette())
    return picture


def _shades(size: tuple[int, int]) -> Image.Image:
    """Return blank paper, curled a little: one row of shades, drawn out to the full height."""
    width, height = size
    row = Image.new("L", (width, 1))
    for x in range(width):
        edge = max(0, abs(2 * x - width + 1) * 1000 // width - 820)
        row.putpixel((x, 0), edge * _SHADES // 181 * _INK_STEPS)
    return row.resize((width, height), Image.Resampling.NEAREST)


def _palette() -> list[int]:
    """Return red, green and blue of each palette number."""
    colours: list[int] = []
    for shade in range(_SHADES):
        for step in range(_INK_STEPS):
            for light, dark, ink in zip(_PAPER, _SHADE, _INK, strict=True):
                sheet = light + (dark - light) * shade // (_SHADES - 1)
                colours.append(sheet + (ink - sheet) * step // (_INK_STEPS - 1))
    # The last entry is the transparent one, so the palette must be whole.
    return colours + list(_PAPER) * (_TRANSPARENT + 1 - _SHADES * _INK_STEPS)


def _outline(size: tuple[int, int]) -> Image.Image:
    """Return the shape of the paper: teeth above and below, as a tear bar leaves them."""
    width, height = size
    tooth = _TOOTH_DOTS * SCALE
    count = max(1, width // (2 * tooth))
    top = [(width * step // (2 * count), tooth * (step % 2)) for step in range(2 * count + 1)]
    bottom = [(x, height - 1 - y) for x, y in reversed(top)]
    outline = Image.new("L", size, 0)
    ImageDraw.Draw(outline).polygon([*top, *bottom], fill=255)
    return outline
