"""The neighbours over HTTP: gateways for the platform, pages for people, on this computer only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tongbao.sandbox.neighbours.applicants import APPLICANT_BY_KEY
from tongbao.sandbox.neighbours.page import (
    render_bank,
    render_mail,
    render_people,
    render_phones,
)
from tongbao.sandbox.neighbours.pictures import KINDS, PictureFontMissingError, paper_picture
from tongbao.sandbox.neighbours.places import place_of
from tongbao.sandbox.neighbours.store import NeighbourStore, listed

if TYPE_CHECKING:
    from starlette.requests import Request

_BODY_MAX_BYTES = 8_192


class BadRequestError(ValueError):
    """The body is not what the address takes; the text says what is missing."""


class Neighbours:
    """Answers for the phones, the mailboxes, the bank, the lists and the people of the sandbox."""

    def __init__(self, store: NeighbourStore, read_clock_us: Callable[[], int]) -> None:
        self._store = store
        self._read_clock_us = read_clock_us

    async def take_message(self, request: Request) -> Response:
        """Keep a text message."""
        body = await _json(request, "to", "text")
        self._store.keep_message(self._read_clock_us(), body["to"][:20], body["text"][:500])
        return JSONResponse({"ok": True})

    async def take_letter(self, request: Request) -> Response:
        """Keep an e-mail."""
        body = await _json(request, "to", "subject", "text")
        letter = (body["to"][:254], body["subject"][:200], body["text"][:4_000])
        self._store.keep_letter(self._read_clock_us(), *letter)
        return JSONResponse({"ok": True})

    @staticmethod
    async def places(request: Request) -> Response:
        """Say where an address is."""
        body = await _json(request, "address")
        return JSONResponse({"place": place_of(body["address"])})

    async def verify(self, request: Request) -> Response:
        """Compare a name with an account."""
        body = await _json(request, "holder", "number")
        return JSONResponse({"verdict": self._store.verify(body["holder"], body["number"])})

    async def one_fen(self, request: Request) -> Response:
        """Book one fen with a remark."""
        body = await _json(request, "holder", "number", "remark", "reference")
        deposit_id = self._store.deposit(
            self._read_clock_us(), body["reference"][:64], body["number"], body["remark"][:20]
        )
        if deposit_id is None:
            return JSONResponse({"ok": False, "error": "the account takes no money"}, 409)
        return JSONResponse({"ok": True, "deposit_id": deposit_id})

    @staticmethod
    async def screening(request: Request) -> Response:
        """Look a name up."""
        body = await _json(request, "name")
        return JSONResponse({"hits": listed(body["name"])})

    async def open_account(self, request: Request) -> Response:
        """Open an account from the form."""
        form = parse_qs((await _bytes(request)).decode("utf-8", "replace"))
        holder = form.get("holder", [""])[0].strip()[:60]
        kind = form.get("kind", [""])[0]
        if holder and kind in ("personal", "corporate"):
            self._store.open_account(holder, kind)
        return RedirectResponse("/bank", 303)

    async def phones(self, request: Request) -> Response:
        """Show the messages."""
        number = request.query_params.get("number", "")[:20]
        return HTMLResponse(render_phones(self._store.messages(number), number))

    async def mail(self, request: Request) -> Response:
        """Show the letters."""
        mailbox = request.query_params.get("mailbox", "")[:254]
        return HTMLResponse(render_mail(self._store.letters(mailbox), mailbox))

    async def bank(self, _request: Request) -> Response:
        """Show the accounts."""
        return HTMLResponse(render_bank(self._store.accounts()))

    @staticmethod
    async def people(_request: Request) -> Response:
        """Show whom to apply as."""
        return HTMLResponse(render_people())

    @staticmethod
    async def picture(request: Request) -> Response:
        """Draw a paper."""
        applicant = APPLICANT_BY_KEY.get(request.path_params["key"])
        kind = request.path_params["kind"]
        if applicant is None or kind not in KINDS:
            return JSONResponse({"ok": False, "error": "there is no such paper"}, 404)
        try:
            content = paper_picture(applicant, kind)
        except PictureFontMissingError as error:
            return JSONResponse({"ok": False, "error": str(error)}, 503)
        return Response(content, media_type="image/png")


def neighbour_routes(store: NeighbourStore, read_clock_us: Callable[[], int]) -> list[Route]:
    """Return the addresses; `read_clock_us` gives the time of what is kept."""
    they = Neighbours(store, read_clock_us)
    return [
        Route("/gateway/sms", _told(they.take_message), methods=["POST"]),
        Route("/gateway/mail", _told(they.take_letter), methods=["POST"]),
        Route("/gateway/places", _told(they.places), methods=["POST"]),
        Route("/gateway/screening", _told(they.screening), methods=["POST"]),
        Route("/bank/verify", _told(they.verify), methods=["POST"]),
        Route("/bank/one-fen", _told(they.one_fen), methods=["POST"]),
        Route("/bank/accounts", _told(they.open_account), methods=["POST"]),
        Route("/phones", they.phones),
        Route("/mail", they.mail),
        Route("/bank", they.bank),
        Route("/people", they.people),
        Route("/people/{key}/{kind}.png", they.picture),
    ]


def _told(answer: Any) -> Any:
    """Turn a malformed body into an answer that says what is missing."""

    async def endpoint(request: Request) -> Response:
        try:
            response: Response = await answer(request)
        except BadRequestError as error:
            return JSONResponse({"ok": False, "error": str(error)}, 400)
        return response

    return endpoint


async def _bytes(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_MAX_BYTES:
            raise BadRequestError("the request is too long")
    return body


async def _json(request: Request, *names: str) -> dict[str, str]:
    try:
        document = json.loads(await _bytes(request))
    except ValueError as error:
        if isinstance(error, BadRequestError):
            raise
        raise BadRequestError("the request is not JSON") from None
    if not isinstance(document, dict):
        raise BadRequestError("the request is not an object")
    for name in names:
        if not isinstance(document.get(name), str) or not document[name]:
            raise BadRequestError(f'the request has no text "{name}"')
    return {name: value for name, value in document.items() if isinstance(value, str)}
