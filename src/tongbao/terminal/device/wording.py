"""Why the platform could not be asked, and what the device says of itself; both languages."""

from __future__ import annotations

from typing import Final

from tongbao.terminal.core.state import Notice
from tongbao.terminal.device.gateway import GatewayError, Trouble

_TROUBLES: Final = {
    Trouble.NO_NETWORK: Notice(
        "no_network",
        "连接不上平台，请检查网络",
        "The platform cannot be reached; check the network",
    ),
    Trouble.NO_ANSWER: Notice(
        "no_answer", "平台没有应答，稍后自动重试", "The platform does not answer; it tries again"
    ),
    Trouble.GATEWAY_UNTRUSTED: Notice(
        "gateway_untrusted",
        "对方不是可信的平台，请检查网络与时钟",
        "This is not the platform we trust; check the network and the clock",
    ),
    Trouble.CERTIFICATE_REFUSED: Notice(
        "certificate_refused",
        "平台拒绝本机证书，请联系收单机构",
        "The platform refuses this device's certificate; call the acquirer",
    ),
    Trouble.BAD_ANSWER: Notice(
        "bad_answer",
        "平台的应答无法识别，稍后重试",
        "The platform's answer makes no sense; try later",
    ),
    Trouble.REFUSED: Notice("refused", "平台拒绝了请求", "The platform has refused the request"),
}

LOCKED: Final = Notice(
    "locked",
    "本机已被锁定，请联系收单机构",
    "This terminal is locked; call the acquirer",
)
UNSENT_LEFT: Final = Notice(
    "unsent_left",
    "还有未上送的交易，不能清除",
    "Payments are not sent yet; nothing is wiped",
)
WIPED: Final = Notice(
    "wiped",
    "本机数据已按平台指令清除，需重新激活",
    "The platform has had this terminal wiped; it must be activated again",
)


def words_of(error: GatewayError) -> Notice:
    """Return the words for a request that came to nothing, the platform's own if it sent some."""
    refusal = error.refusal
    plain = _TROUBLES[error.trouble]
    if refusal is None:
        return plain
    return Notice(refusal.code.value, refusal.words_zh or plain.zh, refusal.words_en or plain.en)
