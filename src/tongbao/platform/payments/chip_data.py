"""What a chip said about the issuer's scripts, for people; card data in it is never shown.

Spec: EMV 4.3 Book 3, annex A and B; UnionPay terminal dialect, F55
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tongbao.domain.errors import ProtocolError
from tongbao.platform.payments.traces.types import looks_like_card
from tongbao.wire.tlv import parse_tlv
from tongbao.wire.unionpay.meanings import TAGS

# Numbers, tracks and names of a card; a script result has none of them, but data is data.
_HIDDEN: Final = frozenset({"5A", "57", "56", "5F20", "9F0B", "9F1F", "9F20", "9F6B", "99"})
HIDDEN: Final = "••••"


class Element(NamedTuple):
    """One data object: its tag, its names in Chinese and English, its value in hex."""

    tag: str
    zh: str
    en: str
    value: str


def read_elements(data: str) -> tuple[Element, ...] | None:
    """Return the elements of TLV in hex; None when it cannot be read."""
    try:
        elements = parse_tlv(bytes.fromhex(data))
    except (ValueError, ProtocolError):
        return None
    return tuple(
        Element(one.tag, *TAGS.get(one.tag, ("", "")), _value(one.tag, one.value.hex().upper()))
        for one in elements
    )


def _value(tag: str, value: str) -> str:
    return HIDDEN if tag in _HIDDEN or looks_like_card(value) else value
