"""Operators looked after at the terminal, without a line, by whoever may."""

import pytest

from tests.terminal.rig import HASHED_0000, HASHED_123456, OPERATOR_PIN, PIN, SUPERVISOR, Rig
from tongbao.crypto.operator_pin import pin_fits
from tongbao.domain.ids import OperatorNo
from tongbao.domain.secrets import Pin
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.effects import KeepStaff
from tongbao.terminal.core.records import LogInFailed, OperatorChanged
from tongbao.terminal.core.vocabulary import Phase
from tongbao.terminal.screen.people_view import people_state
from tongbao.wire.device.operators import OperatorAct
from tongbao.wire.device.settings import OperatorRole

FIRST = Pin("739155")
CASHIER = OperatorRole.CASHIER
ADDED, RESET, ENDED = OperatorAct.ADDED, OperatorAct.PIN_RESET, OperatorAct.ENDED
PEOPLE = {"00": HASHED_123456, "01": HASHED_0000, "02": HASHED_0000, "99": HASHED_0000}
ADMINISTRATOR = ev.Approval(OperatorNo("99"), OPERATOR_PIN)


def rig_with_people(**settings):
    return Rig(operators=PEOPLE, **settings).ready()


def manage(rig, act, number, approval=SUPERVISOR, pin=FIRST, **said):
    rig.tell(
        ev.ManageOperator(act=act, number=OperatorNo(number), approval=approval, pin=pin, **said)
    )
    return rig.refusal


def test_a_forgotten_pin_is_reset_without_a_line_and_must_be_changed():
    rig = rig_with_people()
    rig.tell(ev.LinkDown(frozenset()))
    assert manage(rig, RESET, "02") is None
    assert rig.kept(OperatorChanged) == [
        OperatorChanged(operator="00", what="pin_reset", number="02")
    ]
    rig.tell(ev.LogOut())
    rig.log_in("02")
    assert rig.refusal == "wrong_password"
    rig.wait(1_000)
    rig.log_in("02", FIRST)
    assert rig.state.newcomer == OperatorNo("02")


def test_somebody_added_gets_in_with_a_first_pin_and_a_name():
    rig = rig_with_people()
    assert manage(rig, ADDED, "05", name="阿强", role=CASHIER) is None
    (kept,) = rig.of(KeepStaff)
    assert (kept.change.name, kept.change.role, kept.change.by) == ("阿强", CASHIER, "00")
    assert pin_fits(FIRST, kept.change.pin_hash)
    rig.tell(ev.LogOut())
    rig.log_in("00", PIN)
    shown = people_state(rig.state, rig.core.settings)["operators"]
    assert {"number": "05", "name": "阿强", "role": "cashier", "must_change": True} in shown


def test_whoever_is_ended_while_at_the_till_is_shown_out():
    rig = rig_with_people()
    assert manage(rig, ENDED, "01", pin=None) is None
    rig.tell(ev.KeepAwake())
    assert (rig.state.phase, rig.state.operator) == (Phase.LOGGED_OUT, None)
    rig.log_in()
    assert rig.refusal == "wrong_password"


def test_the_administrator_resets_the_supervisor():
    rig = rig_with_people()
    assert manage(rig, RESET, "00") == "not_yours"
    assert manage(rig, RESET, "00", ADMINISTRATOR) is None


@pytest.mark.parametrize(
    ("act", "number", "said", "code"),
    [
        (RESET, "99", {}, "not_yours"),
        (ENDED, "00", {"approval": ADMINISTRATOR}, "not_yours"),
        (RESET, "02", {"approval": ev.Approval(OperatorNo("01"), OPERATOR_PIN)}, "not_yours"),
        (RESET, "77", {}, "operator_gone"),
        (RESET, "02", {"pin": None}, "bad_pin"),
        (RESET, "02", {"pin": Pin("1234")}, "weak_pin"),
        (ADDED, "02", {"name": "x", "role": CASHIER}, "number_taken"),
        (ADDED, "05", {"name": "", "role": CASHIER}, "name_needed"),
        (ADDED, "05", {"name": "x\ny", "role": CASHIER}, "name_needed"),
        (ADDED, "05", {"name": "x", "role": OperatorRole.ADMINISTRATOR}, "not_yours"),
        (OperatorAct.PIN_CHANGED, "02", {}, "wrong_phase"),
    ],
)
def test_what_nobody_may_do_is_refused_and_nothing_is_kept(act, number, said, code):
    rig = rig_with_people()
    assert manage(rig, act, number, **said) == code
    assert rig.of(KeepStaff) == []
    assert rig.kept(OperatorChanged) == []


def test_a_wrong_password_counts_and_nothing_is_kept():
    rig = rig_with_people()
    wrong = ev.Approval(OperatorNo("00"), Pin("9999"))
    assert manage(rig, RESET, "02", wrong) == "wrong_password"
    assert rig.kept(LogInFailed) == [LogInFailed(operator="00")]
    assert rig.of(KeepStaff) == []


def test_the_list_is_shown_to_those_who_look_after_it_and_training_changes_nobody():
    rig = rig_with_people()
    assert people_state(rig.state, rig.settings)["operators"] is None
    assert people_state(rig.state, rig.settings)["gates"] == {"operators": ["supervisor"]}
    rig.tell(ev.OpenFunction("operators", approval=SUPERVISOR))
    assert len(people_state(rig.state, rig.settings)["operators"]) == 4
    training = rig_with_people(is_training=True)
    assert manage(training, RESET, "02") == "not_in_training"
