from tests.platform.conftest import _fast_django, django_sqlite, sqlite_url  # noqa: F401 - fixtures
