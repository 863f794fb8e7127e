"""One field of a message: its description, and the two closures compiled from it.

Positions inside a message are counted in nibbles, because packed BCD fields are cut from the hex
text of the whole message; `>> 1` gives the byte. A decoder may run past the end of a truncated
message: the slice is then short, and `Dialect` notices that the end does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tongbao.domain.secrets import Purpose, Secret, SecretBytes, SecretText

FieldValue = str | bytes | SecretText | SecretBytes
Pads = dict[int, str]
# (body, hex text of the body, position in nibbles, pads to note) -> (value, next position)
Decoder = Callable[[bytes, str, int, Pads], tuple[FieldValue, int]]
# (value, pad nibble or None for the standard one) -> wire bytes
Encoder = Callable[[object, "str | None"], bytes]

_INVALID: Final = -100_000
# Length byte in BCD -> number; anything that is not two decimal digits is far below zero.
_BCD: Final = tuple(
    (byte >> 4) * 10 + (byte & 15) if byte >> 4 < 10 and byte & 15 < 10 else _INVALID
    for byte in range(256)
)
# First byte of a three-digit length: 00 to 09.
_HUNDREDS: Final = tuple(byte * 100 if byte < 10 else _INVALID for byte in range(256))
_LENGTH_BYTES: Final = tuple(bytes.fromhex(f"{number:04d}") for number in range(1000))
_PAD: Final = re.compile("[0-9A-Fa-f]")
_TRACK: Final = re.compile("[0-9A-Fa-f=]*")

TRUNCATED: Final = "the message ends inside the field"
NOT_DIGITS: Final = "not all nibbles are decimal digits"
NOT_ASCII: Final = "not all bytes are ASCII characters"
BAD_LENGTH: Final = "the length is not a decimal number in range"


class FieldRuleError(ValueError):
    """A field breaks a rule; `Dialect` adds which field and where. Never holds the value."""


class Kind(Enum):
    """How a field's content is written. Spec: ISO 8583:1987, 4.2; UnionPay terminal dialect, 1.2."""

    NUMERIC = "n"
    """Packed BCD digits; the length counts digits."""
    TRACK = "z"
    """Packed nibbles, separator D, any nibble allowed because tracks travel enciphered too."""
    TEXT = "an"
    """ASCII characters of a fixed-length field."""
    GBK_TEXT = "ans"
    """Characters in ASCII or GBK; the length counts bytes; bytes that are no GBK stay bytes."""
    BINARY = "b"
    """Bytes; the length counts bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One line of a field table.

    Attributes:
        number: 2 to 128.
        kind: how the content is written.
        length: digits (n, z) or bytes: exact when `prefix` is 0, the largest allowed otherwise.
        prefix: bytes of the BCD length in front: 0 (fixed), 1 (LL, to 99) or 2 (LLL, to 999).
        pad_left: an odd count of digits gets its extra nibble in front, not behind.
        secret: values come out of decoding as secrets.
        zh: Chinese name.
        en: English name.
    """

    number: int
    kind: Kind
    length: int
    prefix: int = 0
    pad_left: bool = False
    secret: bool = False
    zh: str = ""
    en: str = ""

    def __post_init__(self) -> None:
        if not 2 <= self.number <= 128:
            raise ValueError("a field number is 2 to 128")
        if self.prefix not in (0, 1, 2) or not 0 < self.length < 1000:
            raise ValueError("a field has a prefix of 0, 1 or 2 bytes and a length below 1000")
        if self.prefix == 1 and self.length > 99:
            raise ValueError("two digits cannot say a length above 99")


def compile_decoder(spec: FieldSpec) -> Decoder:
    """Build the function that reads one field."""
    if spec.kind in (Kind.NUMERIC, Kind.TRACK):
        decoder = _fixed_digits_decoder(spec) if spec.prefix == 0 else _digits_decoder(spec)
    elif spec.kind is Kind.TEXT:
        decoder = _text_decoder(spec)
    elif spec.kind is Kind.GBK_TEXT:
        decoder = _gbk_decoder(spec)
    else:
        decoder = _fixed_bytes_decoder(spec) if spec.prefix == 0 else _bytes_decoder(spec)
    return decoder


