"""Values that must not leak: they cannot print, format, pickle or serialise themselves.

The only way to the value is `reveal(purpose)`, which is easy to find in the source and says why.
"""

from __future__ import annotations

import hmac
import re
from enum import Enum
from typing import Final, Generic, NoReturn, TypeVar

_T = TypeVar("_T", str, bytes)
_PAN_DIGITS_MAX: Final = 19


class Purpose(Enum):
    """Why a secret is revealed; each place in the source names one."""

    WIRE = "to build or read a message"
    CRYPTO = "to feed a cryptographic operation"
    TOKEN = "to derive a one-way token"  # noqa: S105 - a reason in words, not a password
    TEST = "to check a test"
    SCREEN = "to show it to the person it belongs to, in the sandbox only"


class Secret(Generic[_T]):
    """Holds one immutable value and shows only its own type name."""

    __slots__ = ("_value",)

    _value: _T

    def __init__(self, value: _T) -> None:
        _set_value(self, value)

    def reveal(self, purpose: Purpose) -> _T:
        """Return the value itself; TypeError without a `Purpose`."""
        if type(purpose) is not Purpose:
            raise TypeError("revealing a secret needs a Purpose")
        return self._value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        assert isinstance(other, Secret)  # noqa: S101 - tells the type checker what the line above proved
        return hmac.compare_digest(_as_bytes(self._value), _as_bytes(other._value))

    # A hash of a short secret is the secret: 10^16 card numbers are soon tried.
    __hash__ = None  # type: ignore[assignment]  # the documented way to make a class unhashable

    def __setattr__(self, _name: str, _value: object) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __delattr__(self, _name: str) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __copy__(self) -> Secret[_T]:
        return self

    def __deepcopy__(self, _memo: object) -> Secret[_T]:
        return self

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled or copied by state")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} cannot be pickled or copied by state")

    def __getstate__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} has no state to hand out")


# The slot's own setter: __setattr__ refuses everybody, and this is faster than object.__setattr__.
_set_value = Secret.__dict__["_value"].__set__


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value


def _refuse(rule: str) -> NoReturn:
    """Raise without a chained cause: a cause could carry the digits."""
    raise ValueError(rule) from None


class SecretText(Secret[str]):
    """Any text that must not leak, not validated; what the codec hands out for fields 2, 35, 36."""

    __slots__ = ()


class SecretBytes(Secret[bytes]):
    """Any bytes that must not leak, not validated; what the codec hands out for fields 52, 55."""

    __slots__ = ()


class Pan(Secret[str]):
    """Primary account number 主账号: 1 to 19 digits. Spec: ISO/IEC 7812-1."""

    __slots__ = ()

    def __init__(self, value: str) -> None:
        # Not a regular expression: a host makes one of these for each sale.
        if type(value) is not str or not (
            value.isdigit() and value.isascii() and len(value) <= _PAN_DIGITS_MAX
        ):
            _refuse("a card number is 1 to 19 digits")
        _set_value(self, value)

    @property
    def masked(self) -> str:
        """The number with one asterisk for each hidden digit, the only form for people and files.

        From 13 digits on the first six and last four show, from 10 the last four, below nothing.
        """
        return mask_pan(self._value)

    @property
    def bin6(self) -> str:
        """The first six digits (fewer when the number is shorter): whose card it is."""
        return self._value[:6]

    @property
    def last4(self) -> str:
        """The last four digits (fewer when the number is shorter)."""
        return self._value[-4:]

    @property
    def luhn_valid(self) -> bool:
        """Whether the check digit is right. Spec: ISO/IEC 7812-1, annex B."""
        total = 0
        for position, digit in enumerate(reversed(self._value)):
            doubled = int(digit) * (1 + position % 2)
            total += doubled - 9 if doubled > 9 else doubled
        return total % 10 == 0


def mask_pan(digits: str) -> str:
    """Mask the text of a card number, of any length, as `Pan.masked` describes."""
    count = len(digits)
    if count >= 13:
        return f"{digits[:6]}{'*' * (count - 10)}{digits[-4:]}"
    if count >= 10:
        return "*" * (count - 4) + digits[-4:]
    return "*" * count


class Track2(Secret[str]):
    """Track 2 of a magnetic stripe: PAN, separator "=" or "D", YYMM, service code, issuer's data.

    At most 37 characters, without sentinels. Spec: ISO/IEC 7813.
    """

    __slots__ = ()

    def __init__(self, value: str) -> None:
        pattern = "[0-9]{1,19}[=D][0-9]{7,}"
        if type(value) is not str or len(value) > 37 or re.fullmatch(pattern, value) is None:
            _refuse("track 2 is PAN, separator, expiry, service code and digits, at most 37")
        super().__init__(value)

    def _split(self) -> tuple[str, str]:
        pan, _, rest = self._value.replace("=", "D").partition("D")
        return pan, rest

    @property
    def pan(self) -> Pan:
        """The card number in the track."""
        return Pan(self._split()[0])

    @property
    def expiry(self) -> str:
        """Four digits YYMM."""
        return self._split()[1][:4]

    @property
    def service_code(self) -> str:
        """Three digits; a first digit 2 or 6 says that the card has a chip."""
        return self._split()[1][4:7]


class Pin(Secret[str]):
    """A personal identification number: 4 to 12 digits. Spec: ISO 9564-1."""

    __slots__ = ()

    def __init__(self, value: str) -> None:
        if type(value) is not str or re.fullmatch("[0-9]{4,12}", value) is None:
            _refuse("a PIN is 4 to 12 digits")
        super().__init__(value)


class PinBlock(Secret[bytes]):
    """An enciphered PIN block: 8 bytes (DES) or 16 bytes (AES, SM4). Spec: ISO 9564-1."""

    __slots__ = ()

    def __init__(self, value: bytes) -> None:
        if type(value) is not bytes or len(value) not in (8, 16):
            _refuse("a PIN block is 8 or 16 bytes")
        super().__init__(value)


class KeyBytes(Secret[bytes]):
    """A clear cryptographic key of 8, 16, 24 or 32 bytes."""

    __slots__ = ()

    def __init__(self, value: bytes) -> None:
        if type(value) is not bytes or len(value) not in (8, 16, 24, 32):
            _refuse("a key is 8, 16, 24 or 32 bytes")
        super().__init__(value)


class PrivateKeyBytes(Secret[bytes]):
    """A clear private key of an asymmetric cipher, PKCS #8 in DER, at most 4096 bytes."""

    __slots__ = ()

    def __init__(self, value: bytes) -> None:
        if type(value) is not bytes or not 0 < len(value) <= 4096:
            _refuse("a private key is 1 to 4096 bytes")
        super().__init__(value)
