"""How long a person stays at the till: idle lock, sign-in policy, what happens by itself."""

import pytest

from tests.terminal.rig import ALL_WELL, PIN, TEN_O_CLOCK, Rig
from tests.terminal.service_rig import ServiceRig
from tongbao.domain.ids import OperatorNo, Stan
from tongbao.terminal.core import effects as fx
from tongbao.terminal.core import events as ev
from tongbao.terminal.core.records import LoggedIn, LoggedOut, ScreenLocked
from tongbao.terminal.core.vocabulary import Phase, TimerKind

HOUR_MS = 3_600_000


def locked(**settings):
    rig = Rig(idle_lock_s=60, **settings).ready()
    rig.fire(TimerKind.IDLE)
    return rig


def pay_and_leave(rig, command_id="c-1"):
    rig.sell(command_id=command_id)
    rig.answer()
    rig.tell(ev.Dismiss())


def test_an_untouched_till_locks_and_keeps_the_place():
    rig = Rig(idle_lock_s=60).ready()
    assert rig.timers[TimerKind.IDLE] == 60_000
    rig.tell(ev.Find(Stan(1)))
    rig.fire(TimerKind.IDLE)
    assert rig.kept(ScreenLocked) == [ScreenLocked(operator="01")]
    assert rig.kept(LoggedOut) == []
    state = rig.state
    assert (state.phase, state.operator, state.found) == (Phase.LOGGED_OUT, None, None)
    assert state.presence.locked_for == OperatorNo("01")
    assert TimerKind.IDLE not in rig.timers


def test_every_touch_begins_the_wait_anew_and_a_payment_stops_it():
    rig = Rig(idle_lock_s=60).ready()
    rig.tell(ev.KeepAwake())
    assert rig.effects == [fx.StartTimer(TimerKind.IDLE, 60_000)]
    rig.tell(ev.LinkUp())
    assert fx.StartTimer(TimerKind.IDLE, 60_000) not in rig.effects
    rig.start()
    assert TimerKind.IDLE not in rig.timers


def test_a_result_that_nobody_leaves_is_not_shown_for_ever():
    rig = Rig(idle_lock_s=60).ready().sell()
    rig.answer()
    rig.fire(TimerKind.IDLE)
    assert (rig.state.phase, rig.state.result) == (Phase.LOGGED_OUT, None)
    rig.log_in()
    assert rig.state.phase is Phase.IDLE
    assert rig.host.debits == 12_345


def test_only_the_operator_or_a_supervisor_opens_a_locked_till():
    rig = locked()
    rig.log_in("02")
    assert (rig.refusal, rig.state.log_in_failures) == ("locked_for", 0)
    rig.log_in(pin=PIN)
    assert rig.refusal == "wrong_password"
    rig.wait(1_000)
    rig.log_in()
    assert (rig.state.phase, rig.state.presence.locked_for) == (Phase.IDLE, None)
    assert rig.kept(LoggedOut) == []


def test_a_supervisor_who_opens_it_ends_the_time_of_the_other():
    rig = locked()
    rig.log_in("00", PIN)
    assert rig.state.operator == OperatorNo("00")
    assert rig.kept(LoggedOut) == [LoggedOut(operator="01")]
    rig.tell(ev.LogOut())
    rig.log_in("02")
    assert rig.state.operator == OperatorNo("02")


def test_switching_off_drops_the_place():
    rig = locked()
    rig.tell(ev.PowerOff())
    rig.switch_on()
    rig.log_in("02")
    assert rig.state.operator == OperatorNo("02")


def test_a_first_pin_is_not_waited_for_without_end():
    rig = Rig(first_pins=frozenset({"01"})).switch_on().log_in()
    assert rig.timers[TimerKind.IDLE] == 120_000
    rig.fire(TimerKind.IDLE)
    assert (rig.state.newcomer, rig.state.phase) == (None, Phase.LOGGED_OUT)


