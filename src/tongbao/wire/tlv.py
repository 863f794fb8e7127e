"""BER-TLV as payment messages use it: a flat list of tag, length and value.

Spec: ISO/IEC 8825-1; EMV 4.3 Book 3, annex B.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tongbao.domain.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class TlvElement:
    """One data object. Its repr shows tag and length only: the value may be card data.

    Attributes:
        tag: upper-case hex, e.g. "9F26".
        value: the bytes, also of a constructed tag.
        length_bytes: bytes the length took on the wire; 0 stands for the shortest form.
    """

    tag: str
    value: bytes
    length_bytes: int = 0

    def __repr__(self) -> str:
        return f"TlvElement({self.tag}, {len(self.value)} B)"


def parse_tlv(data: bytes, path: str = "TLV") -> tuple[TlvElement, ...]:
    """Split a TLV string; `build_tlv` gives the same bytes back.

    Raises ProtocolError with `path` and the byte offset of the element that does not fit.
    """
    elements = []
    at = 0
    while at < len(data):
        start = at
        at = _tag_end(data, at, path)
        tag = data[start:at].hex().upper()
        length, size = _length(data, at, path)
        at += size
        if at + length > len(data):
            raise ProtocolError(path, start, "the value is longer than what follows")
        shortest = _length_size(length)
        elements.append(TlvElement(tag, data[at : at + length], 0 if size == shortest else size))
        at += length
    return tuple(elements)


def _tag_end(data: bytes, at: int, path: str) -> int:
    if data[at] == 0:
        raise ProtocolError(path, at, "a tag does not begin with 00")
    start = at
    if data[at] & 0x1F == 0x1F:
        at += 1
        while at < len(data) and data[at] & 0x80:
            at += 1
    at += 1
    if at > len(data) or at - start > 4:
        raise ProtocolError(path, start, "the tag does not end")
    return at


def _length(data: bytes, at: int, path: str) -> tuple[int, int]:
    if at >= len(data):
        raise ProtocolError(path, at, "the length is missing")
    first = data[at]
    if first < 0x80:
        return first, 1
    count = first & 0x7F
    if not 1 <= count <= 3 or at + 1 + count > len(data):
        raise ProtocolError(path, at, "the length is not one to three whole bytes")
    return int.from_bytes(data[at + 1 : at + 1 + count], "big"), 1 + count


def _length_size(length: int) -> int:
    return 1 if length < 0x80 else 1 + (length.bit_length() + 7) // 8


def build_tlv(elements: Iterable[TlvElement]) -> bytes:
    """Join elements into a TLV string; the exact inverse of `parse_tlv`.

    Raises ProtocolError when a length does not fit its stated number of bytes.
    """
    parts = []
    for element in elements:
        length = len(element.value)
        size = element.length_bytes or _length_size(length)
        if size < _length_size(length) or size > 4:
            raise ProtocolError("TLV", 0, f"length of tag {element.tag} does not fit")
        parts.append(bytes.fromhex(element.tag))
        if size == 1:
            parts.append(bytes((length,)))
        else:
            parts.append(bytes((0x80 | (size - 1),)) + length.to_bytes(size - 1, "big"))
        parts.append(element.value)
    return b"".join(parts)
