"""Who may talk to the screen server, and what a page from it may do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOCAL_NAMES: Final = ("127.0.0.1", "localhost", "[::1]")


def allowed_hosts(address: str, port: int) -> frozenset[str]:
    """Return the Host headers to answer to: a name from outside must not lead here (DNS rebinding).

    `address` is where the server listens; loopback has its usual names too.
    """
    shown = f"[{address}]" if ":" in address else address
    names = {shown, *_LOCAL_NAMES} if shown in _LOCAL_NAMES else {shown}
    hosts = {f"{name}:{port}" for name in names}
    return frozenset(hosts | names if port == 80 else hosts)


def content_security_policy(drawer_url: str, hosts: Iterable[str]) -> str:
    """Return the policy of the till page: itself, its WebSocket and the drawer of cards."""
    # The policy's language has no IPv6 addresses; for those 'self' must do.
    sockets = " ".join(f"ws://{host}" for host in sorted(hosts) if "[" not in host)
    drawer = _origin(drawer_url)
    connect = " ".join(part for part in ("'self'", sockets, drawer) if part)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            "media-src 'self' data: blob:",
            "manifest-src 'self'",
            f"connect-src {connect}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def origin_allowed(origin: str | None, hosts: frozenset[str]) -> bool:
    """Whether a WebSocket may come from a page of this origin; one without origin is no browser.

    A program on this computer may connect without one, as the demo does; a page of another site
    cannot leave its origin out.
    """
    if origin is None:
        return True
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.netloc in hosts and origin == f"http://{parts.netloc}"


class Guard:
    """ASGI middleware: refuses foreign Host headers and adds the security headers."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str], policy: str) -> None:
        self._app = app
        self._hosts = hosts
        self._headers = (
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on when its Host header is one of ours."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        if self._is_welcome(scope):
            await self._app(scope, receive, self._with_headers(scope, send))
        else:
            await _refuse(scope, send)

    def _is_welcome(self, scope: Scope) -> bool:
        if _header(scope, b"host") not in self._hosts:
            return False
        return scope["type"] == "http" or origin_allowed(_header(scope, b"origin"), self._hosts)

    def _with_headers(self, scope: Scope, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), *self._headers]
                if not scope["path"].startswith("/assets/"):
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        return send_with_headers


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 421, "headers": []})
    await send({"type": "http.response.body", "body": b"not this terminal's address\n"})


def _header(scope: Scope, name: bytes) -> str | None:
    for key, value in scope["headers"]:
        if key == name:
            return str(value.decode("latin-1"))
    return None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme and parts.netloc else ""
