"""Creates and upgrades the database that host and console share.

A new SQLite file is a copy of one that was migrated once in this process, which takes a
millisecond; anything that exists already goes through Django's migrations. Safe to call again and
from several processes at once.

Where the variable TONGBAO_SCHEMA_FOLDER names a folder, that first file is kept there for every
other process of the same code, as for those of a test run.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from tongbao.platform.database import SQLITE_PREFIX, sqlite_path
from tongbao.platform.project import run_with

SHARED_FOLDER_VARIABLE: Final = "TONGBAO_SCHEMA_FOLDER"

_template: list[bytes] = []
_template_lock = threading.Lock()


def migrate(database_url: str) -> None:
    """Bring the database to this version's schema; returns at once when it is there already.

    The folder of a SQLite file is made when missing; a PostgreSQL database must exist.
    Raises DatabaseUrlError for an unknown kind of URL, and the driver's or Django's own error when
    the database refuses.
    """
    path = sqlite_path(database_url)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() and _place(path, _migrated_template()):
            return
    _run_migrations(database_url)


def _run_migrations(database_url: str) -> None:
    def work(alias: str) -> None:
        from django.core.management import call_command  # noqa: PLC0415 - needs the settings first
        from django.db import connections  # noqa: PLC0415 - as above: only when needed

        connection = connections[alias]
        if connection.vendor == "postgresql":
            # Two processes that start together would both create the first tables; the lock ends
            # with the connection.
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(hashtext('tongbao.schema'))")
        call_command("migrate", database=alias, verbosity=0, interactive=False)

    run_with(database_url, work)


def _migrated_template() -> bytes:
    with _template_lock:
        if not _template:
            shared = os.environ.get(SHARED_FOLDER_VARIABLE)
            _template.append(_shared_template(Path(shared)) if shared else _new_template())
        return _template[0]


def _new_template() -> bytes:
    with tempfile.TemporaryDirectory(prefix="tongbao-schema-") as folder:
        file = Path(folder) / "template.db"
        _run_migrations(f"{SQLITE_PREFIX}{file}")
        _empty_wal(file)
        return file.read_bytes()


def _shared_template(folder: Path) -> bytes:
    """Read what another process made of the same code, or make it; the others wait meanwhile."""
    file = folder / f"{_code_digest()}.db"
    with (folder / "making.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_bytes(_new_template())
            part.rename(file)
    return file.read_bytes()


def _code_digest() -> str:
    """Return a digest of all code of the platform, whatever a migration may call."""
    found = hashlib.sha256()
    root = Path(__file__).resolve().parent
    for source in sorted(root.rglob("*.py")):
        found.update(str(source.relative_to(root)).encode() + b"\0" + source.read_bytes())
    return found.hexdigest()


def _empty_wal(file: Path) -> None:
    import sqlite3  # noqa: PLC0415 - only the template needs the bare driver

    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _place(path: Path, content: bytes) -> bool:
    """Put the file there whole and flushed, or return False when another process was first."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return False
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
