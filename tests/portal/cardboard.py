"""A platform of cardboard: the built pages and prepared answers, with no server behind them.

Pages that show what a server says can be looked at in every state of it, also in those that a
real one is hardly ever in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tongbao.platform.portal.pages import BuiltPages
from tongbao.platform.portal.views import CONTENT_SECURITY_POLICY

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Route

BASE = "https://portal.test"
Answer = Any | Callable[[Any], Any]


class RefusalError(Exception):
    """An answer that is an error, as the API tells it."""

    def __init__(self, status: int, code: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"status": status, "code": code, "title": "", "detail": "", "fields": []} | more


class Cardboard:
    """Answers a browser's requests: files from the build, the rest from `answers`.

    A key is a method and the pattern of a whole path, a value what is answered (`$status` beside
    the rest says how) or what makes it from the request's body. `asked` keeps what was asked, but
    for files.
    """

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str, Any]] = []
        self.unknown: list[str] = []
        self._pages = BuiltPages()

    def serve(self, context: BrowserContext) -> None:
        """Answer everything that this context asks for."""
        context.route("**/*", self._handle)

    def _handle(self, route: Route) -> None:
        request = route.request
        path = urlsplit(request.url).path
        if not request.url.startswith(BASE):
            self.unknown.append(request.url)
            route.abort()
        elif path.startswith(("/api/", "/_allauth/", "/portal/start")):
            self._answer(route, path)
        else:
            self._file(route, path)

    def _file(self, route: Route, path: str) -> None:
        name = path.removeprefix("/portal/")
        file = self._pages.file(name) if path.startswith("/portal/") else None
        file = file or self._pages.file("index.html")
        assert file is not None, "the portal is not built"
        headers = {
            "Content-Type": file.content_type,
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        }
        route.fulfill(status=200, headers=headers, body=file.content)

    def _answer(self, route: Route, path: str) -> None:
        request = route.request
        body = None
        if request.headers.get("content-type", "").startswith("application/json"):
            body = json.loads(request.post_data or "null")
        self.asked.append((request.method, path, body))
        for pattern, answer in self.answers.items():
            method, _, wanted = pattern.partition(" ")
            if method == request.method and re.fullmatch(wanted, path):
                self._tell(route, answer, body)
                return
        self.unknown.append(f"{request.method} {path}")
        self._tell(route, {"$status": 404, "code": "not_found"}, None)

    def _tell(self, route: Route, answer: Answer, body: Any) -> None:
        status = 200
        try:
            told = answer(body) if callable(answer) else answer
        except RefusalError as refused:
            status, told = refused.status, refused.body
        if isinstance(told, dict):
            status = told.get("$status", status)
        route.fulfill(
            status=status, content_type="application/json", body=json.dumps(told, default=str)
        )
