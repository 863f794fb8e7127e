"""The QM coder: adaptive binary arithmetic coding. Spec: ITU-T T.82, 6.8.

A context holds one number: twice its row in the probability table, plus the symbol that is more
probable in it. The tables below are by that number, so that a step is a look-up.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

CONTEXTS: Final = 1024

# Spec: ITU-T T.82, table 24 (the same as ITU-T T.81, table D.3): the size of the interval of the
# less probable symbol, the next row after it and after the more probable one, and whether the two
# change places.
_ROWS: Final = (
    (0x5A1D, 1, 1, 1), (0x2586, 14, 2, 0), (0x1114, 16, 3, 0), (0x080B, 18, 4, 0),
    (0x03D8, 20, 5, 0), (0x01DA, 23, 6, 0), (0x00E5, 25, 7, 0), (0x006F, 28, 8, 0),
    (0x0036, 30, 9, 0), (0x001A, 33, 10, 0), (0x000D, 35, 11, 0), (0x0006, 9, 12, 0),
    (0x0003, 10, 13, 0), (0x0001, 12, 13, 0), (0x5A7F, 15, 15, 1), (0x3F25, 36, 16, 0),
    (0x2CF2, 38, 17, 0), (0x207C, 39, 18, 0), (0x17B9, 40, 19, 0), (0x1182, 42, 20, 0),
    (0x0CEF, 43, 21, 0), (0x09A1, 45, 22, 0), (0x072F, 46, 23, 0), (0x055C, 48, 24, 0),
    (0x0406, 49, 25, 0), (0x0303, 51, 26, 0), (0x0240, 52, 27, 0), (0x01B1, 54, 28, 0),
    (0x0144, 56, 29, 0), (0x00F5, 57, 30, 0), (0x00B7, 59, 31, 0), (0x008A, 60, 32, 0),
    (0x0068, 62, 33, 0), (0x004E, 63, 34, 0), (0x003B, 32, 35, 0), (0x002C, 33, 9, 0),
    (0x5AE1, 37, 37, 1), (0x484C, 64, 38, 0), (0x3A0D, 65, 39, 0), (0x2EF1, 67, 40, 0),
    (0x261F, 68, 41, 0), (0x1F33, 69, 42, 0), (0x19A8, 70, 43, 0), (0x1518, 72, 44, 0),
    (0x1177, 73, 45, 0), (0x0E74, 74, 46, 0), (0x0BFB, 75, 47, 0), (0x09F8, 77, 48, 0),
    (0x0861, 78, 49, 0), (0x0706, 79, 50, 0), (0x05CD, 48, 51, 0), (0x04DE, 50, 52, 0),
    (0x040F, 50, 53, 0), (0x0363, 51, 54, 0), (0x02D4, 52, 55, 0), (0x025C, 53, 56, 0),
    (0x01F8, 54, 57, 0), (0x01A4, 55, 58, 0), (0x0160, 56, 59, 0), (0x0125, 57, 60, 0),
    (0x00F6, 58, 61, 0), (0x00CB, 59, 62, 0), (0x00AB, 61, 63, 0), (0x008F, 61, 32, 0),
    (0x5B12, 65, 65, 1), (0x4D04, 80, 66, 0), (0x412C, 81, 67, 0), (0x37D8, 82, 68, 0),
    (0x2FE8, 83, 69, 0), (0x293C, 84, 70, 0), (0x2379, 86, 71, 0), (0x1EDF, 87, 72, 0),
    (0x1AA9, 87, 73, 0), (0x174E, 72, 74, 0), (0x1424, 72, 75, 0), (0x119C, 74, 76, 0),
    (0x0F6B, 74, 77, 0), (0x0D51, 75, 78, 0), (0x0BB6, 77, 79, 0), (0x0A40, 77, 48, 0),
    (0x5832, 80, 81, 1), (0x4D1C, 88, 82, 0), (0x438E, 89, 83, 0), (0x3BDD, 90, 84, 0),
    (0x34EE, 91, 85, 0), (0x2EAE, 92, 86, 0), (0x299A, 93, 87, 0), (0x2516, 86, 71, 0),
    (0x5570, 88, 89, 1), (0x4CA9, 95, 90, 0), (0x44D9, 96, 91, 0), (0x3E22, 97, 92, 0),
    (0x3824, 99, 93, 0), (0x32B4, 99, 94, 0), (0x2E17, 93, 86, 0), (0x56A8, 95, 96, 1),
    (0x4F46, 101, 97, 0), (0x47E5, 102, 98, 0), (0x41CF, 103, 99, 0), (0x3C3D, 104, 100, 0),
    (0x375E, 99, 93, 0), (0x5231, 105, 102, 0), (0x4C0F, 106, 103, 0), (0x4639, 107, 104, 0),
    (0x415E, 103, 99, 0), (0x5627, 105, 106, 1), (0x50E7, 108, 107, 0), (0x4B85, 109, 103, 0),
    (0x5597, 110, 109, 0), (0x504F, 111, 107, 0), (0x5A10, 110, 111, 1), (0x5522, 112, 109, 0),
    (0x59EB, 112, 111, 1),
)  # fmt: skip

_SIZE: Final = tuple(row[0] for row in _ROWS for _ in (0, 1))
_SIZE_SHIFTED: Final = tuple(size << 8 for size in _SIZE)
_AFTER_LESS: Final = tuple(2 * row[1] + (symbol ^ row[3]) for row in _ROWS for symbol in (0, 1))
_AFTER_MORE: Final = tuple(2 * row[2] + symbol for row in _ROWS for symbol in (0, 1))

_WHOLE: Final = 0x1_0000
_HALF: Final = 0x8000
_CODE_MASK: Final = 0x7_FFFF
_CODE_SHIFT: Final = 19
_SPACER_SHIFTS: Final = 11


class Encoder:
    """Encodes pixels into the bytes of one stripe; `states` outlive it for the next stripe."""

    def __init__(self, states: list[int]) -> None:
        self._states = states
        self._size = _WHOLE
        self._code = 0
        self._shifts = _SPACER_SHIFTS
        self._out = bytearray()

    def encode(self, contexts: Iterable[int], pixels: Iterable[int]) -> None:
        """Encode pixels, each in its context. Spec: ITU-T T.82, 6.8.2."""
        states = self._states
        size, code, shifts = self._size, self._code, self._shifts
        for context, pixel in zip(contexts, pixels, strict=True):
            state = states[context]
            less = _SIZE[state]
            size -= less
            if pixel == state & 1:
                if size >= _HALF:
                    continue
                # Where the less probable symbol has the larger part, the two change parts.
                if size < less:
                    code += size
                    size = less
                states[context] = _AFTER_MORE[state]
            else:
                if size >= less:
                    code += size
                    size = less
                states[context] = _AFTER_LESS[state]
            while size < _HALF:
                size <<= 1
                code <<= 1
                shifts -= 1
                if not shifts:
                    self._put(code >> _CODE_SHIFT)
                    code &= _CODE_MASK
                    shifts = 8
        self._size, self._code, self._shifts = size, code, shifts

    def finish(self) -> bytes:
        """Return all bytes, without zeros at the end. Spec: ITU-T T.82, 6.8.2.8."""
        code = (self._size - 1 + self._code) & ~0xFFFF
        if code < self._code:
            code += _HALF
        code <<= self._shifts
        self._put(code >> _CODE_SHIFT)
        self._out.append(code >> 11 & 0xFF)
        return bytes(self._out).rstrip(b"\0")

    def _put(self, byte: int) -> None:
        if byte > 0xFF:
            # The carry runs back over bytes FF; it cannot run out at the front.
            at = len(self._out) - 1
            while self._out[at] == 0xFF:
                self._out[at] = 0
                at -= 1
            self._out[at] += 1
        self._out.append(byte & 0xFF)


class Decoder:
    """Decodes the bytes of one stripe; behind their end there are zeros without end."""

    def __init__(self, states: list[int], data: bytes) -> None:
        self._states = states
        self._data = data
        # Everything is eight bits further left than in the standard: the code register keeps the
        # next byte below its sixteen bits.
        self._size = _WHOLE << 8
        self._code = int.from_bytes(data[:3].ljust(3, b"\0"), "big")
        self._at = 3
        self._shifts = 8

    def decode_bit(self, context: int) -> int:
        """Decode one pixel in a context."""
        return self.decode_row([context], 0, 0)[0]

    def decode_row(self, above: list[int], recent_bits: int, offset: int) -> list[int]:
        """Decode a row. Spec: ITU-T T.82, 6.8.3.

        A pixel's context is `above[x]`, the `recent_bits` pixels to its left in the lowest bits
        and, unless `offset` is 0, the pixel `offset` to its left in the adaptive pixel's bit.
        """
        states, data = self._states, self._data
        size, code, shifts, at = self._size, self._code, self._shifts, self._at
        row: list[int] = []
        recent, mask = 0, (1 << recent_bits) - 1
        for x, known in enumerate(above):
            context = known | recent & mask
            if offset and x >= offset:
                context |= row[x - offset] << recent_bits
            state = states[context]
            less = _SIZE_SHIFTED[state]
            size -= less
            if code < size:
                likely = size >= less
                is_settled = size >= _HALF << 8
            else:
                code -= size
                likely = size < less
                is_settled = False
                size = less
            pixel = state & 1 if likely or is_settled else 1 - (state & 1)
            if not is_settled:
                states[context] = _AFTER_MORE[state] if likely else _AFTER_LESS[state]
            while size < _HALF << 8:
                if not shifts:
                    code |= data[at] if at < len(data) else 0
                    at += 1
                    shifts = 8
                size <<= 1
                code <<= 1
                shifts -= 1
            row.append(pixel)
            recent = recent << 1 | pixel
        self._size, self._code, self._shifts, self._at = size, code, shifts, at
        return row
