"""Field 55: data of the chip card. Spec: UnionPay terminal dialect, 2.4."""

from __future__ import annotations

from dataclasses import dataclass

from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv


@dataclass(frozen=True, slots=True)
class ChipData:
    """The data objects of the field in wire order. Its repr shows tags and lengths only."""

    elements: tuple[TlvElement, ...]

    @classmethod
    def parse(cls, value: bytes) -> ChipData:
        """Read the field; ProtocolError gives the byte of the element that does not fit."""
        return cls(parse_tlv(value, "F55"))

    def build(self) -> bytes:
        """Return the field value."""
        return build_tlv(self.elements)

    def find(self, tag: str) -> bytes | None:
        """Return the value of the first element with that tag, None when there is none."""
        for element in self.elements:
            if element.tag == tag:
                return element.value
        return None
