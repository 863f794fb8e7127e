"""Field 39 in the reader's language."""

from __future__ import annotations

from tongbao.platform.console.words import reader_is_chinese
from tongbao.wire.unionpay.response_codes import describe_response


def describe(code: str) -> str:
    """Return a response code with its meaning, for instance "51 · Insufficient funds".

    Spec: UnionPay terminal dialect, 4 response codes
    """
    text = describe_response(code)
    return f"{code} · {text.zh if reader_is_chinese() else text.en}"
