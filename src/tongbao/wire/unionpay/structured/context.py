"""What decides how a field is laid out: the message around it."""

from __future__ import annotations

from dataclasses import dataclass

from tongbao.wire.iso8583.codec import Message


@dataclass(frozen=True, slots=True)
class MessageContext:
    """The codes that choose the layout of fields 48, 62 and 63; "" where the message has none.

    Attributes:
        mti: message type.
        processing_code: F3.
        function: 60.1.
        network: 60.3.
    """

    mti: str
    processing_code: str = ""
    function: str = ""
    network: str = ""

    @classmethod
    def of(cls, message: Message) -> MessageContext:
        """Read the codes of a decoded message. Spec: UnionPay terminal dialect, 2.6 and 3.0."""
        processing_code = message.fields.get(3, "")
        codes = message.fields.get(60, "")
        if not isinstance(processing_code, str) or not isinstance(codes, str):
            return cls(message.mti)
        return cls(message.mti, processing_code, codes[:2], codes[8:11])

    @property
    def is_request(self) -> bool:
        """Whether the message asks (third digit of the MTI even) rather than answers."""
        return self.mti[2] in "02468"
