"""Signatures of cardholders: bound to an approved payment of the terminal, kept part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.host.core.events import LoadSignature, Persist
from tongbao.host.core.payment_rules import PaymentState, stand_of
from tongbao.host.core.requests import (
    RefusalError,
    amount_of,
    function_codes_of,
    trace_key_of,
)
from tongbao.host.records import EventKind, EventRecord, SignatureRecord
from tongbao.wire.jbig import decode
from tongbao.wire.unionpay.transactions import ADJUSTMENT, TIP

if TYPE_CHECKING:
    from tongbao.host.core.events import Effect, SignatureLoaded
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import HostState, Terminal
    from tongbao.wire.unionpay.profile import HostProfile

NO_PAYMENT: Final = "25"
NOT_APPROVED: Final = "12"
OTHER_AMOUNT: Final = "64"
COMPLETE: Final = "94"
# 60.4 of a part that another one follows; a signature in one part has none.
_MORE: Final = "0"
PARTS_MAX: Final = 16
# Decoding holds everything else up: a tenth of a second for a signature on a pad of 480 by 240
# points, and not more than half a second for the worst picture of this size.
PIXELS_MAX: Final = 512 * 320
_NEW_AMOUNTS: Final = frozenset({TIP.kind, ADJUSTMENT.kind})


class Signatures:
    """Answers 0820 with 60.1 = 07.

    Spec: UnionPay terminal dialect, 3.14.
    """

    __slots__ = ("_code", "_replies", "_state")

    def __init__(self, state: HostState, replies: Replies, profile: HostProfile) -> None:
        self._state = state
        self._replies = replies
        self._code = profile.signature_code

    def handle(self, request: Request, out: list[Effect]) -> None:
        """Take an upload whose MAC was right and ask for its payment; raises RefusalError."""
        if function_codes_of(request).network != self._code:
            raise RefusalError("40")
        _image_of(request)
        amount_of(request)
        out.append(LoadSignature(trace_key_of(request), request))

    def loaded(
        self, event: SignatureLoaded, terminal: Terminal, now_us: int, out: list[Effect]
    ) -> None:
        """Keep a new part; a part that is known is answered alike and nothing is written."""
        request = event.request
        payment_id = _check_payment(event)
        image = _image_of(request)
        known = [part.image for part in event.parts]
        # The copy of a part that is not flushed yet.
        if image in known or terminal.last_signature == (payment_id, image):
            self._replies.management(out, request, "00", now_us)
            return
        if any(part.is_last for part in event.parts):
            raise RefusalError(COMPLETE)
        is_last = function_codes_of(request).capability != _MORE
        if len(known) >= PARTS_MAX:
            raise RefusalError("30")
        if is_last:
            _check_picture(b"".join([*known, image]))
        out.append(Persist(SignatureRecord(payment_id, len(known), is_last, now_us, image)))
        if is_last:
            detail = f"{sum(map(len, known)) + len(image)} bytes"
            signed = EventRecord(payment_id, EventKind.SIGNED.value, now_us, "", "", detail)
            out.append(Persist(signed))
            self._state.counters["signatures"] += 1
        terminal.last_signature = (payment_id, image)
        self._replies.management(out, request, "00", now_us)


def _image_of(request: Request) -> bytes:
    image = request.fields.get(62)
    if not isinstance(image, bytes) or not image:
        raise RefusalError("30")
    return image


def _check_payment(event: SignatureLoaded) -> int:
    """Return the payment's id when it is one that this signature can be about."""
    request = event.request
    if not event.payments:
        raise RefusalError(NO_PAYMENT)
    stored = event.payments[0]
    payment = stored.payment
    if request.fields.get(37) != payment.rrn:
        raise RefusalError(NO_PAYMENT)
    if stand_of(stored.events).state is not PaymentState.APPROVED:
        raise RefusalError(NOT_APPROVED)
    # The slip may have been signed after a tip was added.
    amounts = {payment.amount_minor} | {
        one.payment.amount_minor for one in event.payments[1:] if one.payment.kind in _NEW_AMOUNTS
    }
    if amount_of(request) not in amounts:
        raise RefusalError(OTHER_AMOUNT)
    return payment.payment_id


def _check_picture(data: bytes) -> None:
    try:
        decode(data, pixels_max=PIXELS_MAX)
    except ProtocolError:
        raise RefusalError("30") from None
