"""Writes the hash-locked requirement files again; needs the `uv` program on the PATH.

run.lock is what a shop needs, build.lock adds what builds pages and wheel, test.lock the tests;
ocr.lock is the extra that reads papers, installed by itself into the same environment.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS: dict[str, list[str]] = {
    "run": [],
    "build": ["--group", "build"],
    "test": ["--group", "build", "--group", "test"],
    "ocr": ["--extra", "ocr"],
}


def main() -> int:
    """Compile every lock for Python 3.11 and newer, with hashes and without index addresses."""
    for name, choice in LOCKS.items():
        command = [
            "uv",
            "pip",
            "compile",
            "pyproject.toml",
            "--universal",
            "--python-version",
            "3.11",
        ]
        command += ["--generate-hashes", "--no-emit-index-url", "--quiet"]
        command += ["--custom-compile-command", "python scripts/lock.py"]
        command += [*choice, *sys.argv[1:], "--output-file", f"requirements/{name}.lock"]
        subprocess.run(command, check=True, cwd=ROOT)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
