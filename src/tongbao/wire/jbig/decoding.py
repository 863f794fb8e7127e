"""From the bytes that travelled to a bitmap; time and memory are bounded by the pixels allowed."""

from __future__ import annotations

from typing import Final

from tongbao.wire.jbig.bitmap import SIDE_MAX, Bitmap
from tongbao.wire.jbig.entity import (
    TWO_LINE_OPTION,
    TYPICAL_OPTION,
    Header,
    Stripe,
    parse_stripes,
    refusal,
)
from tongbao.wire.jbig.qm_coder import CONTEXTS, Decoder
from tongbao.wire.jbig.templates import THREE_LINES, TWO_LINES

PIXELS_MAX: Final = 1 << 18
"""More than a signature pad of 800 by 300; decoding so many takes about half a second."""


def decode(data: bytes, *, pixels_max: int = PIXELS_MAX) -> Bitmap:
    """Read a bi-level image entity of one plane and one layer.

    The size is checked before the first pixel: a few bytes may claim any size, and all white.

    Raises: ProtocolError with the byte that does not fit, byte 4 for a picture of more than
    `pixels_max` pixels.
    Spec: ITU-T T.82, 6.
    """
    header = Header.parse(data)
    height, stripes = parse_stripes(data, header)
    if header.width > SIDE_MAX or height > SIDE_MAX or header.width * height > pixels_max:
        raise refusal(4, "the picture has more pixels than are allowed here")
    if len(stripes) != -(-height // header.stripe_rows):
        raise refusal(len(data), "the number of stripes does not fit the height")
    decoding = _Decoding(header)
    rows: list[list[int]] = []
    for stripe in stripes:
        count = min(header.stripe_rows, height - len(rows))
        rows += decoding.stripe(stripe, count)
    return Bitmap.of_rows(rows)


class _Decoding:
    """What a stripe inherits from the one before it, until a reset."""

    def __init__(self, header: Header) -> None:
        self._width = header.width
        self._template = TWO_LINES if header.options & TWO_LINE_OPTION else THREE_LINES
        self._predicts = bool(header.options & TYPICAL_OPTION)
        self._reset()

    def _reset(self) -> None:
        self._states = [0] * CONTEXTS
        self._second = self._first = [0] * self._width
        self._was_typical = False
        self._offset = 0

    def stripe(self, stripe: Stripe, count: int) -> list[list[int]]:
        """Return the rows of one stripe."""
        coder = Decoder(self._states, stripe.data)
        moves = {move.row: move.offset for move in stripe.moves}
        rows = []
        for number in range(count):
            self._offset = moves.get(number, self._offset)
            row = self._row(coder)
            self._second, self._first = self._first, row
            rows.append(row)
        if stripe.resets:
            self._reset()
        return rows

    def _row(self, coder: Decoder) -> list[int]:
        template = self._template
        if self._predicts:
            is_as_before = coder.decode_bit(template.typical) == 1
            self._was_typical = self._was_typical if is_as_before else not self._was_typical
            if self._was_typical:
                return self._first
        above = template.above(self._second, self._first, moved=self._offset > 0)
        return coder.decode_row(above, template.recent_bits, self._offset)
