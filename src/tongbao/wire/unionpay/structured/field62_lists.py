"""Field 62 of parameter downloads: settings, BIN lists, blacklist. Spec: terminal dialect, 2.8."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, SecretText
from tongbao.wire.unionpay.structured.tagged import (
    TaggedValue,
    build_tagged,
    find_tagged,
    parse_tagged,
)

# Tag -> bytes of the value, Chinese, English.
MAGNETIC_PARAMETERS: Final = {
    "11": (2, "应用类型", "application type"),
    "12": (2, "超时时间", "time-out in seconds"),
    "13": (1, "重试次数", "redial count"),
    "14": (14, "电话号码一", "phone number 1"),
    "15": (14, "电话号码二", "phone number 2"),
    "16": (14, "电话号码三", "phone number 3"),
    "17": (14, "管理电话", "management phone"),
    "18": (1, "是否支持小费", "tip supported"),
    "19": (2, "小费百分比", "tip percentage"),
    "20": (1, "是否支持手工输入", "manual entry supported"),
    "21": (1, "是否自动签退", "automatic sign-off"),
    "22": (40, "商户名称", "merchant name"),
    "23": (1, "重发次数", "resend count"),
    "24": (1, "脱机上送方式", "offline upload mode"),
    "25": (1, "主密钥索引", "master key index"),
    "26": (4, "交易支持位图", "supported transactions"),
}
CONTACTLESS_PARAMETERS: Final = {
    "FF805D": ("开关", "switch"),
    "FF803A": ("开关", "switch"),
    "FF8058": ("免密限额", "no-PIN limit"),
    "FF8055": ("BIN表A标识", "BIN list A flag"),
    "FF8056": ("BIN表B标识", "BIN list B flag"),
    "FF8057": ("CDCVM标识", "CDCVM flag"),
    "FF8059": ("免签限额", "no-signature limit"),
}


@dataclass(frozen=True, slots=True)
class MagneticParameters:
    """0810 with 60.3 = 360: two-character tags with values of fixed length."""

    values: tuple[TaggedValue, ...]

    @classmethod
    def parse(cls, value: bytes) -> MagneticParameters:
        """Read the field; ProtocolError for an unknown tag, whose length nobody could know."""
        values = []
        at = 0
        while at < len(value):
            tag = value[at : at + 2].decode("ascii", "replace")
            known = MAGNETIC_PARAMETERS.get(tag)
            if known is None:
                raise ProtocolError("F62", at, "not a parameter we know")
            end = at + 2 + known[0]
            if end > len(value):
                raise ProtocolError("F62", at, f"parameter {tag} has {known[0]} bytes")
            values.append(TaggedValue(tag, value[at + 2 : end]))
            at = end
        return cls(tuple(values))

    def build(self) -> bytes:
        """Return the field value; ProtocolError when a value has the wrong length."""
        value = b"".join(item.tag.encode("ascii", "replace") + item.value for item in self.values)
        if self.parse(value) != self:
            raise ProtocolError("F62", 0, "a parameter has the wrong length")
        return value

    def find(self, tag: str) -> bytes | None:
        """Return a parameter, None when it was not sent."""
        return find_tagged(self.values, tag)


@dataclass(frozen=True, slots=True)
class ContactlessParameters:
    """0810 with 60.3 = 394: six-character tags, three-digit lengths."""

    values: tuple[TaggedValue, ...]

    @classmethod
    def parse(cls, value: bytes) -> ContactlessParameters:
        """Read the field; ProtocolError with the byte that does not fit."""
        return cls(parse_tagged(value, 6, 3, "F62"))

    def build(self) -> bytes:
        """Return the field value."""
        return build_tagged(self.values, 3, "F62")

    def find(self, tag: str) -> bytes | None:
        """Return a parameter, None when it was not sent."""
        return find_tagged(self.values, tag)


@dataclass(frozen=True, slots=True)
class BinListRequest:
    """0800 with 60.3 = 396 or 398: the index to go on from, three digits."""

    index: int

    @classmethod
    def parse(cls, value: bytes) -> BinListRequest:
        """Read three digits; ProtocolError otherwise."""
        if re.fullmatch(rb"[0-9]{3}", value) is None:
            raise ProtocolError("F62", 0, "an index is three digits")
        return cls(int(value))

    def build(self) -> bytes:
        """Return the field value."""
        if not 0 <= self.index <= 999:
            raise ProtocolError("F62", 0, "an index is three digits")
        return b"%03d" % self.index


@dataclass(frozen=True, slots=True)
class BinList:
    """0810 with 60.3 = 396 or 398: card number beginnings that need no PIN.

    Attributes:
        flag: "1" end, "2" more follows.
        last_index: index of the last entry.
        bins: beginnings of card numbers.
    """

    flag: str
    last_index: int
    bins: tuple[str, ...]

    @classmethod
    def parse(cls, value: bytes) -> BinList:
        """Read flag, index and entries with two-digit lengths; ProtocolError otherwise."""
        if len(value) < 4 or not value.isdigit():
            raise ProtocolError("F62", 0, "a BIN list is a flag, three digits and entries")
        entries = _counted_digits(value, 4)
        return cls(value[:1].decode("ascii"), int(value[1:4]), tuple(entries))

    def build(self) -> bytes:
        """Return the field value."""
        entries = "".join(f"{len(entry):02d}{entry}" for entry in self.bins)
        value = f"{self.flag}{self.last_index:03d}{entries}".encode("ascii", "replace")
        if self.parse(value) != self:
            raise ProtocolError("F62", 0, "a part has the wrong width")
        return value


@dataclass(frozen=True, slots=True)
class Blacklist:
    """0810 with 60.3 = 390: card numbers to refuse; they are secrets."""

    cards: tuple[SecretText, ...]

    @classmethod
    def parse(cls, value: bytes) -> Blacklist:
        """Read entries with two-digit lengths; ProtocolError otherwise."""
        if value and not value.isdigit():
            raise ProtocolError("F62", 0, "a blacklist is digits only")
        return cls(tuple(SecretText(card) for card in _counted_digits(value, 0)))

    def build(self) -> bytes:
        """Return the field value."""
        cards = [card.reveal(Purpose.WIRE) for card in self.cards]
        value = "".join(f"{len(card):02d}{card}" for card in cards).encode("ascii", "replace")
        if self.parse(value) != self:
            raise ProtocolError("F62", 0, "a card number is up to 99 digits")
        return value


def _counted_digits(value: bytes, start: int) -> list[str]:
    entries = []
    at = start
    while at < len(value):
        length = value[at : at + 2]
        end = at + 2 + int(length)
        if len(length) < 2 or end > len(value):
            raise ProtocolError("F62", at, "an entry is longer than what follows")
        entries.append(value[at + 2 : end].decode("ascii"))
        at = end
    return entries
