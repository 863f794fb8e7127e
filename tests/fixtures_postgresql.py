"""A real PostgreSQL for tests: one server a session, one fresh migrated database a test.

A `conftest.py` that wants it imports `postgresql_server` and `postgresql_url` from here.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tongbao.app.postgresql import DATABASE, PostgresqlMissingError, PrivatePostgresql
from tongbao.platform.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator

_numbers = count(1)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PrivatePostgresql]:
    """A running server whose own database is migrated and is the template of the others."""
    try:
        server = PrivatePostgresql()
    except PostgresqlMissingError as missing:
        pytest.skip(str(missing))
    with server:
        migrate(server.url)
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PrivatePostgresql) -> str:
    """The URL of a fresh, migrated database."""
    return postgresql_server.create_database(f"test{next(_numbers)}", template=DATABASE)
