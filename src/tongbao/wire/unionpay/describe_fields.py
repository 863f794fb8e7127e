"""The parts of structured fields as lines for people; whatever may be card data stays hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.tlv import TlvElement
from tongbao.wire.unionpay import meanings
from tongbao.wire.unionpay.structured.context import MessageContext
from tongbao.wire.unionpay.structured.field44 import HostText, parse_field44
from tongbao.wire.unionpay.structured.field48 import (
    BALANCE_FLAGS,
    BatchDetails,
    LoadEntryMode,
    SettlementSide,
    SettlementTotals,
    TipAmount,
    UploadCount,
    parse_field48,
)
from tongbao.wire.unionpay.structured.field53 import (
    ALGORITHMS,
    PIN_FORMATS,
    TRACK_ENCRYPTION,
    SecurityControl,
)
from tongbao.wire.unionpay.structured.field54 import AdditionalAmounts
from tongbao.wire.unionpay.structured.field55 import ChipData
from tongbao.wire.unionpay.structured.field59 import TAGS as FIELD_59_TAGS
from tongbao.wire.unionpay.structured.field59 import PrivateData
from tongbao.wire.unionpay.structured.field60 import FunctionCodes
from tongbao.wire.unionpay.structured.field61 import OriginalTransaction
from tongbao.wire.unionpay.structured.field62 import (
    DOWNLOAD_FLAGS,
    BinList,
    BinListRequest,
    Blacklist,
    ContactlessParameters,
    DataObjects,
    DownloadProgress,
    Field62,
    FlaggedDataObjects,
    IcUpload,
    MagneticParameters,
    SequenceNo,
    WorkingKeys,
    parse_field62,
)
from tongbao.wire.unionpay.structured.field62_lists import (
    CONTACTLESS_PARAMETERS,
    MAGNETIC_PARAMETERS,
)
from tongbao.wire.unionpay.structured.field63 import (
    ORGANISATIONS,
    OperatorNumber,
    OrganisationCode,
    parse_field63,
)

Meaning = tuple[str, str]
# name, Chinese, English, what is shown, its meaning
Line = tuple[str, str, str, str, "Meaning | None"]

_UNKNOWN: Final = ("未知", "unknown")
# Chip data that says nothing about the card number, its holder or its tracks.
# fmt: off
_HARMLESS_TAGS: Final = frozenset({
    "4F", "5F2A", "82", "84", "8A", "91", "95", "9A", "9B", "9C", "9F02", "9F03", "9F06", "9F08",
    "9F09", "9F10", "9F1A", "9F1B", "9F1E", "9F22", "9F26", "9F27", "9F33", "9F34", "9F35", "9F36",
    "9F37", "9F41", "9F63", "9F7B", "DF01", "DF02", "DF03", "DF04", "DF05", "DF06", "DF07", "DF11",
    "DF12", "DF13", "DF14", "DF15", "DF16", "DF17", "DF18", "DF19", "DF20", "DF21", "DF24", "DF31",
})
# fmt: on


def _money(digits: str) -> str:
    return f"{int(digits) // 100}.{int(digits) % 100:02d}"


def _tlv_lines(elements: Iterable[TlvElement]) -> list[Line]:
    lines: list[Line] = []
    for element in elements:
        zh, en = meanings.TAGS.get(element.tag, _UNKNOWN)
        if element.tag in _HARMLESS_TAGS:
            shown = element.value.hex().upper()
        else:
            shown = "*" * 2 * len(element.value)
        lines.append((element.tag, zh, en, shown, None))
    return lines


def _field44(value: str | bytes, _context: MessageContext) -> list[Line]:
    parsed = parse_field44(value)
    if isinstance(parsed, HostText):
        return []
    return [
        ("44.1", "发卡机构", "issuer", parsed.issuer, None),
        ("44.2", "收单机构", "acquirer", parsed.acquirer, None),
    ]


def _field48(value: str | bytes, context: MessageContext) -> list[Line]:
    parsed = parse_field48(_digits(value), context)
    if isinstance(parsed, SettlementTotals):
        return [
            *_side("内卡", "domestic", parsed.domestic),
            *_side("外卡", "foreign", parsed.foreign),
        ]
    if isinstance(parsed, BatchDetails):
        return [
            (str(index), "流水号 金额", "trace, amount", f"{one.trace} {_money(one.amount)}", None)
            for index, one in enumerate(parsed.details, start=1)
        ]
    if isinstance(parsed, UploadCount):
        return [("", "上送笔数", "records uploaded", str(parsed.count), None)]
    if isinstance(parsed, TipAmount):
        return [("", "小费金额", "tip", _money(str(parsed.amount_minor)), None)]
    if isinstance(parsed, LoadEntryMode):
        return [("", "转入卡输入方式", "entry mode of the receiving card", parsed.entry_mode, None)]
    return []


def _side(zh: str, en: str, side: SettlementSide) -> list[Line]:
    return [
        (
            "",
            f"{zh}借记",
            f"{en} debit",
            f"{_money(side.debit_amount)} / {int(side.debit_count)}",
            None,
        ),
        (
            "",
            f"{zh}贷记",
            f"{en} credit",
            f"{_money(side.credit_amount)} / {int(side.credit_count)}",
            None,
        ),
        ("", f"{zh}对账", f"{en} result", side.flag, BALANCE_FLAGS.get(side.flag, _UNKNOWN)),
    ]


def _field53(value: str | bytes, _context: MessageContext) -> list[Line]:
    parsed = SecurityControl.parse(_digits(value))
    return [
        ("", "PIN格式", "PIN format", parsed.pin_format, PIN_FORMATS.get(parsed.pin_format)),
        ("", "加密算法", "algorithm", parsed.algorithm, ALGORITHMS.get(parsed.algorithm)),
        (
            "",
            "磁道加密",
            "tracks",
            parsed.track_encryption,
            TRACK_ENCRYPTION.get(parsed.track_encryption),
        ),
    ]


def _field54(value: str | bytes, _context: MessageContext) -> list[Line]:
    if isinstance(value, bytes):
        raise ProtocolError("F54", 0, "not text")
    return [
        (
            one.amount_type,
            "金额",
            "amount",
            f"{one.sign} {_money(one.amount)} ({one.currency})",
            None,
        )
        for one in AdditionalAmounts.parse(value).amounts
    ]


def _field55(value: str | bytes, _context: MessageContext) -> list[Line]:
    return _tlv_lines(ChipData.parse(_bytes(value)).elements)


def _field59(value: str | bytes, _context: MessageContext) -> list[Line]:
    lines: list[Line] = []
    for element in PrivateData.parse(_bytes(value)).elements:
        zh, en, _hidden = FIELD_59_TAGS.get(element.tag, ("未知", "unknown", True))
        # Codes, PIN blocks and card digits travel here; tag and length say enough.
        lines.append((element.tag, zh, en, "*" * len(element.value), None))
    return lines


def _field60(value: str | bytes, _context: MessageContext) -> list[Line]:
    parsed = FunctionCodes.parse(_digits(value))
    rows: tuple[tuple[str, str, str, str, dict[str, Meaning] | None], ...] = (
        ("60.1", "交易类型码", "function", parsed.function, meanings.FUNCTION),
        ("60.2", "批次号", "batch", parsed.batch, None),
        ("60.3", "网络管理信息码", "network code", parsed.network, meanings.NETWORK),
        ("60.4", "终端读取能力", "capability", parsed.capability, meanings.CAPABILITY),
        ("60.5", "IC卡条件代码", "chip condition", parsed.chip_condition, meanings.CHIP_CONDITION),
        ("60.6", "部分扣款标志", "partial approval", parsed.partial, meanings.PARTIAL),
        ("60.7", "账户类型", "account", parsed.account, meanings.ACCOUNT),
        ("", "其余", "rest", parsed.rest, None),
    )
    return [
        (name, zh, en, code, None if table is None else table.get(code, _UNKNOWN))
        for name, zh, en, code, table in rows
        if code
    ]


def _field61(value: str | bytes, _context: MessageContext) -> list[Line]:
    parsed = OriginalTransaction.parse(_digits(value))
    rows = (
        ("61.1", "原始交易批次号", "original batch", parsed.batch),
        ("61.2", "原始交易流水号", "original trace", parsed.trace),
        ("61.3", "原始交易日期", "original date", parsed.date),
        ("61.4", "原交易授权方式", "authorisation mode", parsed.authorisation_mode),
        ("61.5", "原交易授权机构", "authorising institution", parsed.institution),
        ("", "其余", "rest", parsed.rest),
    )
    return [(name, zh, en, part, None) for name, zh, en, part in rows if part]


def _field62(value: str | bytes, context: MessageContext) -> list[Line]:
    parsed = parse_field62(_bytes(value), context)
    if isinstance(parsed, FlaggedDataObjects):
        flag: Line = ("", "标志", "flag", parsed.flag, DOWNLOAD_FLAGS.get(parsed.flag))
        return [flag, *_tlv_lines(parsed.elements)]
    if isinstance(parsed, DataObjects):
        return _tlv_lines(parsed.elements)
    if isinstance(parsed, MagneticParameters):
        return [
            (one.tag, *MAGNETIC_PARAMETERS[one.tag][1:], _text(one.value), None)
            for one in parsed.values
        ]
    if isinstance(parsed, ContactlessParameters):
        return [
            (one.tag, *CONTACTLESS_PARAMETERS.get(one.tag, _UNKNOWN), _text(one.value), None)
            for one in parsed.values
        ]
    return _field62_short(parsed)


def _field62_short(parsed: Field62) -> list[Line]:
    lines: list[Line] = []
    match parsed:
        case SequenceNo():
            lines = [
                ("", "认证编号", "certification", parsed.certification, None),
                ("", "终端序列号", "serial number", parsed.serial_number, None),
            ]
        case WorkingKeys():
            lines = [
                (key.name, "密钥校验值", "key check value", key.check.hex().upper(), None)
                for key in parsed.keys
            ]
        case DownloadProgress():
            lines = [("", "已接收条数", "received already", str(parsed.received), None)]
        case IcUpload():
            lines = [("", "上送金额", "amount uploaded", _money(parsed.amount), None)]
        case BinListRequest():
            lines = [("", "起始序号", "index", str(parsed.index), None)]
        case BinList():
            lines = [("", "BIN条数", "beginnings listed", str(len(parsed.bins)), None)]
        case Blacklist():
            lines = [("", "黑名单条数", "cards listed", str(len(parsed.cards)), None)]
        case _:
            pass
    return lines


def _field63(value: str | bytes, context: MessageContext) -> list[Line]:
    parsed = parse_field63(value, context)
    if isinstance(parsed, OperatorNumber):
        return [("63.1", "操作员号", "operator", parsed.operator, None)]
    code = parsed.organisation
    lines: list[Line] = [("63.1", "卡组织", "card organisation", code, ORGANISATIONS.get(code))]
    if not isinstance(parsed, OrganisationCode):
        lines += [("63.2", "附加信息", "host text", text, None) for text in parsed.texts()]
    return lines


def _digits(value: str | bytes) -> str:
    if isinstance(value, bytes):
        raise ProtocolError("field", 0, "not digits")
    return value


def _bytes(value: str | bytes) -> bytes:
    if isinstance(value, str):
        raise ProtocolError("field", 0, "not bytes")
    return value


def _text(value: bytes) -> str:
    text = value.decode("gbk", "replace")
    return text.rstrip(" ") if text.isprintable() else value.hex().upper()


STRUCTURED: Final[dict[int, Callable[[str | bytes, MessageContext], list[Line]]]] = {
    44: _field44,
    48: _field48,
    53: _field53,
    54: _field54,
    55: _field55,
    59: _field59,
    60: _field60,
    61: _field61,
    62: _field62,
    63: _field63,
}
