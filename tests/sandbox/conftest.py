"""Fixtures of the sandbox's tests."""

from __future__ import annotations

import pytest

from tests.sandbox.acquirer import Issuer
from tests.sandbox.running import sandbox_part


@pytest.fixture
def issuer(tmp_path):
    """An issuer with a new book."""
    running = Issuer(tmp_path / "issuer.sqlite3")
    yield running
    running.close()


@pytest.fixture
def make_part():
    """Make sandboxes that are stopped at the end, however the test ends."""
    parts = []

    def make(folder, **options):
        parts.append(sandbox_part(folder, **options))
        return parts[-1]

    yield make
    for part in parts:
        part.stop()
