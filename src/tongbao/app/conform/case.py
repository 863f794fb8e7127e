"""One case of the kit: a rule of the dialect, and the deed that shows whether it is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NoReturn, TypeVar

Side = TypeVar("Side")


class Verdict(Enum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"


class CaseFailedError(Exception):
    """The party under test broke the rule; the text says what was expected and what came.

    It never holds card data: codes, field numbers and lengths only.
    """


class NotApplicableError(Exception):
    """The party does not claim to do this, or the plan gives no means to provoke it."""


@dataclass(frozen=True, slots=True)
class Case(Generic[Side]):
    """A named rule.

    Attributes:
        name: group and name with dots, stable for ever.
        rule: what must be so, in one sentence.
        source: the clause of the dialect's reference.
        run: does the deed; raises CaseFailedError or NotApplicableError.
    """

    name: str
    rule: str
    source: str
    run: Callable[[Side], None]


class CaseBook(Generic[Side]):
    """The cases of one group, in the order they are written down."""

    def __init__(self, group: str) -> None:
        self.group = group
        self.cases: list[Case[Side]] = []

    def case(
        self, name: str, rule: str, source: str
    ) -> Callable[[Callable[[Side], None]], Callable[[Side], None]]:
        """Enter the decorated function as a case of this group."""

        def enter(run: Callable[[Side], None]) -> Callable[[Side], None]:
            self.cases.append(Case(f"{self.group}.{name}", rule, source, run))
            return run

        return enter


def fail(expected: str, came: str) -> NoReturn:
    """End the case: the rule is broken."""
    raise CaseFailedError(f"expected {expected}; came {came}")


def check(holds: bool, expected: str, came: str) -> None:
    """End the case unless the rule holds."""
    if not holds:
        fail(expected, came)