def compile_encoder(spec: FieldSpec) -> Encoder:
    """Build the function that writes one field, length included."""
    if spec.kind is Kind.NUMERIC:
        return _fixed_digits_encoder(spec) if spec.prefix == 0 else _digits_encoder(spec)
    if spec.kind is Kind.TRACK:
        return _digits_encoder(spec)
    if spec.kind is Kind.TEXT:
        return _text_encoder(spec)
    return _bytes_encoder(spec)


def _digits_error(found: str, wanted: int) -> Exception:
    # A short slice means that the message ended; only then is IndexError the true name.
    return IndexError() if len(found) < wanted else FieldRuleError(NOT_DIGITS)


def _fixed_digits_decoder(spec: FieldSpec) -> Decoder:
    number, count = spec.number, spec.length

    def decode_even(_body: bytes, digits: str, position: int, _pads: Pads) -> tuple[str, int]:
        end = position + count
        value = digits[position:end]
        if not value.isdigit():
            raise _digits_error(value, count)
        return value, end

    def decode_odd(_body: bytes, digits: str, position: int, pads: Pads) -> tuple[str, int]:
        end = position + count + 1
        if spec.pad_left:
            pad, value = digits[position], digits[position + 1 : end]
        else:
            pad, value = digits[end - 1], digits[position : end - 1]
        if not value.isdigit():
            raise _digits_error(value, count)
        if pad != "0":
            pads[number] = pad.upper()
        return value, end

    return decode_odd if count & 1 else decode_even


def _digits_decoder(spec: FieldSpec) -> Decoder:
    number, maximum, prefix = spec.number, spec.length, spec.prefix
    is_track, secret = spec.kind is Kind.TRACK, spec.secret

    def decode(body: bytes, digits: str, position: int, pads: Pads) -> tuple[FieldValue, int]:
        at = position >> 1
        if prefix == 1:
            count = _BCD[body[at]]
            start = position + 2
        else:
            count = _HUNDREDS[body[at]] + _BCD[body[at + 1]]
            start = position + 4
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        end = start + count
        value = digits[start:end]
        if count & 1:
            pad = digits[end]
            if pad != "0":
                pads[number] = pad.upper()
            end += 1
        if is_track:
            value = value.upper()
        elif count and not value.isdigit():
            raise _digits_error(value, count)
        return (SecretText(value) if secret else value), end

    return decode


def _text_decoder(spec: FieldSpec) -> Decoder:
    size = spec.length

    def decode(body: bytes, _digits: str, position: int, _pads: Pads) -> tuple[str, int]:
        at = position >> 1
        return str(body[at : at + size], "ascii"), position + 2 * size

    return decode


