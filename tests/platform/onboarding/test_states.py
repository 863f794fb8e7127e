"""The states of an application, the promised times, and the advice on machines."""

from datetime import date, datetime
from itertools import product

import pytest

from tongbao.domain.dates import CHINA_TIME, Instant
from tongbao.platform.onboarding.devices import MODELS, Need, Scene, advise
from tongbao.platform.onboarding.promises import (
    PROMISES,
    after_business_minutes,
    has_expired,
    is_late,
    is_open,
    promised_at_us,
    steps_of,
    wants_reminder,
)
from tongbao.platform.onboarding.states import (
    EDITABLE,
    FINAL,
    NEXT_WORDS,
    REFUSED_PAIRS,
    STATE_WORDS,
    TRANSITIONS,
    Act,
    ActNotPossibleError,
    State,
    next_state,
)

DAY_US = 86_400_000_000


def at(text):
    return Instant.from_datetime(datetime.fromisoformat(text).replace(tzinfo=CHINA_TIME)).us


def test_every_pair_of_state_and_act_is_either_possible_or_refused():
    pairs = set(product(State, Act))
    assert TRANSITIONS.keys() | REFUSED_PAIRS == pairs
    assert not TRANSITIONS.keys() & REFUSED_PAIRS


@pytest.mark.parametrize(("state", "act"), sorted(REFUSED_PAIRS))
def test_a_refused_act_raises_and_leads_nowhere(state, act):
    with pytest.raises(ActNotPossibleError):
        next_state(state, act)


def test_nothing_leaves_a_final_state_and_every_other_state_can_be_left():
    left = {state for (state, _), after in TRANSITIONS.items() if after is not state}
    assert left == set(State) - FINAL


def test_every_state_is_reached_from_a_draft():
    reached, frontier = set(), {State.DRAFT}
    while frontier:
        reached |= frontier
        frontier = {
            after for (state, _), after in TRANSITIONS.items() if state in reached
        } - reached
    assert reached == set(State)


def test_only_drafts_and_corrections_can_be_edited_and_every_state_has_its_words():
    assert {state for state, act in TRANSITIONS if act is Act.SAVE} == EDITABLE
    assert STATE_WORDS.keys() == NEXT_WORDS.keys() == set(State)
    assert PROMISES.keys() == set(State) - FINAL


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-11-20T10:00", 480, "2026-11-20T18:00"),  # a Friday
        ("2026-11-20T10:01", 480, "2026-11-23T09:01"),
        ("2026-11-20T19:00", 60, "2026-11-23T10:00"),
        ("2026-11-21T12:00", 60, "2026-11-23T10:00"),
        ("2026-09-30T17:30", 60, "2026-10-08T09:30"),
        ("2026-11-23T03:00", 0, "2026-11-23T09:00"),
        ("2026-12-31T17:00", 120, "2027-01-04T10:00"),
    ],
)
def test_promises_count_the_reviewers_hours(start, minutes, end):
    assert after_business_minutes(at(start), minutes) == at(end)


def test_week_ends_and_holidays_are_closed():
    assert is_open(date(2026, 11, 20))
    assert not is_open(date(2026, 11, 21))
    assert not is_open(date(2026, 2, 16))


def test_we_are_late_with_what_we_promised_and_never_with_what_the_applicant_owes():
    assert is_late(State.IN_REVIEW, 10, 11)
    assert not is_late(State.IN_REVIEW, 10, 10)
    assert not is_late(State.CORRECTION_WANTED, 10, 11)
    assert not is_late(State.SIGNED, None, 11)


def test_an_applicant_is_reminded_three_days_before_a_deadline_and_then_it_expires():
    since = at("2026-11-01T12:00")
    due = promised_at_us(State.CORRECTION_WANTED, since)
    assert due == since + 15 * DAY_US
    state = State.CORRECTION_WANTED
    moments = [due - 3 * DAY_US - 1, due - 3 * DAY_US, due, due + 1]
    assert [wants_reminder(state, due, now) for now in moments] == [False, True, True, False]
    assert [has_expired(state, due, now) for now in moments] == [False, False, False, True]
    assert not has_expired(State.IN_REVIEW, due, due + 1)
    assert promised_at_us(State.REFUSED, since) is None


def test_the_progress_page_tells_what_is_done_what_is_now_and_what_was_promised():
    reached = {State.DRAFT: 1, State.SUBMITTED: 2, State.CHECKING: 3, State.IN_REVIEW: 4}
    steps = steps_of(State.IN_REVIEW, 100, reached, 101)
    assert [(step.key, step.standing, step.done_at_us) for step in steps] == [
        ("fill_in", "done", 2),
        ("checks", "done", 4),
        ("review", "now", None),
        ("contract", "later", None),
        ("terminal", "later", None),
    ]
    assert [step.is_late for step in steps] == [False, False, True, False, False]
    assert steps[2].promised_at_us == 100


def test_a_refused_application_shows_where_it_stopped():
    reached = {State.DRAFT: 1, State.SUBMITTED: 2, State.IN_REVIEW: 4, State.REFUSED: 9}
    steps = steps_of(State.REFUSED, None, reached, 10)
    assert [step.standing for step in steps] == ["done", "done", "stopped", "later", "later"]


def test_a_stall_without_a_cable_gets_a_machine_with_its_own_network():
    need = Need(scene=Scene.STALL, trades_a_day=60, has_fixed_network=False)
    advice = advise(need)
    assert [one.model.code for one in advice] == ["TB-M5", "TB-S10"]
    assert "4G" in advice[0].reasons[-1].zh


def test_who_takes_cards_is_never_advised_a_code_box_and_paper_moves_the_printer_up():
    plain = advise(Need(scene=Scene.STALL, trades_a_day=60, wants_cards=False))
    assert {one.model.code for one in plain} == {"TB-M5", "TB-Q1", "TB-S10"}
    paper = advise(Need(scene=Scene.STALL, trades_a_day=60, wants_paper=True))
    assert paper[0].model.code == "TB-S10"
    assert "打印" in paper[1].cautions[0].zh


def test_a_busy_counter_is_told_when_one_machine_is_not_enough():
    busy = advise(Need(scene=Scene.COUNTER, trades_a_day=2_000))
    assert busy[0].model.code == "TB-K20"
    assert "1500" in busy[0].cautions[0].en


@pytest.mark.parametrize("scene", Scene)
def test_every_scene_gets_advice_with_reasons_in_both_languages(scene):
    advice = advise(Need(scene=scene, trades_a_day=50))
    assert advice
    assert {one.model for one in advice} <= set(MODELS)
    for one in advice:
        assert all(words.zh and words.en for words in (*one.reasons, *one.cautions))
