"""Reads everything that the checker needs once nothing moves any more."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tongbao.app.demo.books import (
    fetch_issuer_book,
    host_lines,
    issuer_lines,
    read_host_rows,
    read_journals,
)
from tongbao.app.demo.comparison import BookStatus, PaymentKey
from tongbao.app.soak.checker import Evidence, JournalSale
from tongbao.domain.money import Currency, Money
from tongbao.terminal.core.records import ReversalClosed
from tongbao.terminal.journal import JOURNAL_NAME, read_payments

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tongbao.app.soak.history import History

# A record of either kind takes a new trace number; a reversal repeats its sale's.
_NEW_TRACES: Final = """
    SELECT json_extract(body, '$.batch'), json_extract(body, '$.trace') FROM entries
    WHERE (kind LIKE '%_intended' OR kind LIKE '%_started')
      AND json_extract(body, '$.trace') IS NOT NULL
    ORDER BY seq
"""


_FACTS: Final = (
    *("payment_kind", "amount_minor", "original_trace", "original_rrn", "outcome", "code"),
    *("reason", "attempt", "rrn", "card_masked"),
)


@dataclass(frozen=True, slots=True)
class Places:
    """Where the books are; `journals` is terminal id and data folder."""

    journals: Mapping[str, Path]
    database_url: str
    sandbox_address: str


def collect(places: Places, history: History) -> Evidence:
    """Read journals, host's database and issuer's book."""
    host, keys = host_lines(read_host_rows(places.database_url))
    book = fetch_issuer_book(places.sandbox_address)
    clearing = next(a for a in book["accounts"] if a["account_id"] == "clearing")
    return Evidence(
        sales=history.sales,
        shown=history.shown,
        journal=_journal(places.journals),
        host=host,
        issuer=issuer_lines(book, keys),
        issuer_owes=Money(clearing["balance_minor"], Currency.CNY),
        issuer_balances=bool(book["checks"]["ok"]),
        settled=history.settled,
        holds=_holds(book, keys),
        traces={
            terminal_id: _new_traces(folder) for terminal_id, folder in places.journals.items()
        },
    )


def host_in_doubt(database_url: str) -> int:
    """Count the payments whose end the host does not know yet."""
    lines, _ = host_lines(read_host_rows(database_url))
    return sum(line.status is BookStatus.IN_DOUBT for line in lines)


def longest_doubt_ms(journals: Mapping[str, Path]) -> int:
    """Return how long the longest sale that was reversed stood open, by the journals' clocks."""
    longest = 0
    for terminal_id, folder in journals.items():
        for sale in read_payments(folder, terminal_id):
            if isinstance(sale.closed, ReversalClosed) and sale.closed_at is not None:
                longest = max(longest, (sale.closed_at.us - sale.at.us) // 1000)
    return longest


def journal_story(folder: Path, trace: int) -> list[tuple[int, str]]:
    """Return time in microseconds and words of every journal record about a trace number."""
    with closing(sqlite3.connect(f"file:{folder / JOURNAL_NAME}?mode=ro", uri=True)) as database:
        rows = database.execute(
            "SELECT at_us, kind, body FROM entries WHERE json_extract(body, '$.trace') = ?"
            " ORDER BY seq",
            (trace,),
        ).fetchall()
    return [(at_us, _record_text(kind, json.loads(body))) for at_us, kind, body in rows]


def _record_text(kind: str, body: dict[str, object]) -> str:
    return " ".join([kind, *(f"{name}={body[name]}" for name in _FACTS if body.get(name))])


def _journal(journals: Mapping[str, Path]) -> list[JournalSale]:
    commands = {
        PaymentKey(terminal_id, sale.intent.batch, sale.intent.trace): sale.intent.command_id
        for terminal_id, folder in journals.items()
        for sale in read_payments(folder, terminal_id)
    }
    return [JournalSale(commands[line.key], line) for line in read_journals(journals)]


def _holds(book: dict[str, Any], keys: Mapping[str, PaymentKey]) -> dict[PaymentKey, Money]:
    nobody = PaymentKey("", 0, 0)
    return {
        keys.get(hold["rrn"], nobody): Money(hold["amount_minor"], Currency.CNY)
        for hold in book["holds"]
    }


def _new_traces(folder: Path) -> list[tuple[int, int]]:
    with closing(sqlite3.connect(f"file:{folder / JOURNAL_NAME}?mode=ro", uri=True)) as database:
        return database.execute(_NEW_TRACES).fetchall()
