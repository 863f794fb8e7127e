"""What a chip made of the issuer's scripts: bound to the payment whose answer brought them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, SecretBytes
from tongbao.host.core.events import LoadPayments, Persist
from tongbao.host.core.requests import RefusalError, function_codes_of
from tongbao.host.records import EventKind, EventRecord, ScriptResultRecord, TraceKey
from tongbao.wire.tlv import build_tlv, parse_tlv
from tongbao.wire.unionpay.structured import OriginalTransaction
from tongbao.wire.unionpay.transactions import SCRIPT_RESULT

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect, PaymentsLoaded
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request

NO_PAYMENT: Final = "25"
_BYTES_MAX: Final = 255
# Track 2 equivalent data, card number, name of the cardholder, discretionary data: not kept.
_NOT_KEPT: Final = frozenset({"57", "5A", "5F20", "5F24", "9F1F", "9F20", "9F6B"})


class ScriptResults:
    """Answers 0620.

    Spec: UnionPay terminal dialect, 3.8.
    """

    __slots__ = ("_replies",)

    def __init__(self, replies: Replies) -> None:
        self._replies = replies

    def handle(self, request: Request, out: list[Effect]) -> None:
        """Take an advice whose MAC was right and ask for its original; raises RefusalError."""
        if function_codes_of(request).network != SCRIPT_RESULT.network_code:
            raise RefusalError("40")
        _data_of(request)
        out.append(LoadPayments(_original_of(request), request))

    def loaded(self, event: PaymentsLoaded, now_us: int, out: list[Effect]) -> None:
        """Keep the result with its payment, once; raises RefusalError("25") without one."""
        request = event.request
        if not event.payments or request.fields.get(37) != event.payments[0].payment.rrn:
            raise RefusalError(NO_PAYMENT)
        payment, events = event.payments[0]
        if all(one.kind != EventKind.SCRIPT_RESULT for one in events):
            payment_id = payment.payment_id
            data = _data_of(request).hex().upper()
            out.append(Persist(ScriptResultRecord(payment_id, now_us, data)))
            kind = EventKind.SCRIPT_RESULT.value
            out.append(Persist(EventRecord(payment_id, kind, now_us, "", "", "")))
        self._replies.management(out, request, "00", now_us)


def _original_of(request: Request) -> TraceKey:
    digits = request.fields.get(61)
    try:
        original = OriginalTransaction.parse(digits if isinstance(digits, str) else "")
    except ProtocolError:
        raise RefusalError("30") from None
    return TraceKey(request.terminal_id, int(original.batch), int(original.trace))


def _data_of(request: Request) -> bytes:
    """Return field 55 without what names card or cardholder."""
    field55 = request.fields.get(55)
    if not isinstance(field55, SecretBytes):
        raise RefusalError("30")
    try:
        elements = parse_tlv(field55.reveal(Purpose.WIRE), "F55")
    except ProtocolError:
        raise RefusalError("30") from None
    data = build_tlv(one for one in elements if one.tag not in _NOT_KEPT)
    if not data or len(data) > _BYTES_MAX:
        raise RefusalError("30")
    return data
