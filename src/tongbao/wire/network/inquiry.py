"""0600 and 0610: ask the issuer what became of a request, before giving up on its answer.

Spec: the network dialect, docs/network-dialect.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Money
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.network import reading

INQUIRY_REQUEST_MTI: Final = "0600"
INQUIRY_REPLY_MTI: Final = "0610"
REVERSED: Final = "R0"
"""F39 of an 0610: the request was undone, or will be refused when it comes."""
UNKNOWN: Final = "25"
"""F39 of an 0610 without F3: nothing under this number has come yet. It may still be on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusInquiry:
    """0600: what became of the request whose F37 was `asked` (F62)?

    `rrn` is F37 and repeated in the answer, nothing else; it may be the number that is asked
    about. An inquiry is not remembered, each is answered with what is known now.
    """

    transmitted: str
    stan: Stan
    rrn: Rrn
    terminal_id: TerminalId
    merchant_id: MerchantId
    asked: Rrn

    def to_message(self) -> Message:
        """Return the message without its MAC (F64)."""
        fields: dict[int, FieldValue] = {
            7: self.transmitted,
            11: self.stan.digits,
            37: self.rrn.value,
            41: self.terminal_id.value,
            42: self.merchant_id.value,
            62: self.asked.value,
        }
        return Message(INQUIRY_REQUEST_MTI, fields)

    @classmethod
    def from_message(cls, message: Message) -> StatusInquiry:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        reading.expect(message, INQUIRY_REQUEST_MTI)
        return cls(
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            rrn=reading.typed(message, 37, Rrn),
            terminal_id=reading.typed(message, 41, TerminalId),
            merchant_id=reading.typed(message, 42, MerchantId),
            asked=reading.typed(message, 62, Rrn),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAnswer:
    """0610: what the issuer knows now.

    Attributes:
        response_code: F39: 00 approved, `REVERSED`, the code it was declined with, or `UNKNOWN`.
        processing_code: F3 of the request; None when it never came, so that a request that was
            declined with 25 can be told from an unknown one.
        amount: its F4 and F49; None when it never came.
        auth_code: its F38 when it was approved.
        settlement_date: its F15 when it was answered.
    """

    inquiry: StatusInquiry
    response_code: str
    processing_code: str | None = None
    amount: Money | None = None
    auth_code: str | None = None
    settlement_date: str | None = None

    def to_message(self) -> Message:
        """Return the message without its MAC (F64)."""
        fields = self.inquiry.to_message().fields
        fields[39] = self.response_code
        if self.amount is not None:
            fields[4] = reading.amount_digits(self.amount)
            fields[49] = self.amount.currency.number
        others = {3: self.processing_code, 15: self.settlement_date, 38: self.auth_code}
        fields.update((number, value) for number, value in others.items() if value is not None)
        return Message(INQUIRY_REPLY_MTI, fields)

    @classmethod
    def from_message(cls, message: Message) -> StatusAnswer:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        reading.expect(message, INQUIRY_REPLY_MTI)
        asked = Message(INQUIRY_REQUEST_MTI, message.fields)
        return cls(
            inquiry=StatusInquiry.from_message(asked),
            response_code=message.text(39),
            processing_code=reading.optional(message, 3),
            amount=reading.money(message) if 4 in message.fields else None,
            auth_code=reading.optional(message, 38),
            settlement_date=reading.optional(message, 15),
        )
