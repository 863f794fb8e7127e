"""What was done about operators at a terminal, told when it has a line: taken, or refused in words.

This book is the truth. A change that is older than what stands here is passed over, one that the
rules of `tongbao.wire.device.operators` do not give is refused, and a change that comes again is
answered as the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.fleet.models import Device
from tongbao.platform.ids import new_id
from tongbao.platform.operators.catalogue import OPERATORS_MAX, fault_of_number
from tongbao.platform.operators.models import TerminalOperator
from tongbao.platform.operators.people import operators_at
from tongbao.wire.device.operators import (
    OperatorAct,
    OperatorAnswer,
    OperatorChange,
    OperatorOutcome,
    may_look_after,
)
from tongbao.wire.device.settings import OperatorRole

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor
    from tongbao.platform.fleet.models import Terminal

_KEPT = (OperatorOutcome.KEPT, "")
_PASSED_OVER = (OperatorOutcome.PASSED_OVER, "")
_Verdict = tuple[OperatorOutcome, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reported:
    """A change with the terminal it was made at; `at_us` is never later than now."""

    terminal: Terminal
    message: OperatorChange
    at_us: int
    present: dict[str, TerminalOperator]

    @property
    def row(self) -> TerminalOperator | None:
        return self.present.get(self.message.number)


def take_change(
    actor: Actor, serial_number: str, message: OperatorChange, *, now_us: int
) -> OperatorAnswer:
    """Take what was done at a terminal into the book; the answer says whether it stands.

    Raises: AccessDeniedError; Device.DoesNotExist.
    """
    target = ("terminal", serial_number)
    operation = _operation(message)
    require(actor, operation, now_us=now_us, target=target)
    device = Device.objects.select_related("terminal__merchant").get(pk=serial_number)
    outcome, reason = OperatorOutcome.REFUSED, "no_terminal"
    if device.terminal is not None:
        with transaction.atomic():
            rows = operators_at(device.terminal.merchant_id, device.terminal.pk)
            reported = _Reported(
                terminal=device.terminal,
                message=message,
                at_us=min(message.changed_at_ms * 1000, now_us),
                present={row.number: row for row in rows.select_for_update()},
            )
            outcome, reason = _verdict(reported)
            if (outcome, reason) == _KEPT:
                row = _TAKE[message.act](reported, now_us)
                _record(actor, operation, row, reported, now_us)
            elif outcome is OperatorOutcome.KEPT:
                reason = ""
    return OperatorAnswer(outcome=outcome, reason=reason, server_time_ms=now_us // 1000)


def _operation(message: OperatorChange) -> Operation:
    if message.act is OperatorAct.PIN_CHANGED:
        return Operation.OPERATOR_PIN_CHANGED
    return Operation.OPERATOR_CHANGED_AT_TERMINAL


def _verdict(reported: _Reported) -> _Verdict:
    """Return KEPT without a reason when the change is to be made; "again" when it was."""
    message, row = reported.message, reported.row
    if _came_before(reported):
        return OperatorOutcome.KEPT, "again"
    if message.act is OperatorAct.ADDED:
        return _verdict_of_adding(reported)
    if row is None:
        return OperatorOutcome.REFUSED, "unknown_operator"
    newest_us = row.created_at_us if message.act is OperatorAct.ENDED else row.pin_changed_at_us
    is_next = message.replaces == row.pin_hash
    if not is_next and reported.at_us < newest_us:
        return _PASSED_OVER
    return _right(reported, OperatorRole(row.role), is_of_merchant=row.terminal_id is None)


def _came_before(reported: _Reported) -> bool:
    """Whether exactly this change was taken already and only its answer was lost."""
    message, row = reported.message, reported.row
    if message.act is not OperatorAct.ENDED:
        return row is not None and message.pin_hash == row.pin_hash
    ended = TerminalOperator.objects.filter(
        merchant_id=reported.terminal.merchant_id,
        number=message.number,
        ended_at_us__gte=reported.at_us,
    )
    return row is None and ended.exists()


def _verdict_of_adding(reported: _Reported) -> _Verdict:
    message = reported.message
    is_named = bool(message.name.strip()) and message.name.isprintable()
    if message.role is None or not is_named or message.pin_hash is None:
        return OperatorOutcome.REFUSED, "incomplete"
    fault = fault_of_number(message.number, message.role)
    if fault is not None:
        return OperatorOutcome.REFUSED, fault
    if reported.row is not None:
        return OperatorOutcome.REFUSED, "number_taken"
    if len(reported.present) >= OPERATORS_MAX:
        return OperatorOutcome.REFUSED, "too_many"
    return _right(reported, message.role, is_of_merchant=False)


def _right(reported: _Reported, role: OperatorRole, *, is_of_merchant: bool) -> _Verdict:
    """Whether whoever did it may; an operator of one terminal has no say over all of them."""
    message = reported.message
    by = reported.present.get(message.by)
    if message.act is not OperatorAct.ENDED and message.pin_hash is None:
        return OperatorOutcome.REFUSED, "incomplete"
    if by is None:
        return OperatorOutcome.REFUSED, "unknown_operator"
    did, had = (message.by, OperatorRole(by.role)), (message.number, role)
    if not may_look_after(did, message.act, had):
        return OperatorOutcome.REFUSED, "not_allowed"
    if is_of_merchant and by.terminal_id is not None:
        return OperatorOutcome.REFUSED, "not_of_this_terminal"
    return _KEPT


def _add(reported: _Reported, now_us: int) -> TerminalOperator:
    message = reported.message
    return TerminalOperator.objects.create(
        operator_id=new_id("operator"),
        merchant=reported.terminal.merchant,
        terminal=reported.terminal,
        number=message.number,
        name=message.name,
        role=(message.role or OperatorRole.CASHIER).value,
        pin_hash=message.pin_hash or "",
        must_change=True,
        created_at_us=now_us,
        changed_at_us=now_us,
        pin_changed_at_us=reported.at_us,
    )


def _set_pin(reported: _Reported, now_us: int) -> TerminalOperator:
    row = reported.present[reported.message.number]
    row.pin_hash = reported.message.pin_hash or ""
    row.must_change = reported.message.act is OperatorAct.PIN_RESET
    row.changed_at_us = now_us
    row.pin_changed_at_us = reported.at_us
    row.save()
    return row


def _end(reported: _Reported, now_us: int) -> TerminalOperator:
    row = reported.present[reported.message.number]
    row.changed_at_us = row.ended_at_us = now_us
    row.save()
    return row


_TAKE = {
    OperatorAct.PIN_CHANGED: _set_pin,
    OperatorAct.PIN_RESET: _set_pin,
    OperatorAct.ADDED: _add,
    OperatorAct.ENDED: _end,
}


def _record(
    actor: Actor,
    operation: Operation,
    row: TerminalOperator,
    reported: _Reported,
    now_us: int,
) -> None:
    message = reported.message
    after = {"number": row.number}
    if message.act is not OperatorAct.PIN_CHANGED:
        after |= {"act": message.act.value, "by": message.by, "name": row.name, "role": row.role}
    record(
        actor,
        operation,
        now_us=now_us,
        target=("operator", row.pk),
        merchant_id=row.merchant_id,
        after=after,
    )
