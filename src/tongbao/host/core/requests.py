"""What a terminal asks: its message taken apart, checked for form, and the ways to refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Pan, Purpose, SecretBytes, SecretText
from tongbao.host.records import TraceKey
from tongbao.wire.unionpay.framing import ENVELOPE_BYTES
from tongbao.wire.unionpay.structured import FunctionCodes
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import SALE

if TYPE_CHECKING:
    from tongbao.host.core.state import Session
    from tongbao.wire.iso8583.fields import FieldValue
    from tongbao.wire.unionpay.transactions import Transaction

CURRENCY: Final = "156"
# Longest track 2 of a card; the dialect's field has room for more.
_TRACK2_MAX: Final = 37
_PAN_MAX: Final = 19
# Expiry and service code.
_TRACK2_REST_MIN: Final = 7
_SALE_FUNCTION: Final = "22"
# F53: format with card number; single DES or 3DES; track in clear.
_PLAIN_PIN: Final = ("260", "200")
_REQUEST_THIRD_DIGITS: Final = ("0", "2")
# Type, F3, F25 and F49 of a plain sale; its F22 with and without a PIN.
_PLAIN_SALE: Final = ("0200", "000000", "00", CURRENCY)
_SWIPED_WITH_PIN: Final = "021"
_SWIPED_WITHOUT_PIN: Final = ("022", "020")
# Looking up an enum member costs as much as reading a field.
_WIRE: Final = Purpose.WIRE
_CRYPTO: Final = Purpose.CRYPTO


class RefusalError(Exception):
    """The request is answered with this response code and nothing is recorded.

    Spec: UnionPay terminal dialect, 4.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NamedOriginal(NamedTuple):
    """What a request says of its original: field 61, and fields 37 and 38.

    Zeros and empty texts are what the terminal does not know; `date` is MMDD.
    """

    batch_no: int
    stan: int
    date: str
    rrn: str
    auth_code: str


@dataclass(slots=True)
class PaymentFacts:
    """What a well-formed request says. Holds the card number, so it is not kept.

    `track2` is None when the card was not read, `pin_block` when no PIN was entered;
    `is_pin_translated` says that it is under the zone's key already.
    """

    key: TraceKey
    amount_minor: int
    pan: Pan
    track2: SecretText | None
    pin_block: bytes | None
    transaction: Transaction = SALE
    original: NamedOriginal | None = None
    tip_minor: int = 0
    is_pin_translated: bool = False

    def __repr__(self) -> str:
        return f"PaymentFacts({self.transaction.kind}, {self.key!r}, ***)"


class Request:
    """A decoded message of a terminal on its way through the core.

    Attributes:
        connection: the shell's number of the connection it came on.
        peer: the fingerprint of the certificate that the connection was made with, or "".
        prefix: TPDU and header as received, 11 bytes.
        body: the message from its MTI on.
        mti: four digits.
        fields: number to value.
        terminal_id: field 41, eight letters or digits.
        refreshed: whether the terminal was read from the store for this very message.
        verified: the session under whose key the MAC was right.
        facts: what it says when it is a payment whose MAC was right, or the code to refuse it with.
        token: the card's token, for such a payment.
        act: digit 6 of the header of the reply, what the terminal is to do next.
    """

    __slots__ = (
        "act",
        "body",
        "connection",
        "facts",
        "fields",
        "mti",
        "peer",
        "prefix",
        "refreshed",
        "terminal_id",
        "token",
        "verified",
    )

    def __init__(self, connection: int, frame: bytes, peer: str = "") -> None:
        """Take a frame (without length prefix) apart; raises ProtocolError."""
        if len(frame) < ENVELOPE_BYTES:
            raise ProtocolError("header", len(frame), "the frame ends inside TPDU or header")
        self.connection = connection
        self.peer = peer
        self.prefix = frame[:ENVELOPE_BYTES]
        self.body = frame[ENVELOPE_BYTES:]
        message = UNIONPAY.decode(self.body)
        self.mti = message.mti
        self.fields = message.fields
        if self.mti[2] not in _REQUEST_THIRD_DIGITS or self.mti[3] != "0":
            raise ProtocolError("MTI", 0, "not a request")
        terminal_id = self.fields.get(41)
        # It goes into a query, so nothing but letters and digits may pass.
        if not isinstance(terminal_id, str) or not terminal_id.isalnum() or 42 not in self.fields:
            raise ProtocolError("F41", 0, "a request names its terminal and merchant")
        self.terminal_id = terminal_id
        self.refreshed = False
        self.verified: Session | None = None
        self.facts: PaymentFacts | str = ""
        self.token = b""
        self.act = "0"

    def __repr__(self) -> str:
        return f"Request({self.mti}, connection={self.connection}, fields={sorted(self.fields)})"


