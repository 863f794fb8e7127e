"""A real PostgreSQL for tests: one server a session, one fresh migrated database a test.

Only the uppermost `conftest.py` imports these fixtures: whoever imports them too makes another
server.
"""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tongbao.app.postgresql import DATABASE, PostgresqlMissingError, PrivatePostgresql
from tongbao.platform.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)
# Hundreds of small databases are written and removed much faster in memory than on a disk, and a
# killed process loses none of either. All workers together need 2 GB.
_MEMORY = Path("/dev/shm")
_MEMORY_MIN_BYTES = 6 * 2**30


def _in_memory() -> Path | None:
    """Where the kernel keeps files in memory, when there is room enough."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _MEMORY_MIN_BYTES
    return _MEMORY if roomy else None


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PrivatePostgresql]:
    """A running server whose own database is migrated and is the template of the others."""
    try:
        server = PrivatePostgresql(passing_in=_in_memory())
    except PostgresqlMissingError as missing:
        pytest.skip(str(missing))
    with server:
        migrate(server.url)
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PrivatePostgresql) -> str:
    """The URL of a fresh, migrated database."""
    return postgresql_server.create_database(f"test{next(_numbers)}", template=DATABASE)
