"""The field table of the UnionPay terminal dialect. Spec: UnionPay terminal dialect, 2."""

from __future__ import annotations

from typing import Final

from tongbao.wire.iso8583.codec import Dialect
from tongbao.wire.iso8583.fields import FieldSpec, Kind

_N, _Z, _AN, _ANS, _B = Kind.NUMERIC, Kind.TRACK, Kind.TEXT, Kind.GBK_TEXT, Kind.BINARY


def _spec(number: int, kind: Kind, length: int, zh: str, en: str) -> FieldSpec:
    return FieldSpec(number=number, kind=kind, length=length, zh=zh, en=en)


def _ll(number: int, kind: Kind, length: int, zh: str, en: str) -> FieldSpec:
    return FieldSpec(number=number, kind=kind, length=length, prefix=1, zh=zh, en=en)


def _lll(number: int, kind: Kind, zh: str, en: str) -> FieldSpec:
    # Nominal maxima differ between hosts and are exceeded in practice; 999 is what LLL can say.
    return FieldSpec(number=number, kind=kind, length=999, prefix=2, zh=zh, en=en)


def _secret(spec: FieldSpec) -> FieldSpec:
    return FieldSpec(
        number=spec.number,
        kind=spec.kind,
        length=spec.length,
        prefix=spec.prefix,
        secret=True,
        zh=spec.zh,
        en=spec.en,
    )


FIELDS: Final = (
    _secret(_ll(2, _N, 19, "主账号", "primary account number")),
    _spec(3, _N, 6, "交易处理码", "processing code"),
    _spec(4, _N, 12, "交易金额", "amount"),
    _spec(11, _N, 6, "受卡方系统跟踪号", "terminal trace number"),
    _spec(12, _N, 6, "受卡方所在地时间", "local time"),
    _spec(13, _N, 4, "受卡方所在地日期", "local date"),
    _spec(14, _N, 4, "卡有效期", "expiry"),
    _spec(15, _N, 4, "清算日期", "settlement date"),
    _spec(22, _N, 3, "服务点输入方式码", "POS entry mode"),
    FieldSpec(
        number=23, kind=_N, length=3, pad_left=True, zh="卡序列号", en="card sequence number"
    ),
    _spec(25, _N, 2, "服务点条件码", "POS condition code"),
    _spec(26, _N, 2, "服务点PIN获取码", "longest PIN accepted"),
    _ll(32, _N, 11, "受理方标识码", "acquiring institution"),
    # 37 characters on the card; hosts that encipher the whole track fill it up to 48.
    _secret(_ll(35, _Z, 48, "二磁道数据", "track 2")),
    _secret(_lll(36, _Z, "三磁道数据", "track 3")),
    _spec(37, _AN, 12, "检索参考号", "retrieval reference number"),
    _spec(38, _AN, 6, "授权标识应答码", "authorisation code"),
    _spec(39, _AN, 2, "应答码", "response code"),
    _spec(41, _AN, 8, "受卡机终端标识码", "terminal id"),
    _spec(42, _AN, 15, "受卡方标识码", "merchant id"),
    # Nominally 25; one host sends 68 bytes of text.
    _ll(44, _ANS, 99, "附加响应数据", "additional response data"),
    _lll(47, _B, "附加数据-营销", "additional data, marketing"),
    _lll(48, _N, "附加数据-私有", "additional data, private"),
    _spec(49, _AN, 3, "交易货币代码", "currency"),
    _secret(_spec(52, _B, 8, "个人标识码数据", "PIN block")),
    _spec(53, _N, 16, "安全控制信息", "security control"),
    _lll(54, _ANS, "附加金额", "additional amounts"),
    _secret(_lll(55, _B, "IC卡数据域", "chip card data")),
    _lll(56, _B, "附加信息", "additional information"),
    _lll(57, _B, "附加交易信息", "additional transaction data"),
    _lll(58, _B, "PBOC电子钱包标准的交易信息", "electronic purse data"),
    _lll(59, _B, "自定义域", "private data 59"),
    _lll(60, _N, "自定义域", "function, batch and network codes"),
    _lll(61, _N, "原始信息域", "original transaction"),
    _lll(62, _B, "自定义域", "private data 62"),
    _lll(63, _ANS, "自定义域", "operator, card organisation and texts"),
    _spec(64, _B, 8, "报文鉴别码", "message authentication code"),
)

UNIONPAY: Final = Dialect("UnionPay terminal", FIELDS)
