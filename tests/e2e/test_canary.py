"""A run leaves nothing secret behind: no card number, track, PIN, PIN block or key, anywhere."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.canary_cards.canary import CANARIES, RIGHT_PIN, WRONG_PIN
from tests.e2e.canary_run import CARD, CanaryRun
from tests.e2e.leak_scanner import SANDBOX_BIN, Finding, LeakScanner, Secret, database_values
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.master_key import master_key_from
from tongbao.crypto.pin_block import encode_pin_block
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import Pin, Purpose
from tongbao.sandbox.neighbours.applicants import OPENING_ACCOUNTS

PARTIES = ("host", "issuer", "terminal-00000001")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> CanaryRun:
    """One day for all tests of this file."""
    run = CanaryRun(tmp_path_factory.mktemp("canary"))
    run.run()
    return run


def data_folder(day: CanaryRun) -> Path:
    return day.folder / "data"


def platform_database(day: CanaryRun) -> Path:
    return data_folder(day) / "platform.sqlite3"


def card_secrets() -> list[Secret]:
    """The marked cards: number, what follows it in the track, and the PINs."""
    secrets = [Secret("the right PIN", RIGHT_PIN), Secret("the wrong PIN", WRONG_PIN)]
    for card in CANARIES:
        pan = card.pan.reveal(Purpose.TEST)
        track = card.track2.reveal(Purpose.TEST)
        secrets += [
            Secret(f"{card.card_id}: card number", pan),
            Secret(f"{card.card_id}: card number without its BIN", pan[6:]),
            Secret(f"{card.card_id}: track after the separator", track.partition("=")[2]),
            Secret(f"{card.card_id}: track", track),
        ]
    return secrets


def clear_keys(day: CanaryRun) -> dict[str, bytes]:
    """Every key of the run in clear: what the stores hold, and the working keys of each session."""
    keys: dict[str, bytes] = {}
    for party in PARTIES:
        folder = data_folder(day) / "keys"
        master = master_key_from(file=folder / f"{party}.master")
        keys[f"{party}: master key"] = master.reveal(Purpose.TEST)
        store = SoftwareKeyStore.open(folder / f"{party}.json", master)
        if party == "host":
            for blob in session_blobs(day):
                store.unwrap(blob)
                keys |= named_keys(party, store)
        keys |= named_keys(party, store)
    return keys


def named_keys(party: str, store: SoftwareKeyStore) -> dict[str, bytes]:
    named = {}
    for name in store.names():
        clear = store._entries[name].key.reveal(Purpose.TEST)
        named[f"{party}: {name} {store.kcv(name).hex()}"] = clear
    return named


def session_blobs(day: CanaryRun) -> list[bytes]:
    connection = sqlite3.connect(platform_database(day))
    rows = connection.execute("SELECT key_block FROM fleet_terminalsession").fetchall()
    connection.close()
    return [bytes(row[0]) for row in rows if row[0]]


def pin_blocks(day: CanaryRun) -> list[Secret]:
    """Clear and enciphered PIN blocks of every card and PIN, under every key that met them."""
    secrets = []
    master = master_key_from(file=data_folder(day) / "keys" / "host.master")
    for blob in session_blobs(day):
        store = SoftwareKeyStore.open(data_folder(day) / "keys" / "host.json", master)
        names = [*store.unwrap(blob), KeyName("zpk")]
        for card in CANARIES:
            for number, digits in enumerate((RIGHT_PIN, WRONG_PIN)):
                label = f"{card.card_id}: PIN block {number}"
                clear = encode_pin_block(digits, card.pan.reveal(Purpose.TEST))
                secrets.append(Secret(f"{label}, clear", clear))
                secrets += [
                    Secret(
                        f"{label} under {name}",
                        store.encrypt_pin(name, Pin(digits), card.pan).reveal(Purpose.TEST),
                    )
                    for name in names
                    if str(name).endswith(("pik", "zpk"))
                ]
    return secrets


def all_secrets(day: CanaryRun) -> list[Secret]:
    keys = clear_keys(day)
    return [
        *card_secrets(),
        *pin_blocks(day),
        *(Secret(name, value) for name, value in keys.items()),
        Secret("the console's password", day.console_password),
    ]


def test_day_went_as_told(day: CanaryRun) -> None:
    """A day on which nothing happened would leave nothing behind."""
    assert day.outcomes == ["approved", "declined", "reversed", "approved"]
    connection = sqlite3.connect(platform_database(day))
    kinds = connection.execute(
        "SELECT kind, count(*) FROM payments_paymentevent GROUP BY kind"
    ).fetchall()
    connection.close()
    counted = dict(kinds)
    assert counted["approved"] == 2
    assert counted["declined"] == 1
    assert counted["reversed"] == 2


def test_secrets_that_are_searched_for_are_the_ones_in_use(day: CanaryRun) -> None:
    keys = clear_keys(day)
    names = " ".join(keys)
    for part in ("tmk", "zpk", "zak", "token", "pvk", "pik", "mak", "master key"):
        assert part in names
    assert len(session_blobs(day)) >= 2
    assert len(set(keys.values())) >= 12


def test_run_left_something_to_search(day: CanaryRun) -> None:
    names = {path.name for path in data_folder(day).rglob("*") if path.is_file()}
    assert "platform.sqlite3" in names
    assert "issuer.sqlite3" in names
    assert any(name.endswith(".escpos") for name in names)
    assert {"host.log", "sandbox.log", "console.log", "terminal-00000001.log"} <= names
    places = " ".join(place for place, _ in day.heard)
    for place in ("WebSocket", "console /console/payments", "standard output", "GET /book"):
        assert place in places


def is_account_in_the_banks_book(finding: Finding) -> bool:
    """Whether it is an account of the sandbox's bank, in the bank's own book or that book's log."""
    book = finding.place.partition("/")[2].startswith("sandbox/neighbours.sqlite3")
    return book and finding.number in {account.number for account in OPENING_ACCOUNTS}


