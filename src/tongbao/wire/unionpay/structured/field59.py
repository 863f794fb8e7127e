"""Field 59: scan-pay code, hardware id, SM4 PIN block, location. Spec: terminal dialect, 2.5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.structured.tagged import (
    TaggedValue,
    build_tagged,
    find_tagged,
    parse_tagged,
)

SM4_PIN_BLOCK: Final = "A1"
_TAG: Final = 2
_LENGTHS: Final = (3, 2)
# Tag -> Chinese, English, whether the value must be masked.
TAGS: Final = {
    "A1": ("SM4密码数据", "SM4 PIN block", True),
    "A2": ("终端唯一标识", "terminal hardware id", False),
    "A3": ("扫码付C2B码", "customer's pay code", True),
    "A4": ("付款凭证号", "payment voucher number", False),
    "A5": ("位置信息", "location", False),
}


@dataclass(frozen=True, slots=True)
class PrivateData:
    """The values in wire order.

    Attributes:
        elements: tag of 2 characters and value.
        length_digits: 3; one vendor writes 2.
    """

    elements: tuple[TaggedValue, ...]
    length_digits: int = 3

    @classmethod
    def parse(cls, value: bytes) -> PrivateData:
        """Read the field with three-digit lengths or, where only those fit, two-digit ones."""
        for digits in _LENGTHS:
            try:
                return cls(parse_tagged(value, _TAG, digits, "F59"), digits)
            except ProtocolError:
                continue
        raise ProtocolError("F59", 0, "not a list of tag, length and value")

    @classmethod
    def of_pin_block(cls, block: bytes) -> PrivateData:
        """Make the field of a message with an SM4 PIN block, 16 bytes; its F52 is eight zeros."""
        return cls((TaggedValue(SM4_PIN_BLOCK, block),))

    def build(self) -> bytes:
        """Return the field value."""
        return build_tagged(self.elements, self.length_digits, "F59")

    def find(self, tag: str) -> bytes | None:
        """Return the value under a tag, None when there is none."""
        return find_tagged(self.elements, tag)


@dataclass(frozen=True, slots=True)
class HardwareId:
    """Tag A2: which device this is; ASCII parts, None where absent.

    Attributes:
        device_type: 01; "02" conventional, "04" smart terminal.
        serial_number: 02; up to 50 characters.
        random_factor: 03; last six digits of card number or pay code.
        ciphertext: 04; 8 characters, enciphered serial number.
        application_version: 05; 8 characters, space filled.
        parts: all parts in wire order, also unknown ones.
    """

    parts: tuple[TaggedValue, ...]

    @classmethod
    def parse(cls, value: bytes) -> HardwareId:
        """Read the value of tag A2; ProtocolError with the byte that does not fit."""
        return cls(parse_tagged(value, 2, 3, "F59.A2"))

    @classmethod
    def of(cls, parts: dict[str, str]) -> HardwareId:
        """Make one from tag and text, e.g. `{"01": "04", "02": "SN123"}`."""
        return cls(tuple(TaggedValue(tag, text.encode("ascii")) for tag, text in parts.items()))

    def build(self) -> bytes:
        """Return the value of tag A2."""
        return build_tagged(self.parts, 3, "F59.A2")

    def _text(self, tag: str) -> str | None:
        value = find_tagged(self.parts, tag)
        return None if value is None else value.decode("ascii", "replace")

    @property
    def device_type(self) -> str | None:
        """Part 01."""
        return self._text("01")

    @property
    def serial_number(self) -> str | None:
        """Part 02."""
        return self._text("02")

    @property
    def random_factor(self) -> str | None:
        """Part 03."""
        return self._text("03")

    @property
    def ciphertext(self) -> str | None:
        """Part 04."""
        return self._text("04")

    @property
    def application_version(self) -> str | None:
        """Part 05."""
        return self._text("05")


@dataclass(frozen=True, slots=True)
class Location:
    """Tag A5: where the terminal is; parts 01 longitude, 02 latitude, 05 coordinate system."""

    parts: tuple[TaggedValue, ...]

    @classmethod
    def parse(cls, value: bytes) -> Location:
        """Read the value of tag A5; ProtocolError with the byte that does not fit."""
        return cls(parse_tagged(value, 2, 3, "F59.A5"))

    def build(self) -> bytes:
        """Return the value of tag A5."""
        return build_tagged(self.parts, 3, "F59.A5")
