"""`tongbao sandbox`: everybody else, simulated, as one process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tongbao.app.cli import EXIT_ENVIRONMENT, EXIT_OK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from tongbao.sandbox.process import SandboxAddresses
    from tongbao.sandbox.settings import SandboxSettings

# Its own code, so that a supervisor can tell a disk that refuses from everything else.
EXIT_STORE_FAILED = 74


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--config", type=Path, required=True, help="the tongbao.toml to read")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C and return the exit code."""
    from tongbao.app.logs import log_to_stderr
    from tongbao.app.settings import SettingsError, read_settings
    from tongbao.crypto.errors import CryptoError
    from tongbao.sandbox.issuer.store import StoreFailedError, StoreUnusableError

    log_to_stderr()
    try:
        settings = read_settings(arguments.config).sandbox
        if settings is None:
            print(f"tongbao sandbox: {arguments.config} has no [sandbox] section", file=sys.stderr)
            return EXIT_ENVIRONMENT
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(settings))
    except StoreFailedError as error:
        print(f"tongbao sandbox: the issuer's book was not flushed: {error}", file=sys.stderr)
        return EXIT_STORE_FAILED
    except (SettingsError, StoreUnusableError, CryptoError, OSError) as error:
        print(f"tongbao sandbox: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    return EXIT_OK


async def _serve(settings: SandboxSettings) -> None:
    from tongbao.sandbox.process import run_sandbox

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run_sandbox(settings, stop, _announce)


def _announce(addresses: SandboxAddresses) -> None:
    ready = {"ready": "sandbox", "issuer": addresses.issuer, "http": addresses.http}
    print(json.dumps(ready), flush=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Use uvloop where there is one; asyncio's own loop does the same work more slowly."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
