"""Field 62: keys, parameters, lists, images. Spec: UnionPay terminal dialect, 2.8 and 3.1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Protocol

from tongbao.domain.errors import ProtocolError
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv
from tongbao.wire.unionpay.structured.context import MessageContext
from tongbao.wire.unionpay.structured.field62_lists import (
    BinList,
    BinListRequest,
    Blacklist,
    ContactlessParameters,
    MagneticParameters,
)

__all__ = [
    "BinList",
    "BinListRequest",
    "Blacklist",
    "ContactlessParameters",
    "DataObjects",
    "DownloadProgress",
    "Field62",
    "FlaggedDataObjects",
    "IcUpload",
    "MagneticParameters",
    "OtherBytes",
    "SequenceNo",
    "WorkingKeys",
    "WrappedKey",
    "parse_field62",
]

_SEQUENCE: Final = b"Sequence No"
DOWNLOAD_FLAGS: Final = {
    "0": ("无", "nothing to load"),
    "1": ("全部", "complete"),
    "2": ("还有后续", "more follows"),
    "3": ("失败", "failed"),
}
# Length of the field -> name, key bytes of each part; every key is followed by 4 check bytes.
_KEY_LAYOUTS: Final = {
    24: (("PIK", 8), ("MAK", 8)),
    40: (("PIK", 16), ("MAK", 16)),
    60: (("PIK", 16), ("MAK", 16), ("TDK", 16)),
}
_CHECK_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class SequenceNo:
    """Sign-in request: certification number (4 characters) and serial number of the terminal."""

    certification: str
    serial_number: str

    @classmethod
    def parse(cls, value: bytes) -> SequenceNo:
        """Read `Sequence No`, a two-digit count and the rest; ProtocolError otherwise."""
        match = re.fullmatch(_SEQUENCE + rb"([0-9]{2})([ -~]{4})([ -~]*)", value)
        if match is None or int(match[1]) != len(value) - len(_SEQUENCE) - 2:
            raise ProtocolError("F62", 0, "not `Sequence No`, count, certification and serial")
        return cls(match[2].decode("ascii"), match[3].decode("ascii"))

    def build(self) -> bytes:
        """Return the field value; ProtocolError when a part does not fit."""
        rest = (self.certification + self.serial_number).encode("ascii", "replace")
        value = _SEQUENCE + b"%02d" % len(rest) + rest
        if self.parse(value) != self:
            raise ProtocolError("F62", 0, "certification has 4 characters, all are ASCII")
        return value


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """One working key under the terminal master key, with its check value.

    Attributes:
        name: "PIK", "MAK" or "TDK".
        cryptogram: 8 or 16 bytes; an 8-byte MAK in a 16-byte place is followed by zeros.
        check: first 4 bytes of the clear key enciphering zeros.
    """

    name: str
    cryptogram: bytes
    check: bytes

    def __repr__(self) -> str:
        return f"WrappedKey({self.name}, {len(self.cryptogram)} B)"


@dataclass(frozen=True, slots=True)
class WorkingKeys:
    """Sign-in reply: the working keys in order, 24, 40 or 60 bytes."""

    keys: tuple[WrappedKey, ...]

    @classmethod
    def parse(cls, value: bytes) -> WorkingKeys:
        """Cut the field by its length; ProtocolError for a length whose layout is not public."""
        layout = _KEY_LAYOUTS.get(len(value))
        if layout is None:
            raise ProtocolError("F62", 0, "working keys take 24, 40 or 60 bytes")
        keys = []
        at = 0
        for name, size in layout:
            end = at + size
            keys.append(WrappedKey(name, value[at:end], value[end : end + _CHECK_BYTES]))
            at = end + _CHECK_BYTES
        return cls(tuple(keys))

    def build(self) -> bytes:
        """Return the field value; ProtocolError when keys and lengths make no known layout."""
        value = b"".join(key.cryptogram + key.check for key in self.keys)
        if self.parse(value) != self:
            raise ProtocolError("F62", 0, "keys and lengths make no known layout")
        return value


@dataclass(frozen=True, slots=True)
class DownloadProgress:
    """0820 with 60.3 = 372, 373 or 382: how many entries the terminal has received already."""

    received: int

    @classmethod
    def parse(cls, value: bytes) -> DownloadProgress:
        """Read `1` and two digits; ProtocolError otherwise."""
        if re.fullmatch(rb"1[0-9]{2}", value) is None:
            raise ProtocolError("F62", 0, "progress is 1 and two digits")
        return cls(int(value[1:]))

    def build(self) -> bytes:
        """Return the field value."""
        if not 0 <= self.received <= 99:
            raise ProtocolError("F62", 1, "progress is 0 to 99")
        return b"1%02d" % self.received


@dataclass(frozen=True, slots=True)
class DataObjects:
    """TLV without a flag: which public key or application is asked for, transport keys."""

    elements: tuple[TlvElement, ...]

    @classmethod
    def parse(cls, value: bytes) -> DataObjects:
        """Read the field; ProtocolError gives the byte of the element that does not fit."""
        return cls(parse_tlv(value, "F62"))

    def build(self) -> bytes:
        """Return the field value."""
        return build_tlv(self.elements)

    def find(self, tag: str) -> bytes | None:
        """Return the value of the first element with that tag, None when there is none."""
        return next((element.value for element in self.elements if element.tag == tag), None)


@dataclass(frozen=True, slots=True)
class FlaggedDataObjects:
    """Download reply: a flag (see `DOWNLOAD_FLAGS`) and TLV entries one after the other.

    In a list each entry begins with tag 9F06; `entries()` groups them.
    """

    flag: str
    elements: tuple[TlvElement, ...]

    @classmethod
    def parse(cls, value: bytes) -> FlaggedDataObjects:
        """Read the field; ProtocolError without a flag digit or for TLV that does not fit."""
        if not value[:1].isdigit():
            raise ProtocolError("F62", 0, "a flag digit comes first")
        try:
            elements = parse_tlv(value[1:], "F62")
        except ProtocolError as error:
            raise error.shifted(1) from None
        return cls(value[:1].decode("ascii"), elements)

    def build(self) -> bytes:
        """Return the field value."""
        return self.flag.encode("ascii") + build_tlv(self.elements)

    def entries(self) -> list[tuple[TlvElement, ...]]:
        """Return the elements grouped at each 9F06."""
        groups: list[list[TlvElement]] = []
        for element in self.elements:
            if element.tag == "9F06" or not groups:
                groups.append([])
            groups[-1].append(element)
        return [tuple(group) for group in groups]


@dataclass(frozen=True, slots=True)
class IcUpload:
    """0320 with 60.3 = 203 to 206: what is uploaded about one chip transaction, ASCII.

    Attributes:
        kind: "61" successful transaction, "71" approved in spite of a failed issuer check.
        card: "00" domestic, "01" foreign.
        outcome: "00", or "05" with kind 71.
        amount: 12 digits in minor units.
        currency: 3 digits.
        suffix: "" or, with kind 71, "22".
    """

    kind: str
    card: str
    outcome: str
    amount: str
    currency: str
    suffix: str = ""

    @classmethod
    def parse(cls, value: bytes) -> IcUpload:
        """Read 21 or 23 digits; ProtocolError otherwise."""
        if len(value) not in (21, 23) or not value.isdigit():
            raise ProtocolError("F62", 0, "an upload record is 21 or 23 digits")
        text = value.decode("ascii")
        return cls(text[:2], text[2:4], text[4:6], text[6:18], text[18:21], text[21:])

    def build(self) -> bytes:
        """Return the field value; ProtocolError when a part has the wrong width."""
        parts = (self.kind, self.card, self.outcome, self.amount, self.currency, self.suffix)
        value = "".join(parts).encode("ascii", "replace")
        if self.parse(value) != self:
            raise ProtocolError("F62", 0, "a part has the wrong width")
        return value


@dataclass(frozen=True, slots=True)
class OtherBytes:
    """A value whose layout the message does not tell: a signature image, a vendor's own data."""

    value: bytes

    def __repr__(self) -> str:
        return f"OtherBytes({len(self.value)} B)"

    def build(self) -> bytes:
        """Return the field value."""
        return self.value


