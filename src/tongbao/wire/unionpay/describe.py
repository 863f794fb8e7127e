"""A message for people: names and meanings in Chinese and English, card data always masked.

Spec: UnionPay terminal dialect, 2, 3 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, Secret
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue, Kind
from tongbao.wire.unionpay import meanings
from tongbao.wire.unionpay.describe_fields import STRUCTURED, Line
from tongbao.wire.unionpay.dump import Dump
from tongbao.wire.unionpay.framing import Header
from tongbao.wire.unionpay.plain import MASK, to_plain
from tongbao.wire.unionpay.response_codes import REVERSAL_REASONS, describe_response
from tongbao.wire.unionpay.structured.context import MessageContext
from tongbao.wire.unionpay.table import UNIONPAY

_UNKNOWN: Final = ("未知", "unknown")


def describe(dump: Dump) -> str:
    """Return the print-out, one field a line and its parts indented below it.

    Never shows card numbers beyond first six and last four, nor tracks, PIN blocks or codes.
    """
    plain = to_plain(dump)
    lines = [f"报文 {dump.framing} | message"]
    if dump.tpdu:
        lines.append(_line("TPDU", "传输协议数据单元", "transport addresses", plain["tpdu"]))
    if dump.header:
        lines.append(_line("HEAD", "报文头", "header", plain["header"]))
        lines += _header_lines(dump.header)
    message = dump.message
    lines.append(
        _line("MTI", "消息类型", "message type", message.mti, _look(meanings.MTI, message.mti))
    )
    for number, value in message.fields.items():
        spec = UNIONPAY.specs[number]
        text = plain["fields"][str(number)]
        shown = _short_mask(text) if spec.kind is Kind.BINARY else text
        meaning = _meaning(number, shown, message)
        lines.append(_line(f"F{number}", spec.zh, spec.en, shown, meaning))
        if number in message.pads:
            lines.append(_part("", "填充位", "pad nibble", message.pads[number]))
        lines += _structured_lines(number, value, message)
    return "\n".join(lines)


def _line(name: str, zh: str, en: str, shown: str, meaning: tuple[str, str] | None = None) -> str:
    text = f"{name:<5}{zh} {en}: {_printable(shown)}"
    return text if meaning is None else f"{text} = {meaning[0]} | {meaning[1]}"


def _part(name: str, zh: str, en: str, shown: str, meaning: tuple[str, str] | None = None) -> str:
    label = f"{name} " if name else ""
    text = f"     - {label}{zh} {en}: {_printable(shown)}"
    return text if meaning is None else f"{text} = {meaning[0]} | {meaning[1]}"


def _short_mask(shown: str) -> str:
    """Say how many bytes are hidden instead of drawing an asterisk for each hex digit."""
    return f"*** ({len(shown) // 2} B)" if shown and not shown.strip(MASK) else shown


def _printable(text: str) -> str:
    """Keep control characters of a message from driving the reader's terminal."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def _look(table: Mapping[str, tuple[str, str]], code: str) -> tuple[str, str]:
    return table.get(code, _UNKNOWN)


def _header_lines(header: bytes) -> list[str]:
    parts = Header.parse(header)
    return [
        _part(
            "",
            "应用类别",
            "application",
            parts.application,
            _look(meanings.APPLICATION, parts.application),
        ),
        _part("", "软件总版本号", "software version", parts.version),
        _part(
            "", "终端状态", "terminal status", parts.status, _look(meanings.STATUS, parts.status)
        ),
        _part(
            "",
            "处理要求",
            "next act",
            parts.requirement,
            _look(meanings.REQUIREMENT, parts.requirement),
        ),
        _part("", "软件分版本号", "sub-version", parts.sub_version),
    ]


def _meaning(number: int, shown: str, message: Message) -> tuple[str, str] | None:
    meaning = _MEANINGS.get(number)
    return None if meaning is None else meaning(shown, message)


def _amount(shown: str, _message: Message) -> tuple[str, str]:
    amount = f"{int(shown[:-2])}.{shown[-2:]}"
    return f"{amount} 元", amount


def _time(shown: str, _message: Message) -> tuple[str, str]:
    text = f"{shown[:2]}:{shown[2:4]}:{shown[4:]}"
    return text, text


def _date(shown: str, _message: Message) -> tuple[str, str]:
    return f"{shown[:2]}月{shown[2:]}日", f"month {shown[:2]}, day {shown[2:]}"


def _expiry(shown: str, _message: Message) -> tuple[str, str]:
    return f"20{shown[:2]}年{shown[2:]}月", f"20{shown[:2]}-{shown[2:]}"


def _entry_mode(shown: str, _message: Message) -> tuple[str, str]:
    way = _look(meanings.ENTRY_MODE, shown[:2])
    pin = _look(meanings.PIN_ENTRY, shown[2:])
    return f"{way[0]}，{pin[0]}", f"{way[1]}, {pin[1]}"


def _response(shown: str, message: Message) -> tuple[str, str]:
    if message.mti == "0400":
        return REVERSAL_REASONS.get(shown, _UNKNOWN)
    text = describe_response(shown)
    return text.zh, f"{text.en}; {text.action_zh} {text.action_en}"


def _currency(shown: str, _message: Message) -> tuple[str, str]:
    return ("人民币", "CNY") if shown == "156" else _UNKNOWN


def _mac(shown: str, _message: Message) -> tuple[str, str] | None:
    raw = bytes.fromhex(shown)
    if not (raw.isascii() and raw.isalnum()):
        return None
    return f"ASCII {raw.decode('ascii')}", "ECB algorithm, eight hex characters"


_MEANINGS: Final[dict[int, Callable[[str, Message], tuple[str, str] | None]]] = {
    3: lambda shown, _: _look(meanings.PROCESSING, shown),
    4: _amount,
    12: _time,
    13: _date,
    14: _expiry,
    15: _date,
    22: _entry_mode,
    25: lambda shown, _: _look(meanings.CONDITION, shown),
    39: _response,
    49: _currency,
    64: _mac,
}


def _structured_lines(number: int, value: FieldValue, message: Message) -> list[str]:
    describer = STRUCTURED.get(number)
    if describer is None:
        return []
    plain = value.reveal(Purpose.WIRE) if isinstance(value, Secret) else value
    try:
        parts: list[Line] = describer(plain, MessageContext.of(message))
    except ProtocolError as error:
        return [_part("", "无法解析", "cannot be parsed", str(error))]
    return [_part(*part) for part in parts]
