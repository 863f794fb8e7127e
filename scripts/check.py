"""Runs the whole suite: format, lint, types, import contracts, web checks, then pytest.

`check.py ARGS` runs pytest alone with ARGS. Every step runs even when an earlier one failed, so one
call shows all there is to mend; the exit code is 1 when any step failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"


def steps() -> list[tuple[str, list[str]]]:
    """The named steps before pytest, cheapest first."""
    return [
        ("format", [str(BIN / "ruff"), "format", "--check", "--quiet", "."]),
        ("lint", [str(BIN / "ruff"), "check", "--quiet", "."]),
        ("import contracts", [str(BIN / "lint-imports")]),
        ("types", [str(BIN / "mypy")]),
        ("known holes", [str(BIN / "python"), "scripts/audit.py"]),
        ("web", [str(BIN / "python"), "scripts/build_web.py", "--check"]),
    ]


def pytest_command(arguments: list[str]) -> list[str]:
    """The pytest call: two workers more than cores, as many tests wait; long ones one by one."""
    command = [str(BIN / "python"), "-m", "pytest"]
    if arguments:
        return [*command, *arguments]
    workers = (os.cpu_count() or 1) + 2
    return [*command, "-n", str(workers), "--dist", "worksteal"]


def main() -> int:
    """Run the steps and say at the end which failed."""
    arguments = sys.argv[1:]
    failed: list[str] = []
    environment = dict(os.environ)
    # Three workers and some hundred processes read the same sources; compiling them once is enough.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if not arguments:
        for name, command in steps():
            started = time.monotonic()
            code = subprocess.run(command, check=False, cwd=ROOT, env=environment).returncode
            verdict = "ok" if code == 0 else f"FAILED ({code})"
            print(f"[check] {name}: {verdict}, {time.monotonic() - started:.1f} s", flush=True)
            if code != 0:
                failed.append(name)
    code = subprocess.run(
        pytest_command(arguments), check=False, cwd=ROOT, env=environment
    ).returncode
    if failed:
        print(f"[check] failed before pytest: {', '.join(failed)}", file=sys.stderr, flush=True)
    return 1 if failed or code != 0 else 0


if __name__ == "__main__":
    raise SystemExit(main())
