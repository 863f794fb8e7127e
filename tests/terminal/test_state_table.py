from dataclasses import replace
from pathlib import Path

import pytest

from tests.terminal.rig import ALL_WELL, PIN, TRACK, Rig
from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.ids import BatchNo, OperatorNo, Stan
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core import events as ev
from tongbao.terminal.core import vocabulary
from tongbao.terminal.core.diagram import state_page
from tongbao.terminal.core.download_steps import Download
from tongbao.terminal.core.effects import Refuse
from tongbao.terminal.core.roles import Grant
from tongbao.terminal.core.transitions import IGNORED, IMPOSSIBLE, REFUSED, TRANSITIONS
from tongbao.terminal.core.vocabulary import COMMANDS, EventKind, Phase, TimerKind
from tongbao.wire.device.operators import OperatorAct

EVERY_PAIR = {(phase, kind) for phase in Phase for kind in EventKind}
SAMPLES = {
    event.kind: event
    for event in (
        ev.PowerOn(),
        ev.PowerOff(),
        ev.LogIn(OperatorNo("01"), PIN),
        ev.LogOut(),
        ev.ChangePin(PIN),
        ev.KeepAwake(),
        ev.OpenFunction("settle"),
        ev.ManageOperator(
            act=OperatorAct.ENDED,
            number=OperatorNo("01"),
            approval=ev.Approval(OperatorNo("00"), PIN),
        ),
        ev.SignIn(),
        ev.Start("c-1", "sale", Money(1, Currency.CNY)),
        ev.CardEntered(TRACK.pan, "3012"),
        ev.PinEntered(PIN),
        ev.PinSkipped(),
        ev.Cancel(),
        ev.Dismiss(),
        ev.ResolveNow(),
        ev.Find(Stan(1)),
        ev.Reprint(BatchNo(1), Stan(1)),
        ev.PrintTotals(),
        ev.Settle(),
        ev.Sign(BatchNo(7), Stan(2), 8, 1, b"\xff"),
        ev.SignOff(),
        ev.Echo(),
        ev.StartDownload(Download.PARAMETERS),
        ev.SendNow(),
        ev.ReportStatus(),
        ev.Authorise(Grant.SELF_TEST),
        ev.SelfCheckPart(ALL_WELL[0]),
        ev.SelfCheckDone(ALL_WELL),
        ev.CardSwiped(TRACK),
        ev.SlipPrinted("000001", BatchNo(1), Stan(1), printed=True),
        ev.FrameReceived(b""),
        ev.SendFailed(1, sent=False),
        ev.LinkUp(),
        ev.LinkDown(),
        *(ev.Timeout(timer) for timer in TimerKind),
    )
}


def test_every_phase_has_exactly_one_answer_to_every_event():
    places = [set(TRANSITIONS), set(REFUSED), set(IGNORED), set(IMPOSSIBLE)]
    assert set.union(*places) == EVERY_PAIR
    assert sum(map(len, places)) == len(EVERY_PAIR)


def test_every_kind_of_event_has_a_sample():
    assert set(SAMPLES) == set(EventKind)


def test_only_commands_are_refused_and_no_command_is_ignored_or_impossible():
    assert {kind for _, kind in REFUSED} <= COMMANDS
    assert not {kind for _, kind in IGNORED | IMPOSSIBLE} & COMMANDS


@pytest.mark.parametrize("pair", sorted(IMPOSSIBLE, key=str), ids=str)
def test_an_impossible_event_stops_the_program(pair):
    rig = Rig()
    rig.state = replace(rig.state, phase=pair[0])
    with pytest.raises(InvariantViolationError, match=pair[1].value):
        rig.tell(SAMPLES[pair[1]])


@pytest.mark.parametrize("pair", sorted(REFUSED, key=str), ids=str)
def test_a_command_at_the_wrong_moment_is_refused_and_changes_nothing(pair):
    rig = Rig()
    rig.state = before = replace(rig.state, phase=pair[0])
    effects = rig.tell(SAMPLES[pair[1]])
    assert [type(effect) for effect in effects] == [Refuse]
    assert rig.refusal == "wrong_phase"
    assert rig.state is before


@pytest.mark.parametrize("pair", sorted(IGNORED, key=str), ids=str)
def test_an_ignored_event_changes_nothing(pair):
    rig = Rig()
    rig.state = before = replace(rig.state, phase=pair[0])
    assert rig.tell(SAMPLES[pair[1]]) == []
    assert rig.state is before


def test_a_handler_that_leaves_the_table_stops_the_program(monkeypatch):
    from tongbao.terminal.core import core

    pair = (Phase.OFF, EventKind.POWER_ON)
    wrong = replace(TRANSITIONS[pair], to=frozenset({Phase.IDLE}))
    monkeypatch.setattr(core, "TRANSITIONS", {**TRANSITIONS, pair: wrong})
    with pytest.raises(InvariantViolationError, match="power_on led from off to self_check"):
        Rig().tell(ev.PowerOn())


def test_every_phase_can_be_reached_and_left():
    sources = {phase for (phase, _), move in TRANSITIONS.items() if move.to - {phase}}
    targets = {to for (phase, _), move in TRANSITIONS.items() for to in move.to - {phase}}
    assert sources == targets == set(Phase)


def test_the_page_of_states_is_current():
    page = Path(__file__).parents[2] / "docs" / "terminal-states.md"
    assert page.read_text(encoding="utf-8") == state_page()


def test_the_words_of_the_screen_are_those_of_the_protocol():
    """The till page is built against these words."""
    words = {
        name: [item.value for item in getattr(vocabulary, name)]
        for name in ("Phase", "Part", "CheckResult", "Outcome", "DoubtStage", "Cue")
    }
    assert words == {
        "Phase": [
            "off",
            "self_check",
            "logged_out",
            "signing_in",
            "idle",
            "card",
            "pin",
            "authorising",
            "reversing",
            "result",
            "settling",
            "loading",
        ],
        "Part": ["screen", "printer", "reader", "pinpad", "journal", "clock", "network"],
        "CheckResult": ["pending", "ok", "fail"],
        "Outcome": ["approved", "declined", "reversed", "cancelled", "in_doubt"],
        "DoubtStage": ["sending", "waiting", "needs_person"],
        "Cue": ["power_on", "key", "approved", "declined", "doubt", "error"],
    }
