"""What each kind of payment must say, as data, and the reading of a request by it.

A plain sale by stripe does not come here: see `requests.read_swiped_sale`.

Spec: UnionPay terminal dialect, 3.0, 3.0.1 and 3.16.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Pan, Purpose, SecretBytes, SecretText
from tongbao.host.core.outbox import ZPK
from tongbao.host.core.requests import (
    CURRENCY,
    NamedOriginal,
    PaymentFacts,
    RefusalError,
    amount_of,
    card_number_of,
    trace_key_of,
)
from tongbao.wire.tlv import parse_tlv
from tongbao.wire.unionpay import transactions as wire
from tongbao.wire.unionpay.structured.field59 import PrivateData

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyName, KeyStore
    from tongbao.host.core.requests import Request
    from tongbao.wire.iso8583.fields import FieldValue
    from tongbao.wire.unionpay.transactions import Transaction

_PAN_MAX: Final = 19
_EXPIRY_DIGITS: Final = 4
_SM4_PIN_TAG: Final = "A1"
_SM4_PIN_BYTES: Final = 16
_NO_PIN_BLOCK: Final = bytes(8)
_FINANCIAL: Final = "000"


class NamedBy(Enum):
    """How a request names its original."""

    NOTHING = "nothing"
    TRACE = "trace"
    """Batch and trace in field 61, of the terminal itself."""
    RRN = "rrn"
    """Field 37."""
    AUTH_CODE = "auth_code"
    """Card and field 38."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of one kind of request beyond those that all have.

    Attributes:
        named_by: what finds the original.
        field61_digits: how many digits of field 61 there must be at least; 0 for none.
        needs: numbers of further fields that must be there.
        may_have_pin: whether a PIN block is allowed.
        is_card_known: whether the card number may come without expiry and track, because the
            terminal kept it sealed: in a message that is repeated, or that names an original.
    """

    named_by: NamedBy = NamedBy.NOTHING
    field61_digits: int = 0
    needs: tuple[int, ...] = ()
    may_have_pin: bool = True
    is_card_known: bool = False


_AFTER_THE_HOLD: Final = Form(
    named_by=NamedBy.AUTH_CODE, field61_digits=16, needs=(38,), is_card_known=True
)
FORMS: Final[dict[str, Form]] = {
    wire.SALE.kind: Form(),
    wire.MAIL_ORDER.kind: Form(),
    wire.BALANCE.kind: Form(),
    wire.PREAUTH.kind: Form(),
    wire.VOID.kind: Form(
        named_by=NamedBy.TRACE, field61_digits=12, needs=(37,), is_card_known=True
    ),
    wire.REFUND.kind: Form(
        named_by=NamedBy.RRN, field61_digits=16, needs=(37, 63), is_card_known=True
    ),
    wire.PREAUTH_VOID.kind: _AFTER_THE_HOLD,
    wire.COMPLETION.kind: _AFTER_THE_HOLD,
    wire.COMPLETION_ADVICE.kind: Form(
        named_by=NamedBy.AUTH_CODE,
        field61_digits=16,
        needs=(38,),
        may_have_pin=False,
        is_card_known=True,
    ),
    wire.COMPLETION_VOID.kind: Form(
        named_by=NamedBy.RRN, field61_digits=16, needs=(37, 38), is_card_known=True
    ),
    # Its authorisation code was told by telephone.
    wire.OFFLINE_SALE.kind: Form(needs=(38,), may_have_pin=False, is_card_known=True),
    wire.ADJUSTMENT.kind: Form(
        named_by=NamedBy.TRACE, field61_digits=12, may_have_pin=False, is_card_known=True
    ),
    wire.TIP.kind: Form(
        named_by=NamedBy.TRACE,
        field61_digits=12,
        needs=(48,),
        may_have_pin=False,
        is_card_known=True,
    ),
    wire.CHIP_OFFLINE_SALE.kind: Form(needs=(55,), may_have_pin=False, is_card_known=True),
}
"""By `Transaction.kind`."""

_KEYED: Final = "01"
# Stripe, chip, contactless, chip read as stripe, and the two older ways of contactless.
_READ: Final = ("02", "05", "07", "80", "91", "98")


def read_payment(request: Request, keys: KeyStore) -> PaymentFacts | str:
    """Read any request with a card; return the code to refuse it with when its form is wrong.

    Spec: UnionPay terminal dialect, 3.0.1.
    """
    try:
        return _facts_of(request, keys)
    except RefusalError as refusal:
        return refusal.code


def _facts_of(request: Request, keys: KeyStore) -> PaymentFacts:
    key = trace_key_of(request)
    transaction = transaction_of(request.mti, request.fields)
    form = FORMS[transaction.kind]
    fields = request.fields
    amount_minor = _amount(transaction, request)
    entry_mode = fields.get(22)
    if not isinstance(entry_mode, str):
        raise RefusalError("30")
    if any(number not in fields for number in form.needs):
        raise RefusalError("30")
    if transaction is wire.MAIL_ORDER and entry_mode[:2] != _KEYED:
        raise RefusalError("12")
    _check_chip_data(fields)
    track2 = _track2(request, keys)
    digits = _card_number(form, entry_mode, track2, fields)
    pan = Pan(digits)
    pin_block = _pin_block(form, request, entry_mode)
    is_sm4 = pin_block is not None and len(pin_block) == _SM4_PIN_BYTES
    if pin_block is not None and is_sm4:
        pin_block = _translated(request, keys, pin_block, pan)
    return PaymentFacts(
        key,
        amount_minor,
        pan,
        track2,
        pin_block,
        transaction,
        _named_original(form, fields),
        _tip(transaction, amount_minor, fields),
        is_sm4,
    )


def transaction_of(mti: str, fields: dict[int, FieldValue]) -> Transaction:
    """Return what a request of this type asks for.

    Raises: RefusalError: "40" for a type and F3 that no transaction has, "12" for an F25, F49,
        60.1 or 60.3 that does not belong to them, "30" for missing ones.
    Spec: UnionPay terminal dialect, 3.0.
    """
    code, condition, function = fields.get(3), fields.get(25), fields.get(60)
    if not (isinstance(code, str) and isinstance(condition, str) and isinstance(function, str)):
        raise RefusalError("30")
    transaction = wire.find_transaction(mti, code, function[:2], condition)
    if transaction is None:
        is_known = any(one.mti == mti and one.processing_code == code for one in wire.FINANCIAL)
        raise RefusalError("12" if is_known else "40")
    conditions = (
        wire.MAIL_ORDER_CONDITIONS if transaction is wire.MAIL_ORDER else (transaction.condition,)
    )
    if condition not in conditions or fields.get(49) != CURRENCY:
        raise RefusalError("12")
    if function[8:11] not in ("", _FINANCIAL):
        raise RefusalError("12")
    return transaction


def reversed_transaction(fields: dict[int, FieldValue]) -> Transaction:
    """Return which kind of payment a 0400 wants undone.

    Raises: RefusalError: "40" for a kind that is never reversed, "12" for none at all.
    Spec: UnionPay terminal dialect, 3.7 (same F3, F25, F60 as the original).
    """
    code, condition, function = fields.get(3), fields.get(25), fields.get(60)
    if not (isinstance(code, str) and isinstance(function, str)):
        raise RefusalError("30")
    wanted = [
        one
        for one in wire.FINANCIAL
        if (one.processing_code, one.function) == (code, function[:2])
        and (one is wire.MAIL_ORDER) is (condition in wire.MAIL_ORDER_CONDITIONS)
    ]
    if not wanted:
        raise RefusalError("12")
    if not wanted[0].is_reversible:
        raise RefusalError("40")
    return wanted[0]


def _amount(transaction: Transaction, request: Request) -> int:
    if transaction is wire.BALANCE:
        if 4 in request.fields:
            raise RefusalError("30")
        return 0
    return amount_of(request)


def _tip(transaction: Transaction, total_minor: int, fields: dict[int, FieldValue]) -> int:
    if transaction is not wire.TIP:
        return 0
    tip = fields[48]
    if not isinstance(tip, str) or len(tip) != 12:
        raise RefusalError("30")
    if not 0 < int(tip) < total_minor:
        raise RefusalError("13")
    return int(tip)


def _check_chip_data(fields: dict[int, FieldValue]) -> None:
    """Refuse chip data that are no TLV: nobody behind this host could read them either.

    Spec: UnionPay terminal dialect, 2.4.
    """
    chip_data = fields.get(55)
    if isinstance(chip_data, SecretBytes):
        try:
            parse_tlv(chip_data.reveal(Purpose.WIRE), "F55")
        except ProtocolError:
            raise RefusalError("30") from None


def _track2(request: Request, keys: KeyStore) -> SecretText | None:
    """Return F35 in clear; what F53 says of it must fit the session.

    Spec: UnionPay terminal dialect, 2.2 and 5.6.
    """
    track2, control = request.fields.get(35), request.fields.get(53)
    is_encrypted = isinstance(control, str) and control[2] == "1"
    if not isinstance(track2, SecretText):
        return None
    if not is_encrypted:
        return track2
    tdk: KeyName | None = request.verified.tdk if request.verified is not None else None
    if tdk is None:
        raise RefusalError("99")
    try:
        clear = keys.decrypt_track(tdk, track2)
    except CryptoError:
        raise RefusalError("99") from None
    return SecretText(clear.reveal(Purpose.WIRE).replace("=", "D"))


def _card_number(
    form: Form, entry_mode: str, track2: SecretText | None, fields: dict[int, FieldValue]
) -> str:
    """Take the card number from the track or from F2, as the way of entry has it.

    Spec: UnionPay terminal dialect, 3.0.1 (C1, C2, C5) and 7.5.
    """
    way, sent = entry_mode[:2], fields.get(2)
    if way != _KEYED and way not in _READ:
        raise RefusalError("40")
    if track2 is not None:
        if way == _KEYED:
            raise RefusalError("30")
        return card_number_of(track2, sent)
    if not isinstance(sent, SecretText):
        raise RefusalError("30")
    if not form.is_card_known:
        # Keyed entry wants the date on the card; a card that was read has a track.
        expiry = fields.get(14)
        if way != _KEYED or not isinstance(expiry, str) or len(expiry) != _EXPIRY_DIGITS:
            raise RefusalError("30")
    digits = sent.reveal(Purpose.WIRE)
    if not digits.isdigit() or len(digits) > _PAN_MAX:
        raise RefusalError("14")
    return digits


def _pin_block(form: Form, request: Request, entry_mode: str) -> bytes | None:
    """Return the PIN block when F22 says that a PIN was entered; all the fields must agree.

    Spec: UnionPay terminal dialect, 2.2, 2.5 and 7.5.
    """
    fields = request.fields
    block, control = fields.get(52), fields.get(53)
    if entry_mode[2] != "1" or (block is None and form.is_card_known):
        # A message that is repeated keeps its entry mode and leaves the PIN out.
        if block is not None:
            raise RefusalError("99")
        return None
    if not form.may_have_pin:
        raise RefusalError("30")
    if not isinstance(block, SecretBytes) or not isinstance(control, str) or control[0] != "2":
        raise RefusalError("99")
    is_sm4 = control[1] == "3"
    session = request.verified
    if session is None or is_sm4 is not (session.mac_algorithm is MacAlgorithm.UNIONPAY_ECB_SM4):
        raise RefusalError("99")
    clear_field = block.reveal(Purpose.CRYPTO)
    if not is_sm4:
        return clear_field
    if clear_field != _NO_PIN_BLOCK:
        raise RefusalError("99")
    return _sm4_block(fields)


def _sm4_block(fields: dict[int, FieldValue]) -> bytes:
    private = fields.get(59)
    try:
        found = (
            PrivateData.parse(private).find(_SM4_PIN_TAG) if isinstance(private, bytes) else None
        )
    except ProtocolError:
        found = None
    if found is None or len(found) != _SM4_PIN_BYTES:
        raise RefusalError("99")
    return found


def _translated(request: Request, keys: KeyStore, block: bytes, pan: Pan) -> bytes:
    """Bring a PIN block of another length under the zone's key, which needs its content."""
    if request.verified is None:
        raise RefusalError("99")
    try:
        return keys.translate_pin(request.verified.pik, ZPK, block, pan)
    except CryptoError:
        raise RefusalError("99") from None


def _named_original(form: Form, fields: dict[int, FieldValue]) -> NamedOriginal | None:
    """Return what fields 61, 37 and 38 say.

    Spec: UnionPay terminal dialect, 2.7 and 3.0.1 (C6).
    """
    if form.named_by is NamedBy.NOTHING:
        return None
    original = fields.get(61)
    if not isinstance(original, str) or len(original) < form.field61_digits:
        raise RefusalError("30")
    rrn, auth_code = fields.get(37, ""), fields.get(38, "")
    if not isinstance(rrn, str) or not isinstance(auth_code, str):
        raise RefusalError("30")
    rrn, auth_code = rrn.strip(), auth_code.strip()
    # Both go into queries: nothing but letters and digits may pass.
    if not (f"{rrn}{auth_code}0").isalnum() or not f"{rrn}{auth_code}".isascii():
        raise RefusalError("30")
    date = original[12:16]
    return NamedOriginal(
        int(original[:6]), int(original[6:12]), "" if date == "0000" else date, rrn, auth_code
    )
