"""The transactions of the dialect and the codes that make them. Spec: terminal dialect, 3.0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Transaction:
    """What distinguishes one transaction on the wire.

    Attributes:
        name: English name.
        zh: Chinese name.
        mti: request message type; the reply's is 10 higher.
        processing_code: F3, None in management messages.
        condition: F25, None in management messages.
        function: 60.1.
        network_code: 60.3, "000" in financial messages.
        has_mac: whether request and approved reply carry F64.
        is_reversible: whether an unanswered request is followed by 0400.
    """

    name: str
    zh: str
    mti: str
    processing_code: str | None
    condition: str | None
    function: str
    network_code: str = "000"
    has_mac: bool = True
    is_reversible: bool = False

    @property
    def reply_mti(self) -> str:
        """Message type of the answer."""
        return reply_mti(self.mti)


def reply_mti(mti: str) -> str:
    """Return the message type of the answer: the third digit one higher, 0200 to 0210.

    Spec: ISO 8583:1987, 4.1.
    """
    return f"{mti[:2]}{int(mti[2]) + 1}{mti[3]}"


def _management(name: str, zh: str, mti: str, network_code: str) -> Transaction:
    return Transaction(name, zh, mti, None, None, "00", network_code, has_mac=False)


SIGN_IN: Final = _management("sign-in", "签到", "0800", "003")
SIGN_OFF: Final = _management("sign-off", "签退", "0820", "002")
ECHO: Final = _management("echo test", "回响测试", "0820", "301")
SETTLEMENT: Final = _management("settlement", "批结算", "0500", "201")
BALANCE: Final = Transaction("balance", "余额查询", "0200", "310000", "00", "01")
SALE: Final = Transaction("sale", "消费", "0200", "000000", "00", "22", is_reversible=True)
VOID: Final = Transaction("void", "消费撤销", "0200", "200000", "00", "23", is_reversible=True)
REFUND: Final = Transaction("refund", "退货", "0220", "200000", "00", "25")
PREAUTH: Final = Transaction(
    "pre-authorisation", "预授权", "0100", "030000", "06", "10", is_reversible=True
)
PREAUTH_VOID: Final = Transaction(
    "pre-authorisation void", "预授权撤销", "0100", "200000", "06", "11", is_reversible=True
)
COMPLETION: Final = Transaction(
    "completion", "预授权完成（请求）", "0200", "000000", "06", "20", is_reversible=True
)
COMPLETION_ADVICE: Final = Transaction(
    "completion advice", "预授权完成（通知）", "0220", "000000", "06", "24"
)
COMPLETION_VOID: Final = Transaction(
    "completion void", "预授权完成撤销", "0200", "200000", "06", "21", is_reversible=True
)
OFFLINE_SETTLEMENT: Final = Transaction(
    "offline settlement", "离线结算", "0220", "000000", "00", "30"
)
ADJUST: Final = Transaction("adjust", "结算调整", "0220", "000000", "00", "32")
OFFLINE_SALE: Final = Transaction(
    "offline sale upload", "脱机消费上送", "0200", "000000", "00", "36"
)

REVERSAL_MTI: Final = "0400"
SIGN_IN_SINGLE_DES: Final = "001"
SIGN_IN_DOUBLE_DES: Final = "003"
SIGN_IN_WITH_TRACK_KEY: Final = "004"

FINANCIAL: Final = (
    BALANCE,
    SALE,
    VOID,
    REFUND,
    PREAUTH,
    PREAUTH_VOID,
    COMPLETION,
    COMPLETION_ADVICE,
    COMPLETION_VOID,
    OFFLINE_SETTLEMENT,
    ADJUST,
    OFFLINE_SALE,
)


def find_transaction(mti: str, processing_code: str, function: str) -> Transaction | None:
    """Find a financial transaction by request MTI, F3 and 60.1; None when it is not one of ours.

    Spec: UnionPay terminal dialect, 3.0.
    """
    for transaction in FINANCIAL:
        wanted = (transaction.mti, transaction.processing_code, transaction.function)
        if wanted == (mti, processing_code, function):
            return transaction
    return None
