"""What the terminal itself says, in both languages, with a code that never changes."""

from __future__ import annotations

from typing import Final

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
    "already_sending", "正在发送冲正，请稍候", "The reversal is being sent now; please wait"
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
BAD_AMOUNT: Final = Notice(
    "bad_amount", "金额无效或超出限额", "The amount is not valid or too large"
)
WRONG_PASSWORD: Final = Notice(
    "wrong_password", "操作员号或密码错误", "Wrong operator number or password"
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
REVERSED: Final = Notice(
    "reversed",
    "交易已冲正，视同未发生；已扣款项将退回",
    "The payment was undone; any money taken goes back",
)

START_AGAIN: Final = Notice("start_again", "可重新收款", "You may start again")
ASK_AGAIN: Final = Notice(
    "ask_again", "请重新收款或改用其他方式", "Take the payment again, or in another way"
)
CHECK_NETWORK: Final = Notice(
    "check_network", "请检查网络后重新收款", "Check the network, then start again"
)
OTHER_CARD: Final = Notice("other_card", "请换一张卡", "Try another card")


def with_code(notice: Notice, code: str) -> Notice:
    """Return the words under the code that the host gave."""
    return Notice(code, notice.zh, notice.en)


def wait_before_log_in(seconds: int) -> Notice:
    """Say how long the log-in stays closed after wrong tries."""
    return Notice(
        "log_in_wait",
        f"密码错误次数过多，请等待 {seconds} 秒",
        f"Too many wrong tries; wait {seconds} seconds",
    )