class _Layout(Protocol):
    def __call__(self, value: bytes, /) -> Field62: ...


Field62 = (
    SequenceNo
    | WorkingKeys
    | DownloadProgress
    | DataObjects
    | FlaggedDataObjects
    | IcUpload
    | MagneticParameters
    | ContactlessParameters
    | BinListRequest
    | BinList
    | Blacklist
    | OtherBytes
)

_SIGN_IN: Final = ("001", "003", "004", "005", "006")
# (MTI, 60.3) -> layout. Spec: UnionPay terminal dialect, 2.8.
_LAYOUTS: Final[dict[tuple[str, str], _Layout]] = {
    **{("0800", code): SequenceNo.parse for code in _SIGN_IN},
    **{("0810", code): WorkingKeys.parse for code in _SIGN_IN},
    **{("0820", code): DownloadProgress.parse for code in ("372", "373", "382")},
    **{("0830", code): FlaggedDataObjects.parse for code in ("372", "373", "382")},
    **{("0800", code): DataObjects.parse for code in ("370", "380", "350")},
    **{("0810", code): FlaggedDataObjects.parse for code in ("370", "380")},
    **{("0810", code): DataObjects.parse for code in ("350", "352")},
    **{("0320", code): IcUpload.parse for code in ("203", "204", "205", "206")},
    ("0810", "360"): MagneticParameters.parse,
    ("0810", "394"): ContactlessParameters.parse,
    **{("0800", code): BinListRequest.parse for code in ("396", "398")},
    **{("0810", code): BinList.parse for code in ("396", "398")},
    ("0810", "390"): Blacklist.parse,
}


def parse_field62(value: bytes, context: MessageContext) -> Field62:
    """Read the field as its message lays it out; a value that does not fit is `OtherBytes`.

    Spec: UnionPay terminal dialect, 2.8.
    """
    layout = _LAYOUTS.get((context.mti, context.network))
    if layout is None:
        return OtherBytes(value)
    try:
        return layout(value)
    except ProtocolError:
        return OtherBytes(value)
