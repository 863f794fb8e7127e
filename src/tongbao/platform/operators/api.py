"""Operators and function codes of a merchant's terminals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router
from pydantic import Field

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.problems import Problem
from tongbao.platform.api.shapes import (
    In,
    MerchantNumber,
    Out,
    Page,
    PageQuery,
    Words,
    YesNo,
    moment,
    moment_or_none,
)
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.operators import services
from tongbao.platform.operators.models import FunctionCode, TerminalOperator
from tongbao.platform.operators.services import CodeChange, NewOperator, OperatorRefusedError
from tongbao.wire.device.settings import FunctionClass, OperatorRole

router = Router(tags=["operators"])

OperatorId = Annotated[str, Path(max_length=32)]
Code = Annotated[str, Path(max_length=8)]

_REFUSALS = {
    "bad_number": _("An operator number has two digits."),
    "role_of_number": _("00 is the supervisor and 99 the administrator; others are neither."),
    "number_taken": _("This number is in use; end that operator first or take another number."),
    "too_many": _("There are as many operators as there are numbers."),
    "ended": _("This operator has ended; add a new one."),
    "unknown_terminal": _("This merchant has no such terminal."),
    "unknown_code": _("There is no function with this code."),
    "not_at_boot": _("Only log-in, self-test and training can open before anybody logs in."),
    "password_needed": _("A function with a password of its own needs one."),
    "bad_pin": _("A password has 4 to 12 digits."),
    "weak_pin": _("This password is guessed too easily; do not repeat or count."),
}


class OperatorOut(Out):
    """An operator; the PIN is never shown."""

    operator_id: str
    number: str
    name: str
    role: OperatorRole
    terminal_id: str | None
    must_change: bool
    is_active: bool
    created_at: datetime
    changed_at: datetime
    ended_at: datetime | None


class NewOperatorIn(In):
    """An operator to be added; without `terminal_id` for every terminal."""

    number: Annotated[str, Field(pattern="^[0-9]{2}$")]
    name: Annotated[Words, Field(max_length=40)]
    role: OperatorRole
    terminal_id: Annotated[str, Field(max_length=8)] = ""


class OperatorChanges(In):
    """Fields of an operator; what is left out stays. `is_active` false ends it for good."""

    name: Annotated[Words, Field(max_length=40)] = ""
    role: OperatorRole = OperatorRole.CASHIER
    is_active: YesNo = True


class OperatorWithPinOut(OperatorOut):
    """An operator with a first PIN that is shown this once and must be changed."""

    first_pin: str


class FunctionCodeOut(Out):
    """A function code; version 0 is the default that nobody has changed."""

    code: str
    kind: str
    function_class: FunctionClass
    role: OperatorRole
    has_password: bool
    version: int
    valid_from: datetime | None


class FunctionCodesOut(Out):
    """Every function code of a merchant."""

    items: list[FunctionCodeOut]
    next_cursor: str | None = None


class FunctionCodeChange(In):
    """What a function code is to be; `password` for the class password."""

    function_class: FunctionClass
    role: OperatorRole
    password: Annotated[str, Field(max_length=12)] = ""


@router.get(
    "/merchants/{merchant_id}/operators", response=Page[OperatorOut], operation_id="list_operators"
)
@operation(Operation.OPERATOR_LIST)
def list_operators(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PageQuery]
) -> Page[OperatorOut]:
    """List the operators of all terminals, by the time they were added; ended ones too."""
    del request
    Merchant.objects.get(pk=merchant_id)
    rows, cursor = page_of(
        TerminalOperator.objects.filter(merchant_id=merchant_id),
        query,
        order=("created_at_us", "operator_id"),
        name=f"operators:{merchant_id}",
    )
    return Page[OperatorOut](items=[OperatorOut(**_facts(row)) for row in rows], next_cursor=cursor)


@router.post(
    "/merchants/{merchant_id}/operators",
    response={201: OperatorWithPinOut},
    operation_id="add_operator",
)
@operation(Operation.OPERATOR_ADD)
def add_operator(
    request: ApiRequest, merchant_id: MerchantNumber, body: NewOperatorIn
) -> OperatorWithPinOut:
    """Add an operator; the answer shows the first PIN."""
    new = NewOperator(
        number=body.number, name=body.name, role=body.role, terminal_id=body.terminal_id
    )
    try:
        row, pin = services.add_operator(request.actor, merchant_id, new, now_us=request.now_us)
    except OperatorRefusedError as refused:
        raise _problem(refused) from None
    return OperatorWithPinOut(**_facts(row), first_pin=pin)


@router.patch(
    "/merchants/{merchant_id}/operators/{operator_id}",
    response=OperatorOut,
    operation_id="change_operator",
)
@operation(Operation.OPERATOR_CHANGE)
def change_operator(
    request: ApiRequest,
    merchant_id: MerchantNumber,
    operator_id: OperatorId,
    body: OperatorChanges,
) -> OperatorOut:
    """Change an operator's name or role, or end it."""
    changes = body.model_dump(exclude_unset=True)
    try:
        row = services.change_operator(
            request.actor, merchant_id, operator_id, changes, now_us=request.now_us
        )
    except OperatorRefusedError as refused:
        raise _problem(refused) from None
    return OperatorOut(**_facts(row))


