"""The mark on paper: a coin with a square hole, computed dot by dot, so no picture is stored."""

from __future__ import annotations

from functools import cache
from typing import Final

COIN_SIZE_DOTS: Final = 80

# Distances from the centre in half dots, so that an even-sized coin has a centre.
_OUTER: Final = 79
_RIM_INSIDE: Final = 69
_FACE_OUTSIDE: Final = 63
_HOLE_FRAME: Final = 31
_HOLE: Final = 23


@cache
def coin_raster() -> bytes:
    """Return 80 rows of 10 bytes for the printer's raster command, most significant bit leftmost.

    Spec: ESC/POS, GS v 0
    """
    rows = bytearray()
    for y in range(COIN_SIZE_DOTS):
        bits = 0
        for x in range(COIN_SIZE_DOTS):
            bits = bits << 1 | _is_black(2 * x - COIN_SIZE_DOTS + 1, 2 * y - COIN_SIZE_DOTS + 1)
        rows += bits.to_bytes(COIN_SIZE_DOTS // 8, "big")
    return bytes(rows)


def _is_black(dx: int, dy: int) -> bool:
    """Decide one dot: a rim, a face inside it, and a framed square hole."""
    distance_squared = dx * dx + dy * dy
    side = max(abs(dx), abs(dy))
    if side <= _HOLE:
        return False
    if side <= _HOLE_FRAME:
        return True
    if distance_squared <= _FACE_OUTSIDE**2:
        return False
    return distance_squared <= _OUTER**2
