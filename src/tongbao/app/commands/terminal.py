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
    from tongbao.terminal.device.settings import DeviceSettings
    from tongbao.terminal.process import TerminalAddresses
    from tongbao.terminal.settings import TerminalSettings

# Its own codes, so that a supervisor can tell a disk that refuses, and a journal that cannot be
# trusted, from everything else. Neither is helped by starting again.
EXIT_JOURNAL_FAILED = 74
EXIT_JOURNAL_DAMAGED = 65


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--config", type=Path, required=True, help="the tongbao.toml to read")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--terminal", help="the terminal's number, 8 characters")
    which.add_argument(
        "--device", help="a device of the fleet by its name in the settings; it is activated first"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit code."""
    from tongbao.app.logs import log_to_stderr
    from tongbao.app.settings import SettingsError, read_settings

    log_to_stderr()
    try:
        known = read_settings(arguments.config)
    except SettingsError as error:
        return _fail(EXIT_ENVIRONMENT, str(error))
    section = f"terminal.{arguments.terminal}"
    settings: TerminalSettings | DeviceSettings | None = known.terminals.get(arguments.terminal)
    if arguments.device is not None:
        section = f"device.{arguments.device}"
        settings = known.devices.get(arguments.device)
    if settings is None:
        return _fail(EXIT_ENVIRONMENT, f"{arguments.config} has no [{section}] section")
    return _run(settings, arguments.config)


def _run(settings: TerminalSettings | DeviceSettings, config: Path) -> int:
    from tongbao.crypto.errors import CryptoError
    from tongbao.domain.errors import InvariantViolationError
    from tongbao.terminal.journal import JournalBusyError, JournalDamagedError, JournalError

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings, config))
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


async def _serve(settings: TerminalSettings | DeviceSettings, config: Path) -> None:
    from tongbao.app.settings import read_profile
    from tongbao.terminal.device.process import run_device
    from tongbao.terminal.process import run_terminal
    from tongbao.terminal.settings import TerminalSettings

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    if isinstance(settings, TerminalSettings):
        await run_terminal(settings, stop, _announce, _clock)
        return
    await run_device(
        settings, stop, _announce, _clock, lambda name: read_profile(name, config.parent)
    )


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
