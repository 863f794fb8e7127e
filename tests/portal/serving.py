"""The real platform behind real addresses, in this process: a test can read what it sends out."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.platform.conftest import django_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Platform:
    """Where it listens; `ask` does database work, which a thread with a browser may not."""

    def __init__(self, port: int) -> None:
        # A passkey belongs to a name and not to a number.
        self.base = f"http://localhost:{port}"

    @staticmethod
    def ask(work: Callable[[], Any]) -> Any:
        """Run something on a thread of its own and return what it returns."""
        found: list[Any] = []

        def run() -> None:
            from django.db import connection

            try:
                found.append(work())
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return found[0]


@contextmanager
def served(database_url: str) -> Iterator[Platform]:
    """Serve this database until the end."""
    with django_on(database_url):
        from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
        from django.core.wsgi import get_wsgi_application

        class Quiet(WSGIRequestHandler):
            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as in the library
                del format, args

        server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
        server.daemon_threads = False
        server.set_app(get_wsgi_application())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield Platform(server.server_port)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
