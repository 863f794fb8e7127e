"""Cutting the text of a field into parts of fixed width, with errors that name the part.

Spec: UnionPay terminal dialect, 2.1 to 2.7.
"""

from __future__ import annotations

from collections.abc import Sequence

from tongbao.domain.errors import ProtocolError


def cut_digits(digits: str, widths: Sequence[int], path: str, required: int) -> list[str]:
    """Cut digits into parts; the text may stop after any part from `required` on.

    Returns one string per width ("" for absent parts) and a last one with what is left over.
    Raises ProtocolError for non-digits, a missing required part and a part cut short.
    """
    if digits and not (digits.isascii() and digits.isdigit()):
        raise ProtocolError(path, 0, "not all characters are decimal digits")
    parts = []
    at = 0
    for index, width in enumerate(widths, start=1):
        part = digits[at : at + width]
        if (part and len(part) < width) or (not part and index <= required):
            raise ProtocolError(f"{path}.{index}", at, f"this part has {width} digits")
        parts.append(part)
        at += len(part)
    parts.append(digits[at:])
    return parts


def check_digits(value: str, width: int, path: str) -> None:
    """Raise ProtocolError unless the part is exactly `width` decimal digits."""
    if len(value) != width or not (value.isascii() and value.isdigit()):
        raise ProtocolError(path, 0, f"this part has {width} digits")


def join_optional(parts: Sequence[tuple[str, int]], path: str) -> str:
    """Join parts given with their widths; only parts at the end may be absent ("")."""
    absent = False
    for index, (part, width) in enumerate(parts, start=1):
        if part and absent:
            raise ProtocolError(f"{path}.{index}", 0, "a part before it is absent")
        if part:
            check_digits(part, width, f"{path}.{index}")
        absent = absent or not part
    return "".join(part for part, _ in parts)
