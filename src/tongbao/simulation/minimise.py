"""Makes a failing world smaller: fewer sales, fewer terminals, fewer faults, the same invariant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.simulation.life import Outcome, live

if TYPE_CHECKING:
    from tongbao.simulation.faults import Firing
    from tongbao.simulation.scenario import Scenario

_TRIES_MAX: Final = 400


def minimise(failed: Outcome, tries_max: int = _TRIES_MAX) -> Outcome:
    """Return the smallest world found that breaks the same invariant; at worst the given one.

    A world is lived again for every try, at most `tries_max` times.
    """
    search = _Search(failed, tries_max)
    search.fewer_sales()
    search.fewer_faults()
    search.fewer_sales()
    return search.best


class _Search:
    def __init__(self, failed: Outcome, tries: int) -> None:
        self.best = failed
        self._invariant = failed.invariant
        self._tries = tries

    def fewer_sales(self) -> None:
        """Halve the sales, then take single ones; the same for terminals."""
        for name in ("terminals", "sales"):
            step = max(1, getattr(self.best.scenario, name) // 2)
            while step:
                value = getattr(self.best.scenario, name) - step
                smaller = replace(self.best.scenario, **{name: value}) if value >= 1 else None
                if smaller is None or not self._fails(smaller):
                    step //= 2

    def fewer_faults(self) -> None:
        """Leave out whole kinds of fault, then halves of what is left, down to single ones."""
        if not self._fails(self._only(list(self.best.firings))):
            return
        for kind in sorted({firing.fault for firing in self.best.firings}):
            others = [firing for firing in self.best.firings if firing.fault != kind]
            if len(others) < len(self.best.firings):
                self._fails(self._only(others))
        size = max(1, len(self.best.firings) // 2)
        while self._tries > 0:
            shrunk = self._without_each(size)
            if size == 1 and not shrunk:
                return
            size = max(1, size // 2)

    def _without_each(self, size: int) -> bool:
        """Try to do without each run of `size` faults; say whether any could go."""
        before, at = len(self.best.firings), 0
        while at < len(self.best.firings):
            kept = list(self.best.firings)
            if not self._fails(self._only(kept[:at] + kept[at + size :])):
                at += size
        return len(self.best.firings) < before

    def _only(self, firings: list[Firing]) -> Scenario:
        return replace(self.best.scenario, only=frozenset(firings))

    def _fails(self, scenario: Scenario) -> bool:
        """Live it; keep it as the best when it fails in the same way."""
        if self._tries <= 0:
            return False
        self._tries -= 1
        outcome = live(scenario)
        is_larger = len(outcome.firings) > len(self.best.firings)
        if outcome.invariant != self._invariant or is_larger:
            return False
        self.best = outcome
        return True
