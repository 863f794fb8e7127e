"""One request and one reply type for everything an issuer does with a card.

A sale is written here byte for byte as by `SaleRequest` and `SaleReply`, which a host that only
sells may use instead.

Spec: the network dialect, docs/network-dialect.md; ISO 8583:1987, messages 0100, 0200 and 0220.
"""

from __future__ import annotations

from dataclasses import dataclass

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pan, PinBlock, Purpose, SecretBytes, Track2
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.network import reading
from tongbao.wire.network.operations import (
    ADVICE_MTI,
    PRE_AUTHORISATION_CONDITION,
    PRE_AUTHORISATION_MTI,
    SALE_MTI,
    Operation,
    operation_of,
)
from tongbao.wire.unionpay.structured.field54 import AdditionalAmount, AdditionalAmounts

_LEDGER = "01"
_AVAILABLE = "02"
_ANY_ACCOUNT = "00"


@dataclass(frozen=True, slots=True)
class Balances:
    """F54: what is on the account and what of it can be spent; both may be negative."""

    ledger: Money
    available: Money

    def build(self) -> str:
        """Return the 40 characters of F54. Spec: ISO 8583:1987 DE 54."""
        amounts = (_amount(_LEDGER, self.ledger), _amount(_AVAILABLE, self.available))
        return AdditionalAmounts(amounts).build()

    @classmethod
    def parse(cls, text: str) -> Balances:
        """Read F54; ProtocolError when it is not a ledger and an available balance."""
        amounts = AdditionalAmounts.parse(text).amounts
        if [amount.amount_type for amount in amounts] != [_LEDGER, _AVAILABLE]:
            raise ProtocolError("F54", 0, "not a ledger and an available balance")
        return cls(*(_money(amount) for amount in amounts))


def _amount(amount_type: str, money: Money) -> AdditionalAmount:
    digits = reading.amount_digits(money if money.minor >= 0 else -money)
    sign = "C" if money.minor >= 0 else "D"
    return AdditionalAmount(_ANY_ACCOUNT, amount_type, money.currency.number, sign, digits)


