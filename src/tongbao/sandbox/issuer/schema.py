"""The issuer's own tables: rows are added and never changed, and the database itself says so."""

from __future__ import annotations

from typing import Final

SCHEMA_VERSION: Final = 1

_TABLES: Final = """
CREATE TABLE account (
    account_id    TEXT PRIMARY KEY,
    kind          TEXT NOT NULL,
    currency      TEXT NOT NULL,
    opening_minor INTEGER NOT NULL,
    opened_at_us  INTEGER NOT NULL
) STRICT;
CREATE TABLE card (
    card_id            TEXT PRIMARY KEY,
    token              BLOB NOT NULL UNIQUE,
    masked             TEXT NOT NULL,
    account_id         TEXT NOT NULL REFERENCES account,
    expiry             TEXT NOT NULL,
    pin_reference      BLOB NOT NULL,
    status             TEXT NOT NULL,
    behaviour          TEXT NOT NULL,
    single_limit_minor INTEGER
) STRICT;
CREATE TABLE authorisation (
    rrn           TEXT PRIMARY KEY,
    terminal_id   TEXT NOT NULL,
    merchant_id   TEXT NOT NULL,
    stan          INTEGER NOT NULL,
    card_masked   TEXT NOT NULL,
    card_token    BLOB NOT NULL,
    amount_minor  INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    response_code TEXT NOT NULL,
    auth_code     TEXT NOT NULL,
    at_us         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE reversal (
    rrn           TEXT PRIMARY KEY,
    amount_minor  INTEGER NOT NULL,
    currency      TEXT NOT NULL,
    response_code TEXT NOT NULL,
    at_us         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE entry (
    entry_no     INTEGER PRIMARY KEY,
    event_no     INTEGER NOT NULL,
    kind         TEXT NOT NULL,
    rrn          TEXT,
    account_id   TEXT NOT NULL REFERENCES account,
    amount_minor INTEGER NOT NULL,
    at_us        INTEGER NOT NULL
) STRICT;
CREATE TABLE pin_try (
    try_no     INTEGER PRIMARY KEY,
    card_token BLOB NOT NULL,
    was_right  INTEGER NOT NULL,
    at_us      INTEGER NOT NULL
) STRICT;
"""

_TABLE_NAMES: Final = ("account", "card", "authorisation", "reversal", "entry", "pin_try")


def _append_only(table: str) -> str:
    return "".join(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
        for verb in ("UPDATE", "DELETE")
    )


SCHEMA: Final = (
    "BEGIN;\n"
    + _TABLES
    + "".join(_append_only(table) for table in _TABLE_NAMES)
    + f"PRAGMA user_version = {SCHEMA_VERSION};\nCOMMIT;\n"
)
