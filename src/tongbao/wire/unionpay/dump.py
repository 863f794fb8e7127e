"""A message as it is found in traces: with length, TPDU and header, or with less around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.framing import LENGTH_BYTES, add_length
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES, HEADER_BYTES, TPDU_BYTES
from tongbao.wire.unionpay.table import UNIONPAY

WITH_LENGTH: Final = "2-byte length + TPDU + 6-byte header"
WITH_TPDU: Final = "TPDU + 6-byte header"
WITH_HEADER: Final = "6-byte header"
BARE: Final = "bare message"
WITH_PREFIX: Final = "vendor prefix + TPDU + 6-byte header"
FRAMINGS: Final = (WITH_LENGTH, WITH_TPDU, BARE, WITH_HEADER, WITH_PREFIX)

_TPDU_MARK: Final = 0x60
_MAX_PREFIX_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Dump:
    """A decoded message and what stood around it.

    Attributes:
        framing: one of `FRAMINGS`.
        message: the decoded message.
        tpdu: 5 bytes, b"" without one.
        header: 6 bytes, b"" without one.
        prefix: what a vendor put before the TPDU, with `WITH_PREFIX` only.
    """

    framing: str
    message: Message
    tpdu: bytes = b""
    header: bytes = b""
    prefix: bytes = b""

    def build(self) -> bytes:
        """Return the bytes; the exact inverse of `parse_dump`.

        Raises ProtocolError when a part has the wrong length or the message does not encode.
        """
        has_tpdu = self.framing in (WITH_LENGTH, WITH_TPDU, WITH_PREFIX)
        has_header = has_tpdu or self.framing == WITH_HEADER
        if self.framing not in FRAMINGS:
            raise ProtocolError("framing", 0, "not one of the known framings")
        if len(self.tpdu) != (TPDU_BYTES if has_tpdu else 0):
            raise ProtocolError("TPDU", 0, "a TPDU has 5 bytes, and this framing decides if any")
        if len(self.header) != (HEADER_BYTES if has_header else 0):
            raise ProtocolError("header", 0, "a header has 6 bytes, and the framing decides if any")
        around = self.prefix + self.tpdu + self.header
        try:
            content = around + UNIONPAY.encode(self.message)
        except ProtocolError as error:
            shift = len(around) + (LENGTH_BYTES if self.framing == WITH_LENGTH else 0)
            raise error.shifted(shift) from None
        return add_length(content) if self.framing == WITH_LENGTH else content


def parse_dump(data: bytes) -> Dump:
    """Find out how a message is framed and decode it.

    Raises ProtocolError with offsets in `data`; when several framings are possible and none
    decodes, the error is that of the likeliest. Spec: UnionPay terminal dialect, 1.
    """
    first_error: ProtocolError | None = None
    for framing, at in _candidates(data):
        body_at = at + _size_around(framing)
        try:
            message = UNIONPAY.decode(data[body_at:])
        except ProtocolError as error:
            first_error = first_error or error.shifted(body_at)
            continue
        tpdu_at = at + LENGTH_BYTES if framing == WITH_LENGTH else at
        has_tpdu = framing not in (BARE, WITH_HEADER)
        header_at = tpdu_at + TPDU_BYTES if has_tpdu else tpdu_at
        return Dump(
            framing,
            message,
            tpdu=data[tpdu_at:header_at],
            header=data[header_at:body_at],
            prefix=data[:at],
        )
    raise first_error or _framing_error(data)


def _size_around(framing: str) -> int:
    return {
        WITH_LENGTH: LENGTH_BYTES + ENVELOPE_BYTES,
        WITH_TPDU: ENVELOPE_BYTES,
        WITH_PREFIX: ENVELOPE_BYTES,
        WITH_HEADER: HEADER_BYTES,
        BARE: 0,
    }[framing]


def _has_mti(data: bytes, at: int) -> bool:
    """Whether two bytes look like a message type of version 0, class 1 to 8."""
    if len(data) < at + 2:
        return False
    return 1 <= data[at] <= 8 and data[at + 1] >> 4 <= 9 and data[at + 1] & 15 <= 5


def _declared(data: bytes) -> int:
    return int.from_bytes(data[:LENGTH_BYTES], "big")


def _candidates(data: bytes) -> list[tuple[str, int]]:
    """Return framings that the outline of the data allows, likeliest first, with their start."""
    found = []
    if _declared(data) == len(data) - LENGTH_BYTES and _has_mti(
        data, LENGTH_BYTES + ENVELOPE_BYTES
    ):
        found.append((WITH_LENGTH, 0))
    begins_with_6 = bool(data) and data[0] >> 4 == _TPDU_MARK >> 4
    if begins_with_6 and _has_mti(data, ENVELOPE_BYTES):
        found.append((WITH_TPDU, 0))
    if _has_mti(data, 0):
        found.append((BARE, 0))
    if begins_with_6 and _has_mti(data, HEADER_BYTES):
        found.append((WITH_HEADER, 0))
    if not found:
        found = _prefixed(data)
    return found


def _prefixed(data: bytes) -> list[tuple[str, int]]:
    """Look for a TPDU after a length and printable text, as one vendor writes it."""
    for at in range(1, min(len(data), _MAX_PREFIX_BYTES)):
        text = data[min(at, LENGTH_BYTES) : at]
        if any(not 0x20 <= byte < 0x7F for byte in text):
            break
        is_wrong_length = at == LENGTH_BYTES
        if not is_wrong_length and data[at] == _TPDU_MARK and _has_mti(data, at + ENVELOPE_BYTES):
            return [(WITH_PREFIX, at)]
    return []


def _framing_error(data: bytes) -> ProtocolError:
    if len(data) < LENGTH_BYTES:
        return ProtocolError("length", 0, "there is no whole message")
    is_framed = data[LENGTH_BYTES : LENGTH_BYTES + 1] == bytes((_TPDU_MARK,))
    if is_framed and _declared(data) != len(data) - LENGTH_BYTES:
        follows = len(data) - LENGTH_BYTES
        return ProtocolError("length", 0, f"it does not say {follows}, the bytes that follow")
    return ProtocolError("MTI", 0, "no message type where a length, a TPDU or nothing precedes it")