@router.post(
    "/merchants/{merchant_id}/operators/{operator_id}/pin",
    response={201: OperatorWithPinOut},
    operation_id="reset_operator_pin",
)
@operation(Operation.OPERATOR_RESET_PIN)
def reset_operator_pin(
    request: ApiRequest, merchant_id: MerchantNumber, operator_id: OperatorId
) -> OperatorWithPinOut:
    """Give an operator who has forgotten the PIN a new first one, shown this once."""
    try:
        row, pin = services.reset_pin(
            request.actor, merchant_id, operator_id, now_us=request.now_us
        )
    except OperatorRefusedError as refused:
        raise _problem(refused) from None
    return OperatorWithPinOut(**_facts(row), first_pin=pin)


@router.get(
    "/merchants/{merchant_id}/function-codes",
    response=FunctionCodesOut,
    operation_id="list_function_codes",
)
@operation(Operation.FUNCTION_CODE_LIST)
def list_function_codes(request: ApiRequest, merchant_id: MerchantNumber) -> FunctionCodesOut:
    """List the codes that open functions at the terminals."""
    del request
    Merchant.objects.get(pk=merchant_id)
    return FunctionCodesOut(items=[_code_out(row) for row in services.function_codes(merchant_id)])


@router.patch(
    "/merchants/{merchant_id}/function-codes/{code}",
    response=FunctionCodeOut,
    operation_id="change_function_code",
)
@operation(Operation.FUNCTION_CODE_CHANGE)
def change_function_code(
    request: ApiRequest, merchant_id: MerchantNumber, code: Code, body: FunctionCodeChange
) -> FunctionCodeOut:
    """Give a function code another class, role or password; terminals fetch it."""
    change = CodeChange(function_class=body.function_class, role=body.role, password=body.password)
    try:
        row = services.change_function_code(
            request.actor, merchant_id, code, change, now_us=request.now_us
        )
    except OperatorRefusedError as refused:
        raise _problem(refused) from None
    return _code_out(row)


def _problem(refused: OperatorRefusedError) -> Problem:
    status = 404 if refused.reason == "unknown_code" else 409
    return Problem(status, refused.reason, _REFUSALS[refused.reason])


def _facts(row: TerminalOperator) -> dict[str, Any]:
    return {
        "operator_id": row.pk,
        "number": row.number,
        "name": row.name,
        "role": OperatorRole(row.role),
        "terminal_id": row.terminal_id,
        "must_change": row.must_change,
        "is_active": row.ended_at_us is None,
        "created_at": moment(row.created_at_us),
        "changed_at": moment(row.changed_at_us),
        "ended_at": moment_or_none(row.ended_at_us),
    }


def _code_out(row: FunctionCode) -> FunctionCodeOut:
    return FunctionCodeOut(
        code=row.code,
        kind=row.kind,
        function_class=FunctionClass(row.function_class),
        role=OperatorRole(row.role),
        has_password=bool(row.password_hash),
        version=row.version,
        valid_from=moment_or_none(row.valid_from_us or None),
    )
