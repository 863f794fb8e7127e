"""Builds a print job step by step: readable calls in, ESC/POS bytes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

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
    is_control,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class EscPosBuilder:
    """Collects operations; every method returns the builder, so that calls can be chained."""

    def __init__(self) -> None:
        self._operations: list[Operation] = []

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What was collected so far."""
        return tuple(self._operations)

    def encode(self) -> bytes:
        """Return the command bytes of all that was collected.

        Spec: ESC/POS subset of `tongbao.wire.escpos.operations`
        """
        return encode_operations(self._operations)

    def initialise(self) -> Self:
        """Start from the printer's own settings."""
        return self._add(Initialise())

    def density(self, level: int) -> Self:
        """Print lighter (−6) to darker (8)."""
        return self._add(Density(level))

    def align(self, alignment: Alignment) -> Self:
        """Align the lines that follow."""
        return self._add(Align(alignment))

    def bold(self, *, on: bool) -> Self:
        """Switch emphasised print."""
        return self._add(Bold(on))

    def inverse(self, *, on: bool) -> Self:
        """Switch white-on-black print."""
        return self._add(Inverse(on))

    def size(self, width: int = 1, height: int = 1) -> Self:
        """Magnify what follows, 1 to 8 times in each direction."""
        return self._add(Size(width, height))

    def line_spacing(self, dots: int | None = None) -> Self:
        """Set the line distance in dots, or the printer's own."""
        return self._add(LineSpacing(dots))

    def text(self, value: str) -> Self:
        """Add text; Chinese mode is switched on round it when it is not plain ASCII.

        Control characters are dropped, so that a name from elsewhere can never become a command.
        Spec: ESC/POS, FS & and FS .; GB 18030-2005
        """
        clean = "".join(
            character
            for character in value
            if not is_control(character) and not "\ud800" <= character <= "\udfff"
        )
        if not clean:
            return self
        if clean.isascii():
            return self._add(Text(clean))
        return self._add(ChineseMode(on=True), Text(clean), ChineseMode(on=False))

    def line(self, value: str = "") -> Self:
        """Add text and end the line."""
        self.text(value)
        return self._add(LineFeed())

    def feed(self, dots: int) -> Self:
        """Move the paper by 0 to 255 dots."""
        return self._add(Feed(dots))

    def qr(
        self, data: bytes, module_dots: int = 6, correction: QrCorrection = QrCorrection.M
    ) -> Self:
        """Let the printer draw a QR code."""
        return self._add(QrCode(data, module_dots, correction))

    def code128(self, data: str, height_dots: int = 64, module_dots: int = 2) -> Self:
        """Let the printer draw a Code 128 bar code."""
        return self._add(Code128(data, height_dots, module_dots))

    def raster(self, width_bytes: int, data: bytes) -> Self:
        """Print a picture given as rows of bits."""
        return self._add(Raster(width_bytes, data))

    def drawer_pulse(self, connector: int = 0) -> Self:
        """Open the cash drawer."""
        return self._add(DrawerPulse(connector))

    def cut(self, feed_dots: int = 96, *, partial: bool = True) -> Self:
        """Feed past the knife and cut."""
        return self._add(Cut(feed_dots, partial))

    def _add(self, *operations: Operation) -> Self:
        self._operations.extend(operations)
        return self


def encode_operations(operations: Iterable[Operation]) -> bytes:
    """Return the command bytes of the operations in their order.

    Spec: ESC/POS subset of `tongbao.wire.escpos.operations`
    """
    return b"".join(operation.encode() for operation in operations)
