"""All shops dark: the host ends alone what it began, and no terminal hides what it forgets."""

import pytest

from tongbao.simulation.life import live
from tongbao.simulation.scenario import changed, draw_scenario


@pytest.mark.parametrize("first", [1, 26, 51, 76])
def test_the_host_needs_no_terminal_to_end_what_it_began(first):
    scenarios = (
        changed(draw_scenario(seed), terminals=3, blackout=True)
        for seed in range(first, first + 25)
    )
    assert [outcome.failure for outcome in map(live, scenarios) if not outcome.is_good] == []


def test_a_blackout_is_told_and_ends():
    story = live(changed(draw_scenario(3), blackout=True), keep_story=True).story
    told = [line.split("town")[1].strip() for line in story if " town " in line]
    assert told[-3:] == ["the faults end", "the shops are dark", "the shops have light again"]


def test_one_world_in_eight_has_a_blackout_and_a_command_says_only_what_was_not_drawn():
    drawn = [draw_scenario(seed) for seed in range(1, 2_001)]
    dark = [scenario for scenario in drawn if scenario.blackout]
    assert 200 <= len(dark) <= 300
    assert "--blackout" not in dark[0].command()
    light = next(scenario for scenario in drawn if not scenario.blackout)
    assert "--blackout" in changed(light, blackout=True).command()
