"""Errors as the API tells them: `application/problem+json` in the caller's language.

A view or the frame raises `Problem`; one place turns it, Django's "not found" and pydantic's
findings into the same shape. What belongs to another merchant and what does not exist give the
same bytes.

Spec: RFC 9457
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from tongbao.platform.api.field_words import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.utils.functional import _StrPromise

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:tongbao:problem:"

TITLES: dict[int, _StrPromise] = {
    400: _("The request cannot be read"),
    401: _("Log in first"),
    403: _("This is not allowed"),
    404: _("Not found"),
    405: _("This method is not offered here"),
    409: _("This does not fit what is recorded"),
    413: _("The request is too large"),
    415: _("The body must be JSON"),
    422: _("Some values need correcting"),
    429: _("Too many requests"),
    500: _("Something went wrong here"),
    503: _("Not available at the moment"),
}
# Told when nothing better is known; never a cause from inside.
DETAILS: dict[int, _StrPromise] = {
    400: _("The body is not valid JSON, or a header is malformed."),
    401: _("Send a session cookie or an API key that is valid."),
    403: _("Your role or your API key does not include this."),
    404: _("There is nothing here, or it is not yours."),
    405: _("See the description of the API for the methods of this address."),
    413: _("Send less at once."),
    415: _("Send the body with Content-Type: application/json."),
    422: _("Correct the fields that are named and send it again."),
    429: _("Wait as long as Retry-After says and try again."),
    500: _("It has been noted. Try again; with an Idempotency-Key nothing is done twice."),
    503: _("Try again in a moment."),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One value that was refused: where it is (`shop.name`), a stable code, words for people."""

    field: str
    code: str
    words: str


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """An answer that is an error; `code` is stable, `detail` says what to do about it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str | _StrPromise = "",
        *,
        fields: Iterable[Field] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = tuple(fields)
        self.headers = dict(headers or {})


def not_found() -> Problem:
    """Return the one answer for what does not exist and for what is somebody else's."""
    return Problem(404, "not_found")


def invalid(field: str, words: str | _StrPromise, code: str = "invalid") -> Problem:
    """Return the refusal of one value, named by its place in the body."""
    return Problem(422, "invalid", fields=[Field(field, code, str(words))])


def response_of(problem: Problem) -> HttpResponse:
    """Return the HTTP answer of a problem in the language that is active now."""
    title = TITLES.get(problem.status, TITLES[500])
    detail = problem.detail or DETAILS.get(problem.status, "")
    body: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{problem.code}",
        "title": str(title),
        "status": problem.status,
        "detail": str(detail),
        "code": problem.code,
        "fields": [
            {"field": one.field, "code": one.code, "words": one.words} for one in problem.fields
        ],
    }
    response = HttpResponse(
        json.dumps(body, ensure_ascii=False).encode(),
        status=problem.status,
        content_type=CONTENT_TYPE,
    )
    for name, value in problem.headers.items():
        response[name] = value
    return response


def problem_of_findings(errors: Iterable[Mapping[str, Any]]) -> Problem:
    """Return one problem for all that pydantic found, each with its field and words."""
    fields = [Field(_place(error["loc"]), str(error["type"]), words_of(error)) for error in errors]
    return Problem(422, "invalid", fields=fields)


def _place(location: Iterable[object]) -> str:
    """Leave out the source and the name of the argument, which only our code knows."""
    parts = [str(part) for part in location]
    source, rest = parts[:1], parts[1:]
    if source and source[0] in ("body", "query", "form") and len(rest) > 1:
        rest = rest[1:]
    return ".".join(rest) or ".".join(parts)
