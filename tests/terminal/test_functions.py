"""Functions that need a role or a password of their own, and what opens them for a moment."""

import pytest

from tests.terminal.fake_gateway import make_document
from tests.terminal.rig import PIN, SUPERVISOR, Rig, hashed
from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.secrets import Pin
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.effects import Allow
from tongbao.terminal.core.records import LogInFailed, SupervisorApproved
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.vocabulary import Phase
from tongbao.terminal.device.people import people_settings
from tongbao.terminal.screen.people_view import people_state
from tongbao.terminal.settings import FunctionRule
from tongbao.wire.device.settings import (
    FunctionClass,
    FunctionCode,
    OperatorRole,
    SignInPolicy,
)

OWN = Pin("482193")
BY_ROLE = {
    "echo": FunctionRule(function_class="function", role="supervisor"),
    "report_status": FunctionRule(function_class="function", role="administrator"),
    "sign_off": FunctionRule(function_class="function", role="cashier"),
}
BY_PASSWORD = {
    name: FunctionRule(function_class="password", role="cashier", password_hash=hashed(b"482193"))
    for name in ("totals", "sale")
}


def test_a_function_above_the_cashiers_role_is_closed_until_a_supervisor_opens_it():
    rig = Rig(functions=BY_ROLE).ready()
    sent = len(rig.outbox)
    rig.tell(ev.Echo())
    assert (rig.refusal, len(rig.outbox)) == ("function_closed", sent)
    rig.tell(ev.OpenFunction("echo"))
    assert rig.refusal == "supervisor_needed"
    rig.tell(ev.OpenFunction("echo", approval=SUPERVISOR))
    assert rig.kept(SupervisorApproved) == [SupervisorApproved(operator="00", what="echo")]
    rig.tell(ev.Echo())
    assert (rig.refusal, len(rig.outbox)) == (None, sent + 1)


def test_what_was_opened_closes_after_two_minutes_and_with_the_person():
    rig = Rig(functions=BY_ROLE).ready()
    rig.tell(ev.OpenFunction("echo", approval=SUPERVISOR))
    rig.wait(120_000)
    rig.tell(ev.Echo())
    assert rig.refusal == "function_closed"
    rig.tell(ev.OpenFunction("echo", approval=SUPERVISOR))
    rig.tell(ev.LogOut())
    rig.log_in("02")
    rig.tell(ev.Echo())
    assert rig.refusal == "function_closed"


def test_a_role_opens_what_is_its_own_and_an_administrator_the_supervisors_functions():
    rig = Rig(
        functions=BY_ROLE,
        operators={"00": hashed(b"123456"), "99": hashed(b"0000")},
    )
    rig.switch_on().log_in("99")
    rig.answer()
    assert people_state(rig.state, rig.settings)["gates"] == {}
    rig.tell(ev.LogOut())
    rig.log_in("00", PIN)
    assert people_state(rig.state, rig.settings)["gates"] == {"report_status": ["supervisor"]}
    rig.tell(ev.OpenFunction("report_status", approval=SUPERVISOR))
    assert rig.refusal == "not_a_supervisor"


def test_a_function_with_a_password_of_its_own_asks_for_it_and_wrong_ones_slow_down():
    rig = Rig(functions=BY_PASSWORD).ready()
    rig.start()
    assert (rig.refusal, rig.state.phase) == ("function_closed", Phase.IDLE)
    rig.tell(ev.OpenFunction("sale"))
    assert rig.refusal == "function_password"
    rig.tell(ev.OpenFunction("sale", Pin("111222")))
    assert rig.refusal == "wrong_password"
    assert rig.kept(LogInFailed) == [LogInFailed(operator="01")]
    rig.tell(ev.OpenFunction("sale", OWN))
    assert rig.refusal == "log_in_wait"
    rig.wait(1_000)
    rig.tell(ev.OpenFunction("sale", OWN))
    rig.start()
    assert (rig.refusal, rig.state.phase) == (None, Phase.CARD)
    rig.tell(ev.Cancel())
    rig.start(command_id="c-2")
    assert rig.refusal == "function_closed"


def test_a_payment_of_the_supervisors_asks_for_the_approval_with_itself():
    rules = {"sale": FunctionRule(function_class="function", role="supervisor")}
    rig = Rig(functions=rules).ready()
    rig.start()
    assert rig.refusal == "supervisor_needed"
    rig.begin("sale", amount=1)
    assert (rig.refusal, rig.state.phase) == (None, Phase.CARD)
    assert rig.kept(SupervisorApproved) == [SupervisorApproved(operator="00", what="sale")]


@pytest.mark.parametrize("event", [ev.Find(Stan(1)), ev.SignIn(), ev.Reprint(BatchNo(7), Stan(1))])
def test_what_no_rule_names_is_open(event):
    rig = Rig(functions=BY_ROLE).ready()
    rig.tell(event)
    assert rig.refusal != "function_closed"


def test_a_function_of_the_class_boot_opens_before_anybody_has_logged_in():
    rules = {"self_test": FunctionRule(function_class="boot", role="supervisor")}
    rig = Rig(functions=rules).switch_on()
    assert people_state(rig.state, rig.settings)["boot"] == ["self_test"]
    rig.tell(ev.Authorise(Grant.SELF_TEST))
    assert rig.effects == [Allow(Grant.SELF_TEST)]
    rig.tell(ev.Authorise(Grant.TRAINING))
    assert rig.refusal == "supervisor_needed"
    rig.log_in()
    rig.answer()
    assert rig.state.operator == OperatorNo("01")
    assert people_state(rig.state, rig.settings)["boot"] == []


def test_a_settings_document_says_who_opens_what_and_how_long_somebody_stays():
    code = FunctionCode(
        code="03",
        kind="refund",
        function_class=FunctionClass.PASSWORD,
        role=OperatorRole.CASHIER,
        password_hash="scrypt$x",
    )
    document = make_document(
        function_codes=(code,), sign_in_policy=SignInPolicy.PER_DAY, idle_lock_s=600
    )
    found = people_settings(document)
    assert found["functions"] == {
        "refund": FunctionRule(function_class="password", role="cashier", password_hash="scrypt$x")
    }
    assert (found["sign_in_policy"], found["idle_lock_s"]) == ("per_day", 600)
    served = make_document(sign_in_policy=SignInPolicy.NONE, idle_lock_s=600)
    assert people_settings(served)["idle_lock_s"] == 0
