"""Field 39: what a code means and what the person at the till should do about it.

Spec: UnionPay terminal dialect, 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class ResponseClass(Enum):
    """What kind of answer a code is."""

    APPROVED = "A"
    RETRY = "B"
    DECLINED = "C"
    OPERATOR = "D"
    SYSTEM = "E"


@dataclass(frozen=True, slots=True)
class ResponseText:
    """One code in both languages, with the action for the cashier."""

    code: str
    response_class: ResponseClass
    zh: str
    en: str
    action_zh: str
    action_en: str


_ACTIONS: Final = {
    "complete": ("交易完成", "Done."),
    "decline": ("请换卡或换其他方式付款", "Ask for another card or another way to pay."),
    "issuer": ("请持卡人联系发卡银行", "Ask the cardholder to call the bank."),
    "keep": (
        "如能安全做到请没收卡片，并联系收单机构",
        "Keep the card if it is safe; call the acquirer.",
    ),
    "merchant": ("请核对商户号，联系收单机构", "Check the merchant number; call the acquirer."),
    "terminal": (
        "请核对终端号和商户号，联系收单机构",
        "Check terminal and merchant number; call the acquirer.",
    ),
    "retry": ("请重试", "Try again."),
    "later": ("请稍后重试", "Try again later."),
    "partial": (
        "按批准金额收款，余款另行收取",
        "Take the approved amount; collect the rest otherwise.",
    ),
    "amount": ("请核对金额后重新输入", "Check the amount and enter it again."),
    "lower": ("请减小金额或换卡", "Try a smaller amount or another card."),
    "card": ("请重新读卡", "Read the card again."),
    "chip": ("请插入芯片", "Insert the chip."),
    "pin": ("请重新交易并输入正确密码", "Start again and enter the right PIN."),
    "original": ("请核对原交易", "Check the original transaction."),
    "sign_in": ("请重新签到后重试", "Sign in again, then try again."),
    "support": ("请重试，仍失败请报修", "Try again; report it if it fails again."),
    "trace": ("将使用新流水号重试", "Try again with a new trace number."),
    "totals": ("请核对总计并批上送", "Check the totals and upload the batch."),
    "upload": ("请重新上送脱机交易", "Send the offline transactions again."),
    "reversal": ("系统将自动冲正，请稍后重试", "It is reversed automatically; try again later."),
    "confirm": ("交易完成，请向银行确认入账", "Done; confirm the booking with the bank."),
    "unknown": (
        "交易未成功，请记下应答码联系收单机构",
        "Not approved; note the code and call the acquirer.",
    ),
}

_A, _B, _C, _D, _E = ResponseClass

_ROWS: Final = (
    ("00", _A, "交易成功", "Approved", "complete"),
    ("01", _C, "请持卡人与发卡银行联系", "Refer to card issuer", "issuer"),
    ("02", _C, "请联系发卡行", "Refer to card issuer, special condition", "issuer"),
    ("03", _C, "无效商户", "Invalid merchant", "merchant"),
    ("04", _D, "此卡为无效卡（没收卡）", "Pick up card", "keep"),
    ("05", _C, "不批准交易", "Do not honour", "decline"),
    ("06", _C, "出错", "Error", "decline"),
    ("07", _D, "没收卡（特殊条件）", "Pick up card, special condition", "keep"),
    ("09", _B, "请重试", "In progress, try again", "retry"),
    ("10", _A, "部分批准交易", "Approved for a part of the amount", "partial"),
    ("11", _A, "交易成功（VIP客户）", "Approved (VIP)", "complete"),
    ("12", _C, "无效交易", "Invalid transaction", "decline"),
    ("13", _B, "无效金额", "Invalid amount", "amount"),
    ("14", _B, "无效卡号", "Invalid card number", "card"),
    ("15", _C, "此卡无对应发卡方", "No such issuer", "decline"),
    ("21", _C, "该卡未初始化或睡眠卡", "Card not active", "issuer"),
    ("22", _C, "操作有误，或超出交易允许天数", "Wrong operation, or too old", "original"),
    ("25", _C, "没有原始交易", "Original transaction not found", "original"),
    ("30", _C, "请重试（报文格式错）", "Format error", "support"),
    ("31", _C, "交换中心不支持的银行", "Bank not supported", "decline"),
    ("33", _D, "过期的卡（没收）", "Expired card, pick up", "keep"),
    ("34", _D, "作弊卡，吞卡", "Suspected fraud", "keep"),
    ("35", _D, "没收卡", "Pick up card", "keep"),
    ("36", _D, "受限制的卡（没收）", "Restricted card, pick up", "keep"),
    ("37", _D, "没收卡", "Pick up card", "keep"),
    ("38", _D, "密码错误次数超限", "PIN tries exceeded", "issuer"),
    ("40", _C, "发卡方不支持的交易类型", "Function not supported", "decline"),
    ("41", _D, "挂失卡，请没收", "Lost card", "keep"),
    ("43", _D, "被窃卡，请没收", "Stolen card", "keep"),
    ("45", _C, "请使用芯片卡", "Use the chip", "chip"),
    ("51", _C, "可用余额不足", "Insufficient funds", "decline"),
    ("54", _C, "该卡已过期", "Expired card", "decline"),
    ("55", _C, "密码错", "Wrong PIN", "pin"),
    ("57", _C, "不允许此卡交易", "Not permitted to this card", "decline"),
    ("58", _C, "发卡方不允许该卡在本终端进行此交易", "Not permitted at this terminal", "decline"),
    ("59", _C, "卡片校验错", "Card check failed", "decline"),
    ("61", _C, "交易金额超限", "Amount above the limit", "lower"),
    ("62", _C, "受限制的卡", "Restricted card", "decline"),
    ("63", _C, "违反安全保密规定", "Security violation", "decline"),
    ("64", _C, "交易金额与原交易不匹配", "Amount differs from the original", "original"),
    ("65", _C, "超出消费次数限制", "Too many payments", "decline"),
    ("66", _C, "受理方呼受理方安全保密部门", "Call the acquirer's security", "terminal"),
    ("67", _D, "捕捉（没收卡）", "Capture card", "keep"),
    ("68", _C, "交易超时，请重试", "Answer too late", "reversal"),
    ("75", _C, "密码错误次数超限", "PIN tries exceeded", "issuer"),
    ("77", _D, "请向网络中心签到", "Batch differs from the host", "sign_in"),
    ("79", _C, "POS终端重传脱机数据", "Send offline data again", "upload"),
    ("90", _C, "系统日切，请稍后重试", "Cut-over in progress", "later"),
    ("91", _C, "发卡方状态不正常，请稍后重试", "Issuer not available", "later"),
    ("92", _C, "发卡方线路异常，请稍后重试", "Line to the issuer is down", "later"),
    ("93", _C, "交易违法，不能完成", "Not allowed by law", "decline"),
    ("94", _C, "拒绝重复交易，请稍后重试", "Duplicate trace number", "trace"),
    ("95", _C, "调节控制错", "Totals do not agree", "totals"),
    ("96", _C, "交换中心异常，请稍后重试", "System fault", "later"),
    ("97", _D, "终端未登记", "Terminal not registered", "terminal"),
    ("98", _E, "发卡方超时", "Issuer did not answer", "reversal"),
    ("99", _B, "PIN格式错，请重新签到", "PIN block error", "sign_in"),
    ("A0", _B, "MAC校验错，请重新签到", "MAC error", "sign_in"),
    ("A1", _C, "转账货币不一致", "Currencies differ", "decline"),
    (
        "A2",
        _A,
        "交易成功，请向资金转入行确认",
        "Approved, confirm with the receiving bank",
        "confirm",
    ),
    ("A3", _C, "账号不正确", "Wrong account", "decline"),
    ("A4", _A, "交易成功，请向发卡行确认", "Approved, confirm with the issuer", "confirm"),
    ("A5", _A, "交易成功，请向发卡行确认", "Approved, confirm with the issuer", "confirm"),
    (
        "A6",
        _A,
        "交易成功，请向资金转入行确认",
        "Approved, confirm with the receiving bank",
        "confirm",
    ),
    ("A7", _C, "安全处理失败", "Security processing failed", "sign_in"),
)

RESPONSES: Final = {
    code: ResponseText(code, response_class, zh, en, *_ACTIONS[action])
    for code, response_class, zh, en, action in _ROWS
}

# Why a terminal reverses, in field 39 of an 0400. Spec: UnionPay terminal dialect, 3.7.
REVERSAL_REASONS: Final = {
    "98": ("POS在时限内未能收到应答", "no reply in time"),
    "96": ("POS机故障", "terminal fault"),
    "A0": ("应答MAC校验错", "MAC of the reply was wrong"),
    "06": ("其他情况引发的冲正", "other reason"),
}


def describe_response(code: str) -> ResponseText:
    """Return the texts for any code of field 39; one we do not know is a decline that names itself.

    Spec: UnionPay terminal dialect, 4.
    """
    known = RESPONSES.get(code)
    if known is not None:
        return known
    shown = code if code.isalnum() and code.isascii() else "??"
    return ResponseText(
        code,
        ResponseClass.DECLINED,
        f"交易失败（应答码{shown}）",
        f"Declined (code {shown})",
        *_ACTIONS["unknown"],
    )


def is_approval(code: str) -> bool:
    """Whether the money is certainly taken: 00 only; the other class A codes need a host's word.

    Spec: UnionPay terminal dialect, 4.
    """
    return code == "00"
