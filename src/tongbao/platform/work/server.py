"""`tongbao platform work`: the worker as a process."""

from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING

from tongbao.platform.project import bind, configured, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.platform.settings import PlatformSettings


def work(database_url: str, settings: PlatformSettings, say: Callable[[str], None]) -> int:
    """Do what is due until SIGTERM or SIGINT; `say` gets the ready line. Returns the exit code.

    Raises OSError when a key file cannot be read and ValueError when it is of no use.
    """
    configured(**serving(settings))
    bind(database_url)
    from tongbao.platform import clock  # noqa: PLC0415 - needs the settings first
    from tongbao.platform.console.catalogue import load_catalogues  # noqa: PLC0415 - as above: only when needed
    from tongbao.platform.work.registry import all_tasks  # noqa: PLC0415 - as above: only when needed
    from tongbao.platform.work.runner import run_until  # noqa: PLC0415 - as above: only when needed

    load_catalogues()
    tasks = all_tasks()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    say(json.dumps({"ready": "work", "tasks": len(tasks)}))
    run_until(tasks, clock.now_us, stop.wait)
    return 0
