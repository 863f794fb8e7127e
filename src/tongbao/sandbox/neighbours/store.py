"""Keeps messages, letters, accounts and deposits in one SQLite file of the sandbox."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from stdnum import luhn

from tongbao.sandbox.neighbours.applicants import LISTED_NAMES, OPENING_ACCOUNTS

if TYPE_CHECKING:
    from pathlib import Path

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
  id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, number TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS letter (
  id INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, mailbox TEXT NOT NULL, subject TEXT NOT NULL,
  body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS account (
  number TEXT PRIMARY KEY, holder TEXT NOT NULL, kind TEXT NOT NULL, is_closed INTEGER NOT NULL,
  story_zh TEXT NOT NULL, story_en TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deposit (
  id INTEGER PRIMARY KEY, reference TEXT NOT NULL UNIQUE, at_us INTEGER NOT NULL,
  number TEXT NOT NULL, amount_minor INTEGER NOT NULL, remark TEXT NOT NULL);
"""
MESSAGES_MAX: Final = 500
_NEW_PERSONAL: Final = 620000200000000000
_NEW_CORPORATE: Final = 3100019900000000


@dataclass(frozen=True, slots=True)
class Message:
    """A text message as a phone shows it."""

    at_us: int
    number: str
    body: str


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail as a mailbox shows it."""

    at_us: int
    mailbox: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Account:
    """An account as its holder sees it, with the deposits into it, the newest first."""

    number: str
    holder: str
    kind: str
    is_closed: bool
    story_zh: str
    story_en: str
    deposits: tuple[tuple[int, int, str], ...] = ()


class NeighbourStore:
    """The books of the neighbours; every write is flushed before it is answered."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(_SCHEMA)
        with connection:
            connection.executemany(
                "INSERT OR IGNORE INTO account VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (one.number, one.holder, one.kind, one.is_closed, one.story_zh, one.story_en)
                    for one in OPENING_ACCOUNTS
                ],
            )

    @classmethod
    def open(cls, file: Path) -> Self:
        """Open the file, or make it.

        Raises: sqlite3.Error.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        return cls(sqlite3.connect(file))

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def keep_message(self, at_us: int, number: str, body: str) -> None:
        """Keep a message; only the newest are kept."""
        with self._connection as connection:
            connection.execute(
                "INSERT INTO message (at_us, number, body) VALUES (?, ?, ?)", (at_us, number, body)
            )
            connection.execute(
                "DELETE FROM message WHERE id <= (SELECT max(id) FROM message) - ?",
                (MESSAGES_MAX,),
            )

    def messages(self, number: str = "") -> list[Message]:
        """Return messages, the newest first, of one number or of all."""
        rows = self._connection.execute(
            "SELECT at_us, number, body FROM message WHERE ? IN ('', number) ORDER BY id DESC",
            (number,),
        )
        return [Message(*row) for row in rows]

    def keep_letter(self, at_us: int, mailbox: str, subject: str, body: str) -> None:
        """Keep an e-mail; only the newest are kept. `mailbox` counts in small letters."""
        with self._connection as connection:
            connection.execute(
                "INSERT INTO letter (at_us, mailbox, subject, body) VALUES (?, ?, ?, ?)",
                (at_us, mailbox.lower(), subject, body),
            )
            connection.execute(
                "DELETE FROM letter WHERE id <= (SELECT max(id) FROM letter) - ?",
                (MESSAGES_MAX,),
            )

    def letters(self, mailbox: str = "") -> list[Letter]:
        """Return letters, the newest first, of one mailbox or of all."""
        rows = self._connection.execute(
            "SELECT at_us, mailbox, subject, body FROM letter WHERE ? IN ('', mailbox)"
            " ORDER BY id DESC",
            (mailbox.lower(),),
        )
        return [Letter(*row) for row in rows]

    def verify(self, holder: str, number: str) -> str:
        """Return what the bank says about a name and a number."""
        row = self._connection.execute(
            "SELECT holder, is_closed FROM account WHERE number = ?", (number,)
        ).fetchone()
        if row is None:
            return "unknown_account"
        if row[1]:
            return "closed"
        return "match" if _letters(row[0]) == _letters(holder) else "name_mismatch"

    def deposit(self, at_us: int, reference: str, number: str, remark: str) -> str | None:
        """Book one fen once a reference; None when the account cannot take it."""
        row = self._connection.execute(
            "SELECT is_closed FROM account WHERE number = ?", (number,)
        ).fetchone()
        if row is None or row[0]:
            return None
        with self._connection as connection:
            connection.execute(
                "INSERT OR IGNORE INTO deposit (reference, at_us, number, amount_minor, remark)"
                " VALUES (?, ?, ?, 1, ?)",
                (reference, at_us, number, remark),
            )
        found = self._connection.execute(
            "SELECT id FROM deposit WHERE reference = ?", (reference,)
        ).fetchone()
        return f"SB{found[0]:010}"

    def accounts(self) -> list[Account]:
        """Return all accounts with their deposits, those with the newest deposit first."""
        deposits: dict[str, list[tuple[int, int, str]]] = {}
        rows = self._connection.execute(
            "SELECT number, at_us, amount_minor, remark FROM deposit ORDER BY id DESC"
        )
        for number, at_us, amount_minor, remark in rows:
            deposits.setdefault(number, []).append((at_us, amount_minor, remark))
        accounts = [
            Account(
                number=number,
                holder=holder,
                kind=kind,
                is_closed=bool(is_closed),
                story_zh=story_zh,
                story_en=story_en,
                deposits=tuple(deposits.get(number, ())),
            )
            for number, holder, kind, is_closed, story_zh, story_en in self._connection.execute(
                "SELECT number, holder, kind, is_closed, story_zh, story_en FROM account"
                " ORDER BY rowid"
            )
        ]
        return sorted(accounts, key=lambda one: -max((at for at, _, _ in one.deposits), default=0))

    def open_account(self, holder: str, kind: str) -> str:
        """Open an account for somebody and return its number."""
        with self._connection as connection:
            taken = connection.execute("SELECT count(*) FROM account").fetchone()[0]
            if kind == "personal":
                body = str(_NEW_PERSONAL + taken)
                number = body + str(luhn.calc_check_digit(body))
            else:
                number = str(_NEW_CORPORATE + taken)
            connection.execute(
                "INSERT INTO account VALUES (?, ?, ?, 0, ?, ?)",
                (number, holder, kind, "在本页开立", "opened on this page"),
            )
        return number


def listed(name: str) -> list[dict[str, str | int]]:
    """Return the listed names that a name resembles, the nearest first."""
    hits = [(_likeness(name, one), one) for one in LISTED_NAMES]
    return [
        {"listed_name": one, "list_name": "沙盒名单 sandbox list", "likeness_percent": percent}
        for percent, one in sorted(hits, reverse=True)
        if percent >= 80
    ]


def _likeness(name: str, other: str) -> int:
    """Return how many letters two names share in place, in per cent."""
    if _letters(name) == _letters(other):
        return 100
    alike = sum(one == two for one, two in zip(name, other, strict=False))
    return 100 * alike // max(len(name), len(other), 1)


def _letters(name: str) -> str:
    return "".join(name.split()).replace("(", "（").replace(")", "）")
