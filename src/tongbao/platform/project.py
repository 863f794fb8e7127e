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
from tongbao.platform.database import django_database

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")

_lock = threading.Lock()
_aliases = count(1)


def configured(**overrides: Any) -> None:
    """Load the Django project if this process has not yet; `overrides` apply to that first call."""
    with _lock:
        if settings.configured:
            return
        values = {name: getattr(django_settings, name) for name in dir(django_settings)}
        settings.configure(
            **{name: value for name, value in values.items() if name.isupper()} | overrides
        )
        django.setup()


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
