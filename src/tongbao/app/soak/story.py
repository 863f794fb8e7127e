"""Tells one payment's whole story from all sides, in the order of time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from tongbao.app.demo.books import fetch_issuer_book
from tongbao.app.soak.books import journal_story
from tongbao.platform.database import sqlite_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.app.demo.comparison import PaymentKey
    from tongbao.app.soak.books import Places
    from tongbao.app.soak.history import History
    from tongbao.app.soak.plan import Fault

_AROUND_MS: Final = 30_000
_HOST_EVENTS: Final = """
    SELECT p.received_at_us, p.rrn, p.amount_minor, e.at_us, e.kind, e.response_code, e.detail
    FROM payments_payment p LEFT JOIN payments_paymentevent e ON e.payment_id = p.payment_id
    WHERE p.terminal_id = {0} AND p.stan = {0} ORDER BY e.event_id
"""

Told = list[tuple[int, str, str]]


def tell(
    key: PaymentKey,
    command_id: str | None,
    history: History,
    places: Places,
    faults: Sequence[Fault],
) -> str:
    """Return lines of seconds since the start, who, and what; faults around it included.

    `command_id` is that of the sale in the journal, by which its cashier is found.
    """
    lines: Told = []
    lines += [
        (at_us, "terminal", text)
        for at_us, text in journal_story(places.journals[key.terminal_id], key.stan)
    ]
    lines += _host_story(key, places.database_url)
    lines += _issuer_story(key, places.sandbox_address)
    lines += _cashier_story(key, command_id, history)
    if lines:
        lines += _fault_story(history, faults, min(lines)[0], max(lines)[0])
    body = "\n".join(
        f"  {(at_us - history.started_us) / 1e6:9.3f} s  {who:<9} {what}"
        for at_us, who, what in sorted(lines)
    )
    return f"terminal {key.terminal_id}, trace {key.stan:06d}:\n{body}"


def _cashier_story(key: PaymentKey, command_id: str | None, history: History) -> Told:
    lines: Told = []
    for sale in history.sales:
        by_trace = (sale.terminal_id, sale.trace) == (key.terminal_id, key.stan)
        if sale.command_id != command_id and not by_trace:
            continue
        begun = f"{sale.kind} of {sale.amount_minor} fen, card {sale.card_id}"
        begun += f", command {sale.command_id}"
        lines.append((_us(history, sale.begun_ms), "cashier", begun))
        if sale.given_ms is not None:
            lines.append((_us(history, sale.given_ms), "cashier", "the PIN or the card is given"))
        if sale.ended_ms is not None:
            told = f"is told {sale.told.value} {sale.code}"
            lines.append((_us(history, sale.ended_ms), "cashier", told))
    return lines


def _host_story(key: PaymentKey, database_url: str) -> Told:
    path = sqlite_path(database_url)
    values = (key.terminal_id, key.stan)
    if path is not None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            rows = connection.execute(_HOST_EVENTS.format("?"), values).fetchall()
    else:
        import psycopg  # noqa: PLC0415 - needed only where PostgreSQL is used

        with psycopg.connect(database_url) as postgresql:
            rows = postgresql.execute(_HOST_EVENTS.format("%s"), values).fetchall()
    lines: Told = []
    for received_at_us, rrn, amount_minor, at_us, kind, code, detail in rows:
        intent = (received_at_us, "host", f"intent rrn={rrn} amount_minor={amount_minor}")
        if intent not in lines:
            lines.append(intent)
        if kind is not None:
            lines.append((at_us, "host", f"{kind} {code or ''} {detail or ''}".rstrip()))
    return lines


def _issuer_story(key: PaymentKey, sandbox_address: str) -> Told:
    lines: Told = []
    for payment in fetch_issuer_book(sandbox_address)["payments"]:
        if (payment["terminal_id"], payment["stan"]) != (key.terminal_id, key.stan):
            continue
        said = f"rrn={payment['rrn']} answer {payment['response_code'] or 'none'}"
        lines.append((payment["at_us"], "issuer", said))
        if payment["reversed_at_us"]:
            lines.append((payment["reversed_at_us"], "issuer", f"reversed rrn={payment['rrn']}"))
    return lines


def _fault_story(history: History, faults: Sequence[Fault], first_us: int, last_us: int) -> Told:
    lines: Told = []
    for fault in faults:
        at_us = history.trouble_us + fault.at_ms * 1000
        if first_us - _AROUND_MS * 1000 <= at_us <= last_us + _AROUND_MS * 1000:
            what = f"{fault.kind.value} {fault.target} for {fault.lasts_ms} ms"
            lines.append((at_us, "FAULT", what))
    return lines


def _us(history: History, at_ms: int) -> int:
    return history.started_us + at_ms * 1000
