"""The journal: flushed, append-only, chained; a damaged one is refused, never worked around."""

import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.terminal.rig import MASKED, TEN_O_CLOCK, Rig
from tongbao.domain.secrets import Pan, SecretText
from tongbao.terminal.core.records import (
    DoubtOpened,
    LoggedIn,
    PaymentClosed,
    PaymentIntended,
    SelfChecked,
    SlipDone,
    record_body,
    record_from,
)
from tongbao.terminal.core.recovery import read_records, restore
from tongbao.terminal.core.vocabulary import Outcome, TimerKind
from tongbao.terminal.journal import (
    JOURNAL_NAME,
    Journal,
    JournalBusyError,
    JournalDamagedError,
    JournalError,
    read_payments,
    restore_reader,
)

TERMINAL = "00000001"
INTENT = PaymentIntended(
    command_id="c-1",
    trace=1,
    batch=7,
    amount_minor=12_345,
    currency="156",
    card_masked="620000*********0128",
    entry_mode="021",
    processing_code="000000",
    condition_code="00",
    field60="22000007000200",
    operator="01",
    merchant_id="100000000000001",
)
CLOSED = PaymentClosed(
    trace=1,
    batch=7,
    outcome="approved",
    code="00",
    auth_code="012345",
    rrn="112100000002",
    local_date="20261121",
    local_time="100000",
    remark="余额不足 \u2028 '\"",
)


def filled(folder, count=3):
    journal = Journal.open(folder, TERMINAL)
    for trace in range(1, count + 1):
        journal.append(replace(INTENT, trace=trace, command_id=f"c-{trace}"), TEN_O_CLOCK)
        journal.append(replace(CLOSED, trace=trace), TEN_O_CLOCK.plus_ms(trace))
    journal.close()


def fill_up(journal):
    for _ in range(200):
        journal.append(LoggedIn(operator="01"), TEN_O_CLOCK)


def alter(folder, *statements):
    """Do what only an attacker or a broken disk does: the triggers are taken away first."""
    database = sqlite3.connect(folder / JOURNAL_NAME)
    database.executescript(
        "DROP TRIGGER entries_are_not_changed; DROP TRIGGER entries_are_not_removed;"
        "DROP TRIGGER the_owner_does_not_change;" + ";".join(statements)
    )
    database.close()


def test_what_was_appended_is_there_after_reopening(tmp_path):
    filled(tmp_path, 2)
    journal = Journal.open(tmp_path, TERMINAL)
    assert list(journal.records()) == [
        (INTENT, TEN_O_CLOCK),
        (CLOSED, TEN_O_CLOCK.plus_ms(1)),
        (replace(INTENT, trace=2, command_id="c-2"), TEN_O_CLOCK),
        (replace(CLOSED, trace=2), TEN_O_CLOCK.plus_ms(2)),
    ]
    journal.close()


