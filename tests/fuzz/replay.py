"""Runs kept inputs once more without measuring: `python -m tests.fuzz.replay TARGET FILE…`.

Prints what becomes of each and exits with 1 when one is a finding, slow ones included.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.fuzz.catalogue import TARGETS
from tests.fuzz.target import CORPUS, Finding, Run, Target, judge, judge_time

_WARM_UP_RUNS = 9


def corpus_of(target: Target) -> dict[str, bytes]:
    """Return the seeds and the kept inputs of a target by name."""
    kept = {path.name: path.read_bytes() for path in sorted((CORPUS / target.name).glob("*"))}
    return target.seeds() | kept


def findings_in(target: Target, run: Run, inputs: dict[str, bytes]) -> dict[str, Finding]:
    """Run inputs, timed after a warm-up, and return what is wrong, by name."""
    found = {}
    for name, data in inputs.items():
        verdict = judge(run, data)
        if isinstance(verdict, Finding):
            found[name] = verdict
    for _ in range(_WARM_UP_RUNS):
        for data in inputs.values():
            judge(run, data)
    for name, data in inputs.items():
        slow = None if name in found else judge_time(run, data, target.limit_ns(data))
        if slow is not None:
            found[name] = slow
    return found


def main() -> int:
    """Replay the files given, or the whole corpus of the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(TARGETS))
    parser.add_argument("files", type=Path, nargs="*")
    options = parser.parse_args()
    target = TARGETS[options.target]
    run = target.prepare()
    inputs = {path.name: path.read_bytes() for path in options.files} or corpus_of(target)
    found = findings_in(target, run, inputs)
    for name, data in inputs.items():
        if name in found:
            sys.stdout.write(f"FINDING {name}\n{found[name].story}\n")
        elif options.files:
            sys.stdout.write(f"{name}: {judge(run, data)}\n")
    sys.stdout.write(f"{len(inputs)} inputs, {len(found)} findings\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
