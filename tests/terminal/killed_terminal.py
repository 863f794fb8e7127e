"""A terminal that kills itself with SIGKILL: `FOLDER PORT POINT` on the command line.

The point is `before:KIND` or `after:KIND` of a journal record, or `sent:MTI` of a message.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tests.terminal.live import clock, live_settings
from tongbao.app.logs import log_to_stderr
from tongbao.terminal.journal import Journal
from tongbao.terminal.process import Terminal, TerminalAddresses

FOLDER, PORT, POINT = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def pull_the_plug(where: str) -> None:
    if where == POINT:
        os.kill(os.getpid(), signal.SIGKILL)


class PluggedJournal(Journal):
    """A journal beside which the plug is pulled."""

    def append(self, record: Any, at: Any) -> None:
        pull_the_plug(f"before:{record.kind}")
        super().append(record, at)
        pull_the_plug(f"after:{record.kind}")


async def main() -> None:
    settings = live_settings(FOLDER, host_port=PORT, host_timeout_ms=400)
    journal = PluggedJournal.open(settings.data_folder, settings.terminal_id.value)
    terminal = Terminal(settings, journal, clock)
    link = terminal.shell._link
    assert link is not None
    send = link.send

    def send_and_die(frame: bytes, ticket: int) -> None:
        send(frame, ticket)
        pull_the_plug("sent:" + frame[13:15].hex())

    link.send = send_and_die  # type: ignore[method-assign]  # the plug is in the wall, not in the link

    def announce(addresses: TerminalAddresses) -> None:
        sys.stdout.write(json.dumps([addresses.screen, addresses.reader]) + "\n")
        sys.stdout.flush()

    await terminal.run(asyncio.Event(), announce)


log_to_stderr(debug=True)
asyncio.run(main())
