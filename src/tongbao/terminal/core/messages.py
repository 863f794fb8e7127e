"""The messages between terminal and host: requests built, answers read and checked.

Spec: UnionPay terminal dialect, 3.0 to 3.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, SecretBytes, SecretText
from tongbao.terminal.core.kinds import RULE_OF, AmountFrom
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.unionpay.framing import Header, pack_frame, unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.ids import BatchNo, OperatorNo, Stan
    from tongbao.domain.secrets import Pan, Pin
    from tongbao.terminal.core.kinds import PaymentRule
    from tongbao.terminal.core.records import PaymentIntended
    from tongbao.terminal.core.state import CardRead, Original
    from tongbao.terminal.core.vocabulary import ReversalReason
    from tongbao.terminal.settings import TerminalSettings

TMK: Final = KeyName("tmk")
WORK: Final = "work"
_PIK: Final = KeyName(f"{WORK}/pik")
_MAK: Final = KeyName(f"{WORK}/mak")

_SWIPED: Final = "02"
_KEYED: Final = "01"
_WITH_PIN: Final = "1"
_WITHOUT_PIN: Final = "2"
# 61.4 of an adjustment: the original was authorised by phone; 61.5: by nobody we could name.
_BY_PHONE: Final = "01"
_NO_INSTITUTION: Final = "00000000000"
_NO_ORGANISATION: Final = "000"
_LONGEST_PIN: Final = "12"
_MAC_FIELD: Final = 64
_SIGN_IN_AGAIN: Final = "3"


class MacCheck(Enum):
    """What the MAC of an answer says."""

    GOOD = "good"
    WRONG = "wrong"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Parts:
    """What goes into a request and is kept nowhere: the card as it was read, and the PIN."""

    card: CardRead | None = None
    pin: Pin | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A readable message from the host. It lives within one step and never prints itself.

    `wants_sign_in` is the header's request to sign in again (sixth digit 3).
    """

    message: Message
    body: bytes
    wants_sign_in: bool

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
        return pack_frame(self._tpdu, self._header, UNIONPAY.encode(message))

    def load_working_keys(self, answer: Answer) -> bool:
        """Take the keys of a sign-in answer; False, and no key taken, when any check fails."""
        try:
            self._keys.unwrap_working_keys(TMK, answer.data(62), WORK)
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
        date = original.date or "0000"
        whole = f"{original.batch:06d}{original.trace:06d}{date}{_BY_PHONE}{_NO_INSTITUTION}"
        return whole[: rule.field61]

    def field63(self, rule: PaymentRule, original: Original) -> str:
        """Return field 63 of a request, the card organisation of the original, or "".

        Spec: UnionPay terminal dialect, 2.9.
        """
        return (original.organisation or _NO_ORGANISATION) if rule.has_organisation else ""

    def payment(self, intent: PaymentIntended, parts: Parts) -> bytes:
        """Build the request of a payment; with no parts its repeat, without track and PIN.

        Raises: CryptoError when the card number or the keys cannot make a PIN block or a MAC.
        Spec: UnionPay terminal dialect, 3.0.1 and 5.7.
        """
        rule = RULE_OF[intent.payment_kind]
        fields = self._common(intent)
        card, pin = parts.card, parts.pin
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
        if card is not None:
            self._put_card(fields, card)
            if pin is not None:
                self._put_pin(fields, card.pan, pin)
        return self._signed(Message(rule.transaction.mti, fields))

    def reversal(self, intent: PaymentIntended, reason: ReversalReason) -> bytes:
        """Build the 0400 frame that undoes a payment; trace, batch and amount are the payment's.

        Raises: CryptoError when there is no MAC key.
        Spec: UnionPay terminal dialect, 3.7.
        """
        return self._signed(Message("0400", {**self._common(intent), 39: reason.value}))

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
        fields[35] = SecretText(track.reveal(Purpose.WIRE).replace("=", "D"))
        fields[53] = self._security_control(has_pin=False)

    def _put_pin(self, fields: dict[int, FieldValue], pan: Pan, pin: Pin) -> None:
        block = self._keys.encrypt_pin(_PIK, pin, pan)
        fields[26] = _LONGEST_PIN
        fields[52] = SecretBytes(block.reveal(Purpose.WIRE))
        fields[53] = self._security_control(has_pin=True)

    def read(self, frame: bytes) -> Answer | None:
        """Read a frame without its length prefix; None when it is not a message of the dialect."""
        try:
            envelope = unpack_frame(frame)
            message = UNIONPAY.decode(envelope.body)
        except ProtocolError:
            return None
        return Answer(
            message, envelope.body, Header.parse(envelope.header).requirement == _SIGN_IN_AGAIN
        )

    def is_for(self, answer: Answer, mti: str, trace: Stan) -> bool:
        """Whether an answer has this type and trace and names this terminal and merchant."""
        return (
            answer.message.mti == mti
            and answer.exact(11) == trace.digits
            and answer.exact(41) == self._settings.terminal_id.value
            and answer.exact(42) == self._settings.merchant_id.value
        )

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
            good = self._keys.verify_mac(_MAK, MacAlgorithm.UNIONPAY_ECB, unsigned, mac)
        except CryptoError:
            good = False
        return MacCheck.GOOD if good else MacCheck.WRONG

    def _signed(self, message: Message) -> bytes:
        unsigned = UNIONPAY.encode_unsigned(message, _MAC_FIELD)
        mac = self._keys.mac(_MAK, MacAlgorithm.UNIONPAY_ECB, unsigned)
        return pack_frame(self._tpdu, self._header, unsigned + mac)

    def _security_control(self, *, has_pin: bool) -> str:
        # PIN block with card number; single DES for the layout 001, double-length 3DES otherwise.
        algorithm = "0" if self._settings.profile.sign_in_code == "001" else "6"
        return f"{'2' if has_pin else '0'}{algorithm}".ljust(16, "0")
