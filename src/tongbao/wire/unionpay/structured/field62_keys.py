"""Field 62 of public-key and master-key downloads. Spec: UnionPay terminal dialect, 2.8 and 3.13.

Of the remote master key only the second request is public. The tags of the other two messages are
our choice, made from what is known elsewhere in the dialect: 352 answers like a public key (DF02,
DF04), 350 answers with the tags of its own request (DF23 what is wrapped, DF24 its check value).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tongbao.domain.errors import ProtocolError
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv

UNIONPAY_RID = "A000000333"
_CHECK_BYTES = 4
_RID_BYTES = 5


def _values(value: bytes) -> dict[str, bytes]:
    """Return value by tag; ProtocolError for a tag that comes twice."""
    found: dict[str, bytes] = {}
    for element in parse_tlv(value, "F62"):
        if element.tag in found:
            raise ProtocolError("F62", 0, f"tag {element.tag} comes twice")
        found[element.tag] = element.value
    return found


def _take(values: dict[str, bytes], tag: str, size: int = 0) -> bytes:
    found = values.get(tag)
    if found is None:
        raise ProtocolError("F62", 0, f"tag {tag} is missing")
    if size and len(found) != size:
        raise ProtocolError("F62", 0, f"tag {tag} has {size} bytes")
    return found


def _rid(values: dict[str, bytes]) -> str:
    return _take(values, "9F06", _RID_BYTES).hex().upper()


def _index(values: dict[str, bytes]) -> str:
    return _take(values, "9F22", 1).hex().upper()


def _date(value: bytes) -> str:
    if not value.isdigit():
        raise ProtocolError("F62", 0, "tag DF05 is a date of 8 digits")
    return value.decode("ascii")


def _build(*parts: tuple[str, bytes]) -> bytes:
    return build_tlv(TlvElement(tag, value) for tag, value in parts)


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        pass
    raise ProtocolError("F62", 0, "RID and index are hexadecimal")


@dataclass(frozen=True, slots=True)
class RsaTransportKey:
    """0810 with 60.3 = 352: the host's RSA key that transport keys are encrypted under.

    Attributes:
        modulus: big-endian, 128 bytes or more.
        exponent: big-endian.
        rid: 10 hexadecimal digits.
        index: 2 hexadecimal digits.
    """

    modulus: bytes
    exponent: bytes
    rid: str = UNIONPAY_RID
    index: str = "01"

    @classmethod
    def parse(cls, value: bytes) -> RsaTransportKey:
        """Read the field; ProtocolError names the tag that is missing or has a wrong length."""
        found = _values(value)
        return cls(_take(found, "DF02"), _take(found, "DF04"), _rid(found), _index(found))

    def build(self) -> bytes:
        """Return the field value."""
        head = (("9F06", _bytes(self.rid)), ("9F22", _bytes(self.index)))
        return _build(*head, ("DF02", self.modulus), ("DF04", self.exponent))


@dataclass(frozen=True, slots=True)
class WrappedTransportKey:
    """0800 with 60.3 = 350: a new transport key under the host's RSA key.

    Attributes:
        ciphertext: as long as the modulus.
        check: first 4 bytes of the clear key enciphering zeros.
        rid: 10 hexadecimal digits.
        index: 2 hexadecimal digits.
    """

    ciphertext: bytes
    check: bytes
    rid: str = UNIONPAY_RID
    index: str = "01"

    @classmethod
    def parse(cls, value: bytes) -> WrappedTransportKey:
        """Read the field; ProtocolError names the tag that is missing or has a wrong length."""
        found = _values(value)
        check = _take(found, "DF24", _CHECK_BYTES)
        return cls(_take(found, "DF23"), check, _rid(found), _index(found))

    def build(self) -> bytes:
        """Return the field value, its tags in the order of the published request."""
        head = (("DF24", self.check), ("9F06", _bytes(self.rid)))
        return _build(*head, ("DF23", self.ciphertext), ("9F22", _bytes(self.index)))


@dataclass(frozen=True, slots=True)
class WrappedMasterKey:
    """0810 with 60.3 = 350: the terminal master key under the transport key.

    Attributes:
        cryptogram: 16 bytes.
        check: first 4 bytes of the clear key enciphering zeros.
    """

    cryptogram: bytes
    check: bytes

    @classmethod
    def parse(cls, value: bytes) -> WrappedMasterKey:
        """Read the field; ProtocolError names the tag that is missing or has a wrong length."""
        found = _values(value)
        return cls(_take(found, "DF23", 16), _take(found, "DF24", _CHECK_BYTES))

    def build(self) -> bytes:
        """Return the field value."""
        return _build(("DF23", self.cryptogram), ("DF24", self.check))


@dataclass(frozen=True, slots=True)
class CaPublicKey:
    """The entry of an 0810 with 60.3 = 370: one public key of a card scheme.

    Attributes:
        rid: 10 hexadecimal digits, whose key it is.
        index: 2 hexadecimal digits.
        expiry: YYYYMMDD.
        modulus: big-endian.
        exponent: big-endian.
        hash_algorithm: 2 hexadecimal digits, "01" SHA-1.
        signature_algorithm: 2 hexadecimal digits, "01" RSA.
        checksum: 20 bytes, see `public_key_checksum`; empty when the host sends none.
    """

    rid: str
    index: str
    expiry: str
    modulus: bytes
    exponent: bytes
    hash_algorithm: str = "01"
    signature_algorithm: str = "01"
    checksum: bytes = b""

    @classmethod
    def parse(cls, value: bytes) -> CaPublicKey:
        """Read the TLV behind the flag; ProtocolError names the tag that does not fit."""
        found = _values(value)
        return cls(
            rid=_rid(found),
            index=_index(found),
            expiry=_date(_take(found, "DF05", 8)),
            modulus=_take(found, "DF02"),
            exponent=_take(found, "DF04"),
            hash_algorithm=_take(found, "DF06", 1).hex().upper(),
            signature_algorithm=_take(found, "DF07", 1).hex().upper(),
            checksum=found.get("DF03", b""),
        )

    def build(self) -> bytes:
        """Return the TLV behind the flag."""
        parts = [
            ("9F06", _bytes(self.rid)),
            ("9F22", _bytes(self.index)),
            ("DF05", self.expiry.encode("ascii", "replace")),
            ("DF06", _bytes(self.hash_algorithm)),
            ("DF07", _bytes(self.signature_algorithm)),
            ("DF02", self.modulus),
            ("DF04", self.exponent),
        ]
        return _build(*parts, *([("DF03", self.checksum)] if self.checksum else []))

    @property
    def is_intact(self) -> bool:
        """Whether the checksum is that of the key; one that is missing is no proof."""
        own = public_key_checksum(self.rid, self.index, self.modulus, self.exponent)
        return self.checksum == own


def public_key_checksum(rid: str, index: str, modulus: bytes, exponent: bytes) -> bytes:
    """Return DF03 of a public key, 20 bytes: SHA-1 over RID, index, modulus and exponent.

    It tells a damaged key from a whole one, not a forged one from a true one.
    Spec: UnionPay terminal dialect, 2.8; EMV 4.3 Book 2, 11.2.2.
    """
    data = _bytes(rid) + _bytes(index) + modulus + exponent
    return hashlib.sha1(data, usedforsecurity=False).digest()
