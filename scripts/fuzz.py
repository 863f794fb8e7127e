"""A fuzzing campaign: each target in a process of its own, then its corpus made small again.

    .venv/bin/python scripts/fuzz.py [--target NAME] [--seconds S] [--seed N] [--jobs N]

Prints executions, processor seconds, covered edges and findings of each target. The input of a
finding is kept under var/fuzz with the command that runs it again. docs/fuzzing.md has the rest.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "fuzz" / "corpus"
KEPT = ROOT / "var" / "fuzz"
_COVERED = re.compile(r"cov: (\d+)")
_EXECUTED = re.compile(r"stat::number_of_executed_units: +(\d+)")


@dataclass(frozen=True, slots=True)
class Result:
    """What one target's run gave; `edges` are those that libFuzzer counts in the measured code."""

    target: str
    executions: int
    cpu_s: float
    edges: int
    corpus: str
    findings: int


def names() -> list[str]:
    """The targets, asked from the tests so that there is one list."""
    code = "from tests.fuzz.catalogue import TARGETS; print(*TARGETS)"
    return _python("-c", code).stdout.split()


def _python(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        check=check,
        capture_output=True,
        text=True,
        errors="replace",
        env={
            **os.environ,
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        },
    )


def fuzz(target: str, seconds: int, seed: int) -> Result:
    """Run one target, confirm what it found, and make its corpus small again."""
    with tempfile.TemporaryDirectory(prefix="tongbao-fuzz-") as folder:
        grown, findings = Path(folder) / "corpus", Path(folder) / "findings"
        grown.mkdir()
        findings.mkdir()
        if (CORPUS / target).is_dir():
            shutil.copytree(CORPUS / target, grown, dirs_exist_ok=True)
        before = os.times()
        run = _python(
            "-m",
            "tests.fuzz.engine",
            target,
            *("--corpus", str(grown), "--findings", str(findings)),
            *("--seconds", str(seconds), "--seed", str(seed)),
            check=False,
        )
        after = os.times()
        covered = _COVERED.findall(run.stderr)
        executed = _EXECUTED.search(run.stderr)
        if executed is None or not covered:
            raise RuntimeError(f"{target} did not finish:\n{run.stderr[-3000:]}")
        count = confirm(target, findings)
        kept = _python("-m", "tests.fuzz.minimise", target, "--found", str(grown)).stdout.split()
    return Result(
        target,
        int(executed[1]),
        after.children_user + after.children_system - before.children_user - before.children_system,
        int(covered[-1]),
        f"{kept[0]} files, {kept[1]} B",
        count,
    )


def confirm(target: str, findings: Path) -> int:
    """Run suspects again without measuring; keep and print those that are findings there too."""
    suspects = sorted(findings.glob("*.input"))
    # libFuzzer's own verdicts (out of memory, a crash of the interpreter) lie under other names.
    suspects += sorted(findings.glob("crash-*")) + sorted(findings.glob("oom-*"))
    count = 0
    for path in suspects:
        replay = _python("-m", "tests.fuzz.replay", target, str(path), check=False)
        if replay.returncode == 0:
            continue
        count += 1
        KEPT.mkdir(parents=True, exist_ok=True)
        kept = KEPT / path.name
        shutil.copy(path, kept)
        note = path.with_suffix(".json")
        what = json.loads(note.read_text("utf-8"))["signature"] if note.exists() else path.name
        print(f"FINDING in {target}: {what}")
        print(f"  .venv/bin/python -m tests.fuzz.replay {target} {kept.relative_to(ROOT)}")
    return count


def main() -> int:
    """Run the campaign; exit code 1 when there are findings."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--target", action="append", help="default: all")
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--jobs", type=int, default=1, help="targets at the same time")
    options = parser.parse_args()
    known = names()
    chosen = options.target or known
    wrong = sorted(set(chosen) - set(known))
    if wrong:
        parser.error(f"no target {', '.join(wrong)}; there are {', '.join(known)}")
    print(f"seed {options.seed}, {options.seconds} s a target", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        total = 0
        for one in pool.map(lambda name: fuzz(name, options.seconds, options.seed), chosen):
            print(
                f"{one.target:<18} {one.executions:>9} executions  {one.cpu_s:6.0f} s CPU  "
                f"{one.edges:>5} edges  corpus {one.corpus}  {one.findings} findings",
                flush=True,
            )
            total += one.findings
    return 1 if total else 0


if __name__ == "__main__":
    raise SystemExit(main())
