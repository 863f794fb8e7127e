"""The scanner of the canary test finds what it is there to find: one planted leak of each kind."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from tests.e2e.leak_scanner import LeakScanner, Secret

PAN = "6200007392846150288"
KEY = bytes.fromhex("5c8f01d2ab93764e20f7b1c45d6e0a9b")
NOISE = random.Random(20261121).randbytes(300)
SCANNER = LeakScanner([Secret("the card", PAN), Secret("the key", KEY)])


def bcd(digits: str) -> bytes:
    return bytes.fromhex(digits + "0" * (len(digits) % 2))


def swapped(data: bytes) -> bytes:
    return bytes.fromhex("".join(byte[::-1] for byte in (f"{one:02x}" for one in data)))


CARD_LEAKS: dict[str, Callable[[], bytes]] = {
    "text": PAN.encode,
    "text in JSON": lambda: json.dumps({"track": f"{PAN}=4912"}).encode(),
    "reversed": PAN[::-1].encode,
    "hex of the text": lambda: PAN.encode().hex().encode(),
    "hex of the text, upper case": lambda: PAN.encode().hex().upper().encode(),
    "UTF-16, little-endian": lambda: PAN.encode("utf-16-le"),
    "UTF-16, big-endian": lambda: PAN.encode("utf-16-be"),
    "packed BCD": lambda: bcd(PAN),
    "packed BCD after a half byte": lambda: bcd("0" + PAN),
    "packed BCD, nibbles swapped": lambda: swapped(bcd(PAN)),
    "hex of packed BCD": lambda: bcd(PAN).hex(" ").encode(),
    "base64": lambda: base64.b64encode(f'{{"pan":"{PAN}"}}'.encode()),
    "base64, one further": lambda: base64.b64encode(f'{{"pan":"0{PAN}"}}'.encode()),
    "base64, two further": lambda: base64.b64encode(f'{{"pan":"01{PAN}"}}'.encode()),
    "base64 of packed BCD": lambda: base64.b64encode(bcd("30" + PAN)),
    "URL-safe base64": lambda: base64.urlsafe_b64encode(b"\xff\xfe" + PAN.encode()),
    "gzip": lambda: gzip.compress(PAN.encode() * 3),
    "zlib": lambda: zlib.compress(f"x {PAN} y".encode(), 9),
    "zlib, quick": lambda: zlib.compress(f"x {PAN} y".encode(), 1),
    "gzip in base64": lambda: base64.b64encode(gzip.compress(PAN.encode() * 3)),
    "base64 in zlib": lambda: zlib.compress(base64.b64encode(PAN.encode() * 2)),
    "list of numbers": lambda: str(list(PAN.encode())).encode(),
    "Python literal of packed BCD": lambda: repr(bcd(PAN)).encode(),
}
KEY_LEAKS: dict[str, Callable[[], bytes]] = {
    "bytes": lambda: KEY,
    "reversed": lambda: KEY[::-1],
    "hex": lambda: KEY.hex().encode(),
    "hex, upper case": lambda: KEY.hex().upper().encode(),
    "hex, spaced": lambda: KEY.hex(" ").encode(),
    "hex, UTF-16": lambda: KEY.hex().encode("utf-16-le"),
    "nibbles swapped": lambda: swapped(KEY),
    "base64": lambda: base64.b64encode(KEY),
    "base64, one further": lambda: base64.b64encode(b"k" + KEY),
    "base64, two further": lambda: base64.b64encode(b"k:" + KEY),
    "URL-safe base64": lambda: base64.urlsafe_b64encode(KEY),
    "Python literal": lambda: repr(KEY).encode(),
    "list of numbers": lambda: str(list(KEY)).encode(),
    "gzip": lambda: gzip.compress(KEY),
    "zlib": lambda: zlib.compress(KEY + bytes(20)),
}


@pytest.mark.parametrize("dress", CARD_LEAKS)
def test_planted_card_number_is_found(dress: str) -> None:
    data = NOISE + CARD_LEAKS[dress]() + NOISE
    assert "the card" in {finding.secret for finding in SCANNER.scan("planted", data)}


@pytest.mark.parametrize("dress", KEY_LEAKS)
def test_planted_key_is_found(dress: str) -> None:
    data = NOISE + KEY_LEAKS[dress]() + NOISE
    assert {finding.secret for finding in SCANNER.scan("planted", data)} == {"the key"}


def test_clean_data_has_no_findings() -> None:
    text = f"{PAN[:6]}*********{PAN[-4:]} 000012 632510000012 1763700000123456".encode()
    assert SCANNER.scan("clean", text + NOISE * 100) == []


@pytest.mark.parametrize("written", ["6200000000000000019", "6200 0000 0000 0000 019"])
def test_any_other_card_of_the_sandbox_is_found_by_its_luhn_digit(written: str) -> None:
    valid = next(
        written[:-1] + last
        for last in "0123456789"
        if SCANNER.scan("planted", f"card {written[:-1]}{last} seen".encode())
    )
    assert [one.secret for one in SCANNER.scan("x", valid.encode())] == ["a card number"]
    wrong = valid[:-1] + str((int(valid[-1]) + 1) % 10)
    assert SCANNER.scan("x", wrong.encode()) == []


def test_value_across_pages_of_a_database_is_found_in_the_row(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE note (body TEXT)")
    # The card begins in the page and ends in an overflow page, wherever the cut is.
    connection.executemany(
        "INSERT INTO note VALUES (?)", [("x" * (4_040 + shift) + PAN,) for shift in range(60)]
    )
    connection.commit()
    connection.close()
    places = {finding.place for finding in SCANNER.scan_file(path, "book")}
    assert "book:note" in places


def test_deleted_row_of_a_database_is_found_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA secure_delete = OFF")
    connection.execute("CREATE TABLE note (body TEXT)")
    connection.execute("INSERT INTO note VALUES (?)", (PAN,))
    connection.execute("DELETE FROM note")
    connection.commit()
    connection.close()
    assert {finding.place for finding in SCANNER.scan_file(path, "book")} == {"book"}


def test_row_that_is_still_in_the_write_ahead_log_is_found(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE note (body TEXT)")
    connection.execute("INSERT INTO note VALUES (?)", (PAN,))
    connection.commit()
    places = {finding.place for finding in SCANNER.scan_folder(tmp_path)}
    connection.close()
    assert "book.sqlite3-wal" in places


def test_text_inside_a_picture_is_found(tmp_path: Path) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("note", PAN, zip=True)
    buffer = io.BytesIO()
    Image.new("L", (8, 8)).save(buffer, "PNG", pnginfo=notes)
    assert [finding.secret for finding in SCANNER.scan("slip", buffer.getvalue())][:1] == [
        "the card"
    ]


def test_name_of_a_file_is_searched_too(tmp_path: Path) -> None:
    (tmp_path / f"slip-{PAN}.png").write_bytes(b"")
    assert {finding.place for finding in SCANNER.scan_folder(tmp_path)} == {"name of a file"}


def test_finding_does_not_repeat_the_secret() -> None:
    findings = SCANNER.scan("planted", PAN.encode() + KEY)
    assert findings
    assert PAN not in repr(findings)
    assert PAN not in repr(Secret("the card", PAN))
