"""One field of a message: its description, and the two closures compiled from it.

Packed BCD fields are cut from the hex text of the whole message, all others from its bytes. A
decoder may run past the end of a truncated message: the slice is then short, and `Dialect` notices
that the end does not fit.

Spec: ISO 8583:1987, 4; UnionPay terminal dialect, 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tongbao.domain.secrets import Pan, Purpose, Secret, SecretBytes, SecretText

# Decoding makes no `Pan`; encoding takes one for a card number that is known to be one.
FieldValue = str | bytes | SecretText | SecretBytes | Pan
Pads = dict[int, str]
Fields = dict[int, FieldValue]
# (body, hex text of the body, byte position, fields to fill, pads to note) -> next byte position
Decoder = Callable[[bytes, str, int, Fields, Pads], int]
# (value, pad nibble or None for the standard one) -> wire bytes
Encoder = Callable[[object, "str | None"], bytes]

_INVALID: Final = -10_000_000
# Length byte in BCD -> number; anything that is not two decimal digits is far below zero.
BCD: Final = tuple(
    (byte >> 4) * 10 + (byte & 15) if byte >> 4 < 10 and byte & 15 < 10 else _INVALID
    for byte in range(256)
)
# First byte of a three-digit length: 00 to 09.
HUNDREDS: Final = tuple(byte * 100 if byte < 10 else _INVALID for byte in range(256))
LENGTH_BYTES: Final = tuple(bytes.fromhex(f"{number:04d}") for number in range(1000))
LENGTH_BYTE: Final = tuple(bytes.fromhex(f"{number:02d}") for number in range(100))
_PAD: Final = re.compile("[0-9A-Fa-f]")
_WIRE: Final = Purpose.WIRE  # looking up an enum member costs as much as reading a field

TRUNCATED: Final = "the message ends inside the field"
NOT_DIGITS: Final = "not all nibbles are decimal digits"
NOT_ASCII: Final = "not all bytes are ASCII characters"
NEEDS_DIGITS: Final = "the value must be decimal digits"
NO_PAD: Final = "this field has no pad nibble"
BAD_LENGTH: Final = "the length is not a decimal number in range"


class FieldRuleError(ValueError):
    """A field breaks a rule; `Dialect` adds which field and where. Never holds the value."""


class Kind(Enum):
    """How a field's content is written. Spec: UnionPay terminal dialect, 1.2."""

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
    if spec.kind is Kind.NUMERIC:
        return _fixed_digits_decoder(spec) if spec.prefix == 0 else _digits_decoder(spec)
    if spec.kind is Kind.TRACK:
        return _track_decoder(spec)
    if spec.kind is Kind.TEXT:
        return _text_decoder(spec)
    if spec.kind is Kind.GBK_TEXT:
        return _gbk_decoder(spec)
    return _fixed_bytes_decoder(spec) if spec.prefix == 0 else _bytes_decoder(spec)


def compile_encoder(spec: FieldSpec) -> Encoder:
    """Build the function that writes one field, length included."""
    if spec.kind is Kind.NUMERIC:
        return _fixed_digits_encoder(spec) if spec.prefix == 0 else _digits_encoder(spec)
    if spec.kind is Kind.TRACK:
        return _track_encoder(spec)
    if spec.kind is Kind.TEXT:
        return _text_encoder(spec)
    return _bytes_encoder(spec)


def _digits_error(found: str, wanted: int) -> Exception:
    # A short slice means that the message ended; only then is IndexError the true name.
    return IndexError() if len(found) < wanted else FieldRuleError(NOT_DIGITS)


def _fixed_digits_decoder(spec: FieldSpec) -> Decoder:
    number, count, pad_left = spec.number, spec.length, spec.pad_left
    size = (count + 1) // 2
    pad_at = (0 if pad_left else count) if count & 1 else None
    first = 1 if count & 1 and pad_left else 0

    def decode(_body: bytes, digits: str, at: int, fields: Fields, pads: Pads) -> int:
        start = 2 * at + first
        value = digits[start : start + count]
        if not value.isdigit():
            raise _digits_error(value, count)
        if pad_at is not None:
            pad = digits[2 * at + pad_at]
            if pad != "0":
                pads[number] = pad.upper()
        fields[number] = value
        return at + size

    return decode


