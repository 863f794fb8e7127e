"""Reads the bytes of a print job back into typed operations.

Strict on purpose: a command outside the subset is an error, never skipped, because a renderer that
skips would show a slip that the paper does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from tongbao.domain.errors import ProtocolError
from tongbao.wire.escpos.operations import (
    Align,
    Alignment,
    Bold,
    ChineseMode,
    Code128,
    Cut,
    Density,
    DrawerPulse,
    Feed,
    Initialise,
    Inverse,
    LineFeed,
    LineSpacing,
    Operation,
    QrCode,
    QrCorrection,
    Raster,
    Size,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

JOB_MAX_BYTES: Final = 1_000_000


def parse(data: bytes) -> tuple[Operation, ...]:
    """Return the operations of a print job of at most 1,000,000 bytes.

    Raises `ProtocolError` with the byte offset of the command that is unknown, cut short or out of
    range; nothing of the text is in the error.
    Spec: ESC/POS subset of `tongbao.wire.escpos.operations`
    """
    if len(data) > JOB_MAX_BYTES:
        raise ProtocolError("ESC/POS", JOB_MAX_BYTES, "print job is longer than 1,000,000 bytes")
    reader = _Reader(data)
    operations: list[Operation] = []
    while reader.offset < len(data):
        operations.append(reader.operation())
    if reader.chinese:
        raise ProtocolError("FS &", len(data), "Chinese mode is still on at the end")
    return tuple(operations)


def parse_job(data: bytes) -> tuple[Operation, ...]:
    """Return the operations of a whole print job: it begins with a reset and ends with a cut.

    Raises `ProtocolError` as `parse` does, and for a job whose beginning or end is missing, so that
    every truncation is noticed.
    Spec: ESC/POS subset of `tongbao.wire.escpos.operations`
    """
    operations = parse(data)
    if not operations or not isinstance(operations[0], Initialise):
        raise ProtocolError("ESC @", 0, "a print job begins with a reset")
    if not isinstance(operations[-1], Cut):
        raise ProtocolError("GS V", len(data), "a print job ends with a cut")
    return operations


class _Reader:
    """A cursor over the bytes; `offset` is the next byte, `start` that of the current command."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0
        self.start = 0
        self.chinese = False

    def operation(self) -> Operation:
        self.start = self.offset
        first = self.data[self.offset]
        if first >= 0x20 and first != 0x7F:
            return self._text()
        if first == 0x0A:
            self.offset += 1
            return LineFeed()
        for length in (2, 3):
            command = self.data[self.start : self.start + length]
            read = _COMMANDS.get(command)
            if read is not None:
                self.offset += length
                try:
                    return read(self)
                except ValueError as error:
                    self.fail(command.decode("latin-1"), str(error))
        return self.fail("ESC/POS", "unknown command or cut short")

    def take(self, count: int) -> bytes:
        piece = self.data[self.offset : self.offset + count]
        if len(piece) < count:
            self.fail("ESC/POS", "command is cut short")
        self.offset += count
        return piece

    def byte(self) -> int:
        return self.take(1)[0]

    def flag(self) -> bool:
        value = self.byte()
        if value > 1:
            raise ValueError("switch must be 0 or 1")
        return value == 1

    def expect(self, literal: bytes, rule: str) -> None:
        if self.take(len(literal)) != literal:
            raise ValueError(rule)

    def fail(self, path: str, rule: str) -> NoReturn:
        raise ProtocolError(_printable(path), self.start, rule)

    def _text(self) -> Text:
        end = self.offset
        while end < len(self.data) and self.data[end] >= 0x20 and self.data[end] != 0x7F:
            end += 1
        piece = self.data[self.offset : end]
        if not self.chinese and not piece.isascii():
            self.start += next(index for index, value in enumerate(piece) if value >= 0x80)
            self.fail("text", "byte above 7F outside Chinese mode")
        try:
            text = Text(piece.decode("gb18030"))
        except UnicodeDecodeError as error:
            self.start += error.start
            self.fail("text", "not GB18030")
        except ValueError as error:
            self.fail("text", str(error))
        self.offset = end
        return text


def _chinese(reader: _Reader, on: bool) -> ChineseMode:
    if reader.chinese is on:
        raise ValueError("Chinese mode is already so")
    reader.chinese = on
    return ChineseMode(on)


