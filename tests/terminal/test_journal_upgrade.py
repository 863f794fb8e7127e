"""A journal that the first release has written is read, and goes on as one of today."""

import hashlib
import json
import sqlite3

import pytest

from tests.terminal.rig import MASKED, TEN_O_CLOCK
from tongbao.terminal.core.vocabulary import Outcome
from tongbao.terminal.journal import JOURNAL_NAME, Journal, JournalError, restore_reader

TERMINAL = "00000001"
FIRST_SCHEMA = """
PRAGMA application_id = 0x546F6E67;
PRAGMA user_version = 1;
CREATE TABLE owner (terminal_id TEXT NOT NULL) STRICT;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    at_us INTEGER NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX one_sale_per_trace
    ON entries (json_extract(body, '$.batch'), json_extract(body, '$.trace'))
    WHERE kind = 'sale_intended';
CREATE TRIGGER entries_are_not_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entries_are_not_removed BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER the_owner_does_not_change BEFORE UPDATE ON owner
    BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE VIEW sales AS
    SELECT json_extract(s.body, '$.batch') AS batch,
           json_extract(s.body, '$.trace') AS trace,
           json_extract(s.body, '$.amount_minor') AS amount_minor,
           json_extract(s.body, '$.card_masked') AS card_masked,
           datetime(s.at_us / 1000000, 'unixepoch') AS intended_utc,
           coalesce(
               CASE c.kind WHEN 'reversal_closed' THEN 'reversed'
                           ELSE json_extract(c.body, '$.outcome') END,
               'in_doubt') AS outcome,
           json_extract(c.body, '$.code') AS code,
           json_extract(c.body, '$.rrn') AS rrn
    FROM entries s
    LEFT JOIN entries c
        ON c.kind IN ('sale_closed', 'reversal_closed')
       AND json_extract(c.body, '$.batch') = json_extract(s.body, '$.batch')
       AND json_extract(c.body, '$.trace') = json_extract(s.body, '$.trace')
    WHERE s.kind = 'sale_intended';
"""
INTENDED = {
    "amount_minor": 12_345,
    "batch": 7,
    "card_masked": MASKED,
    "command_id": "c-1",
    "condition_code": "00",
    "currency": "156",
    "entry_mode": "021",
    "field60": "22000007000200",
    "merchant_id": "100000000000001",
    "operator": "01",
    "processing_code": "000000",
    "trace": 2,
}
CLOSED = {
    "acquirer": "",
    "auth_code": "012345",
    "batch": 7,
    "code": "00",
    "issuer": "",
    "local_date": "20261121",
    "local_time": "100000",
    "organisation": "CUP",
    "outcome": "approved",
    "remark": "",
    "rrn": "112100000002",
    "trace": 2,
}


def write_first_release(folder, *records):
    database = sqlite3.connect(folder / JOURNAL_NAME)
    database.executescript(FIRST_SCHEMA)
    database.execute("INSERT INTO owner VALUES (?)", (TERMINAL,))
    digest = hashlib.sha256(f"tongbao journal {TERMINAL}".encode()).digest()
    for seq, (kind, body) in enumerate(records, 1):
        text = json.dumps(body, sort_keys=True)
        whole = f"{seq}\n{TEN_O_CLOCK.us}\n{kind}\n{text}"
        digest = hashlib.sha256(digest + whole.encode()).digest()
        row = (seq, TEN_O_CLOCK.us, kind, text, digest)
        database.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
    database.commit()
    database.close()


def test_a_sale_of_the_first_release_is_read_as_a_payment(tmp_path):
    write_first_release(tmp_path, ("sale_intended", INTENDED), ("sale_closed", CLOSED))
    journal = Journal.open(tmp_path, TERMINAL)
    (line,) = restore_reader(journal).payments.values()
    journal.close()
    assert line.outcome is Outcome.APPROVED
    assert (line.intent.payment_kind, line.intent.trace, line.closed.rrn) == (
        "sale",
        2,
        "112100000002",
    )
    assert (line.intent.sealed_card, line.intent.approver, line.intent.tip_minor) == ("", "", 0)


def test_a_trace_of_the_first_release_is_not_used_again(tmp_path):
    write_first_release(tmp_path, ("sale_intended", INTENDED))
    journal = Journal.open(tmp_path, TERMINAL)
    (line,) = restore_reader(journal).payments.values()
    assert line.outcome is Outcome.IN_DOUBT
    with pytest.raises(JournalError, match="UNIQUE"):
        journal.append(line.intent, TEN_O_CLOCK)
    journal.close()


def test_the_upgraded_journal_shows_old_and_new_payments_and_opens_again(tmp_path):
    write_first_release(tmp_path, ("sale_intended", INTENDED), ("sale_closed", CLOSED))
    for _ in range(2):
        Journal.open(tmp_path, TERMINAL).close()
    database = sqlite3.connect(tmp_path / JOURNAL_NAME)
    rows = database.execute("SELECT trace, kind, outcome FROM payments").fetchall()
    names = {name for (name,) in database.execute("SELECT name FROM sqlite_schema")}
    database.close()
    assert rows == [(2, "sale", "approved")]
    assert not names & {"sales", "one_sale_per_trace"}
