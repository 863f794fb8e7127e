"""What the host says to the issuer and how it reads the answers. Spec: the network dialect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import SecretBytes
from tongbao.host.core.outbox import NETWORK_MAC, ZAK
from tongbao.host.core.payment_ids import rrn_of
from tongbao.host.core.payment_rules import PaymentInput
from tongbao.host.core.replies import moment_of
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.inquiry import REVERSED, StatusInquiry
from tongbao.wire.network.messages import ReversalRequest
from tongbao.wire.network.operations import Operation, operation_of
from tongbao.wire.unionpay import transactions as wire
from tongbao.wire.unionpay.response_codes import RESPONSES, ResponseClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.events import Effect, UpstreamFrame
    from tongbao.host.core.outbox import Outbox
    from tongbao.host.core.replies import WallClock
    from tongbao.host.core.requests import PaymentFacts, Request
    from tongbao.host.core.state import Terminal
    from tongbao.host.records import PaymentRecord
    from tongbao.host.settings import HostSettings
    from tongbao.wire.iso8583.fields import FieldValue

_PIN_CONTROL: Final = "2600000000000000"
_MAC_BYTES: Final = 8

# The issuer, or somebody on the way, does not know either whether the money was taken. A0 speaks of
# a message that was damaged on the way: another copy of it may have been whole, and booked.
_DOUBTFUL: Final = frozenset({"68", "98", "A0"})


class AnswerKind(Enum):
    """What the issuer answers."""

    REQUEST = "request"
    REVERSAL = "reversal"
    INQUIRY = "inquiry"


_APPROVAL: Final = PaymentInput.APPROVAL
# Message type -> what it answers, and where its MAC stands.
_KINDS: Final = {
    "0210": (AnswerKind.REQUEST, 64),
    "0110": (AnswerKind.REQUEST, 64),
    "0230": (AnswerKind.REQUEST, 64),
    "0430": (AnswerKind.REVERSAL, 128),
    "0610": (AnswerKind.INQUIRY, 64),
}

# Message type and F3 towards the issuer; F25 is the terminal's.
_FORMS: Final = {
    wire.BALANCE.kind: ("0200", "310000"),
    wire.SALE.kind: ("0200", "000000"),
    wire.MAIL_ORDER.kind: ("0200", "000000"),
    wire.VOID.kind: ("0200", "200000"),
    wire.REFUND.kind: ("0220", "200000"),
    wire.PREAUTH.kind: ("0100", "030000"),
    wire.PREAUTH_VOID.kind: ("0100", "200000"),
    wire.COMPLETION.kind: ("0200", "000000"),
    wire.COMPLETION_ADVICE.kind: ("0220", "000000"),
    wire.COMPLETION_VOID.kind: ("0200", "200000"),
    wire.OFFLINE_SALE.kind: ("0220", "000000"),
    wire.CHIP_OFFLINE_SALE.kind: ("0220", "000000"),
    # A tip is a new total, too.
    wire.ADJUSTMENT.kind: ("0220", "020000"),
    wire.TIP.kind: ("0220", "020000"),
}
REPLY_MTI: Final = {kind: wire.reply_mti(mti) for kind, (mti, _) in _FORMS.items()}
"""Message type of the issuer's answer to each kind of payment."""

# Expiry, card sequence number and chip data go through as they come.
_PASSED_ON: Final = (14, 23, 55)
# What is not sent again: the track and the PIN.
_ONCE: Final = (35, 52, 53)


@dataclass(slots=True)
class IssuerAnswer:
    """An answer whose MAC was right.

    `processing_code` is that of the request, "" where an inquiry found none. `chip` is field 55,
    `balances` field 54.
    """

    kind: AnswerKind
    mti: str
    rrn: str
    code: str
    auth_code: str
    amount: str
    terminal_id: str
    processing_code: str
    chip: SecretBytes | None
    balances: str


class WrongMac(NamedTuple):
    """An answer that is not proven to be the issuer's."""


