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
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.framing import Header, pack_frame, unpack_frame
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import SALE

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.ids import BatchNo, OperatorNo, Stan
    from tongbao.domain.secrets import Pin, Track2
    from tongbao.terminal.core.records import SaleIntended
    from tongbao.terminal.core.vocabulary import ReversalReason
    from tongbao.terminal.settings import TerminalSettings

TMK: Final = KeyName("tmk")
WORK: Final = "work"
_PIK: Final = KeyName(f"{WORK}/pik")
_MAK: Final = KeyName(f"{WORK}/mak")

SWIPE_WITH_PIN: Final = "021"
_LONGEST_PIN: Final = "12"
_MAC_FIELD: Final = 64
_SIGN_IN_AGAIN: Final = "3"


class MacCheck(Enum):
    """What the MAC of an answer says."""

    GOOD = "good"
    WRONG = "wrong"
    MISSING = "missing"


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

    def sale_field60(self, batch: BatchNo) -> str:
        """Return field 60 of a sale, 14 digits."""
        return f"{SALE.function}{batch.digits}{SALE.network_code}{self._settings.capabilities}"

    def sale(self, intent: SaleIntended, track: Track2, pin: Pin) -> bytes:
        """Build the 0200 frame of a swiped sale with PIN.

        Raises: CryptoError when the card number or the keys cannot make a PIN block.
        Spec: UnionPay terminal dialect, 3.0.1 and 5.7.
        """
        block = self._keys.encrypt_pin(_PIK, pin, track.pan)
        stripe = track.reveal(Purpose.WIRE).replace("=", "D")
        message = Message(
            "0200",
            {
                3: intent.processing_code,
                4: f"{intent.amount_minor:012d}",
                11: f"{intent.trace:06d}",
                22: intent.entry_mode,
                25: intent.condition_code,
                26: _LONGEST_PIN,
                35: SecretText(stripe),
                41: self._settings.terminal_id.value,
                42: intent.merchant_id,
                49: intent.currency,
                52: SecretBytes(block.reveal(Purpose.WIRE)),
                53: self._security_control(),
                60: intent.field60,
            },
        )
        return self._signed(message)

    def reversal(self, intent: SaleIntended, reason: ReversalReason) -> bytes:
        """Build the 0400 frame that undoes a sale; trace, batch and amount are the sale's.

        Raises: CryptoError when there is no MAC key.
        Spec: UnionPay terminal dialect, 3.7.
        """
        message = Message(
            "0400",
            {
                3: intent.processing_code,
                4: f"{intent.amount_minor:012d}",
                11: f"{intent.trace:06d}",
                22: intent.entry_mode,
                25: intent.condition_code,
                39: reason.value,
                41: self._settings.terminal_id.value,
                42: intent.merchant_id,
                49: intent.currency,
                60: intent.field60,
            },
        )
        return self._signed(message)

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

    def is_for_sale(self, answer: Answer, mti: str, intent: SaleIntended) -> bool:
        """Whether an answer belongs to a sale (0210) or its reversal (0410).

        F3, F4, F11, F41 and F42 are compared; an 0410 may leave F4 out.

        Spec: UnionPay terminal dialect, 3.0.2.
        """
        amount = answer.exact(4)
        return (
            answer.message.mti == mti
            and answer.exact(3) == intent.processing_code
            and (amount == f"{intent.amount_minor:012d}" or (amount is None and mti == "0410"))
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

    def _security_control(self) -> str:
        # PIN block with card number; single DES for the layout 001, double-length 3DES otherwise.
        algorithm = "0" if self._settings.profile.sign_in_code == "001" else "6"
        return f"2{algorithm}".ljust(16, "0")
