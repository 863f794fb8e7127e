"""Brings the Django project to life in this process, once, for any number of databases.

Django keeps one set of settings in a process but any number of connections. `configured()` loads
the settings without touching the process's time zone or logging; `run_with(url, work)` opens a
connection of its own for one piece of work, in a thread of its own, so that it may be called from
tests, from set-up and from inside a running event loop alike.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

import django
from django.conf import settings

from tongbao.platform import django_settings
from tongbao.platform.audit.seals import AuditKey, audit_key_of
from tongbao.platform.database import django_database
from tongbao.platform.fleet.serving import device_settings
from tongbao.platform.payments.traces.document import TraceKey, trace_key_of
from tongbao.platform.sealing import DataKey, read_data_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.platform.settings import PlatformSettings

Result = TypeVar("Result")

SECRET_KEY_LENGTH_MIN = 50

_lock = threading.Lock()
_aliases = count(1)


def configured(**overrides: Any) -> None:
    """Load the Django project if this process has not yet.

    Raises RuntimeError when there are overrides but the settings stand already: serving with a
    passing key or without secure cookies must not go unnoticed.
    """
    with _lock:
        if settings.configured:
            if overrides:
                raise RuntimeError("the Django settings of this process stand already")
            return
        values = {name: getattr(django_settings, name) for name in dir(django_settings)}
        settings.configure(
            **{name: value for name, value in values.items() if name.isupper()} | overrides
        )
        django.setup()


def serving(platform: PlatformSettings) -> dict[str, Any]:
    """Return the Django settings that the operator's settings decide, for `configured`.

    Raises OSError when a key file cannot be read and ValueError when a key has the wrong length.
    """
    secret_key = platform.secret_key_file.read_text(encoding="ascii").strip()
    if len(secret_key) < SECRET_KEY_LENGTH_MIN:
        raise ValueError(f"{platform.secret_key_file} must hold {SECRET_KEY_LENGTH_MIN} characters")
    https: dict[str, Any] = {
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
        "SECURE_HSTS_SECONDS": 31_536_000,
        "CSRF_TRUSTED_ORIGINS": [f"https://{host}" for host in platform.allowed_hosts],
    }
    return {
        "SECRET_KEY": secret_key,
        "ALLOWED_HOSTS": [*django_settings.ALLOWED_HOSTS, *platform.allowed_hosts],
        "SESSION_COOKIE_SECURE": platform.behind_https,
        "CSRF_COOKIE_SECURE": platform.behind_https,
        "LANGUAGE_COOKIE_SECURE": platform.behind_https,
        "SESSION_COOKIE_AGE": platform.session_idle_minutes * 60,
        "TONGBAO_SANDBOX": platform.sandbox,
        "TONGBAO_TRACE_KEY": _trace_key(platform),
        "TONGBAO_DATA_KEY": _data_key(platform),
        "TONGBAO_AUDIT_KEY": _audit_key(platform),
        "TONGBAO_PROVIDERS_URL": platform.providers_url,
        "TONGBAO_BEHIND_HTTPS": platform.behind_https,
        "TONGBAO_LOGIN_FREE_FAILURES": platform.login_failures_before_delay,
        "TONGBAO_STAFF_IDLE_MINUTES": platform.staff_idle_minutes,
        "TONGBAO_LOGIN_DELAY_MAX_S": platform.login_delay_max_s,
        **(device_settings(platform.devices) if platform.devices else {}),
        **(https if platform.behind_https else {}),
    }


def _trace_key(platform: PlatformSettings) -> TraceKey | None:
    file = platform.trace_key_place
    return trace_key_of(file.read_text(encoding="ascii")) if file.exists() else None


def _audit_key(platform: PlatformSettings) -> AuditKey | None:
    file = platform.audit_key_place
    return audit_key_of(file.read_text(encoding="ascii")) if file.exists() else None


def _data_key(platform: PlatformSettings) -> DataKey | None:
    file = platform.data_key_place
    return read_data_key(file) if file.exists() else None


def bind(database_url: str, alias: str = "default") -> None:
    """Make `alias` mean this database from now on, in the whole process."""
    configured()
    from django.db import connections  # noqa: PLC0415 - needs the settings first

    settings_of = connections.configure_settings(
        {"default": {}, alias: django_database(database_url)}
    )
    if alias in {connection.alias for connection in connections.all(initialized_only=True)}:
        connections[alias].close()
        del connections[alias]
    connections.settings[alias] = settings_of[alias]


def run_with(database_url: str, work: Callable[[str], Result]) -> Result:
    """Run `work(alias)` with a connection to this database and return its result."""
    configured()
    alias = f"at-{next(_aliases)}"

    def run() -> Result:
        from django.db import connections  # noqa: PLC0415 - needs the settings first

        bind(database_url, alias)
        try:
            return work(alias)
        finally:
            connections[alias].close()
            del connections[alias]
            del connections.settings[alias]

    # Django refuses database work on a thread whose event loop runs; this thread has none.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="tongbao-platform") as thread:
        return thread.submit(run).result()
