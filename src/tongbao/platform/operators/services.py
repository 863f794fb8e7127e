"""The only writer of operators and function codes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from tongbao.crypto.operator_pin import fault_of_pin, hash_pin
from tongbao.domain.secrets import Pin
from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import record
from tongbao.platform.fleet.models import Terminal
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.operators.catalogue import (
    BOOT_KINDS,
    DEFAULT_OF,
    DEFAULTS,
    FIRST_PIN_DIGITS,
    OPERATORS_MAX,
    fault_of_number,
)
from tongbao.platform.operators.models import FunctionCode, TerminalOperator
from tongbao.wire.device.settings import FunctionClass, OperatorRole

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor


_SALT_BYTES = 16


class OperatorRefusedError(Exception):
    """Nothing was changed; `reason` is a word of `tongbao.platform.operators.api`'s refusals."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOperator:
    """An operator to be added; without `terminal_id` for every terminal of the merchant."""

    number: str
    name: str
    role: OperatorRole
    terminal_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeChange:
    """What a function code is to be; `password` is for the class password."""

    function_class: FunctionClass
    role: OperatorRole
    password: str = ""


def add_operator(
    actor: Actor, merchant_id: str, new: NewOperator, *, now_us: int
) -> tuple[TerminalOperator, str]:
    """Add an operator; return it with its first PIN, which is shown once and must be changed.

    Raises: OperatorRefusedError; AccessDeniedError; Merchant.DoesNotExist.
    """
    require(actor, Operation.OPERATOR_ADD, now_us=now_us, merchant_id=merchant_id)
    fault = fault_of_number(new.number, new.role)
    if fault is not None:
        raise OperatorRefusedError(fault)
    pin = _first_pin()
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=merchant_id)
        terminal = _terminal(merchant_id, new.terminal_id)
        present = TerminalOperator.objects.filter(merchant=merchant, ended_at_us=None)
        if present.filter(terminal=terminal, number=new.number).exists():
            raise OperatorRefusedError("number_taken")
        if present.filter(terminal=terminal).count() >= OPERATORS_MAX:
            raise OperatorRefusedError("too_many")
        row = TerminalOperator.objects.create(
            operator_id=new_id("operator"),
            merchant=merchant,
            terminal=terminal,
            number=new.number,
            name=new.name,
            role=new.role.value,
            pin_hash=_hashed(pin),
            must_change=True,
            created_at_us=now_us,
            changed_at_us=now_us,
            pin_changed_at_us=now_us,
        )
        _record(actor, Operation.OPERATOR_ADD, row, now_us)
    return row, pin


def change_operator(
    actor: Actor,
    merchant_id: str,
    operator_id: str,
    changes: dict[str, str | bool],
    *,
    now_us: int,
) -> TerminalOperator:
    """Change `name` or `role`, or end an operator with `is_active` false; an ended one stays ended.

    Raises: OperatorRefusedError; AccessDeniedError; TerminalOperator.DoesNotExist.
    """
    target = ("operator", operator_id)
    require(actor, Operation.OPERATOR_CHANGE, now_us=now_us, merchant_id=merchant_id, target=target)
    with transaction.atomic():
        row = _open_operator(merchant_id, operator_id)
        before = {"role": row.role, "name": row.name, "is_active": True}
        role = OperatorRole(str(changes.get("role", row.role)))
        fault = fault_of_number(row.number, role)
        if fault is not None:
            raise OperatorRefusedError(fault)
        row.role = role.value
        row.name = str(changes.get("name", row.name))
        if changes.get("is_active", True) is False:
            row.ended_at_us = now_us
        row.changed_at_us = now_us
        row.save()
        _record(actor, Operation.OPERATOR_CHANGE, row, now_us, before)
    return row


def reset_pin(
    actor: Actor, merchant_id: str, operator_id: str, *, now_us: int
) -> tuple[TerminalOperator, str]:
    """Give an operator a new first PIN, shown once; terminals fetch it with their settings.

    Raises: OperatorRefusedError; AccessDeniedError; TerminalOperator.DoesNotExist.
    """
    target = ("operator", operator_id)
    require(
        actor, Operation.OPERATOR_RESET_PIN, now_us=now_us, merchant_id=merchant_id, target=target
    )
    pin = _first_pin()
    with transaction.atomic():
        row = _open_operator(merchant_id, operator_id)
        row.pin_hash, row.must_change = _hashed(pin), True
        row.changed_at_us = row.pin_changed_at_us = now_us
        row.save()
        _record(actor, Operation.OPERATOR_RESET_PIN, row, now_us)
    return row, pin


