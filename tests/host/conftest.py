"""Databases with the platform's schema and one merchant's terminals, on both kinds of store."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.host.parties import MERCHANT
from tongbao.app.postgresql import DATABASE, PrivatePostgresql
from tongbao.platform.registry import (
    NewMerchant,
    NewTerminal,
    register_merchant,
    register_terminals,
)
from tongbao.platform.schema import migrate

TERMINALS = [f"{number:08d}" for number in range(1, 9)]
_numbers = itertools.count(1)


def prepare(url: str) -> None:
    """Bring a database to the schema and register one merchant with eight terminals."""
    migrate(url)
    register_merchant(
        url,
        NewMerchant(
            merchant_id=MERCHANT, name="通宝便利店", name_en="Corner Shop", mcc="5411", city="上海"
        ),
    )
    register_terminals(
        url,
        [
            NewTerminal(terminal_id=name, merchant_id=MERCHANT, label=f"Counter {name}")
            for name in TERMINALS
        ],
    )


@pytest.fixture(scope="session")
def prepared_server(postgresql_server: PrivatePostgresql) -> PrivatePostgresql:
    """One private server, with a prepared database to copy."""
    prepare(postgresql_server.create_database("prepared", template=DATABASE))
    return postgresql_server


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Make a new prepared database at each call."""
    if request.param == "sqlite":

        def new_file() -> str:
            url = f"sqlite:///{tmp_path / f'host-{next(_numbers)}.sqlite3'}"
            prepare(url)
            return url

        return new_file
    server: PrivatePostgresql = request.getfixturevalue("prepared_server")
    return lambda: server.create_database(f"host_{next(_numbers)}", template="prepared")


@pytest.fixture
def store_url(fresh_store_url: Callable[[], str]) -> str:
    """A new prepared database."""
    return fresh_store_url()
