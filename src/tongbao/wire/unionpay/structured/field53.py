"""Field 53: how PIN and tracks are protected. Spec: UnionPay terminal dialect, 2.2."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.wire.unionpay.structured.cutting import check_digits

PIN_FORMATS: Final = {
    "0": ("无PIN", "no PIN"),
    "1": ("ANSI X9.8 不带主账号", "ANSI X9.8 without PAN"),
    "2": ("ANSI X9.8 带主账号", "ANSI X9.8 with PAN (ISO format 0)"),
}
ALGORITHMS: Final = {
    "0": ("单倍长DES", "single DES"),
    "3": ("SM4", "SM4"),
    "6": ("双倍长3DES", "double-length 3DES"),
}
TRACK_ENCRYPTION: Final = {
    "0": ("磁道不加密", "tracks clear"),
    "1": ("磁道加密", "tracks enciphered"),
}


@dataclass(frozen=True, slots=True)
class SecurityControl:
    """Sixteen digits: PIN format, algorithm, track encryption, thirteen reserved."""

    pin_format: str
    algorithm: str
    track_encryption: str = "0"
    reserved: str = "0" * 13

    @classmethod
    def of(
        cls, *, algorithm: str, has_pin: bool, track_is_encrypted: bool = False
    ) -> SecurityControl:
        """Make one for PIN blocks with the card number; `algorithm` as in `ALGORITHMS`."""
        return cls("2" if has_pin else "0", algorithm, "1" if track_is_encrypted else "0")

    @classmethod
    def parse(cls, digits: str) -> SecurityControl:
        """Read sixteen digits; ProtocolError otherwise."""
        check_digits(digits, 16, "F53")
        return cls(digits[0], digits[1], digits[2], digits[3:])

    def build(self) -> str:
        """Return the field value; ProtocolError when the parts do not make sixteen digits."""
        digits = self.pin_format + self.algorithm + self.track_encryption + self.reserved
        check_digits(digits, 16, "F53")
        return digits
