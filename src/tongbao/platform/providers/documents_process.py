"""Reads papers by starting `ocr_process` for each; works without the optional extra, too."""

from __future__ import annotations

import base64
import importlib.util
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field

from tongbao.platform.providers.ports import Reading, ReadingOutcome

_ANSWER_MAX_BYTES = 65_536
_MODULE = "tongbao.platform.providers.ocr_process"
_ENGINE = "rapidocr"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessReading:
    """The documents port over a process of its own; `timeout_s` bounds each reading."""

    timeout_s: float = 45.0
    command: tuple[str, ...] = field(default=(sys.executable, "-m", _MODULE))
    is_installed: bool | None = None

    def read(self, paper_kind: str, picture: bytes) -> Reading:
        """Return what stands on a picture; whatever goes wrong is an outcome."""
        installed = self.is_installed
        if installed is None:
            installed = importlib.util.find_spec(_ENGINE) is not None
        if not installed:
            return Reading(outcome=ReadingOutcome.NOT_INSTALLED)
        begun = time.monotonic()
        request = json.dumps({"kind": paper_kind, "picture": base64.b64encode(picture).decode()})
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and module
                self.command,
                input=request.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=self.timeout_s,
                check=True,
            )
            answer = dict(json.loads(done.stdout[:_ANSWER_MAX_BYTES]))
            values = {str(name): str(text)[:200] for name, text in dict(answer["values"]).items()}
            outcome = ReadingOutcome(answer["outcome"])
        except subprocess.TimeoutExpired:
            outcome, values = ReadingOutcome.TIMED_OUT, {}
        except (OSError, subprocess.CalledProcessError, ValueError, TypeError, LookupError):
            outcome, values = ReadingOutcome.FAILED, {}
        took_ms = int((time.monotonic() - begun) * 1000)
        return Reading(outcome=outcome, values=values, took_ms=took_ms)
