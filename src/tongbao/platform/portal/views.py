"""Sends the portal's pages and what a page has to know before it may ask the API anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_GET, require_safe

from tongbao.platform.portal.pages import BuiltPages

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tongbao.platform.portal.pages import PageFile

# Nothing is evaluated, nothing comes from elsewhere; previews of papers are blob: addresses.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# The camera photographs papers and reads the code on a terminal's screen.
PERMISSIONS_POLICY: Final = "camera=(self), microphone=(), geolocation=(), payment=(), usb=()"

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_EACH_TIME: Final = "no-cache"

_NOT_BUILT: Final = """<!doctype html>
<html lang="zh-Hans">
<head><meta charset="utf-8"><title>通宝 Tongbao</title></head>
<body>
<h1>通宝 Tongbao</h1>
<p>平台已运行，但商户门户页面尚未构建。请运行 <code>./run</code> 或
<code>scripts/build_web.py</code>。<a href="/console/">运营控制台</a></p>
<p lang="en">The platform runs, but the merchant portal is not built yet. Run <code>./run</code> or
<code>scripts/build_web.py</code>. <a href="/console/">Operations console</a></p>
</body>
</html>
"""

_pages = BuiltPages()


@require_safe
def page(request: HttpRequest, path: str = "") -> HttpResponse:
    """Send the one page; which of its screens is shown is decided by the address, in the page."""
    del path
    file = _pages.file("index.html")
    if file is None:
        return _guarded(HttpResponse(_NOT_BUILT, status=503))
    return _send(request, file, _ASK_EACH_TIME)


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """Send a script or a style; its name changes with its content, so browsers keep it for ever."""
    return _send(request, _found(f"assets/{name}"), _FOR_EVER)


@require_safe
def whole_file(request: HttpRequest, name: str) -> HttpResponse:
    """Send an icon, the manifest, the offline page or the service worker."""
    return _send(request, _found(name), _ASK_EACH_TIME)


@require_GET
def start(request: HttpRequest) -> JsonResponse:
    """Tell a page its token against forgery and whether this world is simulated."""
    answer = JsonResponse({"csrf_token": get_token(request), "sandbox": settings.TONGBAO_SANDBOX})
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _found(name: str) -> PageFile:
    file = _pages.file(name)
    if file is None:
        raise Http404
    return file


def _send(request: HttpRequest, file: PageFile, keep: str) -> HttpResponse:
    packed = bool(file.packed) and "gzip" in request.headers.get("Accept-Encoding", "")
    answer = HttpResponse(file.packed if packed else file.content, content_type=file.content_type)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    if file.packed:
        answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = keep
    return _guarded(answer)


def _guarded(answer: HttpResponse) -> HttpResponse:
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    answer.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    return answer
