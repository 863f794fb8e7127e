"""What the terminal itself says, in both languages, with a code that never changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tongbao.domain.money import Currency, Money
from tongbao.terminal.core.state import Notice

NOT_NOW: Final = Notice("wrong_phase", "现在不能进行此操作", "Not possible at this moment")
STALE: Final = Notice(
    "stale", "屏幕内容已更新，请重新操作", "The screen has moved on; please try again"
)
BUSY_PAYMENT: Final = Notice(
    "payment_running", "交易进行中，请等待结果", "A payment is running; wait for its result"
)
DOUBT_OPEN: Final = Notice(
    "doubt_open",
    "上一笔交易结果未明，正在查询；确认前不能收款",
    "The last payment is still being checked; no new payment until it is clear",
)
ALREADY_SENDING: Final = Notice(
    "already_sending", "正在查证，请稍候", "The host is being asked now; please wait"
)
KEEP_WAITING: Final = Notice(
    "keep_waiting", "正在查询上一笔交易，请稍候", "The last payment is being checked; please wait"
)
NOT_SIGNED_IN: Final = Notice("not_signed_in", "终端未签到，请先签到", "Sign in to the host first")
JOURNAL_BROKEN: Final = Notice(
    "journal_broken", "交易日志无法写入，终端停用", "The journal cannot be written; out of service"
)
READER_BROKEN: Final = Notice(
    "reader_broken", "读卡器故障，不能刷卡", "The card reader does not work"
)
PRINTER_BROKEN: Final = Notice(
    "printer_broken", "打印机故障，不能打印", "The printer does not work"
)
NO_SLIP: Final = Notice("no_slip", "此交易没有签购单", "This transaction has no slip")
BAD_AMOUNT: Final = Notice(
    "bad_amount", "金额无效或超出限额", "The amount is not valid or too large"
)
UNKNOWN_KIND: Final = Notice("unknown_kind", "没有此类交易", "There is no such transaction")
KIND_NOT_ALLOWED: Final = Notice(
    "kind_not_allowed", "本终端未开通此交易", "This terminal may not do this transaction"
)
ORIGINAL_NEEDED: Final = Notice(
    "original_needed", "请输入原交易凭证号", "Give the voucher number of the original payment"
)
NO_SUCH_PAYMENT: Final = Notice(
    "no_such_payment",
    "当前批次没有这笔交易；已结算的请做退货",
    "No such payment in the open batch; refund it if its batch is settled",
)
WRONG_KIND_OF_ORIGINAL: Final = Notice(
    "wrong_original", "原交易类型不能做此操作", "Not possible for this kind of payment"
)
ORIGINAL_NOT_APPROVED: Final = Notice(
    "original_not_approved",
    "原交易未成功，无需处理",
    "The original was not approved; nothing to do",
)
ALREADY_VOID: Final = Notice("already_void", "原交易已撤销", "The original is void already")
ALREADY_USED: Final = Notice(
    "already_used",
    "原交易已退货、撤销或完成，不能再操作",
    "The original was refunded, cancelled or completed already",
)
ALREADY_TIPPED: Final = Notice(
    "already_tipped", "原交易已加小费", "The original has its tip already"
)
BAD_RRN: Final = Notice(
    "bad_rrn", "请输入12位原交易参考号", "Give the 12 characters of the reference number"
)
BAD_AUTH_CODE: Final = Notice(
    "bad_auth_code", "请输入最多6位授权码", "Give the authorisation code, up to 6 characters"
)
BAD_DATE: Final = Notice(
    "bad_date", "请输入原交易日期（月日四位）", "Give the date of the original as month and day"
)
REFUND_TOO_LARGE: Final = Notice(
    "refund_too_large", "退货金额超过原交易可退金额", "More than is left of the original to refund"
)
NOT_THE_HELD_AMOUNT: Final = Notice(
    "not_the_held_amount",
    "撤销金额必须等于预授权金额",
    "The amount must be that of the pre-authorisation",
)
SUPERVISOR_NEEDED: Final = Notice(
    "supervisor_needed", "需要主管授权", "A supervisor must approve this"
)
NOT_A_SUPERVISOR: Final = Notice(
    "not_a_supervisor", "该操作员无授权权限", "This operator may not approve"
)
WRONG_PASSWORD: Final = Notice(
    "wrong_password", "操作员号或密码错误", "Wrong operator number or password"
)
BAD_NEW_PIN: Final = Notice("bad_pin", "新密码为4至12位数字", "A new PIN has 4 to 12 digits")
WEAK_PIN: Final = Notice(
    "weak_pin",
    "密码过于简单：不能全部相同或连号",
    "Too easy to guess: do not repeat or count",
)
SAME_PIN: Final = Notice(
    "same_pin", "新密码不能与原密码相同", "The new PIN must differ from the old one"
)
NOT_IN_TRAINING: Final = Notice(
    "not_in_training", "培训中不能修改操作员", "Operators are not changed in training"
)
OPERATOR_GONE: Final = Notice(
    "operator_gone", "该操作员已停用", "This operator is no longer active"
)
TRAINING_OFF: Final = Notice(
    "training_off", "本终端未开放训练模式", "Training is switched off for this terminal"
)
NUMBER_TAKEN: Final = Notice("number_taken", "该操作员号已被使用", "This operator number is taken")
NAME_NEEDED: Final = Notice(
    "name_needed", "请输入姓名（最多40字）", "Give a name, 40 characters at most"
)
NOT_YOURS: Final = Notice(
    "not_yours",
    "您无权管理该操作员；请由更高权限的人操作",
    "You may not do this for that operator; ask somebody with more rights",
)
FUNCTION_CLOSED: Final = Notice(
    "function_closed",
    "此功能需要授权，请从功能菜单进入",
    "This function needs an approval; open it from the menu",
)
FUNCTION_PASSWORD_NEEDED: Final = Notice(
    "function_password", "请输入此功能的密码", "Give the password of this function"
)
NO_KEYS: Final = Notice(
    "no_master_key",
    "密码键盘无主密钥，请联系管理员",
    "The PIN pad holds no master key; call support",
)
NO_ANSWER: Final = Notice(
    "no_answer", "主机无应答，请稍后重试", "No answer from the host; try later"
)
NO_CONNECTION: Final = Notice("no_connection", "无法连接主机", "The host cannot be reached")
CONNECTION_LOST: Final = Notice("connection_lost", "与主机的连接中断", "The line to the host broke")
KEYS_REFUSED: Final = Notice(
    "keys_refused", "工作密钥校验失败，未签到", "The new keys failed their check; not signed in"
)
BAD_ANSWER: Final = Notice("bad_answer", "主机应答有误", "The host's answer makes no sense")
STOPPED: Final = Notice("stopped", "已取消", "Cancelled")
CARD_LATE: Final = Notice(
    "card_timeout", "等待刷卡超时，未收款", "No card in time; nothing was taken"
)
PIN_LATE: Final = Notice("pin_timeout", "输入密码超时，未收款", "No PIN in time; nothing was taken")
NOT_SENT: Final = Notice(
    "not_sent", "无法连接主机，交易未发出，未收款", "Host not reached; nothing was sent or taken"
)
CARD_UNUSABLE: Final = Notice(
    "card_unusable", "此卡无法使用，未收款", "This card cannot be used; nothing was taken"
)
BAD_CARD_NUMBER: Final = Notice(
    "bad_card_number", "卡号有误，请核对", "This is not a card number; check it"
)
BAD_EXPIRY: Final = Notice(
    "bad_expiry", "有效期按年月输入四位", "Give the expiry as year and month, four digits"
)
CARD_EXPIRED: Final = Notice("card_expired", "卡已过有效期", "The card has expired")
NOT_KEYED: Final = Notice(
    "not_keyed", "此交易不能手工输入卡号", "The card number cannot be keyed in here"
)
SWIPE_NOT_HERE: Final = Notice(
    "swipe_not_here", "此交易请手工输入卡号", "Key the card number in for this transaction"
)
NOT_THE_SAME_CARD: Final = Notice(
    "not_the_same_card", "不是原交易的卡", "This is not the card of the original payment"
)
PIN_NEEDED: Final = Notice("pin_needed", "此交易必须输入密码", "This transaction needs the PIN")
VOID_REVERSED: Final = Notice(
    "void_reversed", "撤销未生效，原交易仍然有效", "The void did not happen; the original stands"
)
REVERSED: Final = Notice(
    "reversed",
    "交易已冲正，视同未发生；已扣款项将退回",
    "The payment was undone; any money taken goes back",
)
STORED: Final = Notice("stored", "交易已存储，稍后上送", "Stored; it will be sent")
WILL_BE_SENT: Final = Notice(
    "will_be_sent", "终端将自动上送，无需重做", "The terminal sends it by itself; do not repeat it"
)
ADVICE_PENDING: Final = Notice(
    "advice_pending",
    "原交易尚未送达主机，请先上送",
    "The original has not reached the host yet; send it first",
)
SETTLEMENT_OPEN: Final = Notice(
    "settlement_open",
    "批结算尚未完成，请先完成结算",
    "The batch settlement is not finished; finish it first",
)
SETTLEMENT_BINDING: Final = Notice(
    "settlement_binding", "结算已上送，不能取消", "The totals have gone out; it cannot be cancelled"
)
SETTLEMENT_STOPPED: Final = Notice(
    "settlement_stopped", "结算中断，请继续结算", "The settlement was interrupted; go on with it"
)
NOTHING_TO_SETTLE: Final = Notice(
    "nothing_to_settle", "本批次无交易，无需结算", "The batch has no payments to settle"
)
MUST_SETTLE: Final = Notice(
    "must_settle", "本批次交易笔数已满，请先结算", "The batch is full; settle it first"
)
ADVICES_LEFT: Final = Notice(
    "advices_left",
    "有通知类交易未送达，请重试；或由主管授权结算",
    "Some advices have not arrived; try again, or settle with a supervisor's approval",
)
NO_SUCH_WORK: Final = Notice("no_such_work", "该待办已完成", "This is not pending any more")
ALREADY_SIGNED: Final = Notice("already_signed", "该交易已签名", "This payment is signed already")
NO_SIGNATURE: Final = Notice("no_signature", "该交易无需签名", "This payment takes no signature")
LOADED_BAD: Final = Notice("loaded_bad", "下载内容校验失败", "What was downloaded failed its check")
BLACKLISTED: Final = Notice("blacklisted", "此卡在黑名单中，拒绝受理", "This card is refused")

ANOTHER_DAY: Final = Notice(
    "another_day", "新的一天，请重新登录", "A new day has begun; log in again"
)

START_AGAIN: Final = Notice("start_again", "可重新收款", "You may start again")
ASK_AGAIN: Final = Notice(
    "ask_again", "请重新收款或改用其他方式", "Take the payment again, or in another way"
)
CHECK_NETWORK: Final = Notice(
    "check_network", "请检查网络后重新收款", "Check the network, then start again"
)
TRY_AGAIN: Final = Notice("try_again", "请稍后重试", "Try again later")
OTHER_CARD: Final = Notice("other_card", "请换一张卡", "Try another card")


class RefusedError(Exception):
    """What was asked for is not done; `notice` says why, and nothing has changed."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.code)
        self.notice = notice


