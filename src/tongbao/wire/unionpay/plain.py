"""Messages as plain values for JSON: text, digits and hex, masked unless told otherwise.

Spec: UnionPay terminal dialect, 2; PCI DSS 4.0, 3.4 (first six and last four at most).
"""

from __future__ import annotations

from typing import Any, Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, Secret, mask_pan
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue, Kind
from tongbao.wire.unionpay.dump import BARE, FRAMINGS, WITH_LENGTH, Dump
from tongbao.wire.unionpay.structured.context import MessageContext
from tongbao.wire.unionpay.structured.field48 import BatchDetails, OtherDigits, parse_field48
from tongbao.wire.unionpay.structured.field62 import Blacklist, IcUpload, parse_field62
from tongbao.wire.unionpay.table import UNIONPAY

MASK: Final = "*"
# Fields that are secret whatever they hold.
_ALWAYS_HIDDEN: Final = frozenset({36, 52, 55, 59})
# Private fields: in messages about a card nobody can tell what they hold.
_PRIVATE: Final = frozenset({47, 56, 57, 58, 62})
_CARD_CLASSES: Final = "12346"
_LONGEST_PLAIN_48: Final = 12


def to_plain(dump: Dump, *, show_card_data: bool = False) -> dict[str, Any]:
    """Turn a message into an object for JSON.

    Keys: mti, tpdu, header (hex or None), framing, fields (number to text, digits or upper-case
    hex); pads, raw and prefix only where the message could not be rebuilt without them.
    """
    message = dump.message
    plain: dict[str, Any] = {
        "mti": message.mti,
        "tpdu": dump.tpdu.hex().upper() or None,
        "header": dump.header.hex().upper() or None,
        "framing": dump.framing,
        "fields": {},
    }
    raw: dict[str, str] = {}
    for number, value in message.fields.items():
        text = _plain_text(number, value, raw)
        if not show_card_data:
            text = mask_field(number, text, message)
        plain["fields"][str(number)] = text
    if message.pads:
        plain["pads"] = {str(number): pad for number, pad in message.pads.items()}
    if raw:
        plain["raw"] = raw
    if dump.prefix:
        plain["prefix"] = dump.prefix.hex().upper()
    return plain


def _plain_text(number: int, value: FieldValue, raw: dict[str, str]) -> str:
    shown = value.reveal(Purpose.WIRE) if isinstance(value, Secret) else value
    if isinstance(shown, str):
        return shown
    if UNIONPAY.specs[number].kind is Kind.GBK_TEXT:
        raw[str(number)] = shown.hex().upper()
        return shown.decode("gbk", "replace")
    return shown.hex().upper()


def mask_field(number: int, text: str, message: Message) -> str:
    """Hide card data in the plain text of one field; everything else comes back unchanged.

    Card numbers keep the first six and last four digits; what is hidden keeps its length.
    """
    if number == 2:
        return mask_pan(text)
    if number == 35:
        pan, separator, rest = text.partition("D")
        return (mask_pan(pan) if separator else MASK * len(pan)) + separator + MASK * len(rest)
    if number == 48:
        return _mask_field48(text, message)
    if number in _ALWAYS_HIDDEN or (number in _PRIVATE and _is_private(number, message)):
        return MASK * len(text)
    return text


def _mask_field48(digits: str, message: Message) -> str:
    parsed = parse_field48(digits, MessageContext.of(message))
    if isinstance(parsed, BatchDetails):
        masked = digits[:2]
        for at in range(2, len(digits), 40):
            masked += digits[at : at + 8] + MASK * 16 + digits[at + 24 : at + 40]
        return masked
    if isinstance(parsed, OtherDigits) and len(digits) > _LONGEST_PLAIN_48:
        return MASK * len(digits)
    return digits


def _is_private(number: int, message: Message) -> bool:
    value = message.fields[number]
    if number == 62 and isinstance(value, bytes):
        parsed = parse_field62(value, MessageContext.of(message))
        if isinstance(parsed, Blacklist):
            return True
        if isinstance(parsed, IcUpload):
            return False
    return message.mti[1] in _CARD_CLASSES


def from_plain(plain: object) -> Dump:
    """Turn an object as `to_plain` makes it back into a message.

    Without "framing" a message with "tpdu" gets the two-byte length and one without is bare; the
    MTI may stand inside "fields"; other keys are ignored. Raises ProtocolError naming the key.
    """
    if not isinstance(plain, dict):
        raise ProtocolError("JSON", 0, "the line must be an object")
    fields = _mapping(plain, "fields")
    mti = plain.get("mti", fields.get("mti"))
    if not isinstance(mti, str):
        raise ProtocolError("MTI", 0, "missing or not a string")
    if fields.get("mti", mti) != mti:
        raise ProtocolError("MTI", 0, "the two message types differ")
    raw = {_number(key): value for key, value in _mapping(plain, "raw").items()}
    values = {
        number: _value(number, text, raw.get(number))
        for number, text in ((_number(key), text) for key, text in fields.items() if key != "mti")
    }
    pads = {_number(key): pad for key, pad in _mapping(plain, "pads").items()}
    tpdu, header, prefix = (_hex(plain.get(key), key) for key in ("tpdu", "header", "prefix"))
    framing = plain.get("framing")
    if framing is None:
        framing = WITH_LENGTH if tpdu else BARE
    if framing not in FRAMINGS:
        raise ProtocolError("framing", 0, "not one of the known framings")
    return Dump(framing, Message(mti, values, pads), tpdu, header, prefix)


def _mapping(plain: dict[str, Any], key: str) -> dict[str, Any]:
    value = plain.get(key)
    if value is None and key != "fields":
        return {}
    if not isinstance(value, dict):
        raise ProtocolError(key, 0, "missing or not an object")
    if key != "fields" and not all(isinstance(item, str) for item in value.values()):
        raise ProtocolError(key, 0, "the values must be strings")
    return value


def _number(key: str) -> int:
    if not (key.isascii() and key.isdigit() and len(key) <= 3 and int(key) in UNIONPAY.specs):
        raise ProtocolError("fields", 0, "a key is not a field number of this dialect")
    return int(key)


def _hex(value: object, path: str) -> bytes:
    if value is None:
        return b""
    if isinstance(value, str):
        if MASK in value:
            rule = "the value is masked; decode with --show-card-data to encode it again"
            raise ProtocolError(path, 0, rule)
        try:
            return bytes.fromhex(value)
        except ValueError:
            pass
    raise ProtocolError(path, 0, "not a string of hex digits")


def _value(number: int, text: object, raw: str | None) -> FieldValue:
    path = f"F{number}"
    if not isinstance(text, str):
        raise ProtocolError(path, 0, "the value must be a string")
    kind = UNIONPAY.specs[number].kind
    if kind is Kind.BINARY:
        return _hex(text, path)
    if kind in (Kind.NUMERIC, Kind.TRACK) and MASK in text:
        rule = "the value is masked; decode with --show-card-data to encode it again"
        raise ProtocolError(path, 0, rule)
    if kind is Kind.GBK_TEXT and raw is not None:
        content = _hex(raw, f"raw {path}")
        # The raw bytes stand for the text only as long as nobody edits the text.
        if content.decode("gbk", "replace") == text:
            return content
    return text
