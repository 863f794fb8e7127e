"""Field 63: operator, card organisation, host texts. Spec: UnionPay terminal dialect, 2.9."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.unionpay.structured.context import MessageContext

_CODE: Final = 3
_TEXT: Final = 20
_WITH_OPERATOR: Final = ("0500", "0800", "0820")
ORGANISATIONS: Final = {
    "CUP": ("中国银联", "China UnionPay"),
    "VIS": ("威士", "Visa"),
    "MCC": ("万事达", "Mastercard"),
    "MAE": ("万事顺", "Maestro"),
    "JCB": ("吉士美", "JCB"),
    "DCC": ("大来", "Diners Club"),
    "AMX": ("运通", "American Express"),
    "000": ("未知", "unknown"),
}


@dataclass(frozen=True, slots=True)
class OperatorNumber:
    """63.1 of sign-in and settlement: three characters, left-aligned; `rest` is a host's own."""

    operator: str
    rest: str = ""

    @classmethod
    def parse(cls, value: str) -> OperatorNumber:
        """Read at least three characters; ProtocolError otherwise."""
        if len(value) < _CODE:
            raise ProtocolError("F63.1", 0, "an operator number has three characters")
        return cls(value[:_CODE].rstrip(" "), value[_CODE:])

    def build(self) -> str:
        """Return the field value."""
        if len(self.operator) > _CODE:
            raise ProtocolError("F63.1", 0, "an operator number has three characters")
        return self.operator.ljust(_CODE) + self.rest


@dataclass(frozen=True, slots=True)
class OrganisationCode:
    """63.1 of refund, offline and adjust requests: the original's organisation, 000 if unknown."""

    organisation: str

    @classmethod
    def parse(cls, value: str) -> OrganisationCode:
        """Read exactly three characters; ProtocolError otherwise."""
        if len(value) != _CODE:
            raise ProtocolError("F63.1", 0, "an organisation code has three characters")
        return cls(value)

    def build(self) -> str:
        """Return the field value."""
        return self.parse(self.organisation).organisation


@dataclass(frozen=True, slots=True)
class HostTexts:
    """Financial reply: 63.1 organisation, then texts to print or show; absent ones are b"".

    Texts are GBK bytes: 20 each for issuer, network and acquirer, space filled when another
    follows, and whatever is left for the terminal. `text()` turns one into characters.
    """

    organisation: str
    issuer: bytes = b""
    network: bytes = b""
    acquirer: bytes = b""
    terminal: bytes = b""

    @classmethod
    def parse(cls, value: str | bytes) -> HostTexts:
        """Read the field; ProtocolError when there are not three ASCII characters in front.

        Text may come from people's JSON, so characters that GBK does not have are refused too.
        """
        raw = _gbk(value) if isinstance(value, str) else value
        if len(raw) < _CODE or not raw[:_CODE].isascii():
            raise ProtocolError("F63.1", 0, "an organisation code has three characters")
        return cls(
            organisation=raw[:_CODE].decode("ascii"),
            issuer=raw[_CODE : _CODE + _TEXT],
            network=raw[_CODE + _TEXT : _CODE + 2 * _TEXT],
            acquirer=raw[_CODE + 2 * _TEXT : _CODE + 3 * _TEXT],
            terminal=raw[_CODE + 3 * _TEXT :],
        )

    def build(self) -> bytes:
        """Return the field value as bytes; ProtocolError when a part is too long."""
        if len(self.organisation) != _CODE or not self.organisation.isascii():
            raise ProtocolError("F63.1", 0, "an organisation code has three characters")
        texts = [self.issuer, self.network, self.acquirer, self.terminal]
        while texts and not texts[-1]:
            texts.pop()
        if any(len(text) > _TEXT for text in texts[:3]):
            raise ProtocolError("F63.2", _CODE, "a text has up to 20 bytes")
        padded = [text.ljust(_TEXT) for text in texts[:-1]]
        return self.organisation.encode("ascii") + b"".join([*padded, *texts[-1:]])

    def texts(self) -> list[str]:
        """Return the texts that are not blank, decoded and stripped, in order."""
        parts = (self.issuer, self.network, self.acquirer, self.terminal)
        shown = [part.decode("gbk", "replace").strip() for part in parts]
        return [text for text in shown if text]


def _gbk(text: str) -> bytes:
    try:
        return text.encode("gbk")
    except UnicodeError:
        pass
    # Outside the handler: a chained cause would keep the whole text.
    raise ProtocolError("F63", 0, "characters that the field cannot carry")


def parse_field63(
    value: str | bytes, context: MessageContext
) -> OperatorNumber | OrganisationCode | HostTexts:
    """Read the field as its message lays it out; ProtocolError when it does not fit.

    Spec: UnionPay terminal dialect, 2.9.
    """
    if not isinstance(value, str) or not context.is_request:
        return HostTexts.parse(value)
    is_code = len(value) == _CODE and (value.isalpha() or value == "000")
    if is_code and context.mti not in _WITH_OPERATOR:
        return OrganisationCode.parse(value)
    return OperatorNumber.parse(value)
