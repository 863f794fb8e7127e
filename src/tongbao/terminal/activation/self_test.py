"""Runs a function self-test: tries parts on a thread, waits for people, keeps the newest state."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING, Any

from tongbao.terminal.activation import checks, testing, wording
from tongbao.terminal.activation.testing import Finished, FunctionTest, TestEffect, TryPart
from tongbao.wire.device.health import Part, PartResult, SelfTestReport, TestOccasion

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tongbao.terminal.activation.checks import Bench
    from tongbao.terminal.core.state import Notice

_DIGITS = 6


class SelfTest:
    """One self-test at a time; `done` is called at the end with the report."""

    def __init__(
        self,
        bench: Bench,
        random_bytes: Callable[[int], bytes],
        changed: Callable[[], None],
        done: Callable[[FunctionTest, SelfTestReport], Awaitable[None]],
    ) -> None:
        self._bench = bench
        self._random_bytes = random_bytes
        self._changed = changed
        self._done = done
        self._jobs: set[asyncio.Task[None]] = set()
        self.test: FunctionTest | None = None

    def begin(self, occasion: TestOccasion, act_id: str | None = None) -> None:
        """Begin anew; one that runs is given up."""
        number = int.from_bytes(self._random_bytes(8), "big") % 10**_DIGITS
        fresh = FunctionTest(
            occasion=occasion,
            act_id=act_id,
            code=f"{number:0{_DIGITS}d}",
            asks=checks.asked_parts(self._bench),
        )
        self._take(testing.begin(fresh))

    def again(self) -> None:
        """Try what has failed once more."""
        if self.test is not None:
            self._take(testing.again(self.test))

    def answer(self, part: Part, value: str) -> None:
        """Take a person's answer about a part."""
        if self.test is not None:
            evidence = hashlib.sha256(value.encode()).hexdigest()
            self._take(testing.answer(self.test, part, value, evidence))

    def close(self) -> None:
        """Put the test away."""
        self.stop()
        self._changed()

    def stop(self) -> None:
        """Give up what runs."""
        self.test = None
        for job in self._jobs:
            job.cancel()

    def _take(self, step: tuple[FunctionTest, list[TestEffect]]) -> None:
        self.test, effects = step
        for effect in effects:
            match effect:
                case TryPart(part):
                    self._start(self._try(self.test, part))
                case Finished():
                    self._start(self._done(self.test, self._report(self.test)))
        self._changed()

    async def _try(self, test: FunctionTest, part: Part) -> None:
        result = await asyncio.to_thread(checks.try_part, self._bench, part, test.code)
        if self.test is not None and self.test.code == test.code:
            self._take(testing.found(self.test, result))

    def _report(self, test: FunctionTest) -> SelfTestReport:
        return SelfTestReport(
            occasion=test.occasion,
            act_id=test.act_id,
            at_ms=self._bench.now().us // 1000,
            parts=test.results,
        )

    def _start(self, work: Any) -> None:
        job = asyncio.ensure_future(work)
        self._jobs.add(job)
        job.add_done_callback(self._ended)

    def _ended(self, job: asyncio.Task[None]) -> None:
        self._jobs.discard(job)
        if not job.cancelled() and job.exception() is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "the self-test has failed", "exception": job.exception()}
            )


def self_test_view(test: FunctionTest | None) -> dict[str, Any] | None:
    """Return what a screen draws of a self-test; None when there is none."""
    if test is None:
        return None
    known = {one.part: one for one in test.results}
    return {
        "parts": [_part_view(part, known.get(part), test) for part in testing.ORDER],
        "asks": test.part.value if test.asks_now and test.part is not None else None,
        "code": test.code,
        "picture": picture_url(f"TONGBAO-TEST:{test.code}") if test.part is Part.SCANNER else None,
        "tries_left": testing.TRIES_MAX - test.tries,
        "done": test.is_done,
        "passed": test.passed,
        "slip": f"/slips/{checks.SLIP}.png" if Part.PRINTER in known else None,
    }


def words_of_test(test: FunctionTest) -> Notice | None:
    """Return what did not pass and what to do; None when everything passed."""
    return wording.failed_parts(test.failed) if test.failed else None


def picture_url(text: str) -> str:
    """Return a QR code as a picture that stands in the page itself."""
    return "data:image/svg+xml;base64," + base64.b64encode(checks.code_picture(text)).decode()


def _part_view(part: Part, result: PartResult | None, test: FunctionTest) -> dict[str, Any]:
    waiting = "running" if part is test.part else "pending"
    return {
        "part": part.value,
        "result": waiting if result is None else result.outcome.value,
        "detail": "" if result is None else result.detail,
    }
