"""Canonical JSON: one value has exactly one sequence of bytes, so it can be hashed and signed.

Keys are sorted by code point, there is no white space, text is UTF-8 and escaped only where JSON
must, numbers are whole and fit 53 bits. No fraction exists here: amounts are minor units, places
are micro-degrees, loss is in thousandths.

Spec: RFC 8259; RFC 8785 for the order of keys, restricted to whole numbers.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn, TypeAlias

from tongbao.domain.errors import ProtocolError

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

BODY_BYTES_MAX: Final = 256 * 1024
DEPTH_MAX: Final = 12
NUMBER_MAX: Final = 2**53 - 1


class _RefusedError(ValueError):
    """What the JSON reader found and this form does not allow."""


def canonical(value: Json) -> bytes:
    """Return the one form of a value; ValueError for what has none, such as a fraction."""
    _check(value, DEPTH_MAX)
    text = json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )
    return text.encode()


def parse(body: bytes, *, bytes_max: int = BODY_BYTES_MAX) -> dict[str, Json]:
    """Return the object in a body, whether or not it is in canonical form.

    Raises ProtocolError when it is too long, no JSON object, has a key twice, a fraction or a
    number beyond 53 bits, or is nested too deep.
    """
    if len(body) > bytes_max:
        raise ProtocolError("body", 0, f"it has more than {bytes_max} bytes")
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
            parse_int=_number,
        )
        _check(value, DEPTH_MAX)
    except _RefusedError as refusal:
        raise ProtocolError("body", 0, str(refusal)) from None
    except (ValueError, RecursionError):
        raise ProtocolError("body", 0, "it is not JSON") from None
    if not isinstance(value, dict):
        raise ProtocolError("body", 0, "it is not a JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RefusedError("a key stands twice in one object")
    return found


def _number(digits: str) -> int:
    if len(digits) > 17:
        raise _RefusedError("a number does not fit 53 bits")
    return int(digits)


def _no_fraction(_text: str) -> NoReturn:
    raise _RefusedError("a number is not whole")


def _check(value: object, depth: int) -> None:
    if depth == 0:
        raise _RefusedError(f"it is nested deeper than {DEPTH_MAX}")
    if isinstance(value, list):
        for item in value:
            _check(item, depth - 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise _RefusedError("a key is not text")
            _check_text(key)
            _check(item, depth - 1)
    else:
        _check_scalar(value)


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, int):
        if abs(value) > NUMBER_MAX:
            raise _RefusedError("a number does not fit 53 bits")
    elif value is not None:
        raise _RefusedError(f"there is no JSON form of {type(value).__name__}")


def _check_text(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise _RefusedError("a text holds half a character")
