"""What field 39 of an answer means for the terminal, and how it is said.

Spec: UnionPay terminal dialect, 4.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.terminal.core.state import Notice
from tongbao.wire.unionpay.response_codes import (
    RESPONSES,
    ResponseClass,
    describe_response,
)

if TYPE_CHECKING:
    from tongbao.wire.unionpay.profile import HostProfile

# The host itself does not know: the issuer did not answer, or not in time.
_NO_ANSWER_CODES: Final = frozenset({"98", "68"})
_CODE_LENGTH: Final = 2


class ResponseKind(Enum):
    """What a code leads to.

    UNCERTAIN is an approval with conditions that this terminal cannot keep, or no code at all;
    UNKNOWN is a well-formed code that no table has.
    """

    APPROVED = "approved"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNCERTAIN = "uncertain"
    UNKNOWN = "unknown"


def response_kind(code: str, profile: HostProfile) -> ResponseKind:
    """Sort a code of field 39 for a host; "" stands for an answer without the field."""
    if profile.is_approval(code):
        return ResponseKind.APPROVED
    if code in _NO_ANSWER_CODES:
        return ResponseKind.NO_ANSWER
    if len(code) != _CODE_LENGTH or not code.isalnum():
        return ResponseKind.UNCERTAIN
    known = RESPONSES.get(code)
    if known is None:
        return ResponseKind.UNKNOWN
    if known.response_class is ResponseClass.APPROVED:
        return ResponseKind.UNCERTAIN
    return ResponseKind.DECLINED


def response_words(code: str) -> tuple[Notice, Notice]:
    """Return what a code says and what the cashier should do, in both languages."""
    text = describe_response(code)
    return (
        Notice(code, text.zh, text.en),
        Notice(code, text.action_zh, text.action_en),
    )
