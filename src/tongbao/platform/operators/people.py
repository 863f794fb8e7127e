"""What the fleet asks about people: who works at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import F, Q

from tongbao.platform.operators.models import TerminalOperator
from tongbao.platform.operators.services import function_codes
from tongbao.wire.device.settings import FunctionClass, FunctionCode, Operator, OperatorRole

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from tongbao.platform.fleet.models import Terminal


def people_of(terminal: Terminal) -> tuple[tuple[Operator, ...], tuple[FunctionCode, ...]]:
    """Return the operators and function codes of a terminal, as its settings carry them.

    An operator of the terminal itself goes before one of the merchant with the same number.
    """
    found = {row.number: row for row in operators_at(terminal.merchant_id, terminal.pk)}
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


def operators_at(merchant_id: str, terminal_id: str) -> QuerySet[TerminalOperator]:
    """Return the open operators of a terminal; its own come after the merchant's."""
    rows = TerminalOperator.objects.filter(merchant_id=merchant_id, ended_at_us=None)
    return rows.filter(Q(terminal=None) | Q(terminal_id=terminal_id)).order_by(
        F("terminal_id").asc(nulls_first=True), "number"
    )
