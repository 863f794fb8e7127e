"""Targets under atheris, each in a process of its own: `python -m tests.fuzz.engine TARGET …`.

libFuzzer ends its process in its own way and atheris must load the code it measures, so a campaign
and a test start this module as a child. A finding is written to a folder and the run goes on; the
judge is the same as for replays. Slow inputs are only suspects here, because measuring coverage
costs time: `tests.fuzz.replay` times them without it.

Loading the measured code takes seconds, a short run a fraction of one: of several targets each is a
fork, one after the other, with folders of its own below the given ones and its words in
`engine.log` beside its findings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
import traceback
from pathlib import Path

import atheris

from tests.fuzz.target import INPUT_BYTES_MAX, Finding, Target, judge, judge_time

# The code that is measured; tests and crypto only cost time.
_MEASURED = [
    "tongbao.domain",
    "tongbao.wire",
    "tongbao.host.core",
    "tongbao.terminal.core",
    "tongbao.terminal.devices.magnetic_reader",
    "tongbao.terminal.slip",
    "tongbao.sandbox.issuer.core",
]
_WARM_UP_RUNS = 200
# Measured code runs about this many times longer.
_MEASURING_COSTS = 4


class Notebook:
    """Keeps the smallest input of each distinct finding."""

    def __init__(self, folder: Path, target: str) -> None:
        self._folder = folder
        self._target = target
        self._sizes: dict[str, int] = {}

    def note(self, finding: Finding, data: bytes) -> None:
        """Write the input and its story unless a smaller one is known."""
        known = self._sizes.get(finding.signature)
        if known is not None and known <= len(data):
            return
        self._sizes[finding.signature] = len(data)
        name = hashlib.sha256(finding.signature.encode()).hexdigest()[:12]
        path = self._folder / f"{self._target}-{name}"
        path.with_suffix(".input").write_bytes(data)
        story = {"target": self._target, "signature": finding.signature, "story": finding.story}
        path.with_suffix(".json").write_text(json.dumps(story), encoding="utf-8")


def main() -> None:
    """Fuzz until time or runs are used up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="+", metavar="TARGET")
    parser.add_argument("--corpus", type=Path, required=True, help="folder that grows")
    parser.add_argument("--findings", type=Path, required=True)
    parser.add_argument("--seconds", type=int, default=0, help="0: no limit")
    parser.add_argument("--runs", type=int, default=-1, help="-1: no limit")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    with atheris.instrument_imports(include=_MEASURED):
        from tests.fuzz.catalogue import TARGETS
        from tests.fuzz.targets_codec import PLANTED
        from tongbao.wire.iso8583 import codec

        known = {**TARGETS, PLANTED.name: PLANTED}
    # Mutants have ever new bitmaps: generating a function for each would take most of the time.
    codec._USES_BEFORE_FAST = -1
    names = options.targets
    if len(names) == 1:
        _fuzz(known[names[0]], options)
        return
    sys.exit(max(_fuzz_apart(known[name], options) for name in names))


def _fuzz_apart(target: Target, options: argparse.Namespace) -> int:
    """Fuzz one of several targets in a fork; return its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    options.corpus /= target.name
    options.findings /= target.name
    options.corpus.mkdir()
    options.findings.mkdir()
    with (options.findings / "engine.log").open("wb") as log:
        os.dup2(log.fileno(), sys.stdout.fileno())
        os.dup2(log.fileno(), sys.stderr.fileno())
    try:
        _fuzz(target, options)
    finally:
        traceback.print_exc()
        os._exit(1)


def _fuzz(target: Target, options: argparse.Namespace) -> None:
    """Give the process to libFuzzer, which ends it."""
    run = target.prepare()
    notebook = Notebook(options.findings, target.name)
    for name, data in target.seeds().items():
        (options.corpus / f"seed-{name}").write_bytes(data)
    tokens = options.findings / f"{target.name}.tokens"
    tokens.write_text("".join(f'"{_escaped(token)}"\n' for token in target.tokens), "ascii")

    count = 0

    def one(data: bytes) -> None:
        nonlocal count
        count += 1
        started = time.thread_time_ns()
        verdict = judge(run, data)
        spent = time.thread_time_ns() - started
        if isinstance(verdict, Finding):
            notebook.note(verdict, data)
        elif count > _WARM_UP_RUNS and spent > _MEASURING_COSTS * target.limit_ns(data):
            slow = judge_time(run, data, _MEASURING_COSTS * target.limit_ns(data))
            if slow is not None:
                notebook.note(slow, data)

    arguments = [
        sys.argv[0],
        str(options.corpus),
        f"-seed={options.seed}",
        f"-max_len={INPUT_BYTES_MAX}",
        f"-max_total_time={options.seconds}",
        f"-runs={options.runs}",
        f"-artifact_prefix={options.findings}/",
        "-print_final_stats=1",
        "-rss_limit_mb=1024",
    ]
    if target.tokens:
        arguments.append(f"-dict={tokens}")
    atheris.Setup(arguments, one)
    atheris.Fuzz()


def _escaped(token: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in token)


if __name__ == "__main__":
    main()
