"""Looks the locked packages up in the database of known holes, where that can be reached.

Exit code 1 when a locked package has a known hole. A database that cannot be reached is said and
is no failure: the answer is then unknown, not good.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_S = 90


def main() -> int:
    """Audit the run-time lock file and print one line, or one line a hole."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", "requirements/run.lock"]
    command += [
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner",
        "off",
        "--format",
        "json",
    ]
    try:
        done = subprocess.run(
            command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S
        )
        report = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print("audit: the database of known holes cannot be reached; nothing was checked")
        return 0
    holes = [(item, hole) for item in report for hole in item.get("vulns", [])]
    for item, hole in holes:
        fixed = ", ".join(hole.get("fix_versions", [])) or "no fix yet"
        print(f"audit: {item['name']} {item['version']}: {hole['id']} (fixed in: {fixed})")
    unknown = sum("skip_reason" in item for item in report)
    print(f"audit: {len(report) - unknown} packages checked, {unknown} not found in the database")
    return 1 if holes else 0


if __name__ == "__main__":
    raise SystemExit(main())
