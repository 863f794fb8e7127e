"""Searches bytes for secrets in every dress that a leak could wear.

A secret is either digits (card number, PIN) or raw bytes (key, PIN block). Each is searched as
text, packed BCD, hex, base64, UTF-16, with swapped nibbles, as a Python literal and reversed, and
all of it again inside every gzip, zlib and base64 stream that lies in the data.
"""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SANDBOX_BIN: Final = "620000"
_CARD_DIGITS: Final = 19
_DEPTH_MAX: Final = 3
_UNPACKED_MAX_BYTES: Final = 50_000_000
# Fewer whole bytes than this would be found by chance in a few megabytes.
_BCD_MIN_BYTES: Final = 5
_GZIP: Final = re.compile(rb"\x1f\x8b\x08")
_ZLIB: Final = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_BASE64_RUN: Final = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_DIGIT_RUN: Final = re.compile(rb"(?<![0-9])[0-9](?:[ -]?[0-9]){12,}(?![0-9])")


@dataclass(frozen=True, slots=True)
class Secret:
    """A value to search for; `name` is all that a finding says about it."""

    name: str
    value: str | bytes

    def __repr__(self) -> str:
        return f"Secret({self.name})"


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a secret was found and how it was dressed; `number` only of a card nobody marked."""

    place: str
    secret: str
    dress: str
    offset: int
    number: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Needle:
    """One dress of one secret: the bytes to look for."""

    secret: str
    dress: str
    pattern: bytes


class LeakScanner:
    """Looks for a fixed set of secrets."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        self.needles = [needle for secret in secrets for needle in needles_of(secret)]

    def scan(self, place: str, data: bytes) -> list[Finding]:
        """Return every finding in `data` and in the streams packed into it."""
        return list(self._scan(place, data, 0))

    def scan_file(self, path: Path, place: str) -> list[Finding]:
        """Scan a file; of a SQLite database also every value of every row, whole."""
        data = path.read_bytes()
        findings = self.scan(place, data)
        if data.startswith(b"SQLite format 3\0"):
            for where, value in database_values(path):
                findings += self.scan(f"{place}:{where}", value)
        return findings

    def scan_folder(self, folder: Path) -> list[Finding]:
        """Scan every file below a folder, and the names of the files."""
        findings: list[Finding] = []
        for path in sorted(folder.rglob("*")):
            place = str(path.relative_to(folder))
            findings += self.scan("name of a file", place.encode())
            if path.is_file():
                findings += self.scan_file(path, place)
        return findings

    def _scan(self, place: str, data: bytes, depth: int) -> Iterator[Finding]:
        for needle in self.needles:
            offset = data.find(needle.pattern)
            if offset >= 0:
                yield Finding(place, needle.secret, needle.dress, offset)
        yield from unmasked_cards(place, data)
        if depth < _DEPTH_MAX:
            for kind, unpacked in packed_streams(data):
                yield from self._scan(f"{place}>{kind}", unpacked, depth + 1)


def needles_of(secret: Secret) -> list[Needle]:
    """Return the secret in every dress."""
    plain = secret.value.encode("ascii") if isinstance(secret.value, str) else secret.value
    dresses: list[tuple[str, bytes]] = [
        ("text" if isinstance(secret.value, str) else "bytes", plain),
        ("reversed", plain[::-1]),
        *_spelled(plain, ""),
    ]
    if isinstance(secret.value, str) and secret.value.isdigit():
        dresses.append(("UTF-16 little-endian", secret.value.encode("utf-16-le")))
        dresses.append(("UTF-16 big-endian", secret.value.encode("utf-16-be")))
        for packed in _packed(secret.value):
            dresses.append(("packed BCD", packed))
            dresses.append(("packed BCD, nibbles swapped", _swap(packed)))
            dresses += _spelled(packed, "packed BCD, ")
    else:
        dresses.append(("nibbles swapped", _swap(plain)))
        hexadecimal = plain.hex()
        for text in (hexadecimal, hexadecimal.upper()):
            dresses.append(("hex, UTF-16 little-endian", text.encode("utf-16-le")))
            dresses.append(("hex, UTF-16 big-endian", text.encode("utf-16-be")))
    return [Needle(secret.name, dress, pattern) for dress, pattern in dict.fromkeys(dresses)]


def packed_streams(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Unpack every gzip, zlib and long base64 stream that begins anywhere in the data."""
    view = memoryview(data)
    for kind, magic, bits in (("gzip", _GZIP, 31), ("zlib", _ZLIB, 15)):
        for match in magic.finditer(data):
            unpacked = _inflate(view[match.start() :], bits)
            if len(unpacked) > 8:
                yield kind, unpacked
    for match in _BASE64_RUN.finditer(data):
        run = match[0].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        # The bytes before the text may look like base64 too, so each phase is tried.
        for start in range(4):
            whole = run[start:]
            whole += b"=" * (-len(whole) % 4)
            try:
                yield "base64", base64.b64decode(whole)
            except binascii.Error:
                continue


def unmasked_cards(place: str, data: bytes) -> Iterator[Finding]:
    """Find 19-digit card numbers of the sandbox by their range and Luhn digit."""
    for match in _DIGIT_RUN.finditer(data):
        digits = re.sub(rb"[ -]", b"", match[0]).decode()
        start = digits.find(SANDBOX_BIN)
        card = digits[start : start + _CARD_DIGITS] if start >= 0 else ""
        if len(card) == _CARD_DIGITS and _luhn_valid(card):
            yield Finding(place, "a card number", "text", match.start(), card)


def database_values(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every value of every table: a long one is cut into pages in the file itself."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.text_factory = bytes
    try:
        names = [
            bytes(name).decode()
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for name in names:
            for row in connection.execute(f'SELECT * FROM "{name}"'):
                for value in row:
                    if value is not None:
                        yield name, value if isinstance(value, bytes) else str(value).encode()
    finally:
        connection.close()


def _spelled(raw: bytes, prefix: str) -> Iterator[tuple[str, bytes]]:
    yield prefix + "hex, lower case", raw.hex().encode()
    yield prefix + "hex, upper case", raw.hex().upper().encode()
    yield prefix + "hex, spaced", raw.hex(" ").encode()
    for shift in range(3):
        # Three ways a value can lie in base64; the edge characters depend on the neighbours.
        text = base64.b64encode(b"\0" * shift + raw)
        first = (0, 2, 3)[shift]
        whole = (shift + len(raw)) * 8 // 6
        yield prefix + "base64", text[first:whole]
        yield prefix + "base64", text[first:whole].translate(bytes.maketrans(b"+/", b"-_"))
    yield prefix + "Python literal", repr(raw)[2:-1].encode()
    yield prefix + "list of numbers", ", ".join(str(byte) for byte in raw).encode()
    yield prefix + "list of numbers", ",".join(str(byte) for byte in raw).encode()


def _packed(digits: str) -> Iterator[bytes]:
    """Yield the digits two in a byte, for both ways they can fall on byte boundaries."""
    for start in (0, 1):
        count = (len(digits) - start) // 2 * 2
        packed = bytes.fromhex(digits[start : start + count])
        if len(packed) >= _BCD_MIN_BYTES:
            yield packed


def _swap(packed: bytes) -> bytes:
    return bytes((byte & 0x0F) << 4 | byte >> 4 for byte in packed)


def _inflate(data: memoryview, bits: int) -> bytes:
    unpacker = zlib.decompressobj(bits)
    try:
        return unpacker.decompress(data, _UNPACKED_MAX_BYTES)
    except zlib.error:
        return b""


def _luhn_valid(digits: str) -> bool:
    total = 0
    for position, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if position % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
