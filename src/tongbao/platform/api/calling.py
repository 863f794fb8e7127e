"""One call of a receiver: resolved once, checked, pinned, answered within a deadline or not."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tongbao.platform.api.webhook_rules import AddressError, Target, check_address, target_of

if TYPE_CHECKING:
    from collections.abc import Mapping

DEADLINE_S = 10.0
CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a call: a response code, or the word for why there was none."""

    took_ms: int
    response_code: int | None = None
    failure: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it."""
        return self.response_code is not None and 200 <= self.response_code < 300


@dataclass(frozen=True, slots=True)
class Call:
    """What is sent where."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def send(call: Call, *, sandbox: bool, deadline_s: float = DEADLINE_S) -> Answer:
    """Send a call and return what became of it; never raises for anything the receiver does.

    No redirect is followed and of the answer only the status is read.
    """
    began = time.monotonic()
    code, failure = None, ""
    try:
        target = target_of(call.url, sandbox=sandbox)
        code = _post(target, _address_of(target, sandbox=sandbox), call, began + deadline_s)
    except AddressError as error:
        failure = f"address_{error.code}"
    except TimeoutError:
        failure = "timeout"
    except ssl.SSLError:
        failure = "tls"
    except socket.gaierror:
        failure = "unknown_host"
    except (OSError, http.client.HTTPException):
        # A connection that the deadline cut ends like one that broke.
        late = time.monotonic() - began >= deadline_s
        failure = "timeout" if late else "connection"
    return Answer(int((time.monotonic() - began) * 1000), code, failure)


def _address_of(target: Target, *, sandbox: bool) -> str:
    """Return the one address to connect to; every address of the name must be outside."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        check_address(address, sandbox=sandbox)
    return addresses[0]


def _post(target: Target, address: str, call: Call, ends_s: float) -> int:
    left_s = max(0.1, ends_s - time.monotonic())
    raw = socket.create_connection((address, target.port), min(CONNECT_S, left_s))
    watch = threading.Timer(max(0.1, ends_s - time.monotonic()), _cut, [raw])
    watch.daemon = True
    watch.start()
    try:
        raw.settimeout(max(0.1, ends_s - time.monotonic()))
        line = raw
        if target.scheme == "https":
            line = ssl.create_default_context().wrap_socket(raw, server_hostname=target.host)
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = line
        headers = {**call.headers, "Host": target.host_header, "Connection": "close"}
        connection.request("POST", target.path, call.body, headers)
        return connection.getresponse().status
    finally:
        watch.cancel()
        with suppress(OSError):
            raw.close()


def _cut(line: socket.socket) -> None:
    """End a connection that drips: a byte a second would outlive any time-out of one read."""
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
