"""Messages beside the payments: settlement, upload, downloads, signature, script result, status.

Each function returns a message without its MAC; those that carry one say so. What the host's
answers hold is read here, too.

Spec: UnionPay terminal dialect, 3.2, 3.3 and 3.8 to 3.14.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Pan, Purpose, SecretBytes, SecretText
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.tlv import TlvElement, build_tlv
from tongbao.wire.unionpay.structured import (
    BatchDetail,
    BatchDetails,
    SettlementTotals,
    UploadCount,
)
from tongbao.wire.unionpay.transactions import (
    BATCH_DETAILS,
    BATCH_END_BALANCED,
    BATCH_END_UNBALANCED,
    ECHO,
    SCRIPT_RESULT,
    SETTLEMENT,
    SIGN_OFF,
    SIGNATURE,
    STATUS_UPLOAD,
    Transaction,
)

if TYPE_CHECKING:
    from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Stan, TerminalId

YUAN: Final = "156"
# What a details message says of a card whose number was not kept: zeros.
NO_CARD: Final = Pan("0")
DOMESTIC_CARD: Final = "00"
FOREIGN_CARD: Final = "01"
_PAN_ROOM: Final = 20
# Field 62 takes 999 bytes; a signature is cut below that.
SIGNATURE_PART_BYTES: Final = 900
STATUS_MAX_BYTES: Final = 500
_MORE_PARTS: Final = "0"
_LAST_PART: Final = "1"
# What an advice says again in a batch upload: no PIN, no track, no security control, no MAC.
_NOT_UPLOADED: Final = (26, 35, 36, 52, 53, 64)


@dataclass(frozen=True, slots=True)
class Station:
    """Who speaks: fields 41 and 42 of every message."""

    terminal_id: TerminalId
    merchant_id: MerchantId

    def message(
        self,
        transaction: Transaction,
        batch: BatchNo,
        fields: dict[int, FieldValue],
        more: str = "",
    ) -> Message:
        """Return a message of a kind with fields 41, 42 and 60; `more` begins with 60.4."""
        codes = f"{transaction.function}{batch.digits}{transaction.network_code}{more}"
        own: dict[int, FieldValue] = {
            41: self.terminal_id.value,
            42: self.merchant_id.value,
            60: codes,
        }
        return Message(transaction.mti, dict(sorted({**fields, **own}.items())))


def sign_off(station: Station, trace: Stan, batch: BatchNo) -> Message:
    """Build the 0820 that ends the session. Spec: UnionPay terminal dialect, 3.2."""
    return station.message(SIGN_OFF, batch, {11: trace.digits})


def echo(station: Station, batch: BatchNo) -> Message:
    """Build the 0820 that asks whether the host is there. Spec: UnionPay terminal dialect, 3.3."""
    return station.message(ECHO, batch, {})


def status_upload(station: Station, batch: BatchNo, status: str) -> Message:
    """Build the 0820 that tells the terminal's state, ASCII, cut after 500 characters.

    Spec: UnionPay terminal dialect, 3.0.
    """
    body = status.encode("ascii", "replace")[:STATUS_MAX_BYTES]
    return station.message(STATUS_UPLOAD, batch, {62: body})


def settlement_request(
    station: Station, trace: Stan, batch: BatchNo, totals: SettlementTotals, operator: OperatorNo
) -> Message:
    """Build the 0500 with the totals of the batch. Spec: UnionPay terminal dialect, 3.9."""
    return station.message(
        SETTLEMENT,
        batch,
        {11: trace.digits, 48: totals.build(), 49: YUAN, 63: f"{operator.value} "},
    )


def settlement_flags(answer: Message) -> tuple[str, str] | None:
    """Return what the host says of domestic and foreign cards: 1 balanced, 2 not, 3 error.

    None when field 48 does not hold two of these flags; field 39 may be absent.

    Spec: UnionPay terminal dialect, 3.9.
    """
    digits = answer.fields.get(48)
    if not isinstance(digits, str):
        return None
    try:
        totals = SettlementTotals.parse(digits)
    except ProtocolError:
        return None
    flags = totals.domestic.flag, totals.foreign.flag
    return flags if set(flags) <= {"1", "2", "3"} else None


@dataclass(frozen=True, slots=True)
class UploadDetail:
    """One online payment of a details message; the card number is a secret."""

    trace: int
    amount_minor: int
    pan: Pan
    is_domestic: bool


def details_upload(
    station: Station, trace: Stan, batch: BatchNo, details: Iterable[UploadDetail]
) -> Message:
    """Build the 0320 with up to eight online payments by stripe or key.

    Spec: UnionPay terminal dialect, 2.1 and 3.10, item 3.
    """
    cards = tuple(
        BatchDetail(
            card=DOMESTIC_CARD if detail.is_domestic else FOREIGN_CARD,
            trace=f"{detail.trace:06d}",
            pan=SecretText(detail.pan.reveal(Purpose.WIRE).zfill(_PAN_ROOM)),
            amount=f"{detail.amount_minor:012d}",
        )
        for detail in details
    )
    return station.message(
        BATCH_DETAILS, batch, {11: trace.digits, 48: BatchDetails(cards).build()}
    )


def advice_upload(advice: Message) -> Message:
    """Turn a stored 0220 (or 0200 of an offline chip sale) into its 0320, which carries no MAC.

    Spec: UnionPay terminal dialect, 3.10, items 1, 2 and 4.
    """
    fields = {n: value for n, value in advice.fields.items() if n not in _NOT_UPLOADED}
    return Message("0320", fields)


def upload_end(
    station: Station, trace: Stan, batch: BatchNo, count: int, *, balanced: bool
) -> Message:
    """Build the 0320 that ends the upload with the number of records that went up.

    Spec: UnionPay terminal dialect, 3.10, item 7.
    """
    kind = BATCH_END_BALANCED if balanced else BATCH_END_UNBALANCED
    return station.message(kind, batch, {11: trace.digits, 48: UploadCount(count).build()})


def upload_count(answer: Message) -> int | None:
    """Return how many records the host has counted, from its answer to the end message.

    Spec: UnionPay terminal dialect, 2.1.
    """
    digits = answer.fields.get(48)
    if not isinstance(digits, str):
        return None
    try:
        return UploadCount.parse(digits).count
    except ProtocolError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureUpload:
    """One part of a signature and the payment it belongs to.

    `card` is None when the number can no longer be opened; `part` counts from 1 to `parts`.
    """

    trace: Stan
    batch: BatchNo
    amount_minor: int
    rrn: str
    card: Pan | None
    receipt: bytes
    image: bytes
    part: int
    parts: int


def signature_upload(station: Station, code: str, upload: SignatureUpload) -> Message:
    """Build an 0820 with a signature or a part of it; it carries a MAC.

    `code` is 60.3, 800 at most hosts. Only an image in parts has a 60.4: 1 in the last one.

    Spec: UnionPay terminal dialect, 3.14.
    """
    fields: dict[int, FieldValue] = {
        4: f"{upload.amount_minor:012d}",
        11: upload.trace.digits,
        37: upload.rrn,
        55: SecretBytes(upload.receipt),
        62: upload.image,
    }
    if upload.card is not None:
        fields[2] = SecretText(upload.card.reveal(Purpose.WIRE))
    more = ""
    if upload.parts > 1:
        more = _LAST_PART if upload.part == upload.parts else _MORE_PARTS
    message = station.message(SIGNATURE, upload.batch, fields, more)
    codes = f"{SIGNATURE.function}{upload.batch.digits}{code}{more}"
    return Message(message.mti, {**message.fields, 60: codes})


def signature_parts(image: bytes) -> tuple[bytes, ...]:
    """Cut a signature into what field 62 can take; an image of any length gives at least one part.

    Spec: UnionPay terminal dialect, 2.8 and 3.14.
    """
    starts = range(0, max(1, len(image)), SIGNATURE_PART_BYTES)
    return tuple(image[at : at + SIGNATURE_PART_BYTES] for at in starts)


def receipt_data(values: dict[str, str]) -> bytes:
    """Build field 55 of a signature from texts by tag, empty ones left out; Chinese in GBK.

    Spec: UnionPay terminal dialect, 3.14: FF00 merchant name, FF01 transaction type, FF02 operator,
    FF03 acquirer, FF04 issuer, FF06 date and time, FF07 authorisation code, FF08 tip, FF09 card
    organisation, FF0A currency.
    """
    return build_tlv(
        TlvElement(tag, text.encode("gbk", "replace")) for tag, text in values.items() if text
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptAdvice:
    """What was done with an issuer's script, and in which payment it came.

    `original_date` is MMDD; `card` is None when the number can no longer be opened.
    """

    trace: Stan
    batch: BatchNo
    processing_code: str
    amount_minor: int
    entry_mode: str
    condition_code: str
    capabilities: str
    rrn: str
    auth_code: str
    card: Pan | None
    chip_data: bytes
    original_batch: BatchNo
    original_trace: Stan
    original_date: str


def script_result(station: Station, advice: ScriptAdvice) -> Message:
    """Build the 0620 that tells what became of an issuer's script; it carries a MAC.

    Spec: UnionPay terminal dialect, 3.8.
    """
    fields: dict[int, FieldValue] = {
        3: advice.processing_code,
        4: f"{advice.amount_minor:012d}",
        11: advice.trace.digits,
        22: advice.entry_mode,
        25: advice.condition_code,
        37: advice.rrn,
        49: YUAN,
        55: SecretBytes(advice.chip_data),
        61: advice.original_batch.digits + advice.original_trace.digits + advice.original_date,
    }
    if advice.auth_code:
        fields[38] = advice.auth_code
    if advice.card is not None:
        fields[2] = SecretText(advice.card.reveal(Purpose.WIRE))
    return station.message(SCRIPT_RESULT, advice.batch, fields, advice.capabilities[:2])