def _digits_decoder(spec: FieldSpec) -> Decoder:
    number, maximum, secret = spec.number, spec.length, spec.secret

    def finish(digits: str, start: int, count: int, fields: Fields, pads: Pads) -> int:
        end = start + count
        value = digits[start:end]
        if count and not value.isdigit():
            raise _digits_error(value, count)
        fields[number] = SecretText(value) if secret else value
        if count & 1:
            pad = digits[end]
            if pad != "0":
                pads[number] = pad.upper()
            end += 1
        return end >> 1

    def decode_ll(body: bytes, digits: str, at: int, fields: Fields, pads: Pads) -> int:
        count = BCD[body[at]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        return finish(digits, 2 * at + 2, count, fields, pads)

    def decode_lll(body: bytes, digits: str, at: int, fields: Fields, pads: Pads) -> int:
        count = HUNDREDS[body[at]] + BCD[body[at + 1]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        return finish(digits, 2 * at + 4, count, fields, pads)

    return decode_ll if spec.prefix == 1 else decode_lll


def _track_decoder(spec: FieldSpec) -> Decoder:
    number, maximum, prefix, secret = spec.number, spec.length, spec.prefix, spec.secret

    def decode(body: bytes, digits: str, at: int, fields: Fields, pads: Pads) -> int:
        count = BCD[body[at]] if prefix == 1 else HUNDREDS[body[at]] + BCD[body[at + 1]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        start = 2 * (at + prefix)
        end = start + count
        value = digits[start:end].upper()
        fields[number] = SecretText(value) if secret else value
        if count & 1:
            pad = digits[end]
            if pad != "0":
                pads[number] = pad.upper()
            end += 1
        return end >> 1

    return decode


def _text_decoder(spec: FieldSpec) -> Decoder:
    number, size = spec.number, spec.length

    def decode(body: bytes, _digits: str, at: int, fields: Fields, _pads: Pads) -> int:
        end = at + size
        fields[number] = body[at:end].decode("ascii")
        return end

    return decode


def _gbk_decoder(spec: FieldSpec) -> Decoder:
    number, maximum, prefix = spec.number, spec.length, spec.prefix

    def decode(body: bytes, _digits: str, at: int, fields: Fields, _pads: Pads) -> int:
        count = BCD[body[at]] if prefix == 1 else HUNDREDS[body[at]] + BCD[body[at + 1]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        at += prefix
        end = at + count
        raw = body[at:end]
        fields[number] = raw.decode("ascii") if raw.isascii() else _gbk_or_bytes(raw)
        return end

    return decode


def _gbk_or_bytes(raw: bytes) -> str | bytes:
    """Return text only when it leads back to the same bytes."""
    try:
        text = raw.decode("gbk")
        return text if text.encode("gbk") == raw else raw
    except UnicodeError:
        return raw


def _fixed_bytes_decoder(spec: FieldSpec) -> Decoder:
    number, size, secret = spec.number, spec.length, spec.secret

    def decode(body: bytes, _digits: str, at: int, fields: Fields, _pads: Pads) -> int:
        end = at + size
        raw = body[at:end]
        fields[number] = SecretBytes(raw) if secret else raw
        return end

    return decode


def _bytes_decoder(spec: FieldSpec) -> Decoder:
    number, maximum, prefix, secret = spec.number, spec.length, spec.prefix, spec.secret

    def decode_ll(body: bytes, _digits: str, at: int, fields: Fields, _pads: Pads) -> int:
        count = BCD[body[at]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        end = at + 1 + count
        raw = body[at + 1 : end]
        fields[number] = SecretBytes(raw) if secret else raw
        return end

    def decode_lll(body: bytes, _digits: str, at: int, fields: Fields, _pads: Pads) -> int:
        count = HUNDREDS[body[at]] + BCD[body[at + 1]]
        if not 0 <= count <= maximum:
            raise FieldRuleError(BAD_LENGTH)
        end = at + 2 + count
        raw = body[at + 2 : end]
        fields[number] = SecretBytes(raw) if secret else raw
        return end

    return decode_ll if prefix == 1 else decode_lll


def _as_text(value: object) -> str:
    if isinstance(value, Secret):
        value = value.reveal(_WIRE)
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
            raise FieldRuleError(NEEDS_DIGITS)
        if is_odd or pad is not None:
            nibble = _pad_nibble(pad, odd=is_odd)
            value = nibble + value if pad_left else value + nibble
        return bytes.fromhex(value)

    return encode


def _digits_encoder(spec: FieldSpec) -> Encoder:
    maximum = spec.length
    lengths = LENGTH_BYTE if spec.prefix == 1 else LENGTH_BYTES

    def encode(value: object, pad: str | None) -> bytes:
        if type(value) is not str:
            value = _as_text(value)
        count = len(value)
        if count > maximum:
            raise FieldRuleError(f"the value has more than {maximum} digits")
        if count and not value.isdigit():
            raise FieldRuleError(NEEDS_DIGITS)
        if pad is not None:
            value += _pad_nibble(pad, odd=bool(count & 1))
        elif count & 1:
            value += "0"
        return lengths[count] + bytes.fromhex(value)

    return encode


def _track_encoder(spec: FieldSpec) -> Encoder:
    maximum = spec.length
    lengths = LENGTH_BYTE if spec.prefix == 1 else LENGTH_BYTES

    def encode(value: object, pad: str | None) -> bytes:
        if type(value) is not str:
            value = _as_text(value)
        count = len(value)
        if count > maximum:
            raise FieldRuleError(f"the value has more than {maximum} digits")
        if "=" in value:
            value = value.replace("=", "D")
        if pad is not None:
            value += _pad_nibble(pad, odd=bool(count & 1))
        elif count & 1:
            value += "0"
        try:
            raw = bytes.fromhex(value)
        except ValueError:
            raw = b""
        # fromhex skips white space, which would make the field shorter than its length says.
        if 2 * len(raw) != len(value):
            raise FieldRuleError("a track is hex digits with the separator D or =")
        return lengths[count] + raw

    return encode


def _text_encoder(spec: FieldSpec) -> Encoder:
    size = spec.length

    def encode(value: object, pad: str | None) -> bytes:
        if type(value) is not str:
            value = _as_text(value)
        if len(value) != size:
            raise FieldRuleError(f"the value must have {size} characters")
        if pad is not None:
            raise FieldRuleError(NO_PAD)
        return value.encode("ascii")

    return encode


def _bytes_encoder(spec: FieldSpec) -> Encoder:
    size, prefix, is_text = spec.length, spec.prefix, spec.kind is Kind.GBK_TEXT
    lengths = LENGTH_BYTE if prefix == 1 else LENGTH_BYTES

    def encode(value: object, pad: str | None) -> bytes:
        raw = value if type(value) is bytes else _as_bytes(value, is_text=is_text)
        if pad is not None:
            raise FieldRuleError(NO_PAD)
        count = len(raw)
        if prefix == 0:
            if count != size:
                raise FieldRuleError(f"the value must have {size} bytes")
            return raw
        if count > size:
            raise FieldRuleError(f"the value has more than {size} bytes")
        return lengths[count] + raw

    return encode


def _as_bytes(value: object, *, is_text: bool) -> bytes:
    if isinstance(value, Secret):
        value = value.reveal(_WIRE)
    if is_text and isinstance(value, str):
        return value.encode("gbk")
    if not isinstance(value, bytes):
        rule = "the value must be text or bytes" if is_text else "the value must be bytes"
        raise FieldRuleError(rule)
    return value
