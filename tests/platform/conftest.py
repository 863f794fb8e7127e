from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.platform.seed import seed
from tongbao.domain.secrets import KeyBytes
from tongbao.platform.payments.traces.document import TraceKey
from tongbao.platform.project import bind, configured
from tongbao.platform.schema import migrate
from tongbao.platform.sealing import DataKey

STORES = ("sqlite", "postgresql")


@pytest.fixture(scope="module", autouse=True)
def _fast_django():
    """Spend no time on hashing passwords and on finding static files."""
    configured()
    from django.test import override_settings

    hashers = ["tests.platform.fast_hashing.FastHasher"]
    data_key = DataKey(KeyBytes(bytes(range(32))))
    # What is counted is counted here and not in a test's database, so that it can be forgotten.
    caches = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with override_settings(
        PASSWORD_HASHERS=hashers,
        WHITENOISE_USE_FINDERS=False,
        TONGBAO_DATA_KEY=data_key,
        CACHES=caches,
    ):
        yield


@pytest.fixture(autouse=True)
def _no_rate_is_used_up():
    """Let no test feel how often another one asked."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def sqlite_url(tmp_path):
    url = f"sqlite:///{tmp_path / 'platform.sqlite3'}"
    migrate(url)
    return url


@pytest.fixture(params=STORES)
def database_url(request):
    """A fresh, migrated database of each kind."""
    return request.getfixturevalue(f"{request.param}_url")


@contextmanager
def django_on(url):
    """Makes `url` the default database of this process for a while."""
    configured()
    from django.db import connections
    from django.utils import translation

    bind(url)
    try:
        yield
    finally:
        connections["default"].close()
        translation.deactivate()


@pytest.fixture
def django_database(database_url):
    with django_on(database_url):
        yield database_url


@pytest.fixture
def django_sqlite(sqlite_url):
    with django_on(sqlite_url):
        yield sqlite_url


def add_user(name, *, is_staff=True, is_active=True, password=None, roles=("administrator",)):
    """A person; one of the staff has these roles."""
    from tongbao.platform.accounts.models import StaffRoleGrant, User

    user = User(username=name, is_staff=is_staff, is_active=is_active)
    user.set_unusable_password() if password is None else user.set_password(password)
    user.save()
    for role in roles if is_staff else ():
        StaffRoleGrant.objects.create(user=user, role=role, granted_at_us=1, granted_by="test")
    return user


def browser_of(user=None, language="en", *, second_factor=True, **options):
    """A test client as a browser on this machine, logged in as `user` with a second factor."""
    from django.test import Client

    from tongbao.platform.accounts.second_factor import mark_second_factor
    from tongbao.platform.clock import now_us

    client = Client(SERVER_NAME="localhost", headers={"accept-language": language}, **options)
    if user is not None:
        client.force_login(user)
        if second_factor:
            session = client.session
            mark_second_factor(session, at_us=now_us())
            session.save()
    return client


@pytest.fixture
def stories(django_sqlite):
    """The payment ids of every story, in the default database."""
    return seed(django_sqlite)


@pytest.fixture
def staff(stories):
    return add_user("lilei")


@pytest.fixture
def trace_key():
    """The key of this console's trace files."""
    from django.test import override_settings

    key = TraceKey(bytes(range(32)))
    with override_settings(TONGBAO_TRACE_KEY=key):
        yield key


@pytest.fixture
def secret_key_file(tmp_path) -> Path:
    file = tmp_path / "platform-secret-key"
    file.write_text("k" * 60)
    return file
