"""Operators and function codes: rules, services, the API, and what terminals get of them."""

import pytest

from tests.platform.fleet.stage import MERCHANT_ID, NOW, OTHER_ID, OWNER, STRANGER
from tongbao.crypto.operator_pin import fault_of_pin, pin_fits
from tongbao.domain.secrets import Pin
from tongbao.platform.operators.catalogue import fault_of_number
from tongbao.wire.device.settings import FunctionClass, OperatorRole

CASHIER, SUPERVISOR = OperatorRole.CASHIER, OperatorRole.SUPERVISOR
ADMINISTRATOR = OperatorRole.ADMINISTRATOR
LATER = NOW + 1_000_000


@pytest.mark.parametrize(
    ("number", "role", "fault"),
    [
        ("00", SUPERVISOR, None),
        ("00", CASHIER, "role_of_number"),
        ("99", ADMINISTRATOR, None),
        ("99", SUPERVISOR, "role_of_number"),
        ("01", CASHIER, None),
        ("98", SUPERVISOR, None),
        ("05", ADMINISTRATOR, "role_of_number"),
        ("1", CASHIER, "bad_number"),
        ("１２", CASHIER, "bad_number"),
    ],
)
def test_a_number_says_which_roles_it_can_have(number, role, fault):
    assert fault_of_number(number, role) == fault


@pytest.mark.parametrize(
    ("pin", "fault"),
    [
        ("4821", None),
        ("482193", None),
        ("123", "bad_pin"),
        ("12a4", "bad_pin"),
        ("1111", "weak_pin"),
        ("123456", "weak_pin"),
        ("987654", "weak_pin"),
        ("1357", None),
    ],
)
def test_a_pin_that_counts_or_repeats_is_refused(pin, fault):
    assert fault_of_pin(pin) == fault


def add(number, role=CASHIER, terminal_id="", actor=OWNER, merchant_id=MERCHANT_ID):
    from tongbao.platform.operators.services import NewOperator, add_operator

    new = NewOperator(number=number, name="小梅", role=role, terminal_id=terminal_id)
    return add_operator(actor, merchant_id, new, now_us=NOW)


def operators_of(terminal):
    from tongbao.platform.operators.people import people_of

    return people_of(terminal)[0]


def test_an_operator_gets_a_first_pin_that_is_shown_once_and_must_be_changed(terminal):
    row, pin = add("01")
    assert fault_of_pin(pin) is None
    (operator,) = operators_of(terminal)
    assert (operator.number, operator.name, operator.role) == ("01", "小梅", CASHIER)
    assert operator.must_change is True
    assert pin_fits(Pin(pin), operator.pin_hash)
    assert pin not in str(vars(row))
    from tongbao.platform.audit.models import AuditEntry

    (entry,) = AuditEntry.objects.filter(operation="operator.add")
    assert entry.after == '{"is_active":true,"name":"小梅","number":"01","role":"cashier"}'


def test_a_number_is_given_once_and_again_after_its_operator_has_ended(terminal):
    from tongbao.platform.operators.services import OperatorRefusedError, change_operator

    row, _ = add("01")
    with pytest.raises(OperatorRefusedError, match="number_taken"):
        add("01")
    change_operator(OWNER, MERCHANT_ID, row.pk, {"is_active": False}, now_us=LATER)
    assert operators_of(terminal) == ()
    with pytest.raises(OperatorRefusedError, match="ended"):
        change_operator(OWNER, MERCHANT_ID, row.pk, {"name": "x"}, now_us=LATER)
    again, _ = add("01")
    assert again.pk != row.pk


def test_an_operator_of_the_terminal_goes_before_one_of_the_merchant(terminal):
    add("01")
    _, own_pin = add("01", SUPERVISOR, terminal_id="10000001")
    (operator,) = operators_of(terminal)
    assert operator.role is SUPERVISOR
    assert pin_fits(Pin(own_pin), operator.pin_hash)


def test_a_function_code_has_its_default_until_it_is_changed_and_then_versions(terminal):
    from tongbao.platform.operators.models import FunctionCode
    from tongbao.platform.operators.people import people_of
    from tongbao.platform.operators.services import (
        CodeChange,
        OperatorRefusedError,
        change_function_code,
    )

    refund = {one.code: one for one in people_of(terminal)[1]}["03"]
    assert (refund.kind, refund.role, refund.function_class) == (
        "refund",
        SUPERVISOR,
        FunctionClass.FUNCTION,
    )
    change = CodeChange(function_class=FunctionClass.PASSWORD, role=CASHIER)
    with pytest.raises(OperatorRefusedError, match="password_needed"):
        change_function_code(OWNER, MERCHANT_ID, "03", change, now_us=NOW)
    for number, password in enumerate(("482193", "739155"), 1):
        change = CodeChange(function_class=FunctionClass.PASSWORD, role=CASHIER, password=password)
        row = change_function_code(OWNER, MERCHANT_ID, "03", change, now_us=NOW + number)
        assert row.version == number
    refund = {one.code: one for one in people_of(terminal)[1]}["03"]
    assert pin_fits(Pin("739155"), refund.password_hash)
    assert FunctionCode.objects.count() == 2
    assert FunctionCode.objects.get(version=1).ended_at_us == NOW + 2


def test_only_what_touches_no_payment_may_be_open_before_anybody_logs_in(terminal):
    from tongbao.platform.operators.models import FunctionCode
    from tongbao.platform.operators.services import (
        CodeChange,
        OperatorRefusedError,
        change_function_code,
    )

    change = CodeChange(function_class=FunctionClass.BOOT, role=CASHIER)
    with pytest.raises(OperatorRefusedError, match="not_at_boot"):
        change_function_code(OWNER, MERCHANT_ID, "01", change, now_us=NOW)
    assert FunctionCode.objects.count() == 0
    change_function_code(OWNER, MERCHANT_ID, "96", change, now_us=NOW)


def test_a_stranger_changes_nothing_and_one_entry_says_so(merchants):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.operators.models import TerminalOperator

    with pytest.raises(AccessDeniedError):
        add("01", actor=STRANGER)
    assert TerminalOperator.objects.count() == 0
    (entry,) = AuditEntry.objects.all()
    assert (entry.operation, entry.outcome) == ("operator.add", "denied")
    add("01", actor=STRANGER, merchant_id=OTHER_ID)
    assert TerminalOperator.objects.get().merchant_id == OTHER_ID