def _money(amount: AdditionalAmount) -> Money:
    try:
        return Money(amount.amount_minor, Currency.from_number(amount.currency))
    except ValueError as error:
        rule = str(error)
    raise ProtocolError("F54", 0, rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRequest:
    """0100, 0200 or 0220: ask the issuer to do something with a card.

    Attributes:
        operation: what; it decides message type, F3 and, for the pre-authorisation family, F25.
        amount: F4 and F49; 0 for a balance, which has no F4.
        transmitted: F7, MMDDhhmmss when the host first sent it.
        stan: the terminal's trace number.
        mcc: F18, merchant category, 4 digits.
        entry_mode: F22, 3 digits.
        condition: F25, 2 digits.
        acquirer: F32, up to 11 digits.
        rrn: F37, this request's own number, unique for ever.
        terminal_id: F41.
        merchant_id: F42.
        track2: F35; None for a card that was not read.
        keyed_pan: F2; one of the two must be there.
        original: F62, the original's F37; only where `operation.names_original`.
        pin_block: F52 under the zone PIN key, None without PIN.
        security: F53, 16 digits, None without PIN.
        expiry: F14, YYMM.
        card_sequence: F23, 3 digits, of a chip card.
        chip_data: F55 as the card gave it; nobody on the way looks into it.
    """

    operation: Operation
    amount: Money
    transmitted: str
    stan: Stan
    mcc: str
    entry_mode: str
    condition: str
    acquirer: str
    rrn: Rrn
    terminal_id: TerminalId
    merchant_id: MerchantId
    track2: Track2 | None = None
    keyed_pan: Pan | None = None
    original: Rrn | None = None
    pin_block: PinBlock | None = None
    security: str | None = None
    expiry: str | None = None
    card_sequence: str | None = None
    chip_data: SecretBytes | None = None

    @property
    def pan(self) -> Pan:
        """The card's number, from the stripe where it was read."""
        if self.track2 is not None:
            return self.track2.pan
        if self.keyed_pan is None:
            raise ProtocolError("F35", 0, "absent")
        return self.keyed_pan

    def to_message(self) -> Message:
        """Return the message without its MAC (F64)."""
        form = self.operation.form
        fields: dict[int, FieldValue] = {
            3: form.processing_code,
            7: self.transmitted,
            11: self.stan.digits,
            18: self.mcc,
            22: self.entry_mode,
            25: self.condition,
            32: self.acquirer,
            37: self.rrn.value,
            41: self.terminal_id.value,
            42: self.merchant_id.value,
            49: self.amount.currency.number,
        }
        if self.operation is not Operation.BALANCE:
            fields[4] = reading.amount_digits(self.amount)
        if self.keyed_pan is not None:
            fields[2] = self.keyed_pan.reveal(Purpose.WIRE)
        if self.track2 is not None:
            fields[35] = self.track2.reveal(Purpose.WIRE)
        if self.pin_block is not None:
            fields[52] = self.pin_block.reveal(Purpose.WIRE)
        if self.chip_data is not None:
            fields[55] = self.chip_data.reveal(Purpose.WIRE)
        others = {14: self.expiry, 23: self.card_sequence, 53: self.security}
        others[62] = None if self.original is None else self.original.value
        fields.update((number, value) for number, value in others.items() if value is not None)
        return Message(form.mti, fields)

    @classmethod
    def from_message(cls, message: Message) -> OperationRequest:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        condition = message.text(25)
        operation = operation_of(message.mti, message.text(3), condition)
        if operation is None:
            raise ProtocolError("F3", 0, f"no operation of an {message.mti}")
        is_balance = operation is Operation.BALANCE
        return cls(
            operation=operation,
            amount=_nothing(message) if is_balance else reading.money(message),
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            mcc=message.text(18),
            entry_mode=message.text(22),
            condition=condition,
            acquirer=message.text(32),
            rrn=reading.typed(message, 37, Rrn),
            terminal_id=reading.typed(message, 41, TerminalId),
            merchant_id=reading.typed(message, 42, MerchantId),
            track2=_track2(message),
            keyed_pan=reading.pan(message),
            original=reading.typed(message, 62, Rrn) if operation.names_original else None,
            pin_block=reading.pin_block(message),
            security=reading.optional(message, 53),
            expiry=reading.optional(message, 14),
            card_sequence=reading.optional(message, 23),
            chip_data=reading.chip_data(message),
        )


def _nothing(message: Message) -> Money:
    return Money(0, reading.typed(message, 49, Currency.from_number))


def _track2(message: Message) -> Track2 | None:
    """Return F35, which only a message with F2 may lack; both must be of one card."""
    if 35 not in message.fields and 2 in message.fields:
        return None
    track = reading.track2(message)
    keyed = reading.pan(message)
    if keyed is not None and keyed != track.pan:
        raise ProtocolError("F2", 0, "not the number on the stripe")
    return track


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationReply:
    """0110, 0210 or 0230: the issuer's answer; `auth_code` comes with an approval only.

    `original` repeats F62, `balances` is F54 of an approved balance inquiry, `chip_data` is F55
    for the card: issuer authentication and scripts.
    """

    operation: Operation
    amount: Money
    transmitted: str
    stan: Stan
    rrn: Rrn
    response_code: str
    terminal_id: TerminalId
    merchant_id: MerchantId
    auth_code: str | None = None
    settlement_date: str | None = None
    original: Rrn | None = None
    balances: Balances | None = None
    chip_data: SecretBytes | None = None

    def to_message(self) -> Message:
        """Return the message without its MAC (F64)."""
        form = self.operation.form
        fields: dict[int, FieldValue] = {
            3: form.processing_code,
            7: self.transmitted,
            11: self.stan.digits,
            37: self.rrn.value,
            39: self.response_code,
            41: self.terminal_id.value,
            42: self.merchant_id.value,
            49: self.amount.currency.number,
        }
        if self.operation is not Operation.BALANCE:
            fields[4] = reading.amount_digits(self.amount)
        if self.auth_code is not None:
            fields[38] = self.auth_code
        if self.settlement_date is not None:
            fields[15] = self.settlement_date
        if form.is_pre_authorisation:
            fields[25] = PRE_AUTHORISATION_CONDITION
        if self.original is not None:
            fields[62] = self.original.value
        if self.balances is not None:
            fields[54] = self.balances.build()
        if self.chip_data is not None:
            fields[55] = self.chip_data.reveal(Purpose.WIRE)
        return Message(_reply_mti(form.mti), fields)

    @classmethod
    def from_message(cls, message: Message) -> OperationReply:
        """Read the message; ProtocolError names the field that is missing or wrong."""
        operation = _operation_of_reply(message)
        is_balance = operation is Operation.BALANCE
        balances = reading.optional(message, 54)
        return cls(
            operation=operation,
            amount=_nothing(message) if is_balance else reading.money(message),
            transmitted=message.text(7),
            stan=reading.typed(message, 11, Stan.parse),
            rrn=reading.typed(message, 37, Rrn),
            response_code=message.text(39),
            terminal_id=reading.typed(message, 41, TerminalId),
            merchant_id=reading.typed(message, 42, MerchantId),
            auth_code=reading.optional(message, 38),
            settlement_date=reading.optional(message, 15),
            original=reading.typed(message, 62, Rrn) if 62 in message.fields else None,
            balances=None if balances is None else Balances.parse(balances),
            chip_data=reading.chip_data(message),
        )


def _reply_mti(request_mti: str) -> str:
    return f"{int(request_mti) + 10:04d}"


def _operation_of_reply(message: Message) -> Operation:
    condition = reading.optional(message, 25)
    for request_mti in (SALE_MTI, PRE_AUTHORISATION_MTI, ADVICE_MTI):
        if message.mti == _reply_mti(request_mti):
            operation = operation_of(request_mti, message.text(3), condition)
            if operation is not None:
                return operation
            raise ProtocolError("F3", 0, f"no operation of an {message.mti}")
    raise ProtocolError("MTI", 0, "not 0110, 0210 or 0230")
