"""Database URLs, and what Django and the drivers make of them. Imports no Django.

`sqlite:///relative.db` and `sqlite:////absolute.db` name a file (percent-escapes are undone);
`postgresql://…` is a libpq URI and may carry `?host=/socket/folder`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SQLITE_PREFIX = "sqlite:///"
BUSY_TIMEOUT_S = 20


class DatabaseUrlError(ValueError):
    """The database URL is of no known kind; the text never repeats it, it may hold a password."""


def sqlite_path(url: str) -> Path | None:
    """Return the file of a SQLite URL, or None when the URL is PostgreSQL's.

    Raises DatabaseUrlError for any other kind of URL.
    """
    if url.startswith(SQLITE_PREFIX) and len(url) > len(SQLITE_PREFIX):
        return Path(url.removeprefix(SQLITE_PREFIX))
    if url.startswith(("postgresql://", "postgres://")):
        return None
    raise DatabaseUrlError("the database URL must start with sqlite:/// or postgresql://")


def django_database(url: str) -> dict[str, Any]:
    """Return the Django `DATABASES` entry for a URL.

    SQLite runs in WAL with `synchronous=FULL` on each connection (law: durable before said) and
    takes its write lock at BEGIN, so that two writers wait for each other instead of failing.
    """
    path = sqlite_path(url)
    if path is not None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path.absolute()),
            "OPTIONS": {
                "timeout": BUSY_TIMEOUT_S,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - SQLite users need no driver

    parts = dict(conninfo_to_dict(url))
    names = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    entry: dict[str, Any] = {
        ours: str(parts.pop(libpq)) for libpq, ours in names.items() if parts.get(libpq)
    }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "OPTIONS": parts,
        "CONN_MAX_AGE": 60,
        **entry,
    }
