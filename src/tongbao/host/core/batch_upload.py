"""Reads what a batch upload says about the terminal's payments.

Card numbers are turned into token and mask on the spot; nothing here keeps one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Pan, Purpose, SecretText
from tongbao.host.core.reading import TOKEN_KEY
from tongbao.host.core.requests import RefusalError, amount_of, trace_key_of
from tongbao.host.records import BatchDetailRecord, DetailSource
from tongbao.wire.unionpay.profile import DOMESTIC
from tongbao.wire.unionpay.structured import BatchDetails, IcUpload, UploadCount
from tongbao.wire.unionpay.transactions import (
    BATCH_CHIP_BALANCED,
    BATCH_CHIP_UNBALANCED,
    BATCH_DETAILS,
    BATCH_END_BALANCED,
    BATCH_END_UNBALANCED,
    BATCH_LOADS_BALANCED,
    BATCH_LOADS_UNBALANCED,
    BATCH_RISK_BALANCED,
    BATCH_RISK_UNBALANCED,
)

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.host.core.requests import Request

# A foreign card, or with an advice an organisation that the terminal does not know.
OTHER_ORGANISATION: Final = "000"
_FINANCIAL: Final = "000"
_DOMESTIC_CARD: Final = "00"

DETAILS: Final = BATCH_DETAILS.network_code
ADVICE: Final = _FINANCIAL
CHIP: Final = frozenset({BATCH_CHIP_BALANCED.network_code, BATCH_CHIP_UNBALANCED.network_code})
RISK: Final = frozenset({BATCH_RISK_BALANCED.network_code, BATCH_RISK_UNBALANCED.network_code})
LOADS: Final = frozenset({BATCH_LOADS_BALANCED.network_code, BATCH_LOADS_UNBALANCED.network_code})
ENDS: Final = frozenset({BATCH_END_BALANCED.network_code, BATCH_END_UNBALANCED.network_code})


class _Card(NamedTuple):
    masked: str
    token: bytes


class UploadReader:
    """Turns uploads into records.

    Spec: UnionPay terminal dialect, 3.10.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    def knows(self, code: str) -> bool:
        """Say whether 60.3 is one of batch upload's.

        Spec: UnionPay terminal dialect, 3.10.
        """
        return code in (DETAILS, ADVICE) or code in CHIP | RISK | LOADS | ENDS

    def details(self, request: Request, code: str, now_us: int) -> tuple[BatchDetailRecord, ...]:
        """Return what an upload with this 60.3 tells; raises RefusalError for its form.

        Spec: UnionPay terminal dialect, 2.1, 2.8 and 3.10.
        """
        if code == DETAILS:
            return self._stripe(request, now_us)
        if code == ADVICE:
            return (self._advice(request, now_us),)
        source = DetailSource.CHIP if code in CHIP else DetailSource.RISK
        return (self._chip(request, source, now_us),)

    def _stripe(self, request: Request, now_us: int) -> tuple[BatchDetailRecord, ...]:
        digits = request.fields.get(48)
        try:
            found = BatchDetails.parse(digits if isinstance(digits, str) else "").details
        except ProtocolError:
            raise RefusalError("30") from None
        terminal_id, batch_no, _ = trace_key_of(request)
        records = []
        for one in found:
            if int(one.trace) == 0 or int(one.amount) == 0:
                raise RefusalError("30")
            card = self._card(one.pan.reveal(Purpose.WIRE).lstrip("0"))
            records.append(
                BatchDetailRecord(
                    terminal_id,
                    batch_no,
                    int(one.trace),
                    DetailSource.STRIPE.value,
                    now_us,
                    _organisation(one.card),
                    int(one.amount),
                    card.masked,
                    card.token,
                )
            )
        if len({record.stan for record in records}) < len(records) or not records:
            raise RefusalError("30")
        return tuple(records)

    def _advice(self, request: Request, now_us: int) -> BatchDetailRecord:
        sent = request.fields.get(63)
        organisation = sent[:3] if isinstance(sent, str) else OTHER_ORGANISATION
        if not (organisation.isascii() and organisation.isalnum()):
            raise RefusalError("30")
        return self._one(request, DetailSource.ADVICE, organisation, amount_of(request), now_us)

    def _chip(self, request: Request, source: DetailSource, now_us: int) -> BatchDetailRecord:
        told = request.fields.get(62)
        try:
            upload = IcUpload.parse(told if isinstance(told, bytes) else b"")
        except ProtocolError:
            raise RefusalError("30") from None
        amount_minor = amount_of(request)
        if int(upload.amount) != amount_minor:
            raise RefusalError("13")
        organisation = _organisation(upload.card)
        return self._one(request, source, organisation, amount_minor, now_us)

    def _one(
        self,
        request: Request,
        source: DetailSource,
        organisation: str,
        amount_minor: int,
        now_us: int,
    ) -> BatchDetailRecord:
        sent = request.fields.get(2)
        digits = sent.reveal(Purpose.WIRE) if isinstance(sent, SecretText) else ""
        card = self._card(digits)
        return BatchDetailRecord(
            *trace_key_of(request),
            source.value,
            now_us,
            organisation,
            amount_minor,
            card.masked,
            card.token,
        )

    def _card(self, digits: str) -> _Card:
        """Return mask and token; an upload may leave the number out."""
        if not digits:
            return _Card("", b"")
        try:
            pan = Pan(digits)
        except ValueError:
            raise RefusalError("14") from None
        return _Card(pan.masked, self._keys.token(TOKEN_KEY, pan))


def count_of(request: Request) -> int:
    """Return how many records the terminal says it has sent; raises RefusalError("30").

    Spec: UnionPay terminal dialect, 2.1.
    """
    digits = request.fields.get(48)
    try:
        return UploadCount.parse(digits if isinstance(digits, str) else "").count
    except ProtocolError:
        raise RefusalError("30") from None


def same_facts(one: BatchDetailRecord, other: BatchDetailRecord) -> bool:
    """Say whether two records of one detail tell the same, whenever they came."""
    return one._replace(at_us=0) == other._replace(at_us=0)


def _organisation(card: str) -> str:
    return DOMESTIC if card == _DOMESTIC_CARD else OTHER_ORGANISATION
