"""Why a request of a terminal is refused, with words in both languages. Imports no Django."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.wire.device.health import Refusal, RefusalAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUS: Final[Mapping[Refusal, int]] = {
    Refusal.MALFORMED: 400,
    Refusal.TOO_LARGE: 413,
    Refusal.UNKNOWN_PATH: 404,
    Refusal.WRONG_METHOD: 405,
    Refusal.SIGNATURE_MISSING: 401,
    Refusal.SIGNATURE_WRONG: 401,
    Refusal.CLOCK_WRONG: 401,
    Refusal.REPEATED: 409,
    Refusal.CERTIFICATE_MISSING: 401,
    Refusal.CERTIFICATE_REVOKED: 403,
    Refusal.CERTIFICATE_FOREIGN: 403,
    Refusal.NOT_IN_SERVICE: 403,
    Refusal.NOT_FOUND: 404,
    Refusal.CONFLICT: 409,
    Refusal.TOO_MANY: 429,
    Refusal.BROKEN: 500,
}
# Chinese and English stand together: a terminal shows them before it knows its language.
WORDS: Final[Mapping[Refusal, tuple[str, str]]] = {
    Refusal.MALFORMED: ("终端发来的内容有误。", "What the terminal sent is malformed."),
    Refusal.TOO_LARGE: ("终端发来的内容过大。", "What the terminal sent is too large."),
    Refusal.UNKNOWN_PATH: ("没有此地址。", "There is no such address."),
    Refusal.WRONG_METHOD: ("此地址不支持该方法。", "This address takes another method."),
    Refusal.SIGNATURE_MISSING: ("缺少终端签名。", "The terminal's signature is missing."),
    Refusal.SIGNATURE_WRONG: ("终端签名不符。", "The terminal's signature is wrong."),
    Refusal.CLOCK_WRONG: (
        "终端时钟不准，请校准时间。",
        "The terminal's clock is wrong; set it to the time in this answer.",
    ),
    Refusal.REPEATED: ("此请求已处理过。", "This request was made before."),
    Refusal.CERTIFICATE_MISSING: (
        "终端尚未激活，请先激活。",
        "The terminal has no certificate; activate it first.",
    ),
    Refusal.CERTIFICATE_REVOKED: (
        "终端证书已吊销，请致电我们。",
        "The terminal's certificate was revoked; call us.",
    ),
    Refusal.CERTIFICATE_FOREIGN: ("终端证书不被认可。", "The certificate is not one of ours."),
    Refusal.NOT_IN_SERVICE: ("终端不在使用中。", "The terminal is not in service."),
    Refusal.NOT_FOUND: ("没有找到。", "There is nothing of this name."),
    Refusal.CONFLICT: ("与记录不符。", "This does not fit what is recorded."),
    Refusal.TOO_MANY: ("请求过于频繁，请稍后再试。", "Too many requests; wait and try again."),
    Refusal.BROKEN: ("平台出错，请稍后再试。", "Something broke here; try again in a while."),
}


class RefusedError(Exception):
    """The request is refused; `field` names what was malformed, never its value."""

    def __init__(self, code: Refusal, field: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(f"{code}: {field}")
        self.code = code
        self.field = field
        self.retry_after_s = retry_after_s


def answer_to(refused: RefusedError, now_us: int) -> RefusalAnswer:
    """Return the body of the answer to a refused request."""
    words_zh, words_en = WORDS[refused.code]
    return RefusalAnswer(
        code=refused.code,
        field=refused.field[:120],
        words_zh=words_zh,
        words_en=words_en,
        retry_after_s=refused.retry_after_s,
        server_time_ms=now_us // 1000,
    )
