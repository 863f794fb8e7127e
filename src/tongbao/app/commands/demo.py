"""`tongbao demo`: scripted stories with real processes, told as they happen.

`day` is a day at the till with the proof that the three books agree; `onboarding` is a stranger
who goes from the public page to a terminal that works.

Exit codes: 0 everything ended as the story says; 1 it did not; 3 a part did not
start (the message says why); 130 it was interrupted, and everything it started was stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tongbao.app.cli import EXIT_ENVIRONMENT, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK

if TYPE_CHECKING:
    from tongbao.app.demo.comparison import Comparison
    from tongbao.app.demo.report import Language
    from tongbao.app.demo.script import SlipLine

STORIES = ("day", "onboarding")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `tongbao demo`."""
    parser.add_argument(
        "--story",
        choices=STORIES,
        default=STORIES[0],
        help="day: sales, faults and three books; onboarding: from an application to a terminal",
    )
    parser.add_argument(
        "--store",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="where the host keeps its books; postgresql starts a server of its own",
    )
    parser.add_argument(
        "--language", choices=("zh", "en"), help="of the print-out (default: by LANG)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object instead of the story"
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the folder with the books, and name it"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the day and return the exit code."""
    from tongbao.app.demo.report import Language
    from tongbao.app.postgresql import PostgresqlFailedError, PostgresqlMissingError
    from tongbao.app.processes import PartFailedError
    from tongbao.app.setup import SetUpError

    language = Language(arguments.language or _language_of(os.environ))
    # Without this a SIGTERM would leave the parts running, each in a session of its own.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with contextlib.ExitStack() as stack:
            folder = _folder(stack, keep=arguments.keep)
            database_url = _database_url(arguments.store, folder, stack)
            if arguments.story == "onboarding":
                code = _play_onboarding(folder, database_url, language, as_json=arguments.json)
            else:
                telling = _Telling(language, as_json=arguments.json)
                code = _play(folder, database_url, telling)
            if arguments.keep:
                print(folder, file=sys.stderr)
            return code
    except (PartFailedError, SetUpError, PostgresqlFailedError, PostgresqlMissingError) as error:
        print(f"tongbao demo: {error}", file=sys.stderr)
        return EXIT_ENVIRONMENT
    except KeyboardInterrupt:
        print("tongbao demo: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _play(folder: Path, database_url: str | None, telling: _Telling) -> int:
    from tongbao.app.demo.cashier import CashierError
    from tongbao.app.demo.script import Day, DemoFailedError
    from tongbao.app.demo.second_terminal import SecondTerminalError
    from tongbao.app.demo.stage import set_stage

    fault = ""
    telling.event("starting", "")
    with set_stage(folder, database_url) as stage:
        day = Day(stage, telling.slip, telling.event)
        try:
            day.play()
        except (CashierError, DemoFailedError, SecondTerminalError) as error:
            fault = str(error)
        comparison = day.settle()
        if fault or not comparison.agrees:
            print(stage.log_tails(), file=sys.stderr)
    telling.books(comparison, fault)
    return EXIT_OK if comparison.agrees and not fault else EXIT_FAILED


def _play_onboarding(
    folder: Path, database_url: str | None, language: Language, *, as_json: bool
) -> int:
    from tongbao.app.demo.cashier import CashierError
    from tongbao.app.demo.onboarding.browser import StoryError
    from tongbao.app.demo.onboarding.neighbours import Neighbours
    from tongbao.app.demo.onboarding.stage import set_stage
    from tongbao.app.demo.onboarding.story import Story
    from tongbao.app.demo.onboarding.telling import end_text, step_text

    started = time.monotonic()
    steps: list[dict[str, object]] = []

    def tell(name: str, details: dict[str, str]) -> None:
        seconds = time.monotonic() - started
        steps.append({"step": name, "seconds": round(seconds, 1), **details})
        if not as_json:
            print(step_text(name, details, language, seconds), flush=True)

    fault = ""
    tell("starting", {})
    with set_stage(folder, database_url) as stage:
        try:
            Story(stage, Neighbours(stage.sandbox_url), language.value, tell).play()
        except (CashierError, StoryError) as error:
            fault = str(error)
            print(f"{stage.log_tails()}\ntongbao demo: {fault}", file=sys.stderr)
    if as_json:
        print(json.dumps({"steps": steps, "fault": fault or None}, ensure_ascii=False))
    elif not fault:
        print(end_text(language, time.monotonic() - started))
    return EXIT_FAILED if fault else EXIT_OK


class _Telling:
    """Prints the story as it happens, or one object at the end."""

    def __init__(self, language: Language, *, as_json: bool) -> None:
        self._language = language
        self._as_json = as_json
        self._started = time.monotonic()
        self._slips: list[SlipLine] = []

    def slip(self, line: SlipLine) -> None:
        """Tell how a sale ended."""
        from tongbao.app.demo.report import slip_text

        self._slips.append(line)
        self._say(slip_text(line, self._language))

    def event(self, name: str, detail: str) -> None:
        """Tell what happened between the sales."""
        from tongbao.app.demo.report import event_text

        self._say(event_text(name, detail, self._language))

    def books(self, comparison: Comparison, fault: str) -> None:
        """Tell the end of the day; `fault` is where it left the script, or empty."""
        from tongbao.app.demo.report import books_document, books_text, slip_document

        seconds = time.monotonic() - self._started
        self._say("\n" + books_text(comparison, self._language) + f"  ({seconds:.1f} s)")
        if fault:
            print(f"tongbao demo: {fault}", file=sys.stderr)
        if self._as_json:
            document = {
                **books_document(comparison),
                "fault": fault or None,
                "seconds": round(seconds, 1),
                "slips": [slip_document(line) for line in self._slips],
            }
            print(json.dumps(document, ensure_ascii=False))

    def _say(self, text: str) -> None:
        if not self._as_json:
            print(text, flush=True)


def _folder(stack: contextlib.ExitStack, *, keep: bool) -> Path:
    if keep:
        return Path(tempfile.mkdtemp(prefix="tongbao-demo-"))
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tongbao-demo-")))


def _database_url(store: str, folder: Path, stack: contextlib.ExitStack) -> str | None:
    if store == "sqlite":
        return None
    from tongbao.app.postgresql import PrivatePostgresql

    return stack.enter_context(PrivatePostgresql(folder / "postgresql")).url


def _language_of(environment: os._Environ[str]) -> str:
    """Take Chinese where the locale asks for it, English elsewhere."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "zh" if environment[name].lower().startswith("zh") else "en"
    return "en"
