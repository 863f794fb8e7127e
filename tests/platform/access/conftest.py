"""One platform for all walks of a file: each cell leaves it as it was, but for the audit log."""

import logging

import pytest

from tests.platform.api.world import populate, stand_in
from tests.platform.conftest import django_on
from tongbao.platform.schema import migrate


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    """A merchant with something of everything."""
    folder = tmp_path_factory.mktemp("walk")
    url = f"sqlite:///{folder / 'platform.sqlite3'}"
    migrate(url)
    with django_on(url), stand_in(folder) as others:
        logging.disable(logging.CRITICAL)
        yield populate(url, others)
        logging.disable(logging.NOTSET)


@pytest.fixture(autouse=True)
def _full_buckets():
    """Let no walk use up what another may ask."""
    from django.test import override_settings

    with override_settings(TONGBAO_API_RATE_LIMITS=False):
        yield
