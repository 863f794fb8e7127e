"""The entry point `tongbao <noun> <verb>`: finds the noun's module and runs its command.

Exit codes: 0 success; 1 the command ran and its check failed; 2 wrong usage; 3 a part of the
environment is missing or refused (the message says what to do); 4 bad input; 70 a bug of ours;
130 interrupted by Ctrl-C; 141 the reader of our output has gone.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import Protocol, cast

from tongbao import __version__

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_ENVIRONMENT = 3
EXIT_BAD_INPUT = 4
EXIT_BUG = 70
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141

# noun -> (module, one line of help). A module is imported only when its noun is used.
NOUNS: dict[str, tuple[str, str]] = {
    "up": ("tongbao.app.commands.up", "start everything: sandbox, host, console, till"),
    "demo": ("tongbao.app.commands.demo", "play a scripted day and prove the books"),
    "host": ("tongbao.app.commands.host", "run the acquirer's host"),
    "platform": ("tongbao.app.commands.platform", "run and prepare the operations console"),
    "terminal": ("tongbao.app.commands.terminal", "run one terminal and its till page"),
    "sandbox": ("tongbao.app.commands.sandbox", "run the simulated issuer and card drawer"),
    "iso8583": ("tongbao.app.commands.iso8583", "describe, decode and encode messages"),
    "crypto": ("tongbao.app.commands.crypto", "MACs, key check values and PIN blocks for testers"),
    "soak": (
        "tongbao.app.commands.soak",
        "sell while processes die and lines break; prove the books",
    ),
    "simulate": (
        "tongbao.app.commands.simulate",
        "live whole payment worlds through on virtual time, with every fault",
    ),
    "verify": ("tongbao.app.commands.verify", "prove that the audit log was not tampered with"),
    "conform": ("tongbao.app.commands.conform", "grade any terminal or host of the dialect"),
    "bench": ("tongbao.app.commands.bench", "measure the whole path of a sale"),
}


class CommandModule(Protocol):
    """What a module in `app/commands` offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add options or verbs; each leaf sets `run`, a function from namespace to exit code."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    parser = argparse.ArgumentParser(prog="tongbao", description="Tongbao 通宝, an open smart POS.")
    parser.add_argument("--version", action="version", version=f"tongbao {__version__}")
    nouns = parser.add_subparsers(dest="noun", metavar="NOUN", required=True)
    wanted = next((word for word in arguments if not word.startswith("-")), None)
    for noun, (module_name, help_text) in NOUNS.items():
        noun_parser = nouns.add_parser(noun, help=help_text, description=help_text)
        if noun == wanted:
            module = cast("CommandModule", importlib.import_module(module_name))
            module.configure(noun_parser)
    namespace = parser.parse_args(arguments)
    try:
        code = int(namespace.run(namespace))
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader, `head` for instance, has had enough; the interpreter must not flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE_CLOSED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return code
