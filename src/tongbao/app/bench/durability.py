"""Compares what terminals were told with what the database kept."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, LiteralString

from tongbao.platform.database import sqlite_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tongbao.app.bench.mix_report import PaymentsOfTerminal
    from tongbao.app.bench.plan import AcknowledgedSales

_QUERY: Final = """
    SELECT p.terminal_id, p.batch_no, p.stan, p.amount_minor, e.kind
    FROM payments_payment p JOIN payments_paymentevent e ON e.payment_id = p.payment_id
    ORDER BY e.event_id
"""
_MIX_QUERY: Final = """
    SELECT p.terminal_id, p.batch_no, p.stan, p.kind, p.amount_minor, e.kind
    FROM payments_payment p JOIN payments_paymentevent e ON e.payment_id = p.payment_id
    ORDER BY e.event_id
"""
_EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class DurabilityReport:
    """`durable` of the `acknowledged` sales are in the database, approved and with their amount.

    `approved` counts all approvals there: those beyond the acknowledged ones were on their way to
    a terminal when the load ended. `missing` names some that are lost, as terminal/batch/trace.
    """

    acknowledged: int
    durable: int
    approved: int
    missing: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether every acknowledged sale is durable."""
        return self.durable == self.acknowledged


def check_durability(
    database_url: str, acknowledged: Mapping[str, AcknowledgedSales]
) -> DurabilityReport:
    """Look every acknowledged sale up in the database of a host that has stopped."""
    approved: dict[tuple[str, int, int], int] = {}
    for terminal_id, batch_no, stan, amount_minor, kind in _rows(database_url, _QUERY):
        key = (terminal_id, batch_no, stan)
        if kind == "approved":
            approved[key] = amount_minor
        elif kind in ("declined", "reversal_requested", "reversed"):
            approved.pop(key, None)
    told = {
        (terminal_id, sales.batch_no, stan): amount_minor
        for terminal_id, sales in acknowledged.items()
        for stan, amount_minor in sales.amounts.items()
    }
    missing = [key for key, amount_minor in told.items() if approved.get(key) != amount_minor]
    return DurabilityReport(
        acknowledged=len(told),
        durable=len(told) - len(missing),
        approved=len(approved),
        missing=tuple(f"{key[0]}/{key[1]}/{key[2]}" for key in missing[:_EXAMPLES]),
    )


def check_mix_durability(
    database_url: str, books: Mapping[str, PaymentsOfTerminal]
) -> DurabilityReport:
    """Look every acknowledged payment up: kind, amount, and approved or being reversed.

    Here `approved` of the report counts reversed ones, too: they were approved first.
    """
    kept: dict[tuple[str, int, int], tuple[str, int, str]] = {}
    for terminal_id, batch_no, stan, kind, amount_minor, event in _rows(database_url, _MIX_QUERY):
        key = (terminal_id, batch_no, stan)
        if event == "approved" and key not in kept:
            kept[key] = (kind, amount_minor, "approved")
        elif event == "reversal_requested":
            kept[key] = (kind, amount_minor, "reversed")
    told = {
        (terminal_id, one.batch_no, stan): payment
        for terminal_id, one in books.items()
        for stan, payment in one.payments.items()
    }
    missing = [key for key, payment in told.items() if kept.get(key) != payment]
    return DurabilityReport(
        acknowledged=len(told),
        durable=len(told) - len(missing),
        approved=len(kept),
        missing=tuple(f"{key[0]}/{key[1]}/{key[2]}" for key in missing[:_EXAMPLES]),
    )


def _rows(database_url: str, query: LiteralString) -> Iterable[tuple[Any, ...]]:
    path = sqlite_path(database_url)
    if path is not None:
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(query).fetchall()
    import psycopg  # noqa: PLC0415 - needed only where PostgreSQL is used

    with psycopg.connect(database_url) as postgresql:
        return postgresql.execute(query).fetchall()
