"""The machine under a measurement: processor, flush time of the disk, CPU time of processes."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path
from typing import Final

from tongbao import __version__

_PROBE_BYTES: Final = 4096
_PROBE_COUNT: Final = 200
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")


def flush_time_us(folder: Path) -> float:
    """Return the median time of appending 4 KB to a file in the folder and flushing it."""
    file = folder / "flush-probe"
    times_s = []
    block = b"\x5a" * _PROBE_BYTES
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        for _ in range(_PROBE_COUNT):
            start = time.perf_counter()
            os.write(descriptor, block)
            os.fdatasync(descriptor)
            times_s.append(time.perf_counter() - start)
    finally:
        os.close(descriptor)
        file.unlink()
    return statistics.median(times_s) * 1e6


def process_cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used so far, all threads, user and system."""
    # The second field is the name in parentheses and may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def process_tree_cpu_s(pid: int) -> float:
    """Return the CPU time of a process and of those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS_PER_SECOND


def parent_of(pid: int) -> int:
    """Return the process id of a process's parent."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[1])


def machine_cpu_s() -> tuple[float, float]:
    """Return the machine's CPU time so far, busy and in all, summed over its processors."""
    line = Path("/proc/stat").read_text(encoding="ascii").partition("\n")[0]
    ticks = [int(field) for field in line.split()[1:9]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / _TICKS_PER_SECOND, sum(ticks) / _TICKS_PER_SECOND


def machine_facts() -> dict[str, str | int | None]:
    """Return what a figure means nothing without: processor, system and versions."""
    return {
        "cpu": _cpu_model(),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cryptography": importlib.metadata.version("cryptography"),
        "uvloop": importlib.metadata.version("uvloop"),
        "tongbao": __version__,
        "commit": _commit(),
    }


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str | None:
    """Return the commit of a checkout, with + when files differ from it; None outside one."""
    folder = Path(__file__).resolve().parent
    try:
        output = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],  # noqa: S607 - whichever git there is
            cwd=folder,
            capture_output=True,
            check=True,
            text=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return output.strip() or None
