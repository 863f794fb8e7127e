"""The transactions of the dialect and the codes that make them. Spec: terminal dialect, 3.0."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Resolution(Enum):
    """How a transaction whose result is unknown ends; the value is the word on the screen."""

    REVERSE = "reverse"
    REPEAT = "repeat"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Transaction:
    """What distinguishes one transaction on the wire.

    Attributes:
        kind: the word for it in records, in the journal and between screen and terminal.
        name: English name.
        zh: Chinese name.
        mti: request message type; the reply's is 10 higher.
        processing_code: F3, None in management messages.
        condition: F25, None in management messages.
        function: 60.1.
        network_code: 60.3, "000" in financial messages.
        has_mac: whether request and approved reply carry F64.
        resolution: REVERSE sends 0400 after a request without a clear answer; REPEAT sends the
            same request with the same trace until the host says something definite; NONE drops it.
    """

    kind: str
    name: str
    zh: str
    mti: str
    processing_code: str | None
    condition: str | None
    function: str
    network_code: str = "000"
    has_mac: bool = True
    resolution: Resolution = Resolution.NONE

    @property
    def reply_mti(self) -> str:
        """Message type of the answer."""
        return reply_mti(self.mti)

    @property
    def is_reversible(self) -> bool:
        """Whether an unanswered request is followed by 0400."""
        return self.resolution is Resolution.REVERSE

    @property
    def end_code(self) -> str:
        """60.3 of the message that ends a download: one more than that of the download."""
        return f"{int(self.network_code) + 1:03d}"


def reply_mti(mti: str) -> str:
    """Return the message type of the answer: the third digit one higher, 0200 to 0210.

    Spec: ISO 8583:1987, 4.1.
    """
    return f"{mti[:2]}{int(mti[2]) + 1}{mti[3]}"


def _management(name: str, zh: str, mti: str, network_code: str) -> Transaction:
    kind = name.replace(" ", "_").replace("-", "_")
    return Transaction(kind, name, zh, mti, None, None, "00", network_code, has_mac=False)


_REVERSE: Final = Resolution.REVERSE
_REPEAT: Final = Resolution.REPEAT

SIGN_IN: Final = _management("sign-in", "签到", "0800", "003")
SIGN_OFF: Final = _management("sign-off", "签退", "0820", "002")
ECHO: Final = _management("echo test", "回响测试", "0820", "301")
CASHIER_SIGN_IN: Final = _management("cashier sign-in", "收银员签到", "0820", "401")
STATUS_UPLOAD: Final = _management("status upload", "终端状态上送", "0820", "362")
PARAMETERS: Final = _management("parameters", "磁条卡参数下载", "0800", "360")
TMS_PARAMETERS: Final = _management("TMS parameters", "TMS 参数下载", "0800", "364")
PUBLIC_KEY_LIST: Final = _management("public key list", "IC 卡公钥查询", "0820", "372")
PUBLIC_KEY_LIST_SM2: Final = _management("public key list SM2", "国密公钥查询", "0820", "373")
PUBLIC_KEYS: Final = _management("public keys", "IC 卡公钥下载", "0800", "370")
CHIP_PARAMETER_LIST: Final = _management("chip parameter list", "IC 卡参数查询", "0820", "382")
CHIP_PARAMETERS: Final = _management("chip parameters", "IC 卡参数下载", "0800", "380")
CURRENCY_RATES: Final = _management("currency rates", "汇率下载", "0800", "384")
BLACKLIST: Final = _management("blacklist", "黑名单下载", "0800", "390")
CONTACTLESS_PARAMETERS: Final = _management("contactless parameters", "非接参数下载", "0800", "394")
BIN_LIST_B: Final = _management("BIN list B", "免密 BIN 表 B 下载", "0800", "396")
BIN_LIST_C: Final = _management("BIN list C", "免密 BIN 表 C 下载", "0800", "398")
MASTER_KEY_RSA: Final = _management("master key RSA key", "主密钥下载公钥", "0800", "352")
MASTER_KEY: Final = _management("master key", "终端主密钥下载", "0800", "350")
SETTLEMENT: Final = _management("settlement", "批结算", "0500", "201")
BATCH_DETAILS: Final = _management("batch details", "批上送（磁条卡明细）", "0320", "201")
BATCH_CHIP_BALANCED: Final = _management(
    "batch chip balanced", "批上送（IC 卡交易）", "0320", "203"
)
BATCH_CHIP_UNBALANCED: Final = _management(
    "batch chip unbalanced", "批上送（IC 卡交易）", "0320", "205"
)
BATCH_RISK_BALANCED: Final = _management("batch risk balanced", "批上送（风险交易）", "0320", "204")
BATCH_RISK_UNBALANCED: Final = _management(
    "batch risk unbalanced", "批上送（风险交易）", "0320", "206"
)
BATCH_LOADS_BALANCED: Final = _management(
    "batch loads balanced", "批上送（圈存确认）", "0320", "208"
)
BATCH_LOADS_UNBALANCED: Final = _management(
    "batch loads unbalanced", "批上送（圈存确认）", "0320", "209"
)
BATCH_END_BALANCED: Final = _management("batch end balanced", "批上送结束", "0320", "207")
BATCH_END_UNBALANCED: Final = _management("batch end unbalanced", "批上送结束", "0320", "202")

# Their MAC and their F3 and F25 are those of an original, so they are no plain management messages.
SIGNATURE: Final = Transaction(
    "signature", "signature upload", "电子签名上送", "0820", None, None, "07", "800"
)
SCRIPT_RESULT: Final = Transaction(
    "script_result",
    "script result advice",
    "IC 卡脚本处理结果通知",
    "0620",
    None,
    None,
    "00",
    "951",
)

BALANCE: Final = Transaction("balance", "balance", "余额查询", "0200", "310000", "00", "01")
SALE: Final = Transaction("sale", "sale", "消费", "0200", "000000", "00", "22", resolution=_REVERSE)
MAIL_ORDER: Final = Transaction(
    "mail_order", "mail order", "订购消费", "0200", "000000", "08", "22", resolution=_REVERSE
)
VOID: Final = Transaction(
    "void", "void", "消费撤销", "0200", "200000", "00", "23", resolution=_REVERSE
)
REFUND: Final = Transaction(
    "refund", "refund", "退货", "0220", "200000", "00", "25", resolution=_REPEAT
)
PREAUTH: Final = Transaction(
    *("pre_authorisation", "pre-authorisation", "预授权", "0100", "030000", "06", "10"),
    resolution=_REVERSE,
)
PREAUTH_VOID: Final = Transaction(
    *("pre_authorisation_void", "pre-authorisation void", "预授权撤销"),
    *("0100", "200000", "06", "11"),
    resolution=_REVERSE,
)
COMPLETION: Final = Transaction(
    *("completion", "completion", "预授权完成（请求）", "0200", "000000", "06", "20"),
    resolution=_REVERSE,
)
COMPLETION_ADVICE: Final = Transaction(
    *("completion_advice", "completion advice", "预授权完成（通知）"),
    *("0220", "000000", "06", "24"),
    resolution=_REPEAT,
)
COMPLETION_VOID: Final = Transaction(
    *("completion_void", "completion void", "预授权完成撤销", "0200", "200000", "06", "21"),
    resolution=_REVERSE,
)
OFFLINE_SALE: Final = Transaction(
    "offline_sale", "offline sale", "离线结算", "0220", "000000", "00", "30", resolution=_REPEAT
)
ADJUSTMENT: Final = Transaction(
    "adjustment", "adjustment", "结算调整", "0220", "000000", "00", "32", resolution=_REPEAT
)
TIP: Final = Transaction("tip", "tip", "小费调整", "0220", "000000", "00", "34", resolution=_REPEAT)
CHIP_OFFLINE_SALE: Final = Transaction(
    *("chip_offline_sale", "chip offline sale", "脱机消费上送", "0200", "000000", "00", "36"),
    resolution=_REPEAT,
)

REVERSAL_MTI: Final = "0400"
SIGN_IN_SINGLE_DES: Final = "001"
SIGN_IN_DOUBLE_DES: Final = "003"
SIGN_IN_WITH_TRACK_KEY: Final = "004"
SIGN_IN_SM4: Final = "006"
SIGN_IN_CODES: Final = (
    SIGN_IN_SINGLE_DES,
    SIGN_IN_DOUBLE_DES,
    SIGN_IN_WITH_TRACK_KEY,
    SIGN_IN_SM4,
)
# Mail order 订购 and telephone order: some hosts want 18 where others want 08.
MAIL_ORDER_CONDITIONS: Final = ("08", "18")

FINANCIAL: Final = (
    BALANCE,
    SALE,
    MAIL_ORDER,
    VOID,
    REFUND,
    PREAUTH,
    PREAUTH_VOID,
    COMPLETION,
    COMPLETION_ADVICE,
    COMPLETION_VOID,
    OFFLINE_SALE,
    ADJUSTMENT,
    TIP,
    CHIP_OFFLINE_SALE,
)
KINDS: Final = {transaction.kind: transaction for transaction in FINANCIAL}

_BY_CODES: Final = {
    (one.mti, one.processing_code, one.function): one for one in FINANCIAL if one is not MAIL_ORDER
}


def find_transaction(
    mti: str, processing_code: str, function: str, condition: str = "00"
) -> Transaction | None:
    """Find a financial transaction by request MTI, F3, 60.1 and F25; None when it is not ours.

    F25 decides only between sale and mail order; whether it fits is the caller's check.

    Spec: UnionPay terminal dialect, 3.0.
    """
    found = _BY_CODES.get((mti, processing_code, function))
    return MAIL_ORDER if found is SALE and condition in MAIL_ORDER_CONDITIONS else found
