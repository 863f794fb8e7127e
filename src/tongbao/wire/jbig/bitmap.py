"""A picture of one bit a pixel."""

from __future__ import annotations

from dataclasses import dataclass

SIDE_MAX = 65_535


@dataclass(frozen=True, slots=True)
class Bitmap:
    """One plane of pixels, 1 is black; its repr shows the size only: it may be a signature.

    Attributes:
        width: pixels in a row, 1 to 65,535.
        height: rows, 1 to 65,535.
        rows: the rows from the top, each padded to whole bytes, leftmost pixel in the highest bit.
            Pad bits are made 0.
    """

    width: int
    height: int
    rows: bytes

    def __post_init__(self) -> None:
        """Refuse a size that is none or that the rows do not have; ValueError."""
        if not (1 <= self.width <= SIDE_MAX and 1 <= self.height <= SIDE_MAX):
            raise ValueError(f"a bitmap has 1 to {SIDE_MAX} pixels on a side")
        if len(self.rows) != self.row_bytes * self.height:
            raise ValueError(f"the rows must have {self.row_bytes * self.height} bytes")
        pad = -self.width % 8
        size = self.row_bytes
        if pad and any(self.rows[end - 1] & ((1 << pad) - 1) for end in self._ends()):
            cleared = bytearray(self.rows)
            for end in range(size, len(cleared) + 1, size):
                cleared[end - 1] &= 0xFF << pad & 0xFF
            object.__setattr__(self, "rows", bytes(cleared))

    def _ends(self) -> range:
        return range(self.row_bytes, len(self.rows) + 1, self.row_bytes)

    @property
    def row_bytes(self) -> int:
        """Bytes that a row takes."""
        return (self.width + 7) // 8

    def __repr__(self) -> str:
        return f"Bitmap({self.width}x{self.height})"

    def row(self, number: int) -> list[int]:
        """Return one row, 0 at the top, as a list of pixels."""
        start = number * self.row_bytes
        value = int.from_bytes(self.rows[start : start + self.row_bytes], "big")
        text = f"{value:0{self.row_bytes * 8}b}"
        return [1 if pixel == "1" else 0 for pixel in text[: self.width]]

    @classmethod
    def of_rows(cls, rows: list[list[int]]) -> Bitmap:
        """Make one from lists of pixels of equal length."""
        width = len(rows[0])
        size = (width + 7) // 8
        packed = [
            int("".join(map(str, row)).ljust(size * 8, "0"), 2).to_bytes(size, "big")
            for row in rows
        ]
        return cls(width, len(rows), b"".join(packed))


def fitted(picture: Bitmap, width_max: int, height_max: int) -> Bitmap:
    """Return a picture made smaller, in proportion, until it fits; a thin line stays a line.

    A dot is black when any pixel is black that it stands for.

    Raises: ValueError for a size below 1.
    Spec: our own.
    """
    if width_max < 1 or height_max < 1:
        raise ValueError("a picture has at least one dot on a side")
    if picture.width <= width_max and picture.height <= height_max:
        return picture
    # The narrower of both ratios, as a fraction of whole numbers.
    top, bottom = width_max, picture.width
    if height_max * picture.width < width_max * picture.height:
        top, bottom = height_max, picture.height
    width = max(1, picture.width * top // bottom)
    height = max(1, picture.height * top // bottom)
    drawn = [[0] * width for _ in range(height)]
    for number in range(picture.height):
        row = drawn[min(number * top // bottom, height - 1)]
        for place, pixel in enumerate(picture.row(number)):
            if pixel:
                row[min(place * top // bottom, width - 1)] = 1
    return Bitmap.of_rows(drawn)
