"""Lists of tag, decimal length and value in characters, as several fields hold them.

Spec: UnionPay terminal dialect, 2.5 and 2.8.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tongbao.domain.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class TaggedValue:
    """One value under its tag. Its repr shows no value: it may be a code or a PIN block."""

    tag: str
    value: bytes

    def __repr__(self) -> str:
        return f"TaggedValue({self.tag}, {len(self.value)} B)"


def parse_tagged(
    data: bytes, tag_width: int, length_width: int, path: str
) -> tuple[TaggedValue, ...]:
    """Split tag (ASCII), length (ASCII decimal digits, counts bytes) and value, repeated.

    Raises ProtocolError with the byte offset of the element that does not fit.
    """
    values = []
    at = 0
    while at < len(data):
        head = data[at : at + tag_width + length_width]
        tag, length = head[:tag_width], head[tag_width:]
        if not (tag.isalnum() and len(length) == length_width and length.isdigit()):
            raise ProtocolError(path, at, "neither a tag with its length nor the end")
        start = at + len(head)
        at = start + int(length)
        if at > len(data):
            raise ProtocolError(path, start, "the value is longer than what follows")
        values.append(TaggedValue(tag.decode("ascii"), data[start:at]))
    return tuple(values)


def build_tagged(values: Iterable[TaggedValue], length_width: int, path: str) -> bytes:
    """Join values; the exact inverse of `parse_tagged`."""
    parts = []
    for value in values:
        length = str(len(value.value)).zfill(length_width)
        if len(length) > length_width:
            raise ProtocolError(path, 0, f"the length takes more than {length_width} digits")
        parts.append(value.tag.encode("ascii") + length.encode("ascii") + value.value)
    return b"".join(parts)


def find_tagged(values: Iterable[TaggedValue], tag: str) -> bytes | None:
    """Return the first value under a tag, None when there is none."""
    for value in values:
        if value.tag == tag:
            return value.value
    return None
