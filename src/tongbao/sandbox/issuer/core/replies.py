"""The issuer's answers as messages, without their MACs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.domain.dates import BusinessDate
from tongbao.sandbox.issuer.core.book import APPROVED, Authorisation
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.inquiry import REVERSED, UNKNOWN, StatusAnswer, StatusInquiry
from tongbao.wire.network.messages import MAC_FIELD, ReversalReply, ReversalRequest
from tongbao.wire.network.operation_messages import OperationReply, OperationRequest
from tongbao.wire.network.operations import PRE_AUTHORISATION_CONDITION

if TYPE_CHECKING:
    from tongbao.sandbox.issuer.core.book import Remembered
    from tongbao.wire.iso8583.fields import FieldValue

# What a reply repeats of its request, where the request had it.
_ECHOED: Final = (3, 4, 7, 11, 37, 41, 42, 49, 62, 70)


def echo(request: Message, code: str) -> Message:
    """Answer a request that could not be taken, with the fields that name it.

    A request with a field that its type does not have (F70 in an 0200) gets its answer without:
    behind the place of the MAC nothing may stand.
    """
    last = MAC_FIELD[request.mti]
    fields: dict[int, FieldValue] = {
        number: request.fields[number]
        for number in _ECHOED
        if number in request.fields and number < last
    }
    if request.fields.get(25) == PRE_AUTHORISATION_CONDITION:
        fields[25] = PRE_AUTHORISATION_CONDITION
    fields[39] = code
    return Message(f"{int(request.mti) + 10:04d}", fields)


def answer(request: OperationRequest, kept: Authorisation) -> Message:
    """Answer a request as it was answered first."""
    return OperationReply(
        operation=request.operation,
        amount=request.amount,
        transmitted=request.transmitted,
        stan=request.stan,
        rrn=request.rrn,
        response_code=kept.response_code,
        terminal_id=request.terminal_id,
        merchant_id=request.merchant_id,
        auth_code=kept.auth_code or None,
        settlement_date=_settlement_date(kept),
        original=request.original,
        balances=kept.balances,
    ).to_message()


def refusal(request: OperationRequest, code: str) -> Message:
    """Answer a request that is not remembered."""
    return OperationReply(
        operation=request.operation,
        amount=request.amount,
        transmitted=request.transmitted,
        stan=request.stan,
        rrn=request.rrn,
        response_code=code,
        terminal_id=request.terminal_id,
        merchant_id=request.merchant_id,
        original=request.original,
    ).to_message()


def reversal_answer(request: ReversalRequest, code: str) -> Message:
    """Answer a reversal."""
    return ReversalReply(
        amount=request.amount,
        transmitted=request.transmitted,
        stan=request.stan,
        rrn=request.rrn,
        response_code=code,
        terminal_id=request.terminal_id,
        merchant_id=request.merchant_id,
        operation=request.operation,
    ).to_message()


def status(inquiry: StatusInquiry, known: Remembered) -> Message:
    """Say what is known of the request that is asked about."""
    reversal, kept = known.reversal, known.authorisation
    about = kept or reversal
    if about is None:
        return StatusAnswer(inquiry=inquiry, response_code=UNKNOWN).to_message()
    is_approved = reversal is None and kept is not None and kept.response_code == APPROVED
    code = REVERSED if reversal is not None else about.response_code
    return StatusAnswer(
        inquiry=inquiry,
        response_code=code,
        processing_code=about.operation.form.processing_code,
        amount=about.amount,
        auth_code=kept.auth_code or None if kept is not None and is_approved else None,
        settlement_date=None if kept is None else _settlement_date(kept),
    ).to_message()


def _settlement_date(kept: Authorisation) -> str:
    return BusinessDate(kept.at.local().date()).mmdd
