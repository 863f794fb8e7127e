"""`tongbao terminal`: one terminal and its till page, as one process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tongbao.app.cli import EXIT_BUG, EXIT_ENVIRONMENT, EXIT_OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from tongbao.domain.dates import Instant
    from tongbao.terminal.process import TerminalAddresses
    from tongbao.terminal.settings import TerminalSettings

# Its own codes, so that a supervisor can tell a disk that refuses, and a journal that cannot be
# trusted, from everything else. Neither is helped by starting again.
EXIT_JOURNAL_FAILED = 74
EXIT_JOURNAL_DAMAGED = 65


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--config", type=Path, required=True, help="the tongbao.toml to read")
    parser.add_argument("--terminal", required=True, help="the terminal's number, 8 characters")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit code."""
    from tongbao.app.logs import log_to_stderr
    from tongbao.app.settings import SettingsError, read_settings

    log_to_stderr()
    try:
        settings = read_settings(arguments.config).terminals.get(arguments.terminal)
    except SettingsError as error:
        return _fail(EXIT_ENVIRONMENT, str(error))
    if settings is None:
        return _fail(
            EXIT_ENVIRONMENT, f"{arguments.config} has no [terminal.{arguments.terminal}] section"
        )
    return _run_terminal(settings)


def _run_terminal(settings: TerminalSettings) -> int:
    from tongbao.crypto.errors import CryptoError
    from tongbao.domain.errors import InvariantViolationError
    from tongbao.terminal.journal import JournalBusyError, JournalDamagedError, JournalError

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings))
    except JournalDamagedError as error:
        return _fail(EXIT_JOURNAL_DAMAGED, f"{error}; call support, do not delete it")
    except JournalBusyError as error:
        return _fail(EXIT_ENVIRONMENT, str(error))
    except JournalError as error:
        return _fail(EXIT_JOURNAL_FAILED, str(error))
    except InvariantViolationError as error:
        return _fail(EXIT_BUG, f"a rule of our own was broken: {error}")
    except (CryptoError, OSError) as error:
        return _fail(EXIT_ENVIRONMENT, str(error))
    return EXIT_OK


async def _serve(settings: TerminalSettings) -> None:
    from tongbao.terminal.process import run_terminal

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_terminal(settings, stop, _announce, _clock)


def _announce(addresses: TerminalAddresses) -> None:
    ready = {"ready": "terminal", "address": addresses.screen, "reader": addresses.reader}
    print(json.dumps(ready), flush=True)


def _clock() -> Instant:
    from tongbao.domain.dates import Instant

    return Instant(time.time_ns() // 1000)


def _fail(code: int, reason: str) -> int:
    print(f"tongbao terminal: {reason}", file=sys.stderr)
    return code


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Use uvloop where there is one; asyncio's own loop does the same work more slowly."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