def test_nothing_secret_is_in_any_file_or_table(day: CanaryRun) -> None:
    """A master key lies in its own file, in clear: that is what the file is for.

    The sandbox's bank knows the numbers of its own customers' accounts, as a bank does.
    """
    findings = LeakScanner(all_secrets(day)).scan_folder(day.folder)
    master_keys = {(f"keys/{party}.master", f"{party}: master key") for party in PARTIES}
    leaks = [
        finding
        for finding in findings
        if (finding.place.partition("/")[2], finding.secret) not in master_keys
        and not is_account_in_the_banks_book(finding)
    ]
    assert leaks == []


def test_a_strange_card_in_the_banks_book_would_be_found() -> None:
    place = "data/sandbox/neighbours.sqlite3:account"
    card = CARD.pan.reveal(Purpose.TEST).encode()
    account = next(one.number for one in OPENING_ACCOUNTS if one.number.startswith(SANDBOX_BIN))
    found = LeakScanner([]).scan(place, card + b"|" + account.encode())
    assert [is_account_in_the_banks_book(finding) for finding in found] == [False, True]
    elsewhere = LeakScanner([]).scan("data/platform.sqlite3", account.encode())
    assert [is_account_in_the_banks_book(finding) for finding in elsewhere] == [False]


def test_killed_processes_left_write_ahead_logs_to_search(day: CanaryRun) -> None:
    sizes = {
        path.name: path.stat().st_size for path in (day.folder / "after the kill").rglob("*-wal")
    }
    assert sizes["platform.sqlite3-wal"] > 0
    assert sizes["journal.sqlite3-wal"] > 0


def test_nothing_secret_was_said(day: CanaryRun) -> None:
    scanner = LeakScanner(all_secrets(day))
    assert [finding for place, data in day.heard for finding in scanner.scan(place, data)] == []


def test_card_is_known_to_the_books_by_its_mask_only(day: CanaryRun) -> None:
    masked = CARD.pan.masked.encode()
    values = [value for _, value in database_values(platform_database(day))]
    assert masked in values


def test_files_with_keys_are_for_their_owner_only(day: CanaryRun) -> None:
    for path in (data_folder(day) / "keys").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path.name


def test_planted_leak_in_this_run_would_be_found(day: CanaryRun, tmp_path: Path) -> None:
    """The last doubt: the search of this very run is not blind."""
    secrets = all_secrets(day)
    scanner = LeakScanner(secrets)
    for number, secret in enumerate(secrets):
        value = secret.value if isinstance(secret.value, str) else secret.value.hex()
        (tmp_path / f"{number}.log").write_text(json.dumps({"event": "oops", "value": value}))
    found = {finding.secret for finding in scanner.scan_folder(tmp_path)}
    assert {secret.name for secret in secrets} <= found
