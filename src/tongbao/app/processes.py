"""Starts a part as a process of its own, waits until it is ready, stops or kills it.

A part prints one JSON line on standard output when it listens; all else it says goes to its log.
Used by `tongbao up`, `tongbao demo`, `tongbao bench` and the tests.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

READY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0
_LOG_TAIL_LINES = 15


class PartFailedError(RuntimeError):
    """A part did not become ready or ended by itself; the text holds the tail of its log."""


@dataclass(slots=True)
class Part:
    """One running part: `arguments` are those of the `tongbao` command line."""

    name: str
    arguments: list[str]
    log_file: Path
    environment: dict[str, str] = field(default_factory=dict)
    ready: dict[str, Any] = field(default_factory=dict, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)

    @property
    def pid(self) -> int:
        """The process id; an error when the part was never started."""
        if self._process is None:
            raise PartFailedError(f"{self.name} was not started")
        return self._process.pid

    def start(self, timeout_s: float = READY_TIMEOUT_S) -> dict[str, Any]:
        """Start the process and return its ready line; raises `PartFailedError`."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and command
                [sys.executable, "-m", "tongbao", *self.arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        self.ready = self._wait_ready(timeout_s)
        return self.ready

    def running(self) -> bool:
        """Whether the process is alive now."""
        return self._process is not None and self._process.poll() is None

    def exit_code(self) -> int | None:
        """The exit code, or None while it runs (or was never started)."""
        return None if self._process is None else self._process.poll()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int | None:
        """Ask the process to end, kill it when it does not, and return its exit code."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                return self.kill()
        return self._reap()

    def kill(self) -> int | None:
        """End the process at once with SIGKILL, as a power cut would."""
        if self._process is None:
            return None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
        return self._reap()

    def log_tail(self) -> str:
        """The last lines of the part's log."""
        if not self.log_file.exists():
            return ""
        lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL_LINES:])

    def __enter__(self) -> Self:
        """Start on entry."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop on exit."""
        self.stop()

    def _reap(self) -> int:
        assert self._process is not None  # noqa: S101 - callers checked; keeps the type narrow
        code = self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def _wait_ready(self, timeout_s: float) -> dict[str, Any]:
        assert self._process is not None  # noqa: S101 - set by start
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101 - opened as a pipe
        deadline = time.monotonic() + timeout_s
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                remaining = deadline - time.monotonic()
                if remaining <= 0 or not selector.select(remaining):
                    self.kill()
                    raise PartFailedError(
                        f"{self.name} was not ready after {timeout_s:.0f} s\n{self.log_tail()}"
                    )
                chunk = os.read(stdout.fileno(), 4096)
                if not chunk:
                    code = self._reap()
                    raise PartFailedError(f"{self.name} ended with code {code}\n{self.log_tail()}")
                line += chunk
        try:
            ready = json.loads(line)
        except ValueError:
            self.kill()
            raise PartFailedError(f"{self.name} printed no ready line\n{self.log_tail()}") from None
        if not isinstance(ready, dict):
            self.kill()
            raise PartFailedError(f"{self.name} printed no ready line\n{self.log_tail()}")
        return ready
