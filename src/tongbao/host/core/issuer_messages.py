"""What the host says to the issuer and how it reads the answers. Spec: the network dialect."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.host.core.outbox import NETWORK_MAC, ZAK, PinTranslation
from tongbao.host.core.payment_rules import PaymentInput
from tongbao.host.core.replies import moment_of
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.messages import ReversalRequest
from tongbao.wire.unionpay.response_codes import RESPONSES, ResponseClass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.events import Effect, UpstreamFrame
    from tongbao.host.core.outbox import Outbox
    from tongbao.host.core.replies import WallClock
    from tongbao.host.core.requests import Request, SaleFacts
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
    """Which message of the issuer's it is."""

    SALE = "0210"
    REVERSAL = "0430"


_MAC_FIELD: Final = {AnswerKind.SALE: 64, AnswerKind.REVERSAL: 128}
_KINDS: Final = {kind.value: (kind, _MAC_FIELD[kind]) for kind in AnswerKind}


class IssuerAnswer(NamedTuple):
    """An answer whose MAC was right."""

    kind: AnswerKind
    rrn: str
    code: str
    auth_code: str
    amount: str
    terminal_id: str


class WrongMac(NamedTuple):
    """An answer that is not proven to be the issuer's."""


def classify(code: str) -> PaymentInput:
    """Say what a response code of the issuer's means for a sale.

    Only "00" approves. An approval of another kind (partial, to be confirmed) was not asked for,
    and a code nobody knows is doubt, never a quiet decline: both are reversed.

    Spec: UnionPay terminal dialect, 4.
    """
    if code == "00":
        return PaymentInput.APPROVAL
    known = RESPONSES.get(code)
    if known is None or known.response_class is ResponseClass.APPROVED or code in _DOUBTFUL:
        return PaymentInput.UNCLEAR_ANSWER
    return PaymentInput.DECLINE


class IssuerMessages:
    """Composes 0200 and 0420 and reads 0210 and 0430."""

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

    def send_sale(
        self,
        out: list[Effect],
        request: Request,
        facts: SaleFacts,
        payment: PaymentRecord,
        terminal: Terminal,
    ) -> None:
        """Ask for a sale with a 0200.

        Spec: the network dialect, 0200; ISO 9564-1 format 0.
        """
        sent = request.fields
        fields: dict[int, FieldValue] = {
            3: sent[3],
            4: sent[4],
            7: self._clock.at(payment.received_at_us).utc_mmddhhmmss,
            11: sent[11],
            18: terminal.record.mcc,
            22: payment.entry_mode,
            25: sent[25],
            32: self._acquirer_id,
            35: facts.track2,
            37: payment.rrn,
            41: payment.terminal_id,
            42: payment.merchant_id,
            49: payment.currency,
        }
        if 14 in sent:
            fields[14] = sent[14]
        pin = None
        if facts.pin_block is not None and request.verified is not None:
            pin = PinTranslation(request.verified.pik, facts.pin_block, facts.pan)
            fields[52] = b""
            fields[53] = _PIN_CONTROL
        self._outbox.to_issuer(out, Message("0200", fields), 64, payment.payment_id, pin)

    def send_reversal(self, out: list[Effect], payment: PaymentRecord) -> None:
        """Ask for a reversal with a 0420; every repetition is the same to the byte.

        Spec: the network dialect, 0420; ISO 8583:1987 DE 90.
        """
        message = ReversalRequest(
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
        kind, mac_field = _KINDS[message.mti]
        fields = message.fields
        mac = cast("bytes", fields[mac_field])  # `_decode` saw it
        if not self._keys.verify_mac(ZAK, NETWORK_MAC, body[:-_MAC_BYTES], mac):
            return WrongMac()
        # Another type than text cannot be: the table says so for all five.
        texts = cast("dict[int, str]", fields)
        code = texts.get(39, "")
        auth_code = texts.get(38, "").strip()
        # Both are kept: nothing but letters and digits may pass. An odd code is an unknown one.
        if not code.isalnum():
            code = "??"
        if not auth_code.isalnum():
            auth_code = ""
        get = texts.get
        return IssuerAnswer(kind, get(37, ""), code, auth_code, get(4, ""), get(41, ""))


def _decode(body: bytes) -> Message | ProtocolError:
    try:
        message = NETWORK.decode(body)
    except ProtocolError as error:
        return error
    known = _KINDS.get(message.mti)
    if known is None:
        return ProtocolError("MTI", 0, "neither 0210 nor 0430")
    if known[1] not in message.fields:
        return ProtocolError("bitmap", 2, "the MAC is not where it belongs")
    return message
