"""`tongbao soak`: sell for minutes while processes are killed and lines cut, then prove the books.

Exit codes: 0 every rule held; 1 one was broken (the story, the seed and the command that repeats
the schedule are printed and the folder with the books is kept); 2 wrong usage; 3 a part did not
start; 130 it was interrupted, and everything it started was ended.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tongbao.app.cli import EXIT_ENVIRONMENT, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK

if TYPE_CHECKING:
    from tongbao.app.soak.run import Options, Outcome

_TERMINALS_MAX = 64


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tongbao soak`."""
    parser.add_argument(
        "--minutes", type=_minutes, required=True, help="how long there is trouble, e.g. 0.5 or 5"
    )
    parser.add_argument(
        "--terminals", type=_terminals, default=8, help="how many tills sell (default 8)"
    )
    parser.add_argument(
        "--store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="where the host keeps its books; postgresql starts a server of its own",
    )
    parser.add_argument("--seed", type=int, help="repeat a schedule (default: a new one)")
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of the report"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder with books and history, and name it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run one soak and return the exit code."""
    from tongbao.app.postgresql import PostgresqlFailedError, PostgresqlMissingError
    from tongbao.app.processes import PartFailedError
    from tongbao.app.setup import SetUpError
    from tongbao.app.soak.report import document, text
    from tongbao.app.soak.run import Options

    seed = arguments.seed if arguments.seed is not None else int.from_bytes(os.urandom(4), "big")
    options = Options(seed, arguments.minutes, arguments.terminals, arguments.store)
    folder = Path(tempfile.mkdtemp(prefix="tongbao-soak-"))
    keep = arguments.keep
    try:
        outcome = _soak(options, folder, quiet=arguments.json)
        keep = keep or not outcome.holds
        print(json.dumps(document(outcome)) if arguments.json else text(outcome), flush=True)
    except (PartFailedError, SetUpError, PostgresqlFailedError, PostgresqlMissingError) as error:
        print(f"tongbao soak: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    except KeyboardInterrupt:
        print("tongbao soak: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    else:
        return EXIT_OK if outcome.holds else EXIT_FAILED
    finally:
        if keep:
            print(folder, file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _soak(options: Options, folder: Path, *, quiet: bool) -> Outcome:
    from tongbao.app.soak.run import soak

    def say(words: str) -> None:
        if not quiet:
            print(words, flush=True)

    say(f"{options.command()}\n")
    with contextlib.ExitStack() as stack:
        database_url = None
        if options.store == "postgresql":
            from tongbao.app.postgresql import PrivatePostgresql

            database_url = stack.enter_context(PrivatePostgresql(folder / "postgresql")).url

        async def interruptible() -> Outcome:
            # Without this a SIGTERM would leave the parts running, each in a session of its own.
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - a coroutine that runs is in a task
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
            return await soak(options, folder, database_url, say)

        try:
            return asyncio.run(interruptible())
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


def _minutes(word: str) -> float:
    minutes = float(word)
    if not 0 < minutes <= 60 * 24 * 7:
        raise argparse.ArgumentTypeError("minutes must be above 0 and at most a week")
    return minutes


def _terminals(word: str) -> int:
    terminals = int(word)
    if not 1 <= terminals <= _TERMINALS_MAX:
        raise argparse.ArgumentTypeError(f"terminals must be 1 to {_TERMINALS_MAX}")
    return terminals
