"""Settings of all tests."""

from __future__ import annotations

import os
import tempfile

import pytest
from hypothesis import settings

from tests.fixtures_postgresql import postgresql_server, postgresql_url
from tongbao.platform.schema import SHARED_FOLDER_VARIABLE

__all__ = ["postgresql_server", "postgresql_url"]

# A busy machine must not fail a property: how long something takes is the benchmark's business.
settings.register_profile("tongbao", deadline=None)
settings.load_profile("tongbao")


def pytest_configure(config: pytest.Config) -> None:
    """Migrate once for all workers and for every process that a test starts.

    xdist's workers are processes of this one: they find the variable set and leave it alone.
    """
    if SHARED_FOLDER_VARIABLE not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="tongbao-test-schema-")
        os.environ[SHARED_FOLDER_VARIABLE] = folder.name

        def forget() -> None:
            del os.environ[SHARED_FOLDER_VARIABLE]
            folder.cleanup()

        config.add_cleanup(forget)
