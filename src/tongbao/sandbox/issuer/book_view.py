"""The issuer's book for a person (or the demo) to read: balances, holds, payments, checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.domain.dates import Instant
from tongbao.domain.money import Currency, Money
from tongbao.sandbox.cards import CARD_BY_ID
from tongbao.sandbox.issuer.core.book import CAPITAL_ACCOUNT, CLEARING_ACCOUNT
from tongbao.wire.network.operations import Operation

if TYPE_CHECKING:
    import sqlite3

    from tongbao.sandbox.issuer.core.state import IssuerState

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
       COALESCE(sale.operation, undo.operation) AS operation, original AS original_rrn,
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
_TOTALS = f"SELECT operation, status, COUNT(*), SUM(amount_minor) FROM ({_PAYMENTS}) GROUP BY 1, 2"  # noqa: S608 - our own text
_HOLDS = """
SELECT rrn, hold_move.account_id, card.masked AS card_masked, SUM(amount_minor) AS amount_minor,
       MIN(at_us) AS at_us, expires_at_us, MAX(move_no) AS move_no
FROM hold_move JOIN card USING (account_id)
GROUP BY rrn HAVING SUM(amount_minor) <> 0 ORDER BY expires_at_us, rrn LIMIT ?
"""
_HELD = "SELECT account_id, SUM(amount_minor) FROM hold_move GROUP BY account_id"
_NEGATIVE_HOLDS = """
SELECT COUNT(*) FROM (SELECT 1 FROM hold_move GROUP BY rrn HAVING SUM(amount_minor) < 0)
"""
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


def read_book(connection: sqlite3.Connection, state: IssuerState, rows_max: int) -> dict[str, Any]:
    """Return the whole book as plain data; lists hold the newest `rows_max`, totals all.

    `totals` count sales by their end, `operations` everything by kind and end. `state` is what
    the running issuer believes; the checks hold it against entries and hold moves.
    """
    accounts = [_account(row, state) for row in connection.execute(_ACCOUNTS)]
    operations: dict[str, dict[str, Any]] = {}
    for operation, status, count, amount in connection.execute(_TOTALS):
        ends = operations.setdefault(operation, {})
        ends[status] = {"count": count, "amount_minor": amount}
    return {
        "currency": Currency.CNY.code,
        "accounts": accounts,
        "payments": _dicts(connection, _NEWEST_PAYMENTS, rows_max),
        "totals": operations.get(Operation.SALE.value, {}),
        "operations": operations,
        "holds": [_hold(row) for row in _dicts(connection, _HOLDS, rows_max)],
        "entries": _dicts(connection, _NEWEST_ENTRIES, rows_max),
        "checks": _checks(connection, accounts),
    }


def _checks(connection: sqlite3.Connection, accounts: list[dict[str, Any]]) -> dict[str, Any]:
    entries_sum = int(connection.execute(_ENTRIES_SUM).fetchone()[0])
    unbalanced = int(connection.execute(_UNBALANCED_EVENTS).fetchone()[0])
    balances_agree = all(
        account["balance_minor"] == account["opening_minor"] + account["moved_minor"]
        for account in accounts
    )
    held = dict(connection.execute(_HELD).fetchall())
    holds_agree = connection.execute(_NEGATIVE_HOLDS).fetchone()[0] == 0 and all(
        account["held_minor"] == held.get(account["account_id"], 0) >= 0 for account in accounts
    )
    return {
        "entries_sum_minor": entries_sum,
        "unbalanced_events": unbalanced,
        "balances_agree": balances_agree,
        "holds_agree": holds_agree,
        "ok": entries_sum == 0 and unbalanced == 0 and balances_agree and holds_agree,
    }


def _hold(row: dict[str, Any]) -> dict[str, Any]:
    del row["move_no"]
    row["expires_at"] = Instant(row["expires_at_us"]).local().isoformat(timespec="seconds")
    return row


def _account(row: tuple[Any, ...], state: IssuerState) -> dict[str, Any]:
    account_id, kind, currency, opening, masked, entries, moved = row
    card = CARD_BY_ID.get(account_id)
    name_zh, name_en = (
        (card.name.zh, card.name.en) if card else _OWN_NAMES.get(account_id, (account_id,) * 2)
    )
    balance = state.balances[account_id]
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
        "held_minor": state.held.get(account_id, 0),
        "available_minor": state.available(account_id),
        "entries": entries,
    }


def _dicts(connection: sqlite3.Connection, query: str, rows_max: int) -> list[dict[str, Any]]:
    cursor = connection.execute(query, (rows_max,))
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor]
    for row in found:
        row["at"] = Instant(row["at_us"]).local().isoformat(timespec="milliseconds")
    return found