def _gbk_decoder(spec: FieldSpec) -> Decoder:
    maximum, prefix = spec.length, spec.prefix

    def decode(body: bytes, _digits: str, position: int, _pads: Pads) -> tuple[str | bytes, int]:
        at = position >> 1
        if prefix == 1:
            count = _BCD[body[at]]
        else:
            count = _HUNDREDS[body[at]] + _BCD[body[at + 1]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        at += prefix
        raw = body[at : at + count]
        return (str(raw, "ascii") if raw.isascii() else _gbk_or_bytes(raw)), (at + count) * 2

    return decode


def _gbk_or_bytes(raw: bytes) -> str | bytes:
    """Return text only when it leads back to the same bytes."""
    try:
        text = raw.decode("gbk")
        return text if text.encode("gbk") == raw else raw
    except UnicodeError:
        return raw


def _fixed_bytes_decoder(spec: FieldSpec) -> Decoder:
    size, secret = spec.length, spec.secret

    def decode(body: bytes, _digits: str, position: int, _pads: Pads) -> tuple[FieldValue, int]:
        at = position >> 1
        raw = body[at : at + size]
        return (SecretBytes(raw) if secret else raw), position + 2 * size

    return decode


def _bytes_decoder(spec: FieldSpec) -> Decoder:
    maximum, prefix, secret = spec.length, spec.prefix, spec.secret

    def decode(body: bytes, _digits: str, position: int, _pads: Pads) -> tuple[FieldValue, int]:
        at = position >> 1
        if prefix == 1:
            count = _BCD[body[at]]
        else:
            count = _HUNDREDS[body[at]] + _BCD[body[at + 1]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        at += prefix
        raw = body[at : at + count]
        return (SecretBytes(raw) if secret else raw), (at + count) * 2

    return decode


def _as_text(value: object) -> str:
    if isinstance(value, Secret):
        value = value.reveal(Purpose.WIRE)
    if not isinstance(value, str):
        raise FieldRuleError("the value must be text")
    return value


def _pad_nibble(pad: str | None, *, odd: bool) -> str:
    if pad is None:
        return "0" if odd else ""
    if not odd:
        raise FieldRuleError("a pad nibble is given but the count of digits is even")
    if _PAD.fullmatch(pad) is None:
        raise FieldRuleError("a pad is one hex digit")
    return pad


def _fixed_digits_encoder(spec: FieldSpec) -> Encoder:
    count, pad_left = spec.length, spec.pad_left
    is_odd = bool(count & 1)

    def encode(value: object, pad: str | None) -> bytes:
        if type(value) is not str:
            value = _as_text(value)
        if len(value) != count:
            raise FieldRuleError(f"the value must have {count} digits")
        if not value.isdigit():
            raise FieldRuleError("the value must be decimal digits")
        if is_odd or pad is not None:
            nibble = _pad_nibble(pad, odd=is_odd)
            value = nibble + value if pad_left else value + nibble
        return bytes.fromhex(value)

    return encode


def _digits_encoder(spec: FieldSpec) -> Encoder:
    maximum, prefix, is_track = spec.length, spec.prefix, spec.kind is Kind.TRACK

    def encode(value: object, pad: str | None) -> bytes:
        if type(value) is not str:
            value = _as_text(value)
        count = len(value)
        if count > maximum:
            raise FieldRuleError(f"the value has more than {maximum} digits")
        if is_track:
            if _TRACK.fullmatch(value) is None:
                raise FieldRuleError("a track is hex digits with the separator D or =")
            value = value.replace("=", "D")
        elif count and not value.isdigit():
            raise FieldRuleError("the value must be decimal digits")
        if count & 1 or pad is not None:
            value += _pad_nibble(pad, odd=bool(count & 1))
        length = _LENGTH_BYTES[count]
        return (length[1:] if prefix == 1 else length) + bytes.fromhex(value)

    return encode


def _text_encoder(spec: FieldSpec) -> Encoder:
    size = spec.length

    def encode(value: object, pad: str | None) -> bytes:
        if type(value) is not str:
            value = _as_text(value)
        if len(value) != size:
            raise FieldRuleError(f"the value must have {size} characters")
        if pad is not None:
            raise FieldRuleError("this field has no pad nibble")
        return value.encode("ascii")

    return encode


def _bytes_encoder(spec: FieldSpec) -> Encoder:
    size, prefix, is_text = spec.length, spec.prefix, spec.kind is Kind.GBK_TEXT

    def encode(value: object, pad: str | None) -> bytes:
        raw = value if type(value) is bytes else _as_bytes(value, is_text=is_text)
        if pad is not None:
            raise FieldRuleError("this field has no pad nibble")
        count = len(raw)
        if prefix == 0:
            if count != size:
                raise FieldRuleError(f"the value must have {size} bytes")
            return raw
        if count > size:
            raise FieldRuleError(f"the value has more than {size} bytes")
        length = _LENGTH_BYTES[count]
        return (length[1:] if prefix == 1 else length) + raw

    return encode


def _as_bytes(value: object, *, is_text: bool) -> bytes:
    if isinstance(value, Secret):
        value = value.reveal(Purpose.WIRE)
    if is_text and isinstance(value, str):
        return value.encode("gbk")
    if not isinstance(value, bytes):
        raise FieldRuleError("the value must be text or bytes" if is_text else "must be bytes")
    return value
