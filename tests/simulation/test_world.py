"""Whole worlds: they hold, they repeat to the byte, they shrink, and faults do happen in them."""

from dataclasses import replace
from itertools import islice

import pytest

from tests.simulation.planted_bugs import (
    host_takes_a_repeated_sale_for_a_new_one,
    terminal_writes_the_pin_into_its_journal,
)
from tongbao.simulation.campaign import run_all
from tongbao.simulation.faults import KINDS, Fault, Faults, Firing
from tongbao.simulation.life import live
from tongbao.simulation.minimise import minimise
from tongbao.simulation.scenario import changed, draw_scenario

# A campaign is a command: tongbao simulate --seeds 1-50000 --keep FOLDER --report FILE.
BLOCKS = [(first, first + 99) for first in range(1, 2_001, 100)]


@pytest.mark.parametrize(("first", "last"), BLOCKS)
def test_every_invariant_holds(first, last):
    campaign = run_all(map(draw_scenario, range(first, last + 1)), jobs=1)
    assert [(failure.seed, failure.failure) for failure in campaign.failures] == []


def test_a_world_without_faults_sells_everything_that_can_be_sold():
    outcome = live(changed(draw_scenario(11), terminals=2, sales=6, rates=()))
    assert outcome.failure is None
    assert outcome.fired.total() == 0
    assert outcome.approved >= 2


def test_the_same_seed_is_the_same_world_to_the_byte():
    first, second = (live(draw_scenario(7), keep_story=keep) for keep in (True, False))
    assert first.digest == second.digest
    assert first.firings == second.firings


def test_another_seed_is_another_world():
    assert live(draw_scenario(7)).digest != live(draw_scenario(8)).digest


def test_a_failing_world_shrinks_and_its_command_repeats_it(monkeypatch):
    host_takes_a_repeated_sale_for_a_new_one(monkeypatch)
    found = (
        outcome
        for outcome in map(live, map(draw_scenario, range(1, 200)))
        if outcome.invariant == "no double charge" and len(outcome.firings) > 6
    )
    failed = min(islice(found, 3), key=lambda outcome: len(outcome.firings))
    smallest = minimise(failed)
    assert smallest.invariant == "no double charge"
    assert len(smallest.firings) <= len(failed.firings) // 2
    assert smallest.scenario.sales <= failed.scenario.sales
    assert live(smallest.scenario).failure == smallest.failure
    assert f"--seed {failed.scenario.seed}" in smallest.scenario.command()
    assert "--only " in smallest.scenario.command()


def test_a_pin_in_a_journal_is_seen_also_when_nothing_else_goes_wrong(monkeypatch):
    terminal_writes_the_pin_into_its_journal(monkeypatch)
    outcomes = (live(changed(draw_scenario(seed), rates=())) for seed in range(1, 20))
    outcome = next(outcome for outcome in outcomes if not outcome.is_good)
    assert outcome.invariant == "secrecy"
    assert "97531864" not in str(outcome.failure)


@pytest.mark.parametrize("fault", list(Fault), ids=lambda fault: fault.value)
def test_each_kind_of_fault_happens_when_it_is_asked_for(fault):
    rates = [(fault, KINDS[fault].rate_max)]
    if fault is Fault.TORN_WRITE:
        # It needs a crash between writing and flushing.
        rates.append((Fault.HOST_CRASH, 0.2))
    scenarios = (
        changed(draw_scenario(seed), terminals=3, sales=20, rates=tuple(rates))
        for seed in range(1, 30)
    )
    assert any(live(scenario).fired[fault.value] for scenario in scenarios)


def test_what_a_fault_does_depends_on_its_number_only():
    rates = {Fault.DELAY: 1.0, Fault.FREEZE: 1.0}
    both, one = Faults(5, rates), Faults(5, {Fault.DELAY: 1.0})
    both.fires(Fault.FREEZE)
    first, second = both.fires(Fault.DELAY), one.fires(Fault.DELAY)
    assert first is not None
    assert second is not None
    assert first.random() == second.random()


def test_only_the_named_firings_happen():
    faults = Faults(5, {Fault.DELAY: 1.0}, frozenset({Firing("delay", 2)}))
    assert [faults.fires(Fault.DELAY) is not None for _ in range(3)] == [False, True, False]


def test_no_fault_happens_after_the_last_one():
    faults = Faults(5, {Fault.DELAY: 1.0})
    faults.active = False
    assert faults.fires(Fault.DELAY) is None


def test_a_scenario_with_nothing_allowed_is_calm():
    scenario = replace(draw_scenario(3), only=frozenset())
    assert live(scenario).fired.total() == 0
    assert "--only none" in scenario.command()
