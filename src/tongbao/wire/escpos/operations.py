"""The printer operations we use, each a frozen value that knows its own command bytes.

Dots are 1/8 mm (203 dpi heads). Letters are the printer's built-in 12×24 dot font; a Chinese
character takes two letter columns. The manufacturers' programming manuals are the source; where
they differ, the form that Epson and the common Chinese modules share is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

ESC = b"\x1b"
FS = b"\x1c"
GS = b"\x1d"
LF = b"\x0a"

LETTER_WIDTH_DOTS = 12
LETTER_HEIGHT_DOTS = 24
DEFAULT_LINE_SPACING_DOTS = 30

QR_DATA_MAX_BYTES = 1_000
CODE128_DATA_MAX_CHARS = 60
RASTER_MAX_ROWS = 2_303


class Alignment(Enum):
    """Where a line stands on the paper."""

    LEFT = 0
    CENTRE = 1
    RIGHT = 2


class QrCorrection(Enum):
    """How much of a QR code may be lost: 7, 15, 25 or 30 per cent."""

    L = 48
    M = 49
    Q = 50
    H = 51


@dataclass(frozen=True, slots=True)
class Initialise:
    """Forget every setting and empty the line buffer.

    Spec: ESC/POS, ESC @
    """

    def encode(self) -> bytes:
        """Return the two command bytes."""
        return ESC + b"@"


@dataclass(frozen=True, slots=True)
class Align:
    """Align the lines that follow.

    Spec: ESC/POS, ESC a n
    """

    alignment: Alignment

    def encode(self) -> bytes:
        """Return the three command bytes."""
        return ESC + b"a" + bytes([self.alignment.value])


@dataclass(frozen=True, slots=True)
class Bold:
    """Switch emphasised print on or off.

    Spec: ESC/POS, ESC E n
    """

    on: bool

    def encode(self) -> bytes:
        """Return the three command bytes."""
        return ESC + b"E" + bytes([self.on])


@dataclass(frozen=True, slots=True)
class Inverse:
    """Switch white-on-black print on or off.

    Spec: ESC/POS, GS B n
    """

    on: bool

    def encode(self) -> bytes:
        """Return the three command bytes."""
        return GS + b"B" + bytes([self.on])


@dataclass(frozen=True, slots=True)
class Size:
    """Magnify the letters that follow, 1 to 8 times in each direction; Chinese ones too.

    Spec: ESC/POS, GS ! n
    """

    width: int = 1
    height: int = 1

    def __post_init__(self) -> None:
        _require_range("width", self.width, 1, 8)
        _require_range("height", self.height, 1, 8)

    def encode(self) -> bytes:
        """Return the three command bytes."""
        return GS + b"!" + bytes([(self.width - 1) << 4 | (self.height - 1)])


@dataclass(frozen=True, slots=True)
class LineSpacing:
    """Set the distance from one line to the next, 0 to 255 dots; `None` is the printer's own (30).

    Spec: ESC/POS, ESC 3 n and ESC 2
    """

    dots: int | None

    def __post_init__(self) -> None:
        if self.dots is not None:
            _require_range("dots", self.dots, 0, 255)

    def encode(self) -> bytes:
        """Return the two or three command bytes."""
        return ESC + b"2" if self.dots is None else ESC + b"3" + bytes([self.dots])


@dataclass(frozen=True, slots=True)
class ChineseMode:
    """Switch the two- and four-byte characters of GB18030 on or off.

    Spec: ESC/POS, FS & and FS .
    """

    on: bool

    def encode(self) -> bytes:
        """Return the two command bytes."""
        return FS + (b"&" if self.on else b".")


@dataclass(frozen=True, slots=True)
class Text:
    """Characters for the line buffer; anything but ASCII needs `ChineseMode` around it.

    Raises `ValueError` on empty text, control characters and lone surrogates.
    Spec: GB 18030-2005
    """

    value: str

    def __post_init__(self) -> None:
        if not self.value:
            raise ValueError("text is empty")
        if any(is_control(character) for character in self.value):
            raise ValueError("text holds a control character")
        if any("\ud800" <= character <= "\udfff" for character in self.value):
            raise ValueError("text holds a lone surrogate")

    def encode(self) -> bytes:
        """Return the GB18030 bytes: 1, 2 or 4 for each character."""
        return self.value.encode("gb18030")


@dataclass(frozen=True, slots=True)
class LineFeed:
    """Print the line buffer and go to the next line.

    Spec: ESC/POS, LF
    """

    def encode(self) -> bytes:
        """Return the one command byte."""
        return LF


@dataclass(frozen=True, slots=True)
class Feed:
    """Print the line buffer and move the paper by 0 to 255 dots.

    Spec: ESC/POS, ESC J n
    """

    dots: int

    def __post_init__(self) -> None:
        _require_range("dots", self.dots, 0, 255)

    def encode(self) -> bytes:
        """Return the three command bytes."""
        return ESC + b"J" + bytes([self.dots])


@dataclass(frozen=True, slots=True)
class Cut:
    """Feed 0 to 255 dots past the knife and cut, leaving one point when `partial`.

    Spec: ESC/POS, GS V 65 n and GS V 66 n
    """

    feed_dots: int = 0
    partial: bool = True

    def __post_init__(self) -> None:
        _require_range("feed_dots", self.feed_dots, 0, 255)

    def encode(self) -> bytes:
        """Return the four command bytes."""
        return GS + b"V" + (b"B" if self.partial else b"A") + bytes([self.feed_dots])


@dataclass(frozen=True, slots=True)
class DrawerPulse:
    """Open the cash drawer on connector pin 2 (0) or 5 (1); times are even, 2 to 510 ms.

    Spec: ESC/POS, ESC p m t1 t2
    """

    connector: int = 0
    on_ms: int = 50
    off_ms: int = 500

    def __post_init__(self) -> None:
        _require_range("connector", self.connector, 0, 1)
        for name, value in (("on_ms", self.on_ms), ("off_ms", self.off_ms)):
            _require_range(name, value, 2, 510)
            if value % 2:
                raise ValueError(f"{name} must be even: the printer counts in steps of 2 ms")

    def encode(self) -> bytes:
        """Return the five command bytes."""
        return ESC + b"p" + bytes([self.connector, self.on_ms // 2, self.off_ms // 2])


@dataclass(frozen=True, slots=True)
class Density:
    """Set how dark the head prints: 0 is the printer's own, −6 lightest, 8 darkest.

    Spec: ESC/POS, GS ( K function 49
    """

    level: int

    def __post_init__(self) -> None:
        _require_range("level", self.level, -6, 8)

    def encode(self) -> bytes:
        """Return the seven command bytes."""
        return GS + b"(K\x02\x00\x31" + bytes([self.level & 0xFF])


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code (model 2) of 1 to 1,000 bytes, drawn by the printer itself, 1 to 16 dots a module.

    Spec: ESC/POS, GS ( k functions 165, 167, 169, 180, 181; ISO/IEC 18004
    """

    data: bytes
    module_dots: int = 6
    correction: QrCorrection = QrCorrection.M

    def __post_init__(self) -> None:
        _require_range("QR data length", len(self.data), 1, QR_DATA_MAX_BYTES)
        _require_range("module_dots", self.module_dots, 1, 16)

    def encode(self) -> bytes:
        """Return the five commands: model, module size, correction, store, print."""
        return (
            _qr_command(65, b"\x32\x00")
            + _qr_command(67, bytes([self.module_dots]))
            + _qr_command(69, bytes([self.correction.value]))
            + _qr_command(80, b"\x30" + self.data)
            + _qr_command(81, b"\x30")
        )


@dataclass(frozen=True, slots=True)
class Code128:
    """A Code 128 bar code of 1 to 60 printable ASCII characters (code set B).

    `height_dots` 1 to 255, `module_dots` 2 to 6; `caption` prints the characters below.
    Spec: ESC/POS, GS h, GS w, GS H, GS k 73; ISO/IEC 15417
    """

    data: str
    height_dots: int = 64
    module_dots: int = 2
    caption: bool = False

    def __post_init__(self) -> None:
        _require_range("Code 128 length", len(self.data), 1, CODE128_DATA_MAX_CHARS)
        _require_range("height_dots", self.height_dots, 1, 255)
        _require_range("module_dots", self.module_dots, 2, 6)
        if not all(" " <= character <= "~" for character in self.data):
            raise ValueError("Code 128 data must be printable ASCII")

    def encode(self) -> bytes:
        """Return the four commands: height, module width, caption, print; `{` is written twice."""
        body = b"{B" + self.data.replace("{", "{{").encode("ascii")
        return (
            GS + b"h" + bytes([self.height_dots])
            + GS + b"w" + bytes([self.module_dots])
            + GS + b"H" + (b"\x02" if self.caption else b"\x00")
            + GS + b"k\x49" + bytes([len(body)]) + body
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Raster:
    """A black-and-white picture: rows of `width_bytes` (1 to 128), most significant bit leftmost.

    `data` holds 1 to 2,303 whole rows; a set bit is black.
    Spec: ESC/POS, GS v 0
    """

    width_bytes: int
    data: bytes

    def __post_init__(self) -> None:
        _require_range("width_bytes", self.width_bytes, 1, 128)
        if len(self.data) % self.width_bytes:
            raise ValueError("raster data must be whole rows")
        _require_range("raster rows", self.rows, 1, RASTER_MAX_ROWS)

    @property
    def rows(self) -> int:
        """The height in dots."""
        return len(self.data) // self.width_bytes

    def encode(self) -> bytes:
        """Return the eight command bytes and the rows."""
        sizes = self.width_bytes.to_bytes(2, "little") + self.rows.to_bytes(2, "little")
        return GS + b"v0\x00" + sizes + self.data


Operation = (
    Initialise
    | Align
    | Bold
    | Inverse
    | Size
    | LineSpacing
    | ChineseMode
    | Text
    | LineFeed
    | Feed
    | Cut
    | DrawerPulse
    | Density
    | QrCode
    | Code128
    | Raster
)


def columns(text: str) -> int:
    """Return the width of `text` in letter columns: ASCII takes 1, every other character 2.

    A Chinese printer draws each two- or four-byte code in a full cell, also quotation marks and
    Greek letters, whatever Unicode says about their width.
    Spec: GB 18030-2005
    """
    return sum(1 if character < "\x80" else 2 for character in text)


def is_control(character: str) -> bool:
    """Return whether a printer would take the character for a command.

    Spec: ISO/IEC 646, control characters and DEL; ISO/IEC 6429, C1
    """
    return character < " " or "\x7f" <= character <= "\x9f"


def _qr_command(function: int, parameters: bytes) -> bytes:
    length = len(parameters) + 2
    return GS + b"(k" + length.to_bytes(2, "little") + b"\x31" + bytes([function]) + parameters


def _require_range(name: str, value: int, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise ValueError(f"{name} must be {lowest} to {highest}, not {value}")
