"""A first PIN is changed before anything else; any PIN may be changed; what is kept of it."""

import pytest

from tests.terminal.rig import OPERATOR_PIN, Rig
from tongbao.crypto.operator_pin import pin_fits
from tongbao.domain.ids import OperatorNo
from tongbao.domain.secrets import Pin
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import LoggedIn, LogInFailed, OperatorChanged
from tongbao.terminal.core.vocabulary import Phase
from tongbao.wire.device.operators import OperatorAct

OWN = Pin("7402")
FIRST = frozenset({"01"})


def newcomer(**settings):
    return Rig(first_pins=FIRST, **settings).switch_on().log_in()


def test_a_first_pin_lets_nobody_in_before_it_is_changed():
    rig = newcomer()
    assert (rig.state.phase, rig.state.operator) == (Phase.LOGGED_OUT, None)
    assert rig.state.newcomer == OperatorNo("01")
    assert rig.kept(LoggedIn) == []
    assert rig.outbox == []
    rig.start()
    assert rig.refusal == "wrong_phase"


def test_a_pin_of_ones_own_lets_in_and_counts_from_then_on():
    rig = newcomer()
    rig.tell(ev.ChangePin(OWN))
    (kept,) = rig.of(fx.KeepStaff)
    assert (kept.change.act, kept.change.number, kept.change.by) == (
        OperatorAct.PIN_CHANGED,
        "01",
        "01",
    )
    assert pin_fits(OWN, kept.change.pin_hash)
    assert kept.change.replaces == rig.settings.operators["01"]
    assert rig.kept(OperatorChanged) == [
        OperatorChanged(operator="01", what="pin_changed", number="01")
    ]
    assert (rig.state.phase, rig.state.newcomer) == (Phase.SIGNING_IN, None)
    rig.answer()
    rig.tell(ev.LogOut())
    rig.log_in()
    assert rig.refusal == "wrong_password"
    rig.wait(1_000)
    rig.log_in(pin=OWN)
    assert (rig.state.phase, rig.state.newcomer) == (Phase.IDLE, None)


def test_what_was_kept_goes_before_its_record_and_before_anything_is_sent():
    rig = newcomer()
    rig.tell(ev.ChangePin(OWN))
    kinds = [type(effect) for effect in rig.effects]
    assert kinds.index(fx.KeepStaff) < kinds.index(fx.Persist) < kinds.index(fx.Send)


@pytest.mark.parametrize(
    ("pin", "code"),
    [("1111", "weak_pin"), ("123456", "weak_pin"), ("0000", "weak_pin"), ("4821", None)],
)
def test_a_pin_that_is_guessed_first_is_refused(pin, code):
    rig = newcomer()
    rig.tell(ev.ChangePin(Pin(pin)))
    assert rig.refusal == code
    assert bool(rig.kept(OperatorChanged)) is (code is None)


def test_the_new_pin_is_another_one():
    rig = newcomer()
    rig.tell(ev.ChangePin(OWN))
    rig.answer()
    rig.tell(ev.ChangePin(OWN, OWN))
    assert rig.refusal == "same_pin"


def test_a_person_who_goes_away_leaves_nothing_behind():
    rig = newcomer()
    rig.tell(ev.LogOut())
    assert rig.state.newcomer is None
    rig.tell(ev.ChangePin(OWN))
    assert rig.refusal == "wrong_phase"
    rig.log_in()
    rig.log_in("02")
    assert rig.state.newcomer is None
    assert rig.state.operator == OperatorNo("02")


def test_whoever_is_at_the_till_changes_the_pin_with_the_present_one():
    rig = Rig().ready()
    rig.tell(ev.ChangePin(OWN))
    assert rig.refusal == "wrong_password"
    rig.tell(ev.ChangePin(OWN, Pin("9999")))
    assert rig.refusal == "wrong_password"
    assert rig.kept(LogInFailed) == [LogInFailed(operator="01")]
    rig.wait(1_000)
    rig.tell(ev.ChangePin(OWN, OPERATOR_PIN))
    assert (rig.refusal, rig.state.phase) == (None, Phase.IDLE)
    assert pin_fits(OWN, rig.core.settings.operators["01"])


def test_training_neither_asks_for_a_new_pin_nor_takes_one():
    rig = Rig(first_pins=FIRST, is_training=True).ready()
    rig.tell(ev.ChangePin(OWN, OPERATOR_PIN))
    assert rig.refusal == "not_in_training"
    assert rig.kept(OperatorChanged) == []
