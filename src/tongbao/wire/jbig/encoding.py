"""From a bitmap to the bytes that travel: one stripe, three lines, typical prediction."""

from __future__ import annotations

from tongbao.wire.jbig.bitmap import Bitmap
from tongbao.wire.jbig.entity import (
    END_OF_STRIPE,
    ESCAPE,
    TWO_LINE_OPTION,
    TYPICAL_OPTION,
    Header,
    stuffed,
)
from tongbao.wire.jbig.qm_coder import CONTEXTS, Encoder
from tongbao.wire.jbig.templates import THREE_LINES, TWO_LINES, contexts_of


def encode(bitmap: Bitmap, *, options: int = TYPICAL_OPTION, stripe_rows: int = 0) -> bytes:
    """Return the picture as a bi-level image entity of one layer.

    `options` are the option bits of templates and typical prediction; a row that is the one above
    it again, as in the white around a signature, then costs next to nothing. `stripe_rows` 0 makes
    one stripe of the whole.

    Raises: ValueError for another option.
    Spec: ITU-T T.82, 6.2 and 6.5 to 6.8.
    """
    if options & ~(TWO_LINE_OPTION | TYPICAL_OPTION):
        raise ValueError("the options are those of template and typical prediction")
    stripe_rows = stripe_rows or bitmap.height
    parts = [Header(bitmap.width, bitmap.height, stripe_rows, options=options).build()]
    coding = _Coding(bitmap, options)
    for first in range(0, bitmap.height, stripe_rows):
        last = min(first + stripe_rows, bitmap.height)
        parts += [stuffed(coding.stripe(first, last)), bytes((ESCAPE, END_OF_STRIPE))]
    return b"".join(parts)


class _Coding:
    """What a stripe inherits: contexts, the two last rows, whether the last was typical."""

    def __init__(self, bitmap: Bitmap, options: int) -> None:
        self._bitmap = bitmap
        self._template = TWO_LINES if options & TWO_LINE_OPTION else THREE_LINES
        self._predicts = bool(options & TYPICAL_OPTION)
        self._states = [0] * CONTEXTS
        self._second = self._first = [0] * bitmap.width
        self._was_typical = False

    def stripe(self, first: int, last: int) -> bytes:
        """Return the coded bytes of the rows from `first` up to `last`."""
        coder = Encoder(self._states)
        for number in range(first, last):
            row = self._bitmap.row(number)
            is_typical = False
            if self._predicts:
                is_typical = row == self._first
                coder.encode([self._template.typical], [int(is_typical == self._was_typical)])
                self._was_typical = is_typical
            if not is_typical:
                above = self._template.above(self._second, self._first, moved=False)
                coder.encode(contexts_of(self._template, above, row, 0), row)
            self._second, self._first = self._first, row
        return coder.finish()