def function_codes_of(request: Request) -> FunctionCodes:
    """Return F60, which must hold 60.3; raises RefusalError("30").

    Spec: UnionPay terminal dialect, 2.6.
    """
    digits = request.fields.get(60)
    try:
        codes = FunctionCodes.parse(digits if isinstance(digits, str) else "")
    except ProtocolError:
        raise RefusalError("30") from None
    if not codes.network:
        raise RefusalError("30")
    return codes


def trace_key_of(request: Request) -> TraceKey:
    """Return terminal, batch (60.2) and trace (F11); raises RefusalError("30").

    Spec: UnionPay terminal dialect, 2.6 and 7.1.
    """
    trace = request.fields.get(11)
    function = request.fields.get(60)
    if not isinstance(trace, str) or not isinstance(function, str) or len(function) < 8:
        raise RefusalError("30")
    batch_no, stan = int(function[2:8]), int(trace)
    if not batch_no or not stan:
        raise RefusalError("30")
    return TraceKey(request.terminal_id, batch_no, stan)


def amount_of(request: Request) -> int:
    """Return F4 in minor units, more than zero; raises RefusalError("13").

    Spec: ISO 8583:1987 DE 4.
    """
    amount = request.fields.get(4)
    if not isinstance(amount, str) or amount == "000000000000":
        raise RefusalError("13")
    return int(amount)


def read_swiped_sale(request: Request) -> PaymentFacts | None:
    """Read a sale by stripe, which is nearly every request; None for everything else.

    What is wrong with a sale is not its business either.

    Spec: UnionPay terminal dialect, 3.0.1 (column Sale), 7.5, 7.6.
    """
    fields = request.fields
    get = fields.get
    function, track2, control = get(60), get(35), get(53)
    if (
        (request.mti, get(3), get(25), get(49)) != _PLAIN_SALE
        or not isinstance(function, str)
        or function[:2] != _SALE_FUNCTION
        or not isinstance(track2, SecretText)
    ):
        return None
    pin_block = None
    entry_mode = get(22)
    if entry_mode == _SWIPED_WITH_PIN:
        block = get(52)
        if (
            not isinstance(block, SecretBytes)
            or not isinstance(control, str)
            or control[:3] not in _PLAIN_PIN
        ):
            return None
        pin_block = block.reveal(_CRYPTO)
    elif (
        entry_mode not in _SWIPED_WITHOUT_PIN
        or 52 in fields
        or (isinstance(control, str) and control[2] != "0")
    ):
        return None
    try:
        key, amount_minor = trace_key_of(request), amount_of(request)
        pan = Pan(card_number_of(track2, get(2)))
    except RefusalError:
        return None
    return PaymentFacts(key, amount_minor, pan, track2, pin_block)


def card_number_of(track2: SecretText, sent: FieldValue | None) -> str:
    """Take the card number from track 2; a number sent beside it must be the same.

    Raises: RefusalError("14").
    Spec: UnionPay terminal dialect, 3.0.1 (C1).
    """
    track = track2.reveal(_WIRE)
    digits, _, rest = track.partition("D")
    well_formed = digits.isdigit() and len(digits) <= _PAN_MAX and rest.isdigit()
    if not well_formed or len(rest) < _TRACK2_REST_MIN or len(track) > _TRACK2_MAX:
        raise RefusalError("14")
    if sent is not None and (not isinstance(sent, SecretText) or sent.reveal(_WIRE) != digits):
        raise RefusalError("14")
    return digits
