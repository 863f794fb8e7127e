"""Opens the store that a database URL names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tongbao.host.store.port import StoreFailedError

if TYPE_CHECKING:
    from tongbao.host.store.port import HostStore

_SQLITE = "sqlite:///"


def open_store(database_url: str) -> HostStore:
    """Open `sqlite:///path` or `postgresql://…`; the schema must exist.

    Raises: StoreFailedError, whose text never holds the URL (it may hold a password).
    """
    if database_url.startswith(_SQLITE):
        from tongbao.host.store.sqlite import SqliteStore  # noqa: PLC0415 - one driver a process

        return SqliteStore(Path(unquote(database_url.removeprefix(_SQLITE))))
    if database_url.startswith(("postgresql://", "postgres://")):
        from tongbao.host.store.postgresql import (  # noqa: PLC0415 - one driver a process
            PostgresqlStore,
        )

        return PostgresqlStore(database_url)
    raise StoreFailedError("the database URL must begin with sqlite:/// or postgresql://")
