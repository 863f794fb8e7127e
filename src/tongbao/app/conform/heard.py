"""What one side of the kit heard from the other, taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tongbao.domain.secrets import Purpose, SecretBytes, SecretText

if TYPE_CHECKING:
    from tongbao.wire.iso8583.codec import Message
    from tongbao.wire.unionpay.framing import Envelope


@dataclass(frozen=True, slots=True)
class Heard:
    """A message with its envelope. Its text names type and field numbers, never contents."""

    envelope: Envelope
    message: Message

    @property
    def mti(self) -> str:
        """The message type."""
        return self.message.mti

    def text(self, number: int) -> str:
        """Return a text field, secret or not, "" when it is absent."""
        value = self.message.fields.get(number)
        if isinstance(value, SecretText):
            return value.reveal(Purpose.WIRE)
        return value if isinstance(value, str) else ""

    def data(self, number: int) -> bytes:
        """Return a field of bytes, secret or not, b"" when it is absent."""
        value = self.message.fields.get(number)
        if isinstance(value, SecretBytes):
            return value.reveal(Purpose.WIRE)
        return value if isinstance(value, bytes) else b""

    def has(self, number: int) -> bool:
        """Whether the field is there."""
        return number in self.message.fields

    @property
    def field_numbers(self) -> str:
        """The numbers of its fields, with commas."""
        return ",".join(map(str, sorted(self.message.fields)))
