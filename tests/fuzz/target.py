"""What a fuzz target is, and the judge of one input: a typed refusal, an acceptance, or a finding.

A target is a function from arbitrary bytes to an `Outcome`. It catches the typed error of what it
calls and checks the properties of what came through. Anything else that leaves it is a finding.
"""

from __future__ import annotations

import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tongbao.domain.errors import ProtocolError

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).resolve().parent / "corpus"
INPUT_BYTES_MAX = 65_536
# 1 ms for each kB, at least for one: reliability is also not being kept busy by a peer.
NS_PER_KB = 1_000_000


class BrokenPropertyError(AssertionError):
    """The code under test gave an answer that must not be. Holds no bytes of the input."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an input: `kind` sorts inputs, `detail` helps to name one."""

    kind: str
    detail: str = ""


Run = Callable[[bytes], Outcome]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz.

    Attributes:
        name: folder of its corpus, value of `--target`.
        what: one sentence for people.
        prepare: builds keys and parties once, returns the function to call for each input.
        seeds: named inputs to begin with, made from the published dumps and our own messages.
        tokens: byte strings that mean something here, for the mutator.
        fixed_ms: processor time that the act itself takes, whatever the input's length: a new host
            core with a sale under way, a slip composed.
    """

    name: str
    what: str
    prepare: Callable[[], Run]
    seeds: Callable[[], dict[str, bytes]]
    tokens: tuple[bytes, ...] = ()
    fixed_ms: int = 0

    def limit_ns(self, data: bytes) -> int:
        """Return the processor time that an input may take after warm-up."""
        return self.fixed_ms * 1_000_000 + NS_PER_KB * max(1, -(-len(data) // 1024))


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that broke a rule; `signature` is the same for the same place in the source."""

    kind: str
    signature: str
    story: str


def require(holds: bool, rule: str) -> None:
    """Break off with a finding unless a property holds."""
    if not holds:
        raise BrokenPropertyError(rule)


def refused(error: ProtocolError) -> Outcome:
    """Return the outcome of a typed refusal, whose place must lie in or around the input."""
    require(type(error.offset) is int and error.offset >= 0, "an error has an offset")
    text = str(error)
    require(text.isprintable(), "an error text is printable")
    rule = re.sub(r"[0-9]+", "N", error.rule)
    return Outcome(f"refused: {rule}", error.path)


def judge(run: Run, data: bytes) -> Outcome | Finding:
    """Run one input; whatever escapes is a finding named by where it came from."""
    try:
        return run(data)
    except Exception as error:  # noqa: BLE001 - finding what escapes is the purpose
        return Finding(
            kind=type(error).__name__,
            signature=f"{type(error).__name__} {_place(error)} {_rule(error)}".strip(),
            story="".join(traceback.format_exception(error)),
        )


def cpu_ns(run: Run, data: bytes) -> int:
    """Return the processor time one input takes; a finding counts with the time until then."""
    started = time.thread_time_ns()
    judge(run, data)
    return time.thread_time_ns() - started


def judge_time(run: Run, data: bytes, limit: int, repeats: int = 5) -> Finding | None:
    """Say whether an input is slow: the best of several runs counts, the machine is not alone."""
    if cpu_ns(run, data) <= limit:
        return None
    best = min(cpu_ns(run, data) for _ in range(repeats))
    if best <= limit:
        return None
    story = f"{best / 1e6:.1f} ms for {len(data)} bytes, at most {limit / 1e6:.0f} ms"
    return Finding("slow", "slow", story)


def _rule(error: Exception) -> str:
    return str(error) if isinstance(error, BrokenPropertyError) else ""


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/tongbao/" in frame.filename] or frames
    last = own[-1]
    return f"{Path(last.filename).name}:{last.name}:{last.lineno}"
