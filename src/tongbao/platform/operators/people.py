"""What the fleet asks about people: who works at a terminal, and a PIN that was changed there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F, Q

from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.fleet.models import Device
from tongbao.platform.operators.models import TerminalOperator
from tongbao.platform.operators.services import function_codes
from tongbao.wire.device.settings import FunctionClass, FunctionCode, Operator, OperatorRole

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tongbao.platform.access.actor import Actor
    from tongbao.platform.fleet.models import Terminal
    from tongbao.wire.device.health import OperatorChange


def people_of(terminal: Terminal) -> tuple[tuple[Operator, ...], tuple[FunctionCode, ...]]:
    """Return the operators and function codes of a terminal, as its settings carry them.

    An operator of the terminal itself goes before one of the merchant with the same number.
    """
    found = {row.number: row for row in _operators(terminal.merchant_id, terminal.pk)}
    operators = tuple(
        Operator(
            number=row.number,
            name=row.name,
            role=OperatorRole(row.role),
            pin_hash=row.pin_hash,
            must_change=row.must_change,
        )
        for _, row in sorted(found.items())
    )
    codes = tuple(
        FunctionCode(
            code=row.code,
            kind=row.kind,
            function_class=FunctionClass(row.function_class),
            role=OperatorRole(row.role),
            password_hash=row.password_hash or None,
        )
        for row in function_codes(terminal.merchant_id)
    )
    return operators, codes


def change_pin(actor: Actor, serial_number: str, message: OperatorChange, *, now_us: int) -> bool:
    """Keep a PIN that an operator changed on a terminal; False when it has no such operator.

    A change that is older than the PIN the platform has is passed over: a reset goes before it.
    """
    device = Device.objects.select_related("terminal").get(pk=serial_number)
    if device.terminal is None:
        return False
    with transaction.atomic():
        rows = _operators(device.terminal.merchant_id, device.terminal.pk).select_for_update()
        row = next((one for one in reversed(rows) if one.number == message.number), None)
        if row is None:
            return False
        if message.changed_at_ms * 1000 < row.pin_changed_at_us:
            return True
        row.pin_hash, row.must_change = message.pin_hash, False
        row.changed_at_us = now_us
        row.pin_changed_at_us = message.changed_at_ms * 1000
        row.save()
        record(
            actor,
            Operation.OPERATOR_PIN_CHANGED,
            now_us=now_us,
            target=("operator", row.pk),
            merchant_id=row.merchant_id,
            after={"number": row.number},
        )
    return True


def _operators(merchant_id: str, terminal_id: str) -> QuerySet[TerminalOperator]:
    rows = TerminalOperator.objects.filter(merchant_id=merchant_id, ended_at_us=None)
    # Those of the merchant first, so that the terminal's own take their place.
    return rows.filter(Q(terminal=None) | Q(terminal_id=terminal_id)).order_by(
        F("terminal_id").asc(nulls_first=True), "number"
    )