def _align(reader: _Reader) -> Align:
    return Align(Alignment(reader.byte()))


def _size(reader: _Reader) -> Size:
    value = reader.byte()
    if value & 0x88:
        raise ValueError("size must be 1 to 8 times")
    return Size((value >> 4) + 1, (value & 0x0F) + 1)


def _cut(reader: _Reader) -> Cut:
    form = reader.byte()
    if form not in (65, 66):
        raise ValueError("cut must be form 65 or 66")
    return Cut(reader.byte(), form == 66)


def _drawer(reader: _Reader) -> DrawerPulse:
    connector, on, off = reader.take(3)
    return DrawerPulse(connector, on * 2, off * 2)


def _density(reader: _Reader) -> Density:
    reader.expect(b"\x02\x00\x31", "only function 49, print density, is known")
    return Density(int.from_bytes(reader.take(1), "big", signed=True))


def _qr(reader: _Reader) -> QrCode:
    """Read the five functions in the builder's order; the first command word is read already."""
    reader.expect(b"\x04\x00\x31\x41\x32\x00", "QR code must begin with model 2")
    reader.expect(b"\x1d(k\x03\x00\x31\x43", "QR module size must follow the model")
    module_dots = reader.byte()
    reader.expect(b"\x1d(k\x03\x00\x31\x45", "QR correction must follow the module size")
    correction = QrCorrection(reader.byte())
    reader.expect(b"\x1d(k", "QR data must follow the correction")
    length = int.from_bytes(reader.take(2), "little")
    reader.expect(b"\x31\x50\x30", "QR data must follow the correction")
    data = reader.take(max(length - 3, 0))
    reader.expect(b"\x1d(k\x03\x00\x31\x51\x30", "QR print must follow the data")
    return QrCode(data, module_dots, correction)


def _code128(reader: _Reader) -> Code128:
    """Read height, module width, caption and data; the first command word is read already."""
    height_dots = reader.byte()
    reader.expect(b"\x1dw", "bar code width must follow the height")
    module_dots = reader.byte()
    reader.expect(b"\x1dH", "bar code caption must follow the width")
    caption = reader.byte()
    if caption not in (0, 2):
        raise ValueError("bar code caption must be 0 or 2")
    reader.expect(b"\x1dk\x49", "only Code 128 is known")
    body = reader.take(reader.byte())
    if body[:2] != b"{B":
        raise ValueError("only code set B is known")
    pieces = body[2:].split(b"{{")
    if any(b"{" in piece for piece in pieces):
        raise ValueError("a brace must be written twice")
    if not body.isascii():
        raise ValueError("Code 128 data must be printable ASCII")
    text = "{".join(piece.decode("ascii") for piece in pieces)
    return Code128(text, height_dots, module_dots, caption == 2)


def _raster(reader: _Reader) -> Raster:
    reader.expect(b"\x00", "only pictures of normal size are known")
    width_bytes = int.from_bytes(reader.take(2), "little")
    rows = int.from_bytes(reader.take(2), "little")
    return Raster(width_bytes, reader.take(width_bytes * rows))


_COMMANDS: Final[dict[bytes, Callable[[_Reader], Operation]]] = {
    b"\x1b@": lambda _: Initialise(),
    b"\x1ba": _align,
    b"\x1bE": lambda reader: Bold(reader.flag()),
    b"\x1b2": lambda _: LineSpacing(None),
    b"\x1b3": lambda reader: LineSpacing(reader.byte()),
    b"\x1bJ": lambda reader: Feed(reader.byte()),
    b"\x1bp": _drawer,
    b"\x1c&": lambda reader: _chinese(reader, on=True),
    b"\x1c.": lambda reader: _chinese(reader, on=False),
    b"\x1dB": lambda reader: Inverse(reader.flag()),
    b"\x1d!": _size,
    b"\x1dV": _cut,
    b"\x1d(K": _density,
    b"\x1d(k": _qr,
    b"\x1dh": _code128,
    b"\x1dv0": _raster,
}


def _printable(command: str) -> str:
    names = {"\x1b": "ESC ", "\x1c": "FS ", "\x1d": "GS "}
    return "".join(names.get(character, character) for character in command)
