"""The gateway as a WSGI application: limits, errors, and one answer for each request."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from django.db import close_old_connections

from tongbao.platform.access.enforce import AccessDeniedError, record_denial
from tongbao.platform.clock import now_us as clock_now_us
from tongbao.platform.fleet.gateway.handlers import Handlers
from tongbao.platform.fleet.gateway.refusals import STATUS, RefusedError, answer_to
from tongbao.platform.fleet.steps import UnknownDeviceError
from tongbao.wire.device.codec import encode
from tongbao.wire.device.document import BODY_BYTES_MAX
from tongbao.wire.device.health import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

TARGET_LENGTH_MAX: Final = 300
_log = logging.getLogger("tongbao.devices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the handlers see it; `target` is path and query as they were sent."""

    method: str
    path: str
    query: str
    target: str
    signature: str
    body: bytes
    certificate: bytes | None
    address: str
    now_us: int


class Gateway:
    """Answers each request with JSON; what breaks inside is logged and told as `broken`."""

    def __init__(self, now_us: Callable[[], int] = clock_now_us) -> None:
        self._handlers = Handlers()
        self._now_us = now_us

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        now_us = self._now_us()
        close_old_connections()
        try:
            body = self._handlers.answer(_request(environ, now_us))
            status = 200 if body is not None else 204
        except RefusedError as refused:
            status, body = STATUS[refused.code], encode(answer_to(refused, now_us))
        except Exception as error:  # noqa: BLE001 - the last place where a fault can be told
            status, body = self._broken(error, now_us)
        finally:
            close_old_connections()
        headers = [("Cache-Control", "no-store"), ("Content-Length", str(len(body or b"")))]
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        start_response(f"{status} {HTTPStatus(status).phrase}", headers)
        return [body or b""]

    def _broken(self, error: Exception, now_us: int) -> tuple[int, bytes]:
        code = Refusal.BROKEN
        if isinstance(error, AccessDeniedError):
            record_denial(error, now_us=now_us)
            code = Refusal.NOT_IN_SERVICE
        elif isinstance(error, UnknownDeviceError):
            code = Refusal.NOT_FOUND
        else:
            _log.exception("a request of a terminal broke")
        return STATUS[code], encode(answer_to(RefusedError(code), now_us))


def _request(environ: dict[str, Any], now_us: int) -> Request:
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    query = environ.get("QUERY_STRING", "")
    target = f"{path}?{query}" if query else path
    if len(target) > TARGET_LENGTH_MAX:
        raise RefusedError(Refusal.UNKNOWN_PATH)
    return Request(
        method=environ["REQUEST_METHOD"],
        path=path,
        query=query,
        target=target,
        signature=environ.get("HTTP_TONGBAO_SIGNATURE", ""),
        body=_body(environ),
        certificate=_certificate(environ),
        address=environ.get("REMOTE_ADDR", "")[:45],
        now_us=now_us,
    )


def _body(environ: dict[str, Any]) -> bytes:
    sent = environ.get("CONTENT_LENGTH") or "0"
    if not sent.isdigit():
        raise RefusedError(Refusal.MALFORMED, "Content-Length")
    if "HTTP_TRANSFER_ENCODING" in environ or int(sent) > BODY_BYTES_MAX:
        raise RefusedError(Refusal.TOO_LARGE)
    body = environ["wsgi.input"].read(int(sent))
    if len(body) != int(sent):
        raise RefusedError(Refusal.MALFORMED, "body")
    return bytes(body)


def _certificate(environ: dict[str, Any]) -> bytes | None:
    """Return the client's certificate, which TLS has checked against the device authority."""
    connection = environ.get("gunicorn.socket")
    getpeercert = getattr(connection, "getpeercert", None)
    return getpeercert(binary_form=True) if getpeercert else None
