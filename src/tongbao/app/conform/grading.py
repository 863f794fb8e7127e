"""Plays the cases of a party one after the other and collects the verdicts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tongbao.app.conform.case import Case, CaseFailedError, NotApplicableError, Verdict

Side = TypeVar("Side")


@dataclass(frozen=True, slots=True)
class Grade:
    """The verdict on one case; `words` says what was expected and came, or why it was left out."""

    name: str
    rule: str
    source: str
    verdict: Verdict
    words: str = ""
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Certificate:
    """All grades of one party."""

    party: str
    grades: tuple[Grade, ...]

    def count(self, verdict: Verdict) -> int:
        """Return how many cases ended so."""
        return sum(grade.verdict is verdict for grade in self.grades)

    @property
    def conforms(self) -> bool:
        """Whether nothing failed, and something was tried."""
        return self.count(Verdict.FAILED) == 0 and self.count(Verdict.PASSED) > 0

    @property
    def failed(self) -> tuple[str, ...]:
        """The names of the cases that failed."""
        return tuple(grade.name for grade in self.grades if grade.verdict is Verdict.FAILED)


def grade_all(
    party: str,
    cases: Sequence[Case[Side]],
    prepare: Callable[[], Side],
    tell: Callable[[Grade], None],
) -> Certificate:
    """Play the cases in order; `prepare` gives each a party to talk to, `tell` hears each grade."""
    grades = []
    for case in cases:
        grade = _grade(case, prepare)
        tell(grade)
        grades.append(grade)
    return Certificate(party, tuple(grades))


def _grade(case: Case[Side], prepare: Callable[[], Side]) -> Grade:
    began = time.monotonic()
    verdict, words = Verdict.PASSED, ""
    try:
        case.run(prepare())
    except CaseFailedError as failure:
        verdict, words = Verdict.FAILED, str(failure)
    except NotApplicableError as reason:
        verdict, words = Verdict.NOT_APPLICABLE, str(reason)
    except OSError as error:
        # The party hung up, or cannot be reached: for the rule at hand that is a failure.
        verdict, words = Verdict.FAILED, f"expected a line that stands; came {error!r}"
    took_ms = round((time.monotonic() - began) * 1000)
    return Grade(case.name, case.rule, case.source, verdict, words, took_ms)