def classify(code: str) -> PaymentInput:
    """Say what a response code of the issuer's means for a sale.

    Only "00" approves. An approval of another kind (partial, to be confirmed) was not asked for,
    and a code nobody knows is doubt, never a quiet decline: both are reversed.

    Spec: UnionPay terminal dialect, 4.
    """
    if code == "00":
        return _APPROVAL
    known = RESPONSES.get(code)
    if known is None or known.response_class is ResponseClass.APPROVED or code in _DOUBTFUL:
        return PaymentInput.UNCLEAR_ANSWER
    return PaymentInput.DECLINE


def find(answer: IssuerAnswer) -> PaymentInput:
    """Say what an 0610 found; what is unclear counts as nothing, which is doubt.

    Spec: the network dialect, 0610.
    """
    if answer.code == REVERSED:
        return PaymentInput.FOUND_REVERSED
    if not answer.processing_code:
        return PaymentInput.FOUND_NOTHING
    meaning = classify(answer.code)
    if meaning is PaymentInput.APPROVAL:
        return PaymentInput.FOUND_APPROVED
    if meaning is PaymentInput.DECLINE:
        return PaymentInput.FOUND_DECLINED
    return PaymentInput.FOUND_NOTHING


class IssuerMessages:
    """Composes 0100, 0200, 0220, 0420 and 0600 and reads their answers."""

    __slots__ = ("_acquirer_id", "_clock", "_keys", "_outbox")

    def __init__(
        self,
        settings: HostSettings,
        keys: KeyStore,
        outbox: Outbox,
        clock: WallClock,
    ) -> None:
        self._keys = keys
        self._outbox = outbox
        self._clock = clock
        self._acquirer_id = settings.acquirer_id

    def compose(
        self, request: Request, facts: PaymentFacts, payment: PaymentRecord, terminal: Terminal
    ) -> Message:
        """Make the 0100, 0200 or 0220 that asks for a payment, but for its PIN block.

        Spec: the network dialect, 0100, 0200 and 0220.
        """
        sent = request.fields
        mti, processing_code = _FORMS[payment.kind]
        # In the order of a plain sale, so that every one is encoded by the same plan.
        fields: dict[int, FieldValue] = {
            3: processing_code,
            4: sent.get(4, ""),
            7: self._clock.at(payment.received_at_us).utc_mmddhhmmss,
            11: sent[11],
            18: terminal.record.mcc,
            22: payment.entry_mode,
            25: sent[25],
            32: self._acquirer_id,
            35: facts.track2 or facts.pan,
            37: payment.rrn,
            41: payment.terminal_id,
            42: payment.merchant_id,
            49: payment.currency,
        }
        if facts.track2 is None:
            del fields[35]
            fields[2] = facts.pan
        if not payment.amount_minor:
            del fields[4]
        for number in _PASSED_ON:
            if number in sent:
                fields[number] = sent[number]
        if payment.original_id:
            fields[62] = rrn_of(payment.original_id)
        return Message(mti, fields)

    def send(
        self,
        out: list[Effect],
        message: Message,
        payment: PaymentRecord,
        request: Request,
        facts: PaymentFacts,
    ) -> None:
        """Send what `compose` has made, with the PIN block that came with the request.

        Spec: the network dialect, F52 and F53; ISO 9564-1 format 0.
        """
        pin = None
        if facts.pin_block is not None:
            message.fields[52], message.fields[53] = b"", _PIN_CONTROL
            if facts.is_pin_translated:
                message.fields[52] = facts.pin_block
            elif request.verified is not None:
                pin = (request.verified.pik, facts.pin_block, facts.pan)
        self._outbox.to_issuer(out, message, 64, payment.payment_id, pin)

    def repeatable(self, message: Message, facts: PaymentFacts) -> Message:
        """Return what is sent again: the same with the card number, without track and PIN.

        Spec: the network dialect (a request is the same by F4, card, F11, F41 and original).
        """
        fields = {number: value for number, value in message.fields.items() if number not in _ONCE}
        fields[2] = facts.pan
        return Message(message.mti, fields)

    def send_again(self, out: list[Effect], message: Message, payment: PaymentRecord) -> None:
        """Send what `repeatable` has made."""
        # The codec takes the fields as they are at the end of the group.
        again = Message(message.mti, dict(message.fields))
        self._outbox.to_issuer(out, again, 64, payment.payment_id)

    def send_inquiry(self, out: list[Effect], payment: PaymentRecord) -> None:
        """Ask with an 0600 what became of a payment.

        Spec: the network dialect, 0600.
        """
        message = StatusInquiry(
            transmitted=moment_of(payment.received_at_us // 1_000_000).utc_mmddhhmmss,
            stan=Stan(payment.stan),
            rrn=Rrn(payment.rrn),
            terminal_id=TerminalId(payment.terminal_id),
            merchant_id=MerchantId(payment.merchant_id),
            asked=Rrn(payment.rrn),
        ).to_message()
        self._outbox.to_issuer(out, message, 64, payment.payment_id)

    def send_reversal(self, out: list[Effect], payment: PaymentRecord) -> None:
        """Ask for a reversal with a 0420; every repetition is the same to the byte.

        Spec: the network dialect, 0420; ISO 8583:1987 DE 90.
        """
        mti, processing_code = _FORMS[payment.kind]
        message = ReversalRequest(
            operation=operation_of(mti, processing_code, _condition(payment.kind))
            or Operation.SALE,
            amount=Money(payment.amount_minor, Currency.CNY),
            transmitted=moment_of(payment.received_at_us // 1_000_000).utc_mmddhhmmss,
            stan=Stan(payment.stan),
            acquirer=self._acquirer_id,
            rrn=Rrn(payment.rrn),
            terminal_id=TerminalId(payment.terminal_id),
            merchant_id=MerchantId(payment.merchant_id),
        ).to_message()
        self._outbox.to_issuer(out, message, 128, payment.payment_id)

    def read_all(
        self, frames: Sequence[UpstreamFrame]
    ) -> list[IssuerAnswer | WrongMac | ProtocolError]:
        """Read answers, all decoded before the first MAC is checked.

        Spec: the network dialect, 0210 and 0430.
        """
        decoded = [_decode(frame.body) for frame in frames]
        return [
            found if isinstance(found, ProtocolError) else self._verify(found, frame.body)
            for found, frame in zip(decoded, frames, strict=True)
        ]

    def _verify(self, message: Message, body: bytes) -> IssuerAnswer | WrongMac:
        mti = message.mti
        # Of which type each field is, the table says; `_decode` saw that the MAC is there.
        fields: dict[int, Any] = message.fields
        kind, mac_field = _KINDS[mti]
        if not self._keys.verify_mac(ZAK, NETWORK_MAC, body[:-_MAC_BYTES], fields[mac_field]):
            return WrongMac()
        get = fields.get
        code, auth_code = get(39, ""), get(38, "").strip()
        # Both are kept: nothing but letters and digits may pass. An odd code is an unknown one.
        if not code.isalnum():
            code = "??"
        if not auth_code.isalnum():
            auth_code = ""
        chip = fields.get(55)
        return IssuerAnswer(
            kind,
            mti,
            get(37, ""),
            code,
            auth_code,
            get(4, ""),
            get(41, ""),
            get(3, ""),
            chip if isinstance(chip, SecretBytes) else None,
            get(54, ""),
        )


def _condition(kind: str) -> str:
    condition = wire.KINDS[kind].condition
    return condition or ""


def _decode(body: bytes) -> Message | ProtocolError:
    try:
        message = NETWORK.decode(body)
    except ProtocolError as error:
        return error
    known = _KINDS.get(message.mti)
    if known is None:
        return ProtocolError("MTI", 0, "no answer of an issuer's")
    if known[1] not in message.fields:
        return ProtocolError("bitmap", 2, "the MAC is not where it belongs")
    return message
