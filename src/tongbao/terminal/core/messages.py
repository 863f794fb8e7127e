"""The messages between terminal and host: requests built, answers read and checked.

Spec: UnionPay terminal dialect, 3.0 to 3.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm, terminal_mac_algorithm
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, SecretBytes, SecretText
from tongbao.terminal.core.kinds import RULE_OF, AmountFrom
from tongbao.terminal.core.management_messages import Station
from tongbao.terminal.core.vocabulary import ReversalReason
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.unionpay.framing import pack_frame, unpack_frame
from tongbao.wire.unionpay.structured.field59 import PrivateData
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import SIGN_IN_SINGLE_DES, SIGN_IN_SM4

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.ids import BatchNo, OperatorNo, Stan
    from tongbao.domain.secrets import Pan, Pin
    from tongbao.terminal.core.kinds import PaymentRule
    from tongbao.terminal.core.records import PaymentIntended
    from tongbao.terminal.core.state import CardRead, Original
    from tongbao.terminal.settings import TerminalSettings

TMK: Final = KeyName("tmk")
WORK: Final = "work"
_PIK: Final = KeyName(f"{WORK}/pik")
_MAK: Final = KeyName(f"{WORK}/mak")
_TDK: Final = KeyName(f"{WORK}/tdk")

_SWIPED: Final = "02"
_KEYED: Final = "01"
_WITH_PIN: Final = "1"
_WITHOUT_PIN: Final = "2"
# 61.4 of an adjustment: the original was authorised by phone; 61.5: by nobody we could name.
_BY_PHONE: Final = "01"
_NO_INSTITUTION: Final = "00000000000"
_NO_ORGANISATION: Final = "000"
_NO_DATE: Final = "0000"
_LONGEST_PIN: Final = "12"
# With SM4 the PIN block is too long for field 52 and stands in field 59.
_NO_PIN_BLOCK: Final = bytes(8)
# Field 53, second digit: single DES, SM4, and double-length 3DES for all other sign-ins.
_CIPHERS: Final = {SIGN_IN_SINGLE_DES: "0", SIGN_IN_SM4: "3"}
_DOUBLE_LENGTH: Final = "6"
_MAC_FIELD: Final = 64
_SIGN_IN_ACT: Final = "sign_in"


class MacCheck(Enum):
    """What the MAC of an answer says."""

    GOOD = "good"
    WRONG = "wrong"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes into a request and is kept nowhere: the card as it was read, and the PIN.

    `known` is the number of a card that was not read again, because the original has it.
    """

    card: CardRead | None = None
    pin: Pin | None = None
    known: Pan | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A readable message from the host. It lives within one step and never prints itself.

    `act` is what the header asks the terminal to do next (sixth digit), None for nothing.
    """

    message: Message
    body: bytes
    act: str | None

    @property
    def wants_sign_in(self) -> bool:
        """Whether the host wants the terminal to sign in again."""
        return self.act == _SIGN_IN_ACT

    def text(self, number: int) -> str:
        """Return a text field without trailing spaces, or "" when it is absent or not text."""
        value = self.message.fields.get(number)
        return value.rstrip(" ") if isinstance(value, str) else ""

    def exact(self, number: int) -> str | None:
        """Return a text field as it came, or None."""
        value = self.message.fields.get(number)
        return value if isinstance(value, str) else None

    def data(self, number: int) -> bytes:
        """Return an opaque field, or b"" when it is absent."""
        value = self.message.fields.get(number)
        return value if isinstance(value, bytes) else b""


class HostMessages:
    """Builds and reads frames for one terminal with the keys in its store."""

    def __init__(self, settings: TerminalSettings, keys: KeyStore) -> None:
        self._settings = settings
        self._keys = keys
        self._tpdu = bytes.fromhex(settings.tpdu)
        self._header = bytes.fromhex(settings.header)
        self.station = Station(settings.terminal_id, settings.merchant_id)

    def has_master_key(self) -> bool:
        """Whether working keys can be unwrapped at all."""
        return self._keys.has(TMK)

    def sign_in(self, trace: Stan, batch: BatchNo, operator: OperatorNo) -> bytes:
        """Build the 0800 frame that asks for working keys; it carries no MAC."""
        settings = self._settings
        message = Message(
            "0800",
            {
                11: trace.digits,
                41: settings.terminal_id.value,
                42: settings.merchant_id.value,
                60: f"00{batch.digits}{settings.profile.sign_in_code}",
                63: f"{operator.value} ",
            },
        )
        return self.plain(message)

    def forget_working_keys(self) -> None:
        """Drop the keys of the session."""
        self._keys.forget(WORK)

    def load_working_keys(self, answer: Answer) -> bool:
        """Take the keys of a sign-in answer; False, and no key taken, when any check fails."""
        try:
            self._keys.unwrap_working_keys(
                TMK,
                answer.data(62),
                WORK,
                mak_check_value_offset=self._settings.profile.mak_check_value_offset,
            )
        except CryptoError:
            # Old keys are not used after new ones failed their check.
            self._keys.forget(WORK)
            return False
        return True

    def entry_mode(self, card: CardRead | None, *, has_pin: bool) -> str:
        """Return field 22: swiped or keyed (also when only the number is known), PIN or none.

        Spec: UnionPay terminal dialect, 7.5.
        """
        way = _SWIPED if card is not None and card.track is not None else _KEYED
        return way + (_WITH_PIN if has_pin else _WITHOUT_PIN)

    def field60(self, rule: PaymentRule, batch: BatchNo) -> str:
        """Return field 60 of a payment, 13 or 14 digits.

        Spec: UnionPay terminal dialect, 2.6.
        """
        transaction = rule.transaction
        whole = f"{transaction.function}{batch.digits}{transaction.network_code}"
        return (whole + self._settings.capabilities)[: rule.field60_digits]

    def field61(self, rule: PaymentRule, original: Original) -> str:
        """Return field 61, "" when the kind has none; unknown parts are zeros.

        Spec: UnionPay terminal dialect, 2.7.
        """
        date = original.date or _NO_DATE
        whole = f"{original.batch:06d}{original.trace:06d}{date}{_BY_PHONE}{_NO_INSTITUTION}"
        return whole[: rule.field61]

    def field63(self, rule: PaymentRule, original: Original) -> str:
        """Return field 63 of a request, the card organisation of the original, or "".

        Spec: UnionPay terminal dialect, 2.9.
        """
        return (original.organisation or _NO_ORGANISATION) if rule.has_organisation else ""

    def payment(self, intent: PaymentIntended, parts: Parts) -> bytes:
        """Build the request of a payment.

        Raises: CryptoError when the card number or the keys cannot make a PIN block or a MAC.
        Spec: UnionPay terminal dialect, 3.0.1 and 5.7.
        """
        message = self._request(intent)
        card, pin = parts.card, parts.pin
        fields = message.fields
        if parts.known is not None:
            fields[2] = SecretText(parts.known.reveal(Purpose.WIRE))
        if card is not None:
            self._put_card(fields, card)
            if pin is not None:
                self._put_pin(fields, card.pan, pin)
        return self.signed(message)

    def repeat(self, intent: PaymentIntended, pan: Pan | None) -> Message:
        """Return the request of a payment once more, unsigned: the number, no track and no PIN.

        `pan` is None when the number was not kept.

        Spec: UnionPay terminal dialect, 3.0.1 and 3.10.
        """
        message = self._request(intent)
        if pan is not None:
            message.fields[2] = SecretText(pan.reveal(Purpose.WIRE))
        return message

    def _request(self, intent: PaymentIntended) -> Message:
        """Return what of a request is on record, and so in each repeat of it."""
        rule = RULE_OF[intent.payment_kind]
        fields = self._common(intent)
        if intent.tip_minor:
            fields[48] = f"{intent.tip_minor:012d}"
        if rule.has_rrn and intent.original_rrn:
            fields[37] = intent.original_rrn
        if rule.has_auth_code and intent.original_auth_code:
            fields[38] = intent.original_auth_code.ljust(6)
        if intent.field61:
            fields[61] = intent.field61
        if intent.field63:
            fields[63] = intent.field63
        return Message(rule.transaction.mti, fields)

    def reversal(self, intent: PaymentIntended, reason: ReversalReason, pan: Pan | None) -> bytes:
        """Build the 0400 frame that undoes a payment; trace, batch and amount are the payment's.

        `pan` goes along for a keyed card, and for a swiped one by the host profile; it is None when
        the number was not kept.

        Raises: CryptoError when there is no MAC key.
        Spec: UnionPay terminal dialect, 3.7 and 3.0.1 (column Reversal, C1, C6, C11).
        """
        fields = self._common(intent)
        fields[39] = reason.value
        is_swiped = intent.entry_mode.startswith(_SWIPED)
        if pan is not None and (not is_swiped or self._settings.profile.pan_in_reversals):
            fields[2] = SecretText(pan.reveal(Purpose.WIRE))
        if RULE_OF[intent.payment_kind].has_auth_code and intent.original_auth_code:
            fields[38] = intent.original_auth_code.ljust(6)
        if intent.field61:
            fields[61] = self._reversed_field61(intent, reason)
        return self.signed(Message("0400", fields))

    def _common(self, intent: PaymentIntended) -> dict[int, FieldValue]:
        """Return what a payment, its repeats and its reversal have in common."""
        fields: dict[int, FieldValue] = {
            3: intent.processing_code,
            11: f"{intent.trace:06d}",
            22: intent.entry_mode,
            25: intent.condition_code,
            41: self._settings.terminal_id.value,
            42: intent.merchant_id,
            49: intent.currency,
            60: intent.field60,
        }
        if RULE_OF[intent.payment_kind].amount is not AmountFrom.NOWHERE:
            fields[4] = f"{intent.amount_minor:012d}"
        return fields

    def _put_card(self, fields: dict[int, FieldValue], card: CardRead) -> None:
        profile = self._settings.profile
        track = card.track
        if track is None or profile.pan_in_swiped:
            fields[2] = SecretText(card.pan.reveal(Purpose.WIRE))
        if track is None:
            fields[14] = card.expiry
            return
        if profile.expiry_in_swiped:
            fields[14] = track.expiry
        if profile.track_encryption:
            fields[35] = self._keys.encrypt_track(_TDK, track)
        else:
            fields[35] = SecretText(track.reveal(Purpose.WIRE).replace("=", "D"))
        fields[53] = self._security_control(has_pin=False, has_track=True)

    def _put_pin(self, fields: dict[int, FieldValue], pan: Pan, pin: Pin) -> None:
        block = self._keys.encrypt_pin(_PIK, pin, pan).reveal(Purpose.WIRE)
        fields[26] = _LONGEST_PIN
        fields[53] = self._security_control(has_pin=True, has_track=35 in fields)
        if self._settings.profile.uses_sm4:
            fields[52] = SecretBytes(_NO_PIN_BLOCK)
            fields[59] = PrivateData.of_pin_block(block).build()
        else:
            fields[52] = SecretBytes(block)

    def read(self, frame: bytes) -> Answer | None:
        """Read a frame without its length prefix; None when it is not a message of the dialect."""
        try:
            envelope = unpack_frame(frame)
            message = UNIONPAY.decode(envelope.body)
        except ProtocolError:
            return None
        return Answer(message, envelope.body, self._settings.profile.act_of(envelope.header))

    def is_ours(self, answer: Answer) -> bool:
        """Whether an answer names this terminal and merchant."""
        return (
            answer.exact(41) == self._settings.terminal_id.value
            and answer.exact(42) == self._settings.merchant_id.value
        )

    def is_for(self, answer: Answer, mti: str, trace: Stan) -> bool:
        """Whether an answer has this type and trace and names this terminal and merchant."""
        return (
            answer.message.mti == mti and answer.exact(11) == trace.digits and self.is_ours(answer)
        )

    def is_for_code(self, answer: Answer, mti: str, code: str) -> bool:
        """Whether an answer has this type and 60.3 and is ours, for messages without a trace."""
        return answer.message.mti == mti and answer.text(60)[8:11] == code and self.is_ours(answer)

    def is_for_payment(self, answer: Answer, intent: PaymentIntended) -> bool:
        """Whether an answer belongs to a payment: type, F3, F4, F11, F41 and F42 are compared.

        Spec: UnionPay terminal dialect, 3.0.2.
        """
        rule = RULE_OF[intent.payment_kind]
        has_amount = rule.amount is not AmountFrom.NOWHERE
        return (
            answer.message.mti == rule.transaction.reply_mti
            and (not has_amount or answer.exact(4) == f"{intent.amount_minor:012d}")
            and self._names(answer, intent)
        )

    def is_for_reversal(self, answer: Answer, intent: PaymentIntended) -> bool:
        """Whether an answer belongs to the reversal of a payment; an 0410 may leave F4 out.

        Spec: UnionPay terminal dialect, 3.7.
        """
        amount = answer.exact(4)
        return (
            answer.message.mti == "0410"
            and amount in (None, f"{intent.amount_minor:012d}")
            and self._names(answer, intent)
        )

    def _names(self, answer: Answer, intent: PaymentIntended) -> bool:
        return (
            answer.exact(3) == intent.processing_code
            and answer.exact(11) == f"{intent.trace:06d}"
            and answer.exact(41) == self._settings.terminal_id.value
            and answer.exact(42) == intent.merchant_id
        )

    def check_mac(self, answer: Answer) -> MacCheck:
        """Verify field 64 whenever the bitmap announces it."""
        if _MAC_FIELD not in answer.message.fields:
            return MacCheck.MISSING
        unsigned, mac = UNIONPAY.mac_split(answer.body)
        try:
            good = self._keys.verify_mac(_MAK, self._mac_algorithm(), unsigned, mac)
        except CryptoError:
            good = False
        return MacCheck.GOOD if good else MacCheck.WRONG

    def plain(self, message: Message) -> bytes:
        """Return the frame of a message that carries no MAC."""
        return pack_frame(self._tpdu, self._header, UNIONPAY.encode(message))

    def signed(self, message: Message) -> bytes:
        """Return the frame of a message with its MAC.

        Raises: CryptoError when there is no MAC key.
        Spec: UnionPay terminal dialect, 5.2.
        """
        unsigned = UNIONPAY.encode_unsigned(message, _MAC_FIELD)
        mac = self._keys.mac(_MAK, self._mac_algorithm(), unsigned)
        return pack_frame(self._tpdu, self._header, unsigned + mac)

    def _security_control(self, *, has_pin: bool, has_track: bool) -> str:
        """Return field 53: PIN block with card number, the cipher, whether the track is encrypted.

        Spec: UnionPay terminal dialect, 2.2.
        """
        profile = self._settings.profile
        cipher = _CIPHERS.get(profile.sign_in_code, _DOUBLE_LENGTH)
        is_encrypted = has_track and profile.track_encryption
        return f"{2 if has_pin else 0}{cipher}{int(is_encrypted)}".ljust(16, "0")

    def _reversed_field61(self, intent: PaymentIntended, reason: ReversalReason) -> str:
        """Return field 61 of a reversal: batch and trace are those of what is reversed.

        Spec: UnionPay terminal dialect, 3.0.1 (C11).
        """
        profile = self._settings.profile
        says_date = reason is not ReversalReason.NO_ANSWER or profile.date_in_no_answer_reversal
        date = intent.original_date if says_date else ""
        whole = f"{intent.batch:06d}{intent.trace:06d}{date or _NO_DATE}"
        return whole[: len(intent.field61)]

    def _mac_algorithm(self) -> MacAlgorithm:
        word = self._settings.profile.mac_algorithm
        return terminal_mac_algorithm(word, self._keys.key_algorithm(_MAK))
