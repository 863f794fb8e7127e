"""The whole picture of ITU-T T.82, 7.2.1, in the three ways that have one layer; run it by hand.

    python -m tests.wire.jbig.standard_picture

It has four million pixels and takes a minute, so it is no part of the suite. The standard gives the
length of each result, which a single wrong context would change.
"""

from __future__ import annotations

from typing import NamedTuple

from tongbao.wire.jbig import Bitmap, decode, encode
from tongbao.wire.jbig.entity import (
    ADAPTIVE_MOVE,
    END_OF_STRIPE,
    ESCAPE,
    TWO_LINE_OPTION,
    TYPICAL_OPTION,
    Header,
    stuffed,
)
from tongbao.wire.jbig.qm_coder import CONTEXTS, Encoder
from tongbao.wire.jbig.templates import THREE_LINES, contexts_of

WIDTH, HEIGHT, BLACK = 1960, 1951, 861_965
STRIPE_ROWS, OFFSET, MOVE_AT = 128, 8, 1152
LENGTH_OF_THREE_LINES, LENGTH_OF_TWO_LINES, LENGTH_WITH_A_MOVE = 317_384, 317_132, 253_653


class Size(NamedTuple):
    """How large the picture is, and from which rows there is noise, first new, then repeated."""

    width: int = WIDTH
    height: int = HEIGHT
    noise_from: int = 192
    repeats_from: int = 1023


def picture(size: Size = Size()) -> list[list[int]]:  # noqa: B008 - a frozen value
    """Return the rows of the artificial picture: white, noise, then noise with a period of 8."""
    register, last = 1, [0] * 8
    rows = []
    for y in range(size.height):
        row = [0] * size.width
        for x in range(size.width if y >= size.noise_from else 0):
            if y < size.repeats_from or x >> 3 & 3 == 0:
                taps = register ^ register >> 2 ^ register >> 11 ^ register >> 15
                register = (register << 1 | taps & 1) & 0xFFFF_FFFF
                last[x & 7] = int(register & 3 == 0)
            row[x] = last[x & 7]
        rows.append(row)
    return rows


def encode_with_a_move(rows: list[list[int]]) -> bytes:
    """Encode in stripes, with typical prediction, the adaptive pixel moved where it first pays."""
    states = [0] * CONTEXTS
    second = first = [0] * WIDTH
    was_typical, offset = False, 0
    parts = [Header(WIDTH, HEIGHT, STRIPE_ROWS, OFFSET, TYPICAL_OPTION).build()]
    for top in range(0, HEIGHT, STRIPE_ROWS):
        coder = Encoder(states)
        if top == MOVE_AT:
            offset = OFFSET
            parts.append(bytes((ESCAPE, ADAPTIVE_MOVE, 0, 0, 0, 0, offset, 0)))
        for row in rows[top : top + STRIPE_ROWS]:
            is_typical = row == first
            coder.encode([THREE_LINES.typical], [int(is_typical == was_typical)])
            was_typical = is_typical
            if not is_typical:
                above = THREE_LINES.above(second, first, moved=offset > 0)
                coder.encode(contexts_of(THREE_LINES, above, row, offset), row)
            second, first = first, row
        parts += [stuffed(coder.finish()), bytes((ESCAPE, END_OF_STRIPE))]
    return b"".join(parts)


def main() -> None:
    """Compare the three lengths and decode each again."""
    rows = picture()
    assert sum(map(sum, rows)) == BLACK
    bitmap = Bitmap.of_rows(rows)
    for data, length in (
        (encode(bitmap, options=0), LENGTH_OF_THREE_LINES),
        (encode(bitmap, options=TWO_LINE_OPTION), LENGTH_OF_TWO_LINES),
        (encode_with_a_move(rows), LENGTH_WITH_A_MOVE),
    ):
        assert len(data) == length
        assert decode(data, pixels_max=WIDTH * HEIGHT) == bitmap


if __name__ == "__main__":
    main()
