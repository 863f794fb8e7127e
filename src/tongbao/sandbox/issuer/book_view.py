"""The issuer's book for a person (or the demo) to read: balances, payments, entries, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.domain.dates import Instant
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.cards import CARD_BY_ID
from tongbao.sandbox.issuer.core.book import CAPITAL_ACCOUNT, CLEARING_ACCOUNT

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

# The capital account opened with what all the others were given, to the other side.
_ACCOUNTS = """
SELECT account.account_id, account.kind, currency,
       CASE account.kind WHEN 'capital' THEN -(SELECT SUM(opening_minor) FROM account)
                         ELSE opening_minor END,
       card.masked,
       (SELECT COUNT(*) FROM entry WHERE entry.account_id = account.account_id),
       (SELECT COALESCE(SUM(amount_minor), 0) FROM entry
        WHERE entry.account_id = account.account_id AND entry.kind <> 'opening')
FROM account LEFT JOIN card USING (account_id) ORDER BY account.rowid
"""
# A reversal that came before its original stands without an authorisation.
_PAYMENTS = """
SELECT COALESCE(sale.rrn, undo.rrn) AS rrn, terminal_id, merchant_id, stan, card_masked,
       COALESCE(sale.amount_minor, undo.amount_minor) AS amount_minor,
       CASE WHEN undo.rrn IS NOT NULL THEN 'reversed'
            WHEN sale.response_code = '00' THEN 'approved' ELSE 'declined' END AS status,
       COALESCE(sale.response_code, '') AS response_code,
       COALESCE(sale.auth_code, '') AS auth_code,
       COALESCE(sale.at_us, undo.at_us) AS at_us, undo.at_us AS reversed_at_us
FROM (SELECT rrn FROM authorisation UNION SELECT rrn FROM reversal) AS known
LEFT JOIN authorisation AS sale USING (rrn) LEFT JOIN reversal AS undo USING (rrn)
"""
_NEWEST_PAYMENTS = f"{_PAYMENTS} ORDER BY at_us DESC, rrn DESC LIMIT ?"
_TOTALS = f"SELECT status, COUNT(*), SUM(amount_minor) FROM ({_PAYMENTS}) GROUP BY status"  # noqa: S608 - our own text
_NEWEST_ENTRIES = """
SELECT entry_no, event_no, kind, rrn, account_id, amount_minor, at_us
FROM entry ORDER BY entry_no DESC LIMIT ?
"""
_ENTRIES_SUM = "SELECT COALESCE(SUM(amount_minor), 0) FROM entry"
_UNBALANCED_EVENTS = """
SELECT COUNT(*) FROM (SELECT 1 FROM entry GROUP BY event_no HAVING SUM(amount_minor) <> 0)
"""

_OWN_NAMES = {
    CAPITAL_ACCOUNT: ("开户资金", "where the opening balances came from"),
    CLEARING_ACCOUNT: ("应付收单机构", "owed to the acquirer"),
}


def read_book(
    connection: sqlite3.Connection, balances: Mapping[str, int], rows_max: int
) -> dict[str, Any]:
    """Return the whole book as plain data; lists hold the newest `rows_max`, totals all.

    `balances` is what the running issuer believes; the checks hold it against the entries.
    """
    accounts = [_account(row, balances) for row in connection.execute(_ACCOUNTS)]
    entries_sum = int(connection.execute(_ENTRIES_SUM).fetchone()[0])
    unbalanced = int(connection.execute(_UNBALANCED_EVENTS).fetchone()[0])
    balances_agree = all(
        account["balance_minor"] == account["opening_minor"] + account["moved_minor"]
        for account in accounts
    )
    return {
        "currency": Currency.CNY.code,
        "accounts": accounts,
        "payments": _dicts(connection, _NEWEST_PAYMENTS, rows_max),
        "totals": {
            status: {"count": count, "amount_minor": amount}
            for status, count, amount in connection.execute(_TOTALS)
        },
        "entries": _dicts(connection, _NEWEST_ENTRIES, rows_max),
        "checks": {
            "entries_sum_minor": entries_sum,
            "unbalanced_events": unbalanced,
            "balances_agree": balances_agree,
            "ok": entries_sum == 0 and unbalanced == 0 and balances_agree,
        },
    }


def _account(row: tuple[Any, ...], balances: Mapping[str, int]) -> dict[str, Any]:
    account_id, kind, currency, opening, masked, entries, moved = row
    card = CARD_BY_ID.get(account_id)
    name_zh, name_en = (
        (card.name.zh, card.name.en) if card else _OWN_NAMES.get(account_id, (account_id,) * 2)
    )
    balance = balances[account_id]
    return {
        "account_id": account_id,
        "kind": kind,
        "name_zh": name_zh,
        "name_en": name_en,
        "card_masked": masked,
        "opening_minor": opening,
        "moved_minor": moved,
        "balance_minor": balance,
        "balance": Money(balance, Currency[currency]).text(),
        "entries": entries,
    }


def _dicts(connection: sqlite3.Connection, query: str, rows_max: int) -> list[dict[str, Any]]:
    cursor = connection.execute(query, (rows_max,))
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor]
    for row in found:
        row["at"] = Instant(row["at_us"]).local().isoformat(timespec="milliseconds")
    return found
