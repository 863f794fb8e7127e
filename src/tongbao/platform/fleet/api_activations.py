"""Activating a terminal from the web or the phone, and looking how far it is."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Path, Query, Router
from pydantic import Field, model_validator

from tongbao.domain.errors import ProtocolError
from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.problems import Field as ProblemField
from tongbao.platform.api.problems import Problem, invalid
from tongbao.platform.api.shapes import In, MerchantNumber, Page, PageQuery, Whole
from tongbao.platform.fleet import activation
from tongbao.platform.fleet.activation import ActivationRefusedError, Claim
from tongbao.platform.fleet.activation_rules import Method, Point
from tongbao.platform.fleet.api import Note, step_problem
from tongbao.platform.fleet.models import Activation
from tongbao.platform.fleet.shapes import ActivationOut, activation_out
from tongbao.platform.fleet.steps import StepRefusedError
from tongbao.platform.fleet.words import CAUSE_WORDS, QR_WORDS
from tongbao.wire.device.activation import ActivationFailure, InvitationText

router = Router(tags=["activations"])

ActivationId = Annotated[str, Path(max_length=32)]
# Which field of the form a cause belongs to; the others are about the whole.
_FIELD_OF = {
    ActivationFailure.WRONG_CODE: "code",
    ActivationFailure.CODE_EXPIRED: "code",
    ActivationFailure.SERIAL_MISMATCH: "terminal_id",
    ActivationFailure.NOT_YOUR_TERMINAL: "serial_number",
}


class NewActivation(In):
    """What stands on the terminal: three numbers (web), or the text of its QR code (app)."""

    serial_number: Annotated[str, Field(max_length=32)] = ""
    terminal_id: Annotated[str, Field(max_length=8)] = ""
    code: Annotated[str, Field(max_length=20)] = ""
    qr_text: Annotated[str, Field(max_length=120)] = ""
    method: Literal["web", "app"] = "web"
    latitude_udeg: Annotated[Whole, Field(ge=-90_000_000, le=90_000_000)] | None = None
    longitude_udeg: Annotated[Whole, Field(ge=-180_000_000, le=180_000_000)] | None = None

    @model_validator(mode="after")
    def has_numbers_or_a_code(self) -> NewActivation:
        """Refuse a claim with neither; raises ValueError."""
        if not self.qr_text and not (self.serial_number and self.terminal_id and self.code):
            raise ValueError(QR_WORDS["missing"])
        return self


@router.post(
    "/merchants/{merchant_id}/activations",
    response={201: ActivationOut},
    operation_id="confirm_activation",
)
@operation(Operation.ACTIVATION_CONFIRM)
def confirm_activation(
    request: ApiRequest, merchant_id: MerchantNumber, body: NewActivation
) -> ActivationOut:
    """Activate a terminal with the code on its screen; refusals name the cause and what to do."""
    try:
        row = activation.confirm(request.actor, _claim(merchant_id, body), now_us=request.now_us)
    except ActivationRefusedError as refused:
        raise _problem(refused) from None
    return activation_out(row, now_us=request.now_us)


def _claim(merchant_id: str, body: NewActivation) -> Claim:
    serial, terminal, code = body.serial_number, body.terminal_id, body.code
    if body.qr_text:
        try:
            scanned = InvitationText.parse(body.qr_text)
        except ProtocolError:
            raise invalid("qr_text", QR_WORDS["foreign"], "foreign") from None
        serial, terminal, code = scanned.serial_number, scanned.terminal_id, scanned.code
    is_placed = body.latitude_udeg is not None and body.longitude_udeg is not None
    return Claim(
        merchant_id=merchant_id,
        serial_number=serial.strip().upper(),
        terminal_id=terminal.strip(),
        code="".join(code.split()),
        method=Method.APP if body.qr_text else Method(body.method),
        point=Point(body.latitude_udeg or 0, body.longitude_udeg or 0) if is_placed else None,
    )


def _problem(refused: ActivationRefusedError) -> Problem:
    words = CAUSE_WORDS[refused.cause]
    field = _FIELD_OF.get(refused.cause)
    fields = [ProblemField(field, refused.cause.value, str(words))] if field else []
    return Problem(409, refused.cause.value, words, fields=fields)


@router.get(
    "/merchants/{merchant_id}/activations",
    response=Page[ActivationOut],
    operation_id="list_activations",
)
@operation(Operation.ACTIVATION_VIEW)
def list_activations(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PageQuery]
) -> Page[ActivationOut]:
    """List a merchant's activations, newest first."""
    rows, cursor = page_of(
        Activation.objects.filter(merchant_id=merchant_id),
        query,
        order=("-created_at_us", "activation_id"),
        name=f"activations:{merchant_id}",
    )
    items = [activation_out(row, now_us=request.now_us) for row in rows]
    return Page(items=items, next_cursor=cursor)


@router.get(
    "/merchants/{merchant_id}/activations/{activation_id}",
    response=ActivationOut,
    operation_id="get_activation",
)
@operation(Operation.ACTIVATION_VIEW)
def get_activation(
    request: ApiRequest, merchant_id: MerchantNumber, activation_id: ActivationId
) -> ActivationOut:
    """Show how far an activation is, the promised time, and why it stopped if it did."""
    row = Activation.objects.get(pk=activation_id, merchant_id=merchant_id)
    return activation_out(row, now_us=request.now_us)


@router.post(
    "/merchants/{merchant_id}/activations/{activation_id}/call-off",
    response=ActivationOut,
    operation_id="call_off_activation",
)
@operation(Operation.ACTIVATION_CALL_OFF)
def call_off_activation(
    request: ApiRequest, merchant_id: MerchantNumber, activation_id: ActivationId, body: Note
) -> ActivationOut:
    """Break an activation off; the terminal shows a new code and can be activated again."""
    row = Activation.objects.get(pk=activation_id, merchant_id=merchant_id)
    try:
        row = activation.call_off(request.actor, row.pk, note=body.note, now_us=request.now_us)
    except StepRefusedError as refused:
        raise step_problem(refused) from None
    return activation_out(row, now_us=request.now_us)
