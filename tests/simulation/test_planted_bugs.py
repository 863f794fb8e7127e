"""The tester is tested: each planted bug is found within 500 seeds."""

from itertools import chain

import pytest

from tests.simulation.found_at import FOUND_AT
from tests.simulation.planted_bugs import PLANTED
from tests.simulation.planted_family_bugs import PLANTED_IN_FAMILIES
from tongbao.simulation.life import live
from tongbao.simulation.scenario import draw_scenario

SEEDS = 500


@pytest.mark.parametrize(
    "plant", [*PLANTED, *PLANTED_IN_FAMILIES], ids=lambda plant: plant.__name__
)
def test_a_planted_bug_is_found(plant, monkeypatch):
    plant(monkeypatch)
    noted = FOUND_AT.get(plant.__name__, 1)
    assert noted <= SEEDS
    outcomes = (live(draw_scenario(seed)) for seed in chain([noted], range(1, SEEDS + 1)))
    found = next((outcome for outcome in outcomes if not outcome.is_good), None)
    assert found is not None, "the simulator is blind to it"
