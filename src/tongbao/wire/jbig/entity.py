"""The bi-level image entity: header, marker segments, stuffing. Spec: ITU-T T.82, 6.2 and 6.6."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError

HEADER_BYTES: Final = 20
TWO_LINE_OPTION: Final = 0x40
VARIABLE_LENGTH_OPTION: Final = 0x20
TYPICAL_OPTION: Final = 0x08
_PRIVATE_TABLE_OPTION: Final = 0x02
_KNOWN_OPTIONS: Final = 0x7F
_KNOWN_ORDERS: Final = 0x0F
_OFFSET_MAX: Final = 127

ESCAPE: Final = 0xFF
STUFF: Final = 0x00
END_OF_STRIPE: Final = 0x02
END_WITH_RESET: Final = 0x03
NEW_LENGTH: Final = 0x05
ADAPTIVE_MOVE: Final = 0x06
COMMENT: Final = 0x07


def refusal(at: int, rule: str) -> ProtocolError:
    """Return the error for bytes that are no JBIG picture or one that is not read here."""
    return ProtocolError("JBIG", at, rule)


@dataclass(frozen=True, slots=True)
class Header:
    """The fixed part in front.

    Attributes:
        width: pixels in a row.
        height: rows; with VARIABLE_LENGTH_OPTION at most so many.
        stripe_rows: rows in a stripe; the last one may have fewer.
        offset_max: how far left the adaptive pixel may move.
        options: the option bits.
    """

    width: int
    height: int
    stripe_rows: int
    offset_max: int = 0
    options: int = 0

    def build(self) -> bytes:
        """Return 20 bytes. Spec: ITU-T T.82, 6.6.2."""
        numbers = (self.width, self.height, self.stripe_rows)
        head = b"\x00\x00\x01\x00" + b"".join(number.to_bytes(4, "big") for number in numbers)
        return head + bytes((self.offset_max, 0, 0, self.options))

    @classmethod
    def parse(cls, data: bytes) -> Header:
        """Read 20 bytes; ProtocolError for what is no header or asks for more than one layer."""
        if len(data) < HEADER_BYTES:
            raise refusal(0, f"a header has {HEADER_BYTES} bytes")
        if data[0] or data[1]:
            raise refusal(0, "only one resolution layer is read")
        if data[2] != 1 or data[3]:
            raise refusal(2, "only one plane is read")
        width, height, stripe_rows = (int.from_bytes(data[at : at + 4], "big") for at in (4, 8, 12))
        if not (width and height and stripe_rows):
            raise refusal(4, "no side and no stripe may be 0")
        if data[16] > _OFFSET_MAX:
            raise refusal(16, "the adaptive pixel moves up to 127 to the left")
        if data[18] & ~_KNOWN_ORDERS or data[19] & ~_KNOWN_OPTIONS:
            raise refusal(18, "an unknown order or option")
        if data[19] & _PRIVATE_TABLE_OPTION:
            raise refusal(19, "no table of a sender's own is read")
        return cls(width, height, stripe_rows, data[16], data[19])


@dataclass(frozen=True, slots=True)
class Move:
    """A move of the adaptive pixel: from this row of the stripe on it stands so far to the left."""

    row: int
    offset: int


@dataclass(frozen=True, slots=True)
class Stripe:
    """One stripe: its moves, its coded bytes, and whether everything learned is forgotten after."""

    data: bytes
    moves: tuple[Move, ...] = ()
    resets: bool = False


def stuffed(data: bytes) -> bytes:
    """Return coded bytes as they travel. Spec: ITU-T T.82, 6.6.3."""
    return data.replace(b"\xff", b"\xff\x00")


def parse_stripes(data: bytes, header: Header) -> tuple[int, list[Stripe]]:
    """Cut what follows the header into stripes; return the height, which may have become less.

    Raises: ProtocolError for an unknown marker, a stripe without an end or a height that grows.
    Spec: ITU-T T.82, 6.2.
    """
    at = HEADER_BYTES
    height = header.height
    stripes: list[Stripe] = []
    moves: list[Move] = []
    while at < len(data):
        marker = data[at + 1] if data[at] == ESCAPE and at + 1 < len(data) else STUFF
        if marker == COMMENT:
            at = _end(data, at, 6 + int.from_bytes(data[at + 2 : at + 6], "big"))
        elif marker == ADAPTIVE_MOVE:
            end = _end(data, at, 8)
            moves.append(_move(data, at, header))
            at = end
        elif marker == NEW_LENGTH:
            end = _end(data, at, 6)
            height = _new_height(data, at, header, height)
            at = end
        else:
            content, at = _stripe(data, at)
            stripes.append(Stripe(content, tuple(moves), data[at - 1] == END_WITH_RESET))
            moves = []
    return height, stripes


def _end(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise refusal(at, "the data ends inside a marker segment")
    return at + size


def _new_height(data: bytes, at: int, header: Header, height: int) -> int:
    new = int.from_bytes(data[at + 2 : at + 6], "big")
    if not header.options & VARIABLE_LENGTH_OPTION or height != header.height:
        raise refusal(at, "the height may change once, where the header says so")
    if not 0 < new <= height:
        raise refusal(at, "the height may only become less")
    return new


def _move(data: bytes, at: int, header: Header) -> Move:
    row = int.from_bytes(data[at + 2 : at + 6], "big")
    offset, up = data[at + 6], data[at + 7]
    nearest = 5 if header.options & TWO_LINE_OPTION else 3
    # An offset of 0 brings the pixel home.
    if up or offset > header.offset_max or 0 < offset < nearest:
        raise refusal(at, "the adaptive pixel stands in its row, left of the template")
    return Move(row, offset)


def _stripe(data: bytes, at: int) -> tuple[bytes, int]:
    """Return the coded bytes of a stripe, unstuffed, and where its marker ends."""
    start = at
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            raise refusal(start, "the stripe does not end")
        marker = data[at + 1]
        if marker in (END_OF_STRIPE, END_WITH_RESET):
            return data[start:at].replace(b"\xff\x00", b"\xff"), at + 2
        if marker != STUFF:
            raise refusal(at, "an unknown marker, or one inside a stripe")
        at += 2
