"""The function self-test as a value: which part is tried now, what was asked, what was found.

Pure: `begin`, `found`, `answer` and `again` return the next value and what is to be done. A part
that a person must look at waits for that person; all others are tried by the shell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from tongbao.wire.device.health import Part, PartResult, TestOccasion, TestOutcome

ORDER: Final = (
    Part.SCREEN,
    Part.PRINTER,
    Part.SCANNER,
    Part.KEYPAD,
    Part.NETWORK,
    Part.CLOCK,
    Part.KEYS,
    Part.STORAGE,
    Part.TEST_SALE,
)
TRIES_MAX: Final = 3
YES: Final = "yes"
NO: Final = "no"


@dataclass(frozen=True, slots=True)
class TryPart:
    """Have the shell try one part; its result comes back with `found`."""

    part: Part


@dataclass(frozen=True, slots=True)
class Finished:
    """Every part has its result."""


TestEffect = TryPart | Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionTest:
    """A self-test under way or at its end.

    Attributes:
        occasion: why it runs; `act_id` names the platform's order, if it was one.
        code: six digits that are shown, keyed and scanned.
        asks: parts that need a person here.
        results: what was found, in the order of the parts.
        part: what is tried now; None at the end.
        tries: wrong answers to the present question.
    """

    occasion: TestOccasion
    act_id: str | None = None
    code: str
    asks: frozenset[Part]
    results: tuple[PartResult, ...] = ()
    part: Part | None = None
    tries: int = 0

    @property
    def is_done(self) -> bool:
        """Whether every part has its result."""
        return self.part is None

    @property
    def asks_now(self) -> bool:
        """Whether a person is asked about the present part."""
        return self.part in self.asks

    @property
    def failed(self) -> tuple[Part, ...]:
        """The parts that did not pass."""
        return tuple(one.part for one in self.results if one.outcome is TestOutcome.FAILED)

    @property
    def passed(self) -> bool:
        """Whether it is done and nothing failed."""
        return self.is_done and not self.failed


def begin(test: FunctionTest) -> tuple[FunctionTest, list[TestEffect]]:
    """Start with the first part."""
    return _next(replace(test, results=(), part=None, tries=0))


def found(test: FunctionTest, result: PartResult) -> tuple[FunctionTest, list[TestEffect]]:
    """Take the result of the present part; that of any other part comes too late."""
    if result.part is not test.part:
        return test, []
    return _next(replace(test, results=_with(test.results, result), tries=0))


def answer(
    test: FunctionTest, part: Part, value: str, evidence: str
) -> tuple[FunctionTest, list[TestEffect]]:
    """Take what a person says of the present part: yes or no, or the code as it was read.

    `evidence` is the SHA-256 of the answer. A wrong code may be tried again, three times in all.
    """
    if part is not test.part or not test.asks_now:
        return test, []
    wanted = YES if part is Part.SCREEN else test.code
    if value == wanted:
        return found(test, _result(part, TestOutcome.PASSED, evidence))
    if value != NO and test.tries + 1 < TRIES_MAX:
        return replace(test, tries=test.tries + 1), []
    return found(test, _result(part, TestOutcome.FAILED, evidence))


def again(test: FunctionTest) -> tuple[FunctionTest, list[TestEffect]]:
    """Try what has failed once more; what passed stays."""
    if not test.is_done:
        return test, []
    kept = tuple(one for one in test.results if one.outcome is not TestOutcome.FAILED)
    return _next(replace(test, results=kept, tries=0))


def _with(results: tuple[PartResult, ...], result: PartResult) -> tuple[PartResult, ...]:
    known = {one.part: one for one in (*results, result)}
    return tuple(known[part] for part in ORDER if part in known)


def _next(test: FunctionTest) -> tuple[FunctionTest, list[TestEffect]]:
    known = {one.part for one in test.results}
    part = next((one for one in ORDER if one not in known), None)
    test = replace(test, part=part)
    if part is None:
        return test, [Finished()]
    return test, [] if part in test.asks else [TryPart(part)]


def _result(part: Part, outcome: TestOutcome, evidence: str) -> PartResult:
    return PartResult(part=part, outcome=outcome, detail="person", evidence_sha256=evidence)
