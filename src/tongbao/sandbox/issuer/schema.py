"""The issuer's own tables: rows are added and never changed, and the database itself says so.

The schema is a row of steps, each from one version to the next; a new book takes them all, an
older one those that it lacks. A step that has been published is never edited.
"""

from __future__ import annotations

from typing import Final

_SALES: Final = """
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

_SALES_TABLES: Final = ("account", "card", "authorisation", "reversal", "entry", "pin_try")

# What was in a book of sales only was a sale.
_OPERATIONS: Final = """
ALTER TABLE authorisation ADD COLUMN operation TEXT NOT NULL DEFAULT 'sale';
ALTER TABLE authorisation ADD COLUMN original TEXT;
ALTER TABLE authorisation ADD COLUMN root TEXT;
ALTER TABLE authorisation ADD COLUMN ledger_minor INTEGER;
ALTER TABLE authorisation ADD COLUMN available_minor INTEGER;
CREATE INDEX authorisation_root ON authorisation (root) WHERE root IS NOT NULL;
ALTER TABLE reversal ADD COLUMN operation TEXT NOT NULL DEFAULT 'sale';
CREATE TABLE hold_move (
    move_no       INTEGER PRIMARY KEY,
    reason        TEXT NOT NULL,
    rrn           TEXT NOT NULL,
    cause         TEXT,
    account_id    TEXT NOT NULL REFERENCES account,
    currency      TEXT NOT NULL,
    amount_minor  INTEGER NOT NULL,
    expires_at_us INTEGER NOT NULL,
    at_us         INTEGER NOT NULL
) STRICT;
"""
# What was in a book before there was the question needed a PIN.
_SIGNING_CARDS: Final = """
ALTER TABLE card ADD COLUMN needs_pin INTEGER NOT NULL DEFAULT 1;
"""


def _append_only(table: str) -> str:
    return "".join(
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;\n"
        for verb in ("UPDATE", "DELETE")
    )


_STEPS: Final = (
    _SALES + "".join(map(_append_only, _SALES_TABLES)),
    _OPERATIONS + _append_only("hold_move"),
    _SIGNING_CARDS,
)
SCHEMA_VERSION: Final = len(_STEPS)


def upgrade_script(version: int) -> str:
    """Return the SQL that brings a book of this version (0: an empty file) to the newest one.

    It is one transaction: a process that dies in it leaves the book as it was.
    """
    steps = "".join(_STEPS[version:])
    return f"BEGIN IMMEDIATE;\n{steps}PRAGMA user_version = {SCHEMA_VERSION};\nCOMMIT;\n"
