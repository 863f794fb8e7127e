"""Field 44: who issued the card and who acquired. Spec: UnionPay terminal dialect, 2 (F44)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError

_CODE: Final = 11
_BOTH: Final = 2 * _CODE
_NOMINAL: Final = 25


@dataclass(frozen=True, slots=True)
class InstitutionCodes:
    """44.1 issuer and 44.2 acquirer, each up to 11 characters, space filled on the wire.

    `rest` is what follows the 22 characters (up to 3).
    """

    issuer: str
    acquirer: str
    rest: str = ""

    @classmethod
    def parse(cls, value: str) -> InstitutionCodes:
        """Read 22 to 25 ASCII characters; ProtocolError otherwise."""
        if not (_BOTH <= len(value) <= _NOMINAL and value.isascii()):
            raise ProtocolError("F44", 0, "two codes take 22 to 25 ASCII characters")
        return cls(value[:_CODE].rstrip(" "), value[_CODE:_BOTH].rstrip(" "), value[_BOTH:])

    def build(self) -> str:
        """Return the field value; ProtocolError when a code is too long."""
        if len(self.issuer) > _CODE or len(self.acquirer) > _CODE:
            raise ProtocolError("F44", 0, "a code has up to 11 characters")
        return self.issuer.ljust(_CODE) + self.acquirer.ljust(_CODE) + self.rest


@dataclass(frozen=True, slots=True)
class HostText:
    """Anything else a host writes into the field: a message for the cashier."""

    text: str | bytes

    def build(self) -> str | bytes:
        """Return the field value."""
        return self.text


def parse_field44(value: str | bytes) -> InstitutionCodes | HostText:
    """Read the field in either form. Spec: UnionPay terminal dialect, 2 (F44) and 8."""
    if isinstance(value, str) and _BOTH <= len(value) <= _NOMINAL and value.isascii():
        return InstitutionCodes.parse(value)
    return HostText(value)
