"""The sandbox's web interface: the drawer and the issuer's book, for this computer only."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from tongbao.sandbox.book_page import STYLE_SOURCE, render_book
from tongbao.sandbox.cards import CARD_BY_ID
from tongbao.sandbox.drawer import (
    ReaderAddress,
    ReaderAddressError,
    ReaderRefusedError,
    ReaderUnreachableError,
    drawer_view,
    front_of,
    swipe,
)
from tongbao.sandbox.neighbours.page import STYLE_SOURCE as NEIGHBOURS_STYLE_SOURCE
from tongbao.sandbox.telephone_page import SCRIPT_SOURCE
from tongbao.sandbox.telephone_page import STYLE_SOURCE as TELEPHONE_STYLE_SOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_BODY_MAX_BYTES = 1_024
_CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; "
    f"style-src {STYLE_SOURCE} {NEIGHBOURS_STYLE_SOURCE} {TELEPHONE_STYLE_SOURCE}; "
    f"script-src {SCRIPT_SOURCE}; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
).encode()
_LOOPBACK_HOST = r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?"
_LOOPBACK_ORIGIN = rf"https?://{_LOOPBACK_HOST}"


@dataclass(frozen=True, slots=True)
class SandboxPages:
    """What the pages need: the book as data, how long a reader may take, the other pages."""

    read_book: Callable[[], dict[str, Any]]
    reader_timeout_ms: int
    neighbours: Sequence[Route] = ()


def make_app(pages: SandboxPages) -> Starlette:
    """Build the application; it answers loopback names and loopback origins only."""

    async def show_drawer(_request: Request) -> Response:
        return JSONResponse({"cards": drawer_view()})

    async def show_book(_request: Request) -> Response:
        return JSONResponse(pages.read_book())

    async def show_book_page(_request: Request) -> Response:
        return HTMLResponse(render_book(pages.read_book()))

    async def show_front(request: Request) -> Response:
        card = CARD_BY_ID.get(request.path_params["card_id"])
        return _no_such_card() if card is None else JSONResponse(front_of(card))

    async def swipe_card(request: Request) -> Response:
        return await _swipe(request, pages.reader_timeout_ms)

    return Starlette(
        routes=[
            Route("/", show_book_page),
            Route("/drawer", show_drawer),
            Route("/drawer/{card_id}/front", show_front),
            Route("/drawer/{card_id}/swipe", swipe_card, methods=["POST"]),
            Route("/book", show_book),
            *pages.neighbours,
        ],
        middleware=[
            Middleware(_LoopbackOnly),
            Middleware(
                CORSMiddleware,
                allow_origin_regex=_LOOPBACK_ORIGIN,
                allow_methods=["GET", "POST"],
                allow_headers=["content-type"],
            ),
        ],
    )


async def _swipe(request: Request, timeout_ms: int) -> Response:
    card = CARD_BY_ID.get(request.path_params["card_id"])
    if card is None:
        return _no_such_card()
    try:
        reader = ReaderAddress.parse(_reader_in(await _body(request)))
        await swipe(card, reader, timeout_ms)
    except ReaderAddressError as error:
        return _error(400, "bad_reader", "读卡器地址无效", str(error))
    except ReaderUnreachableError as error:
        return _error(502, "no_reader", "读卡器没有应答", str(error))
    except ReaderRefusedError as error:
        return _error(409, "reader_refused", "终端现在不接受刷卡", str(error))
    return JSONResponse({"ok": True, "error": None})


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX_BYTES:
            raise ReaderAddressError("the request is too long")
    return body


def _reader_in(body: bytes) -> str:
    try:
        document = json.loads(body)
    except ValueError:
        raise ReaderAddressError("the request is not JSON") from None
    reader = document.get("reader") if isinstance(document, dict) else None
    if not isinstance(reader, str):
        raise ReaderAddressError('the request has no text "reader"')
    return reader


def _no_such_card() -> Response:
    return _error(404, "no_such_card", "抽屉里没有这张卡", "this card is not in the drawer")


def _error(status: int, code: str, zh: str, en: str) -> Response:
    return JSONResponse({"ok": False, "error": {"code": code, "zh": zh, "en": en}}, status)


class _LoopbackOnly:
    """Refuses requests under a foreign name or from a foreign page, and adds plain headers.

    A web site in the same browser can reach a loopback port, under its own origin or under a
    name of its own that resolves to it; neither may swipe a card or read the book.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if not re.fullmatch(_LOOPBACK_HOST, host) or (
            origin is not None and not re.fullmatch(_LOOPBACK_ORIGIN, origin)
        ):
            refusal = _error(403, "foreign", "只接受本机访问", "this computer only")
            await refusal(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                    (b"content-security-policy", _CONTENT_SECURITY_POLICY),
                    (b"referrer-policy", b"no-referrer"),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)
