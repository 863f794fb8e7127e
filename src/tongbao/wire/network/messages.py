"""The messages between host and issuer as types; the MAC is added by who holds the key.

F37, the host's retrieval reference number, is the link key: unique for ever, repeated unchanged,
and a reversal names the original by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Money
from tongbao.domain.secrets import PinBlock, Purpose, Track2
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.network import reading
from tongbao.wire.network.inquiry import INQUIRY_REPLY_MTI, INQUIRY_REQUEST_MTI
from tongbao.wire.network.operations import (
    ADVICE_MTI,
    PRE_AUTHORISATION_CONDITION,
    PRE_AUTHORISATION_MTI,
    Operation,
    operation_of,
)

SALE_REQUEST_MTI: Final = "0200"
SALE_REPLY_MTI: Final = "0210"
REVERSAL_REQUEST_MTI: Final = "0420"
REVERSAL_REPLY_MTI: Final = "0430"
MANAGEMENT_REQUEST_MTI: Final = "0800"
MANAGEMENT_REPLY_MTI: Final = "0810"
SIGN_ON: Final = "001"
ECHO: Final = "301"
MAC_FIELD: Final = {
    PRE_AUTHORISATION_MTI: 64,
    "0110": 64,
    SALE_REQUEST_MTI: 64,
    SALE_REPLY_MTI: 64,
    ADVICE_MTI: 64,
    "0230": 64,
    INQUIRY_REQUEST_MTI: 64,
    INQUIRY_REPLY_MTI: 64,
    REVERSAL_REQUEST_MTI: 128,
    REVERSAL_REPLY_MTI: 128,
    MANAGEMENT_REQUEST_MTI: 128,
    MANAGEMENT_REPLY_MTI: 128,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleRequest:
    """0200: ask the issuer for one sale by stripe. Spec: ISO 8583:1987, message 0200.

    Attributes:
        amount: what the card pays.
        transmitted: F7, MMDDhhmmss when the host first sent it.
        stan: the terminal's trace number.
        mcc: F18, merchant category, 4 digits.
        entry_mode: F22, 3 digits.
        condition: F25, 2 digits.
        acquirer: F32, up to 11 digits.
        track2: F35.
        rrn: F37, the link key.
        terminal_id: F41.
        merchant_id: F42.
        pin_block: F52 under the zone PIN key, None without PIN.
        security: F53, 16 digits, None without PIN.
        expiry: F14, YYMM, None when only the track says it.
    """

    amount: Money
    transmitted: str
    stan: Stan
    mcc: str
    entry_mode: str
    condition: str
    acquirer: str
    track2: Track2
    rrn: Rrn
    terminal_id: TerminalId
    merchant_id: MerchantId
    pin_block: PinBlock | None = None
    security: str | None = None
    expiry: str | None = None

    def to_message(self) -> Message:
        """Return the message without its MAC (F64)."""
        fields: dict[int, FieldValue] = {
            3: "000000",
            4: reading.amount_digits(self.amount),
            7: self.transmitted,
            11: self.stan.digits,
            18: self.mcc,
            22: self.entry_mode,
            25: self.condition,
            32: self.acquirer,
            35: self.track2.reveal(Purpose.WIRE),
            37: self.rrn.value,
            41: self.terminal_id.value,
            42: self.merchant_id.value,
            49: self.amount.currency.number,
        }
        if self.expiry is not None:
            fields[14] = self.expiry
        if self.pin_block is not None:
            fields[52] = self.pin_block.reveal(Purpose.WIRE)
        if self.security is not None:
            fields[53] = self.security
        return Message(SALE_REQUEST_MTI, fields)

    @classmethod
    def from_message(cls, message: Message) -> SaleRequest:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        reading.expect(message, SALE_REQUEST_MTI)
        return cls(
            amount=reading.money(message),
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            mcc=message.text(18),
            entry_mode=message.text(22),
            condition=message.text(25),
            acquirer=message.text(32),
            track2=reading.track2(message),
            rrn=reading.typed(message, 37, Rrn),
            terminal_id=reading.typed(message, 41, TerminalId),
            merchant_id=reading.typed(message, 42, MerchantId),
            pin_block=reading.pin_block(message),
            security=reading.optional(message, 53),
            expiry=reading.optional(message, 14),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SaleReply:
    """0210: the issuer's answer to one sale; `auth_code` comes with an approval only."""

    amount: Money
    transmitted: str
    stan: Stan
    rrn: Rrn
    response_code: str
    terminal_id: TerminalId
    merchant_id: MerchantId
    auth_code: str | None = None
    settlement_date: str | None = None

    def to_message(self) -> Message:
        """Return the message without its MAC (F64)."""
        fields: dict[int, FieldValue] = {
            3: "000000",
            4: reading.amount_digits(self.amount),
            7: self.transmitted,
            11: self.stan.digits,
            37: self.rrn.value,
            39: self.response_code,
            41: self.terminal_id.value,
            42: self.merchant_id.value,
            49: self.amount.currency.number,
        }
        if self.auth_code is not None:
            fields[38] = self.auth_code
        if self.settlement_date is not None:
            fields[15] = self.settlement_date
        return Message(SALE_REPLY_MTI, fields)

    @classmethod
    def from_message(cls, message: Message) -> SaleReply:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        reading.expect(message, SALE_REPLY_MTI)
        return cls(
            amount=reading.money(message),
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            rrn=reading.typed(message, 37, Rrn),
            response_code=message.text(39),
            terminal_id=reading.typed(message, 41, TerminalId),
            merchant_id=reading.typed(message, 42, MerchantId),
            auth_code=reading.optional(message, 38),
            settlement_date=reading.optional(message, 15),
        )