def tip_too_large(percent_max: int) -> Notice:
    """Say how large a tip may be."""
    return Notice(
        "tip_too_large",
        f"小费不能超过原交易金额的 {percent_max}%",
        f"A tip is at most {percent_max} % of the payment",
    )


def completion_too_large(percent_max: int) -> Notice:
    """Say how large a completion may be."""
    return Notice(
        "completion_too_large",
        f"完成金额不能超过预授权金额的 {percent_max}%",
        f"A completion is at most {percent_max} % of the pre-authorisation",
    )


LimitWords = Callable[[int], Notice]


def sale_limit(limit_minor: int) -> Notice:
    """Say how large one payment may be."""
    return _limit("sale_limit", ("单笔金额", "One payment"), limit_minor)


def refund_limit(limit_minor: int) -> Notice:
    """Say how large one refund may be."""
    return _limit("refund_limit", ("单笔退货", "One refund"), limit_minor)


def offline_limit(limit_minor: int) -> Notice:
    """Say how large one offline sale may be."""
    return _limit("offline_limit", ("单笔离线结算", "One offline sale"), limit_minor)


def day_limit(limit_minor: int, left_minor: int) -> Notice:
    """Say how much a day may bring, and how much of it is left."""
    limit, left = _yuan(limit_minor), _yuan(left_minor)
    return Notice(
        "day_limit",
        f"本终端当日累计不能超过 {limit}，还可收 {left}",
        f"This terminal takes at most {limit} a day; {left} is left today",
    )


def _limit(code: str, what: tuple[str, str], limit_minor: int) -> Notice:
    zh, en = what
    limit = _yuan(limit_minor)
    return Notice(code, f"{zh}不能超过 {limit}", f"{en} is at most {limit}")


def _yuan(minor: int) -> str:
    whole, point, fraction = Money(minor, Currency.CNY).text().partition(".")
    return f"¥{int(whole):,}{point}{fraction}"


def with_code(notice: Notice, code: str) -> Notice:
    """Return the words under the code that the host gave."""
    return Notice(code, notice.zh, notice.en)


def locked_for(operator: str) -> Notice:
    """Say who opens a locked till."""
    return Notice(
        "locked_for",
        f"已锁定：请操作员 {operator} 或主管解锁",
        f"Locked: operator {operator} or a supervisor opens it",
    )


def wait_before_log_in(seconds: int) -> Notice:
    """Say how long the log-in stays closed after wrong tries."""
    return Notice(
        "log_in_wait",
        f"密码错误次数过多，请等待 {seconds} 秒",
        f"Too many wrong tries; wait {seconds} seconds",
    )