def function_codes(merchant_id: str) -> list[FunctionCode]:
    """Return every code of a merchant, the default where nobody has changed it (unsaved rows)."""
    rows = FunctionCode.objects.filter(merchant_id=merchant_id, ended_at_us=None)
    changed = {row.code: row for row in rows}
    return [
        changed.get(default.code)
        or FunctionCode(
            code_id="",
            merchant_id=merchant_id,
            code=default.code,
            version=0,
            kind=default.kind,
            function_class=default.function_class.value,
            role=default.role.value,
            valid_from_us=0,
        )
        for default in DEFAULTS
    ]


def change_function_code(
    actor: Actor, merchant_id: str, code: str, change: CodeChange, *, now_us: int
) -> FunctionCode:
    """Give a function code another class, role or password: a new version, the old one ends.

    Raises: OperatorRefusedError; AccessDeniedError; Merchant.DoesNotExist.
    """
    target = ("function_code", f"{merchant_id}/{code}")
    require(
        actor, Operation.FUNCTION_CODE_CHANGE, now_us=now_us, merchant_id=merchant_id, target=target
    )
    if code not in DEFAULT_OF:
        raise OperatorRefusedError("unknown_code")
    if change.function_class is FunctionClass.BOOT and DEFAULT_OF[code].kind not in BOOT_KINDS:
        raise OperatorRefusedError("not_at_boot")
    password_hash = _password_hash(change)
    with transaction.atomic():
        Merchant.objects.select_for_update().get(pk=merchant_id)
        rows = FunctionCode.objects.filter(merchant_id=merchant_id, code=code)
        newest = rows.order_by("-version").first()
        rows.filter(ended_at_us=None).update(ended_at_us=now_us)
        row = FunctionCode.objects.create(
            code_id=new_id("code"),
            merchant_id=merchant_id,
            code=code,
            version=1 if newest is None else newest.version + 1,
            kind=DEFAULT_OF[code].kind,
            function_class=change.function_class.value,
            role=change.role.value,
            password_hash=password_hash,
            valid_from_us=now_us,
        )
        record(
            actor,
            Operation.FUNCTION_CODE_CHANGE,
            now_us=now_us,
            target=target,
            merchant_id=merchant_id,
            after={"role": row.role, "kind": row.kind, "version": row.version},
        )
    return row


def _password_hash(change: CodeChange) -> str:
    if change.function_class is not FunctionClass.PASSWORD:
        return ""
    if not change.password:
        raise OperatorRefusedError("password_needed")
    fault = fault_of_pin(change.password)
    if fault is not None:
        raise OperatorRefusedError(fault)
    return _hashed(change.password)


def _terminal(merchant_id: str, terminal_id: str) -> Terminal | None:
    if not terminal_id:
        return None
    terminal = Terminal.objects.filter(pk=terminal_id, merchant_id=merchant_id).first()
    if terminal is None:
        raise OperatorRefusedError("unknown_terminal")
    return terminal


def _open_operator(merchant_id: str, operator_id: str) -> TerminalOperator:
    rows = TerminalOperator.objects.select_for_update()
    row = rows.get(pk=operator_id, merchant_id=merchant_id)
    if row.ended_at_us is not None:
        raise OperatorRefusedError("ended")
    return row


def _first_pin() -> str:
    while True:
        pin = f"{secrets.randbelow(10**FIRST_PIN_DIGITS):0{FIRST_PIN_DIGITS}d}"
        if fault_of_pin(pin) is None:
            return pin


def _hashed(pin: str) -> str:
    return hash_pin(Pin(pin), secrets.token_bytes(_SALT_BYTES))


def _record(
    actor: Actor,
    operation: Operation,
    row: TerminalOperator,
    now_us: int,
    before: dict[str, object] | None = None,
) -> None:
    record(
        actor,
        operation,
        now_us=now_us,
        target=("operator", row.pk),
        merchant_id=row.merchant_id,
        before=before,
        after={
            "number": row.number,
            "name": row.name,
            "role": row.role,
            "is_active": row.ended_at_us is None,
        },
    )
