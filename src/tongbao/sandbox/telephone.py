"""The sandbox's telephone: a page with a keypad that calls the platform's voice menu.

The page speaks the prompts with the browser's own voice and shows them as text. It sends what was
typed to this process, which signs it as a telephone provider would and passes it on.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

from tongbao.sandbox.telephone_page import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

HEADER: Final = "Tongbao-Telephone-Signature"
PATH: Final = "/ivr/v1/call"
TIMEOUT_S: Final = 10
_BODY_MAX_BYTES: Final = 1_024


class TelephoneError(RuntimeError):
    """The platform's voice menu did not answer."""


def telephone_routes(url: str, key_file: Path | None, now_us: Callable[[], int]) -> list[Route]:
    """Return the page and the address that it calls; none when no platform is named."""
    if not url or key_file is None:
        return []

    async def show(_request: Request) -> Response:
        return HTMLResponse(PAGE, headers={"x-tongbao-page": "telephone"})

    async def call(request: Request) -> Response:
        body = await request.body()
        if len(body) > _BODY_MAX_BYTES:
            return _failed("the request is too long")
        try:
            answer = await asyncio.to_thread(_pass_on, url, key_file, body, now_us() // 1000)
        except (OSError, ValueError, TelephoneError) as error:
            return _failed(str(error))
        return JSONResponse(answer)

    return [Route("/telephone", show), Route("/telephone/call", call, methods=["POST"])]


def signature(key: bytes, at_ms: int, body: bytes) -> str:
    """Return the header's value for a body that is sent at this time."""
    signed = hmac.new(key, f"{at_ms}.".encode() + body, hashlib.sha256)
    return f"t={at_ms},s={signed.hexdigest()}"


def _pass_on(url: str, key_file: Path, body: bytes, at_ms: int) -> dict[str, Any]:
    key = bytes.fromhex(key_file.read_text(encoding="ascii").strip())
    request = urllib.request.Request(  # noqa: S310 - the platform's address from the settings
        url + PATH,
        data=body,
        headers={"Content-Type": "application/json", HEADER: signature(key, at_ms, body)},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - as above
            return dict(json.loads(answer.read()))
    except urllib.error.HTTPError as error:
        raise TelephoneError(f"the voice menu answered {error.code}") from None
    except urllib.error.URLError:
        raise TelephoneError("the voice menu does not answer") from None


def _failed(words: str) -> Response:
    return JSONResponse({"error": words}, 502)
