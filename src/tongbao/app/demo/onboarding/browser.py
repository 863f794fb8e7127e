"""A browser without a window: keeps cookies, sends the CSRF token, speaks JSON."""

from __future__ import annotations

import http.client
import json
import secrets
from http.cookies import SimpleCookie
from typing import Any, Final

_TIMEOUT_S: Final = 30.0
_ANSWER_MAX_BYTES: Final = 4_000_000
_OK: Final = range(200, 300)
_UNAUTHENTICATED: Final = 401
_CSRF_COOKIE: Final = "tongbao_csrf"


class StoryError(RuntimeError):
    """The story did not go as told; the text says where and what the platform answered."""


class Browser:
    """One person's browser at one address, as HOST:PORT; `language` is what it asks pages in."""

    def __init__(self, address: str, language: str) -> None:
        self._address = address
        self._language = {"zh": "zh-hans"}.get(language, language)
        self._cookies: dict[str, str] = {}

    def get(self, path: str) -> dict[str, Any]:
        """Read something; StoryError when it is refused."""
        return self._json("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send something; StoryError when it is refused."""
        return self._json("POST", path, body or {})

    def patch(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change something; StoryError when it is refused."""
        return self._json("PATCH", path, body)

    def ask_log_in(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Take a step of a log-in, whose answer 401 means that a step is missing."""
        return self._json("POST", f"/_allauth/browser/v1{path}", body, also=(_UNAUTHENTICATED,))

    def upload(self, path: str, kind: str, content: bytes) -> dict[str, Any]:
        """Upload a picture of a paper of this kind."""
        boundary = secrets.token_hex(16)
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="kind"\r\n\r\n{kind}\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{kind}.png"\r\nContent-Type: image/png\r\n\r\n'
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self._read("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def download(self, path: str) -> bytes:
        """Return the bytes of a file; StoryError when it is refused."""
        status, content = self._ask("GET", path, None, "")
        if status not in _OK:
            raise StoryError(f"GET {path}: {status} {_shown(content)}")
        return content

    def _json(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        also: tuple[int, ...] = (),
    ) -> dict[str, Any]:
        content = None if body is None else json.dumps(body).encode()
        return self._read(method, path, content, "application/json", also=also)

    def _read(
        self,
        method: str,
        path: str,
        content: bytes | None,
        media_type: str,
        *,
        also: tuple[int, ...] = (),
    ) -> dict[str, Any]:
        if method != "GET" and _CSRF_COOKIE not in self._cookies:
            self._ask("GET", "/api/v1/csrf-token", None, "")
        status, answer = self._ask(method, path, content, media_type)
        if status not in _OK and status not in also:
            raise StoryError(f"{method} {path}: {status} {_shown(answer)}")
        document = json.loads(answer) if answer else {}
        return document if isinstance(document, dict) else {"items": document}

    def _ask(
        self, method: str, path: str, content: bytes | None, media_type: str
    ) -> tuple[int, bytes]:
        headers = {
            "Accept-Language": self._language,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "X-CSRFToken": self._cookies.get(_CSRF_COOKIE, ""),
            "Origin": f"http://{self._address}",
        }
        if content is not None:
            headers["Content-Type"] = media_type
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                for name, morsel in SimpleCookie(cookie).items():
                    self._cookies[name] = morsel.value
            return response.status, response.read(_ANSWER_MAX_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise StoryError(f"{method} {path}: {error}") from error
        finally:
            connection.close()


def _shown(answer: bytes) -> str:
    return answer[:400].decode("utf-8", "replace")
