"""Field 55 of a signature upload: what stands on the slip that was signed.

Spec: UnionPay terminal dialect, 2.4 and 3.14. The tags are recollection and no message is public;
that texts are GBK, the rest ASCII and amounts 12 digits is our reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv

# Tag -> the attribute that holds it, in wire order.
_TAGS: Final = {
    "FF00": "merchant_name",
    "FF01": "transaction_type",
    "FF02": "operator",
    "FF03": "acquirer",
    "FF04": "issuer",
    "FF05": "expiry",
    "FF06": "date_time",
    "FF07": "auth_code",
    "FF08": "tip",
    "FF09": "organisation",
    "FF0A": "currency",
    "FF0B": "mobile",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureData:
    """Parts of the slip; an empty one is left out.

    Attributes:
        date_time: YYYYMMDDhhmmss.
        tip: 12 digits in minor units.
        others: tags of chip data and of the original transaction (FF2x, FF3x, FF6x), unread.
    """

    merchant_name: str = ""
    transaction_type: str = ""
    operator: str = ""
    acquirer: str = ""
    issuer: str = ""
    expiry: str = ""
    date_time: str = ""
    auth_code: str = ""
    tip: str = ""
    organisation: str = ""
    currency: str = ""
    mobile: str = ""
    others: tuple[TlvElement, ...] = ()

    @classmethod
    def parse(cls, value: bytes) -> SignatureData:
        """Read the field; ProtocolError for TLV that does not fit or text that is not GBK."""
        texts: dict[str, str] = {}
        others = []
        for element in parse_tlv(value, "F55"):
            name = _TAGS.get(element.tag)
            if name is None:
                others.append(element)
            elif name in texts:
                raise ProtocolError("F55", 0, f"tag {element.tag} comes twice")
            else:
                texts[name] = _text(element)
        return cls(**texts, others=tuple(others))

    def build(self) -> bytes:
        """Return the field value; ProtocolError for characters that GBK does not have."""
        texts = ((tag, getattr(self, name)) for tag, name in _TAGS.items())
        own = [TlvElement(tag, _gbk(text)) for tag, text in texts if text]
        return build_tlv([*own, *self.others])


def _text(element: TlvElement) -> str:
    try:
        return element.value.decode("gbk")
    except UnicodeError:
        pass
    # Outside the handler: a chained cause would keep the bytes.
    raise ProtocolError("F55", 0, f"tag {element.tag} is not text")


def _gbk(text: str) -> bytes:
    try:
        return text.encode("gbk")
    except UnicodeError:
        pass
    raise ProtocolError("F55", 0, "characters that the field cannot carry")
