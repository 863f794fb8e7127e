"""Reads the three books, each where its owner keeps it: journals, database, the issuer's page."""

from __future__ import annotations

import json
import sqlite3
import urllib.request
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from tongbao.app.demo.comparison import BookLine, BookStatus, Comparison, PaymentKey, compare
from tongbao.domain.money import Currency, Money
from tongbao.platform.database import sqlite_path
from tongbao.platform.payments.status import fold
from tongbao.terminal.journal import read_payments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# One row a payment and event; a payment without an event still has its row.
_HOST_QUERY: Final = """
    SELECT p.terminal_id, p.batch_no, p.stan, p.amount_minor, p.card_masked, p.rrn, e.kind,
           p.kind, COALESCE(o.rrn, '')
    FROM payments_payment p LEFT JOIN payments_paymentevent e ON e.payment_id = p.payment_id
    LEFT JOIN payments_payment o ON p.original_id > 0 AND o.payment_id = p.original_id
    ORDER BY p.payment_id, e.event_id
"""
_HTTP_TIMEOUT_S: Final = 10
# The journal's words for the end of a sale that stand for themselves are those of the books.
_CANCELLED: Final = "cancelled"

# A question that moves no money; the host keeps nothing of it.
_BALANCE: Final = "balance"

HostRow = tuple[str, int, int, int, str, str, str | None, str, str]


def read_journals(folders: Mapping[str, Path]) -> list[BookLine]:
    """Read every payment in the journals, given as terminal id and data folder."""
    lines = []
    for terminal_id, folder in folders.items():
        for sale in read_payments(folder, terminal_id):
            intent, word = sale.intent, sale.outcome.value
            if intent.payment_kind == _BALANCE:
                continue
            status = BookStatus.NOT_SENT if word == _CANCELLED else BookStatus(word)
            key = PaymentKey(terminal_id, intent.batch, intent.trace)
            kind, original = intent.payment_kind, None
            if intent.original_trace:
                original = PaymentKey(terminal_id, intent.original_batch, intent.original_trace)
            lines.append(BookLine(key, intent.amount, status, intent.card_masked, kind, original))
    return lines


def read_host_rows(database_url: str) -> list[HostRow]:
    """Read all payments with their events from the host's database."""
    path = sqlite_path(database_url)
    if path is not None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(_HOST_QUERY).fetchall()
    import psycopg  # noqa: PLC0415 - needed only where PostgreSQL is used

    with psycopg.connect(database_url) as postgresql:
        return postgresql.execute(_HOST_QUERY).fetchall()


def host_lines(rows: Sequence[HostRow]) -> tuple[list[BookLine], dict[str, PaymentKey]]:
    """Fold the events of each payment; also return which payment each RRN belongs to."""
    events: dict[str, list[str]] = {}
    firsts: dict[str, HostRow] = {}
    for row in rows:
        rrn, event = row[5], row[6]
        firsts.setdefault(rrn, row)
        events.setdefault(rrn, [])
        if event is not None:
            events[rrn].append(event)
    keys = {rrn: PaymentKey(row[0].strip(), row[1], row[2]) for rrn, row in firsts.items()}
    lines = []
    for rrn, (_, _, _, amount_minor, masked, _, _, kind, original) in firsts.items():
        status = BookStatus(fold(events[rrn]).value)
        amount = Money(amount_minor, Currency.CNY)
        lines.append(BookLine(keys[rrn], amount, status, masked, kind, keys.get(original)))
    return lines, keys


def fetch_issuer_book(address: str) -> dict[str, Any]:
    """Ask the sandbox at HOST:PORT for the issuer's book."""
    with urllib.request.urlopen(f"http://{address}/book", timeout=_HTTP_TIMEOUT_S) as answer:
        book: dict[str, Any] = json.load(answer)
    return book


def issuer_lines(book: dict[str, Any], keys: Mapping[str, PaymentKey]) -> list[BookLine]:
    """Name the issuer's payments by the host's RRNs; one the host never had gets batch 0."""
    lines = []
    for payment in book["payments"]:
        if payment["operation"] == _BALANCE:
            continue
        unknown = PaymentKey(payment["terminal_id"] or "", 0, payment["stan"] or 0)
        key = keys.get(payment["rrn"], unknown)
        amount = Money(payment["amount_minor"], Currency.CNY)
        status = BookStatus(payment["status"])
        masked, kind = payment["card_masked"] or "", payment["operation"] or "sale"
        original = keys.get(payment.get("original_rrn") or "")
        lines.append(BookLine(key, amount, status, masked, kind, original))
    return lines


def read_and_compare(
    journals: Mapping[str, Path], database_url: str, sandbox_address: str
) -> Comparison:
    """Read all three books now and compare them."""
    host, keys = host_lines(read_host_rows(database_url))
    book = fetch_issuer_book(sandbox_address)
    clearing = next(a for a in book["accounts"] if a["account_id"] == "clearing")
    return compare(
        read_journals(journals),
        host,
        issuer_lines(book, keys),
        issuer_owes=Money(clearing["balance_minor"], Currency.CNY),
        issuer_balances=bool(book["checks"]["ok"]),
    )
