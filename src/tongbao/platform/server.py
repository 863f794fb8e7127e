"""Serves the console in this process with gunicorn: one worker process, a few threads."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

from tongbao.platform.project import bind, configured, serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.platform.settings import PlatformSettings

GRACE_S = 5
# A page takes milliseconds; a worker that is silent for so long is stuck and is replaced.
STUCK_S = 60


def serve(database_url: str, settings: PlatformSettings, say: Callable[[str], None]) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code; `say` gets the ready line.

    Raises OSError when the address is taken or the key file cannot be read, and ValueError when
    the key file or the database URL is of no use or the schema is not this version's.
    """
    configured(**serving(settings))
    bind(database_url)
    prepare_database()
    try:
        listener = socket.create_server((settings.listen_host, settings.listen_port), backlog=128)
    except OSError as error:
        address = f"{settings.listen_host}:{settings.listen_port}"
        raise OSError(error.errno, f"the console cannot listen on {address}: {error}") from None
    host, port = listener.getsockname()[:2]

    def ready(_arbiter: object) -> None:
        say(json.dumps({"ready": "platform", "address": f"{host}:{port}"}))

    return _run(listener.detach(), settings.threads, ready)


def prepare_database() -> None:
    """Refuse a database of another version, and forget the log-ins that ended long ago."""
    from django.contrib.sessions.backends.db import (  # noqa: PLC0415 - needs the settings first
        SessionStore,
    )
    from django.db import connection  # noqa: PLC0415 - as above: only when needed
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415 - as above: only when needed

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise ValueError("the database lacks migrations; run `tongbao platform migrate` first")
    SessionStore.clear_expired()
    connection.close()  # a worker must not inherit it


def _run(listener: int, threads: int, ready: Callable[[object], None]) -> int:
    from django.core.handlers.wsgi import WSGIHandler  # noqa: PLC0415 - needs the settings first
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415 - as above: only when needed

    options = {
        "bind": [f"fd://{listener}"],
        "workers": 1,
        "worker_class": "gthread",
        "threads": threads,
        "graceful_timeout": GRACE_S,
        "timeout": STUCK_S,
        "loglevel": "warning",
        "when_ready": ready,
        "control_socket_disable": True,
    }

    class Console(BaseApplication):  # type: ignore[misc]  # gunicorn is published without types
        def load_config(self) -> None:
            for name, value in options.items():
                if name in self.cfg.settings:  # the control socket came with gunicorn 25
                    self.cfg.set(name, value)

        def load(self) -> Any:
            return WSGIHandler()

    process = os.getpid()
    try:
        Console().run()
    except SystemExit as stop:
        if os.getpid() != process:
            raise  # a worker must not go on with what comes after serving
        return stop.code if isinstance(stop.code, int) else 0
    return 0
