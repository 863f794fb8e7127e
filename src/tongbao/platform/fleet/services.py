"""The only writer of the terminal register; sign-ins are written by the host."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from tongbao.platform.fleet.models import Terminal

if TYPE_CHECKING:
    from tongbao.platform.fleet.registration import NewTerminal


def register_terminals(terminals: list[NewTerminal], *, now_us: int, using: str) -> None:
    """Add terminals of registered merchants; one that is registered already stays untouched."""
    rows = []
    for terminal in terminals:
        values = asdict(terminal)
        values["serial_number"] = terminal.serial_number or f"SN-{terminal.terminal_id}"
        rows.append(Terminal(**values, created_at_us=now_us))
    Terminal.objects.using(using).bulk_create(rows, ignore_conflicts=True, batch_size=500)
