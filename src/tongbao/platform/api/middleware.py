"""What holds for every address below /api/: language, size, no page of HTML, nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.utils import translation

from tongbao.platform.api.problems import CONTENT_TYPE, Problem, not_found, response_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

PREFIX = "/api/"
# The largest body is a form with one paper of an application.
BODY_BYTES_MAX = 12 * 1024 * 1024


class ApiAnswers:
    """Makes every answer below /api/ one that a machine can read, in the language it asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; addresses elsewhere pass untouched."""
        if not request.path_info.startswith(PREFIX):
            return self._get_response(request)
        if "Accept-Language" in request.headers:
            # The header of a machine or a portal outweighs the console's language cookie.
            del_cookie = request.COOKIES.pop("tongbao_language", None)
            translation.activate(translation.get_language_from_request(request))
            if del_cookie is not None:
                request.COOKIES["tongbao_language"] = del_cookie
        response = self._answer(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Content-Language"] = translation.get_language() or "en"
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if _announced_bytes(request) > BODY_BYTES_MAX:
            return response_of(Problem(413, "too_large"))
        response = self._get_response(request)
        if response.status_code == 405:
            return response_of(
                Problem(405, "method", headers={"Allow": response.headers.get("Allow", "")})
            )
        return response


def _announced_bytes(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if str(length).isdigit() else 0


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist: a problem below /api/, a page elsewhere."""
    from django.views.defaults import page_not_found as page  # noqa: PLC0415 - needs the settings

    return (
        response_of(not_found())
        if request.path_info.startswith(PREFIX)
        else page(request, exception)
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a fault of ours: a problem below /api/, a page elsewhere."""
    from django.views.defaults import server_error as page  # noqa: PLC0415 - needs the settings

    if request.path_info.startswith(PREFIX):
        return response_of(Problem(500, "internal"))
    return page(request)


__all__ = ["BODY_BYTES_MAX", "CONTENT_TYPE", "ApiAnswers", "page_not_found", "server_error"]
