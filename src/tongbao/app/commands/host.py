"""`tongbao host --config FILE`: run the acquirer's host until it is asked to stop.

Exit codes: 0 stopped on request; 2 wrong usage; 3 something around it is missing or refused (the
message says what); 70 a bug of ours; 74 the store could not write or flush, nothing was sent after.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import argparse

    from tongbao.app.settings import Settings


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the noun."""
    parser.add_argument(
        "--config", type=Path, required=True, help="the settings file, tongbao.toml"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Read the settings and serve; return the exit code."""
    from tongbao.app.settings import SettingsError, read_settings
    from tongbao.crypto.errors import CryptoError
    from tongbao.host.exits import EXIT_ENVIRONMENT, EXIT_STORE_FAILED
    from tongbao.host.store.port import NodeTakenError, StoreFailedError

    try:
        return serve_host(read_settings(arguments.config))
    except (SettingsError, CryptoError, NodeTakenError, OSError) as error:
        sys.stderr.write(f"tongbao host: {error}\n")
        return EXIT_ENVIRONMENT
    except StoreFailedError as error:
        sys.stderr.write(f"tongbao host: {error}\n")
        return EXIT_STORE_FAILED


def serve_host(settings: Settings) -> int:
    """Run the host of these settings until SIGTERM; raises what `run` turns into exit codes."""
    from tongbao.app.settings import SettingsError
    from tongbao.crypto.master_key import master_key_from
    from tongbao.crypto.software_key_store import SoftwareKeyStore
    from tongbao.host.logs import make_log
    from tongbao.host.service import HostService, serve
    from tongbao.host.store.opening import open_store

    host = settings.host
    if host is None:
        raise SettingsError("the settings have no [host] table")
    keys = SoftwareKeyStore.open(host.key_file, master_key_from(file=host.master_key_file))
    log = make_log(debug=host.log_debug)
    service = HostService(host, open_store(settings.database_url), keys, log)

    def ready(address: str) -> None:
        print(json.dumps({"ready": "host", "address": address}), flush=True)

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(serve(service, ready))
    return 0


def _loop_factory() -> Any:
    try:
        import uvloop
    except ImportError:  # only Linux has it; the standard loop serves as well, slower
        return None
    return uvloop.new_event_loop