def original_data(mti: str, stan: Stan, transmitted: str, acquirer: str) -> str:
    """Return F90, 42 digits: MTI, trace, F7, acquirer, forwarder (zeros here).

    Spec: ISO 8583:1987 DE 90.
    """
    return f"{mti}{stan.digits}{transmitted}{acquirer.zfill(11)}{'0' * 11}"


def reversed_operation(message: Message) -> Operation | None:
    """Return what an 0420 wants undone or an 0430 says of, by F3, F25 and the MTI in F90.

    None when there is no such operation. Without F3 it is a sale; without F90 the message is
    about the one that can be reversed.
    Spec: the network dialect, docs/network-dialect.md.
    """
    code, condition = message.fields.get(3), message.fields.get(25)
    original = message.fields.get(90)
    if code is None:
        return Operation.SALE
    if not isinstance(code, str) or not isinstance(condition, str | None):
        return None
    if isinstance(original, str):
        return operation_of(original[:4], code, condition)
    for mti in (SALE_REQUEST_MTI, PRE_AUTHORISATION_MTI):
        operation = operation_of(mti, code, condition)
        if operation is not None:
            return operation
    return None


def _reversed(message: Message) -> Operation:
    operation = reversed_operation(message)
    if operation is None:
        raise ProtocolError("F3", 0, "no operation that a message can ask for")
    return operation


def _of_original(operation: Operation) -> dict[int, FieldValue]:
    fields: dict[int, FieldValue] = {3: operation.form.processing_code}
    if operation.form.is_pre_authorisation:
        fields[25] = PRE_AUTHORISATION_CONDITION
    return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRequest:
    """0420: undo a request whose outcome must not stand; repeated unchanged until it is answered.

    `operation`, `rrn`, `stan`, `transmitted` and `acquirer` are the original's.
    """

    amount: Money
    transmitted: str
    stan: Stan
    acquirer: str
    rrn: Rrn
    terminal_id: TerminalId
    merchant_id: MerchantId
    operation: Operation = Operation.SALE

    def to_message(self) -> Message:
        """Return the message without its MAC (F128)."""
        mti = self.operation.form.mti
        return Message(
            REVERSAL_REQUEST_MTI,
            {
                **_of_original(self.operation),
                4: reading.amount_digits(self.amount),
                7: self.transmitted,
                11: self.stan.digits,
                32: self.acquirer,
                37: self.rrn.value,
                41: self.terminal_id.value,
                42: self.merchant_id.value,
                49: self.amount.currency.number,
                90: original_data(mti, self.stan, self.transmitted, self.acquirer),
            },
        )

    @classmethod
    def from_message(cls, message: Message) -> ReversalRequest:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        reading.expect(message, REVERSAL_REQUEST_MTI)
        return cls(
            operation=_reversed(message),
            amount=reading.money(message),
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            acquirer=message.text(32),
            rrn=reading.typed(message, 37, Rrn),
            terminal_id=reading.typed(message, 41, TerminalId),
            merchant_id=reading.typed(message, 42, MerchantId),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalReply:
    """0430: the issuer recorded the reversal; the same answer however often it is asked.

    It carries no F90: of the two that are told apart by it alone, a completion void and the void
    of a pre-authorisation, `from_message` names the first.
    """

    amount: Money
    transmitted: str
    stan: Stan
    rrn: Rrn
    response_code: str
    terminal_id: TerminalId
    merchant_id: MerchantId
    operation: Operation = Operation.SALE

    def to_message(self) -> Message:
        """Return the message without its MAC (F128)."""
        return Message(
            REVERSAL_REPLY_MTI,
            {
                **_of_original(self.operation),
                4: reading.amount_digits(self.amount),
                7: self.transmitted,
                11: self.stan.digits,
                37: self.rrn.value,
                39: self.response_code,
                41: self.terminal_id.value,
                42: self.merchant_id.value,
                49: self.amount.currency.number,
            },
        )

    @classmethod
    def from_message(cls, message: Message) -> ReversalReply:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        reading.expect(message, REVERSAL_REPLY_MTI)
        return cls(
            operation=_reversed(message),
            amount=reading.money(message),
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            rrn=reading.typed(message, 37, Rrn),
            response_code=message.text(39),
            terminal_id=reading.typed(message, 41, TerminalId),
            merchant_id=reading.typed(message, 42, MerchantId),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkManagement:
    """0800 or 0810: sign-on and echo. `response_code` None makes the request, else the reply."""

    code: str
    transmitted: str
    stan: Stan
    response_code: str | None = None

    def to_message(self) -> Message:
        """Return the message without its MAC (F128)."""
        fields: dict[int, FieldValue] = {7: self.transmitted, 11: self.stan.digits}
        mti = MANAGEMENT_REQUEST_MTI
        if self.response_code is not None:
            mti = MANAGEMENT_REPLY_MTI
            fields[39] = self.response_code
        fields[70] = self.code
        return Message(mti, fields)

    @classmethod
    def from_message(cls, message: Message) -> NetworkManagement:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        response_code = None
        if message.mti == MANAGEMENT_REPLY_MTI:
            response_code = message.text(39)
        else:
            reading.expect(message, MANAGEMENT_REQUEST_MTI)
        return cls(
            code=message.text(70),
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            response_code=response_code,
        )
