"""How fields of the network's messages become values and back; errors name the field only.

Spec: the network dialect, docs/network-dialect.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tongbao.domain.errors import ProtocolError
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pan, PinBlock, Purpose, SecretBytes, Track2
from tongbao.wire.iso8583.codec import Message

_T = TypeVar("_T")


def expect(message: Message, mti: str) -> None:
    """Raise ProtocolError when the message is of another type."""
    if message.mti != mti:
        raise ProtocolError("MTI", 0, f"not {mti}")


def typed(message: Message, number: int, make: Callable[[str], _T]) -> _T:
    """Return a field as the type that `make` builds; its ValueError becomes a ProtocolError."""
    text = message.text(number)
    try:
        return make(text)
    except ValueError as error:
        rule = str(error)
    raise ProtocolError(f"F{number}", 0, rule)


def optional(message: Message, number: int) -> str | None:
    """Return a text field, or None when it is absent."""
    return message.text(number) if number in message.fields else None


def money(message: Message) -> Money:
    """Return F4 in the currency of F49."""
    currency = typed(message, 49, Currency.from_number)
    return Money(int(message.text(4)), currency)


def amount_digits(amount: Money) -> str:
    """Return the 12 digits of F4; ProtocolError when the amount does not fit."""
    if not 0 <= amount.minor < 10**12:
        raise ProtocolError("F4", 0, "an amount has 1 to 12 digits")
    return f"{amount.minor:012d}"


def track2(message: Message) -> Track2:
    """Return F35."""
    try:
        return Track2(message.secret_text(35).reveal(Purpose.WIRE))
    except ValueError as error:
        rule = str(error)
    raise ProtocolError("F35", 0, rule)


def pan(message: Message) -> Pan | None:
    """Return F2, or None when it is absent."""
    if 2 not in message.fields:
        return None
    try:
        return Pan(message.secret_text(2).reveal(Purpose.WIRE))
    except ValueError as error:
        rule = str(error)
    raise ProtocolError("F2", 0, rule)


def chip_data(message: Message) -> SecretBytes | None:
    """Return F55, or None when it is absent."""
    return message.secret_bytes(55) if 55 in message.fields else None


def pin_block(message: Message) -> PinBlock | None:
    """Return F52, or None when it is absent."""
    if 52 not in message.fields:
        return None
    return PinBlock(message.secret_bytes(52).reveal(Purpose.WIRE))
