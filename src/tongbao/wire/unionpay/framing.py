"""What surrounds a message: length, TPDU and header. Spec: UnionPay terminal dialect, 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.framing import FrameSplitter, add_length

TPDU_BYTES: Final = 5
HEADER_BYTES: Final = 6
ENVELOPE_BYTES: Final = TPDU_BYTES + HEADER_BYTES
DEFAULT_TPDU: Final = bytes.fromhex("6000030000")
DEFAULT_HEADER: Final = bytes.fromhex("603100310001")
# A message of every field at its limit stays below this; anything longer is not a terminal.
MAX_FRAME_BYTES: Final = 4096

__all__ = [
    "DEFAULT_HEADER",
    "DEFAULT_TPDU",
    "ENVELOPE_BYTES",
    "HEADER_BYTES",
    "MAX_FRAME_BYTES",
    "TPDU_BYTES",
    "Envelope",
    "FrameSplitter",
    "Header",
    "pack_frame",
    "swap_tpdu",
    "unpack_frame",
]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A frame taken apart. The MAC covers `body` only; its repr shows no body, it may be card data.

    Attributes:
        tpdu: 5 bytes: 60, destination address 2, source address 2.
        header: 6 bytes, see `Header`.
        body: the message from its MTI on.
    """

    tpdu: bytes
    header: bytes
    body: bytes

    def __repr__(self) -> str:
        return f"Envelope(tpdu={self.tpdu.hex()}, header={self.header.hex()}, {len(self.body)} B)"


def pack_frame(tpdu: bytes, header: bytes, body: bytes) -> bytes:
    """Join length, TPDU (5 bytes), header (6 bytes) and message into what is sent.

    Raises ProtocolError when a part has the wrong length. Spec: UnionPay terminal dialect, 1.
    """
    if len(tpdu) != TPDU_BYTES:
        raise ProtocolError("TPDU", 0, "a TPDU has 5 bytes")
    if len(header) != HEADER_BYTES:
        raise ProtocolError("header", TPDU_BYTES, "a header has 6 bytes")
    return add_length(tpdu + header + body)


def unpack_frame(frame: bytes) -> Envelope:
    """Take a frame apart, given without its length prefix.

    Raises ProtocolError when TPDU and header are not whole. Spec: UnionPay terminal dialect, 1.
    """
    if len(frame) < ENVELOPE_BYTES:
        path = "TPDU" if len(frame) < TPDU_BYTES else "header"
        raise ProtocolError(path, len(frame), "the frame ends inside it")
    return Envelope(frame[:TPDU_BYTES], frame[TPDU_BYTES:ENVELOPE_BYTES], frame[ENVELOPE_BYTES:])


def swap_tpdu(tpdu: bytes) -> bytes:
    """Exchange destination and source address, as a reply carries them.

    Spec: UnionPay terminal dialect, 1 (60 0601 0000 is answered with 60 0000 0601).
    """
    return tpdu[:1] + tpdu[3:5] + tpdu[1:3]


@dataclass(frozen=True, slots=True)
class Header:
    """The 12 digits of the message header. Spec: UnionPay terminal dialect, 1.1.

    Attributes:
        application: 2 characters, 60 stripe, 61 chip, 62 and up value-added.
        version: 2 characters, software major version.
        status: terminal status, 0 normal, 1 test.
        requirement: what the host wants the terminal to do next, see `REQUIREMENTS`.
        sub_version: 6 characters, given by the acquirer; hex letters occur.
    """

    application: str
    version: str
    status: str
    requirement: str
    sub_version: str

    def __post_init__(self) -> None:
        lengths = tuple(map(len, self._parts()))
        if lengths != (2, 2, 1, 1, 6) or re.fullmatch("[0-9A-F]{12}", self.text()) is None:
            raise ValueError("a header is 12 hex digits split 2, 2, 1, 1, 6")

    def _parts(self) -> tuple[str, str, str, str, str]:
        return self.application, self.version, self.status, self.requirement, self.sub_version

    @classmethod
    def parse(cls, header: bytes) -> Header:
        """Split 6 header bytes; ProtocolError for any other length."""
        if len(header) != HEADER_BYTES:
            raise ProtocolError("header", 0, "a header has 6 bytes")
        digits = header.hex().upper()
        return cls(digits[:2], digits[2:4], digits[4], digits[5], digits[6:])

    def text(self) -> str:
        """Return the 12 digits."""
        return "".join(self._parts())

    def build(self) -> bytes:
        """Return the 6 bytes."""
        return bytes.fromhex(self.text())