def test_per_trade_the_pin_is_given_before_every_payment():
    rig = Rig(sign_in_policy="per_trade").ready()
    pay_and_leave(rig)
    assert (rig.state.phase, rig.state.operator) == (Phase.LOGGED_OUT, None)
    assert rig.kept(LoggedOut) == [LoggedOut(operator="01")]
    rig.log_in("02")
    pay_and_leave(rig, "c-2")
    assert rig.state.phase is Phase.LOGGED_OUT


def test_per_shift_the_person_stays_until_the_batch_is_settled():
    rig = ServiceRig(sign_in_policy="per_shift").ready()
    pay_and_leave(rig)
    assert rig.state.operator == OperatorNo("01")
    rig.tell(ev.Settle())
    rig.run_on()
    rig.tell(ev.Dismiss())
    assert (rig.state.phase, rig.state.operator) == (Phase.LOGGED_OUT, None)


def test_per_day_the_person_stays_until_midnight_and_sells_nothing_after_it():
    rig = Rig(sign_in_policy="per_day").ready()
    assert rig.timers[TimerKind.IDLE] == 14 * HOUR_MS + 1_000
    rig.wait(13 * HOUR_MS)
    pay_and_leave(rig)
    assert rig.state.operator == OperatorNo("01")
    rig.wait(HOUR_MS)
    rig.start(command_id="c-2")
    assert (rig.refusal, rig.state.phase) == ("another_day", Phase.LOGGED_OUT)


def test_where_nobody_logs_in_the_till_serves_its_first_cashier_once():
    rig = Rig(sign_in_policy="none")
    rig.tell(ev.PowerOn())
    rig.tell(ev.LinkUp())
    rig.tell(ev.SelfCheckDone(ALL_WELL))
    assert rig.kept(LoggedIn) == [LoggedIn(operator="01")]
    rig.answer()
    assert rig.state.phase is Phase.IDLE
    rig.tell(ev.LogOut())
    assert rig.state.phase is Phase.LOGGED_OUT
    rig.log_in("00", PIN)
    assert rig.state.operator == OperatorNo("00")


def test_the_terminal_signs_in_by_itself_at_its_start_and_on_a_new_day():
    rig = Rig(auto_sign_in=True)
    rig.tell(ev.PowerOn())
    rig.tell(ev.LinkUp())
    rig.tell(ev.SelfCheckDone(ALL_WELL))
    assert (rig.state.phase, rig.sent().mti) == (Phase.SIGNING_IN, "0800")
    rig.answer()
    assert (rig.state.phase, rig.state.signed_in) == (Phase.LOGGED_OUT, True)
    rig.now = TEN_O_CLOCK.plus_ms(14 * HOUR_MS)
    rig.host.clock = ("1122", "000000")
    rig.tell(ev.Timeout(TimerKind.IDLE))
    assert rig.state.phase is Phase.SIGNING_IN
    rig.answer()
    assert len(rig.outbox) == 2
    rig.tell(ev.LinkUp())
    assert len(rig.outbox) == 2


@pytest.mark.parametrize("by", ["hand", "line"])
def test_a_sign_in_that_failed_by_itself_is_done_by_hand_or_with_the_next_line(by):
    rig = Rig(auto_sign_in=True)
    rig.tell(ev.PowerOn())
    rig.tell(ev.LinkUp())
    rig.tell(ev.SelfCheckDone(ALL_WELL))
    rig.tell(ev.LinkDown(frozenset({rig.outbox[-1].ticket})))
    assert (rig.state.phase, rig.state.signed_in) == (Phase.LOGGED_OUT, False)
    assert rig.state.sign_in_error.code == "connection_lost"
    if by == "hand":
        rig.log_in()
        assert rig.state.operator == OperatorNo("01")
    else:
        rig.tell(ev.LinkUp())
    assert (rig.state.phase, len(rig.outbox)) == (Phase.SIGNING_IN, 2)


def test_an_operator_whom_the_platform_has_ended_is_shown_out():
    rig = Rig().ready()
    rig.core.take_settings(Rig(operators={"00": "x"}).settings)
    rig.start()
    assert (rig.refusal, rig.state.phase) == ("operator_gone", Phase.LOGGED_OUT)