def test_the_file_is_in_wal_mode_flushed_at_each_commit_and_for_the_owner_only(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    database = journal._database
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == dict.fromkeys(
        (
            JOURNAL_NAME,
            f"{JOURNAL_NAME}-wal",
            f"{JOURNAL_NAME}-shm",
            "journal.lock",
            "journal.head",
        ),
        0o600,
    )
    journal.close()


def test_rows_cannot_be_changed_or_removed(tmp_path):
    filled(tmp_path)
    database = sqlite3.connect(tmp_path / JOURNAL_NAME)
    for statement in (
        "UPDATE entries SET body = '{}' WHERE seq = 1",
        "DELETE FROM entries WHERE seq = 1",
        "DELETE FROM entries",
        "UPDATE owner SET terminal_id = '00000002'",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            database.execute(statement)
    database.close()


def test_a_trace_number_cannot_come_twice_in_a_batch(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(INTENT, TEN_O_CLOCK)
    with pytest.raises(JournalError, match="SQLITE_CONSTRAINT"):
        journal.append(INTENT, TEN_O_CLOCK)
    journal.close()


def test_after_a_failed_write_nothing_is_accepted_any_more(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    journal._database.execute("PRAGMA query_only = 1")
    with pytest.raises(JournalError, match="SQLITE_READONLY"):
        journal.append(INTENT, TEN_O_CLOCK)
    journal._database.execute("PRAGMA query_only = 0")
    with pytest.raises(JournalError, match="failed before"):
        journal.append(INTENT, TEN_O_CLOCK)
    journal.close()


def test_a_full_disk_is_an_error_and_keeps_what_was_flushed(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(INTENT, TEN_O_CLOCK)
    pages = journal._database.execute("PRAGMA page_count").fetchone()[0]
    journal._database.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(JournalError, match="SQLITE_FULL"):
        fill_up(journal)
    journal.close()
    journal = Journal.open(tmp_path, TERMINAL)
    assert next(iter(journal.records())) == (INTENT, TEN_O_CLOCK)
    journal.close()


def test_only_one_process_holds_a_journal(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    code = (
        "import sys; from pathlib import Path\n"
        "from tongbao.terminal.journal import Journal, JournalBusyError\n"
        "try: Journal.open(Path(sys.argv[1]), '00000001')\n"
        "except JournalBusyError as error: sys.exit(str(error))\n"
    )
    busy = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (busy.returncode, busy.stderr) == (
        1,
        "another process runs this terminal; stop it first\n",
    )
    journal.close()
    Journal.open(tmp_path, TERMINAL).close()


def test_the_same_process_cannot_open_it_twice_either(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    with pytest.raises(JournalBusyError):
        Journal.open(tmp_path, TERMINAL)
    journal.close()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE entries SET body = replace(body, '12345', '12346') WHERE seq = 3", "record 3"),
        ("UPDATE entries SET at_us = at_us + 1 WHERE seq = 2", "record 2"),
        ("UPDATE entries SET kind = 'logged_in' WHERE seq = 4", "record 4"),
        ("UPDATE entries SET digest = zeroblob(32) WHERE seq = 6", "record 6"),
        ("DELETE FROM entries WHERE seq = 2", "record 2"),
        ("DELETE FROM entries WHERE seq = 1", "record 1"),
        ("DELETE FROM entries WHERE seq = 6", "lost its end: 5 of 6"),
        ("DELETE FROM entries", "lost its end: 0 of 6"),
        ("UPDATE owner SET terminal_id = '00000002'", "another terminal"),
        ("PRAGMA user_version = 3", "schema 3"),
    ],
)
def test_an_altered_journal_is_refused_with_its_reason(tmp_path, statement, reason):
    filled(tmp_path)
    alter(tmp_path, statement)
    with pytest.raises(JournalDamagedError, match=reason):
        Journal.open(tmp_path, TERMINAL)
    # The lock is free again after the refusal.
    with pytest.raises(JournalDamagedError, match=reason):
        Journal.open(tmp_path, TERMINAL)


def test_the_journal_of_another_terminal_is_refused(tmp_path):
    filled(tmp_path)
    with pytest.raises(JournalDamagedError, match="another terminal"):
        Journal.open(tmp_path, "00000002")


def test_a_lost_write_ahead_log_is_noticed(tmp_path):
    """The rows were flushed into the log; without it the file is an older one."""
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(INTENT, TEN_O_CLOCK)
    kept = (tmp_path / JOURNAL_NAME).read_bytes()
    assert (tmp_path / (JOURNAL_NAME + "-wal")).stat().st_size > 0
    head = (tmp_path / "journal.head").read_bytes()
    journal.close()
    (tmp_path / JOURNAL_NAME).write_bytes(kept)
    (tmp_path / (JOURNAL_NAME + "-wal")).unlink(missing_ok=True)
    (tmp_path / "journal.head").write_bytes(head)
    with pytest.raises(JournalDamagedError):
        Journal.open(tmp_path, TERMINAL)


def test_an_old_copy_in_place_of_the_journal_is_noticed(tmp_path):
    filled(tmp_path, 1)
    old = (tmp_path / JOURNAL_NAME).read_bytes()
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(LoggedIn(operator="01"), TEN_O_CLOCK)
    journal.close()
    (tmp_path / JOURNAL_NAME).write_bytes(old)
    with pytest.raises(JournalDamagedError, match="lost its end: 2 of 3"):
        Journal.open(tmp_path, TERMINAL)


@pytest.mark.parametrize("content", [b"", b"torn", bytes(44)], ids=["gone", "torn", "zeros"])
def test_a_head_file_that_a_power_cut_tore_is_written_anew(tmp_path, content):
    filled(tmp_path)
    whole = (tmp_path / "journal.head").read_bytes()
    (tmp_path / "journal.head").write_bytes(content)
    Journal.open(tmp_path, TERMINAL).close()
    assert (tmp_path / "journal.head").read_bytes() == whole


def test_a_head_file_behind_the_journal_is_what_a_power_cut_leaves(tmp_path):
    filled(tmp_path, 1)
    behind = (tmp_path / "journal.head").read_bytes()
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(LoggedIn(operator="01"), TEN_O_CLOCK)
    journal.close()
    (tmp_path / "journal.head").write_bytes(behind)
    journal = Journal.open(tmp_path, TERMINAL)
    assert len(list(journal.records())) == 3
    journal.close()


def test_every_flipped_byte_is_without_effect_or_refused(tmp_path):
    filled(tmp_path / "good", 2)
    journal = Journal.open(tmp_path / "good", TERMINAL)
    expected = list(journal.records())
    journal.close()
    whole = (tmp_path / "good" / JOURNAL_NAME).read_bytes()
    refused = 0
    for offset in [*range(100), *range(100, len(whole), 53)]:
        folder = tmp_path / "bad"
        folder.mkdir(exist_ok=True)
        for file in folder.iterdir():
            file.unlink()
        damaged = bytearray(whole)
        damaged[offset] ^= 0x55
        (folder / JOURNAL_NAME).write_bytes(damaged)
        try:
            journal = Journal.open(folder, TERMINAL)
        except JournalError:
            refused += 1
            continue
        try:
            assert list(journal.records()) == expected, offset
        finally:
            journal.close()
    assert refused > 50


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / JOURNAL_NAME).write_bytes(b"x" * 4096)
    with pytest.raises(JournalDamagedError, match="SQLITE_NOTADB"):
        Journal.open(tmp_path, TERMINAL)


def test_a_file_where_the_folder_should_be_is_named(tmp_path):
    (tmp_path / "terminal").write_text("")
    with pytest.raises(JournalError, match="the journal in"):
        Journal.open(tmp_path / "terminal", TERMINAL)


def test_records_that_contradict_each_other_are_refused(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(CLOSED, TEN_O_CLOCK)
    with pytest.raises(JournalDamagedError, match="belongs to no payment"):
        restore_reader(journal)
    journal.close()


def test_a_record_of_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(ValueError, match="does not know"):
        record_from("teleported", {})
    with pytest.raises(ValueError, match="wrong fields"):
        record_from("logged_in", {"operator": 1.5})
    with pytest.raises(ValueError, match="wrong fields"):
        record_from("logged_in", {"person": "01"})
    assert record_from("logged_in", {"operator": "01"}) == LoggedIn(operator="01")


@pytest.mark.parametrize("secret", [Pan("6200001234567890128"), SecretText("x"), True, None, 1.5])
def test_a_record_takes_no_secret_and_nothing_but_numbers_and_text(secret):
    with pytest.raises(TypeError, match="whole number or text"):
        record_body(replace(INTENT, card_masked=secret))


def test_the_journal_restores_what_the_records_say(tmp_path):
    rig = Rig().ready().sell()
    rig.fire(TimerKind.HOST)
    journal = Journal.open(tmp_path, TERMINAL)
    for record, at in rig.records:
        journal.append(record, at)
    assert restore(rig.settings, restore_reader(journal)) == restore(
        rig.settings, read_records(rig.records)
    )
    journal.close()


def test_sales_can_be_read_while_the_terminal_runs(tmp_path):
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(SelfChecked(version="1"), TEN_O_CLOCK)
    journal.append(INTENT, TEN_O_CLOCK)
    assert [line.outcome for line in read_payments(tmp_path, TERMINAL)] == [Outcome.IN_DOUBT]
    journal.append(CLOSED, TEN_O_CLOCK)
    journal.append(SlipDone(trace=1, batch=7, name="000001"), TEN_O_CLOCK)
    journal.append(replace(INTENT, trace=2), TEN_O_CLOCK)
    journal.append(DoubtOpened(trace=2, batch=7, reason="98"), TEN_O_CLOCK)
    first, second = read_payments(tmp_path, TERMINAL)
    assert (first.outcome, first.closed, first.slips) == (
        Outcome.APPROVED,
        CLOSED,
        frozenset({"000001"}),
    )
    assert (second.outcome, second.key) == (Outcome.IN_DOUBT, (7, 2))
    journal.close()
    with pytest.raises(JournalError, match="no journal"):
        read_payments(tmp_path / "nowhere", TERMINAL)


def test_people_can_read_the_sales_with_any_sqlite_program(tmp_path):
    filled(tmp_path, 1)
    journal = Journal.open(tmp_path, TERMINAL)
    journal.append(replace(INTENT, trace=2), TEN_O_CLOCK)
    journal.close()
    database = sqlite3.connect(tmp_path / JOURNAL_NAME)
    assert database.execute("SELECT * FROM payments ORDER BY trace").fetchall() == [
        (
            7,
            1,
            "sale",
            12_345,
            MASKED,
            "2026-11-21 02:00:00",
            "approved",
            "00",
            "112100000002",
        ),
        (7, 2, "sale", 12_345, MASKED, "2026-11-21 02:00:00", "in_doubt", None, None),
    ]
    database.close()
