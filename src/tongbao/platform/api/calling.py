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

from tongbao.crypto.tls_socket import TlsSocket
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
        code = _post(target, _addresses_of(target, sandbox=sandbox), call, began + deadline_s)
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


def _addresses_of(target: Target, *, sandbox: bool) -> list[str]:
    """Return the addresses that may be connected to; every one of the name must be outside."""
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for address in addresses:
        check_address(address, sandbox=sandbox)
    return addresses


def _connected(addresses: list[str], port: int, ends_s: float) -> socket.socket:
    """Connect to the first address that answers: not every machine has a way to IPv6."""
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), min(CONNECT_S, _left_s(ends_s)))
    return socket.create_connection((addresses[-1], port), min(CONNECT_S, _left_s(ends_s)))


def _post(target: Target, addresses: list[str], call: Call, ends_s: float) -> int:
    line = _connected(addresses, target.port, ends_s)
    lines = [line]
    watch = threading.Timer(_left_s(ends_s), _cut, [lines])
    watch.daemon = True
    watch.start()
    try:
        line.settimeout(_left_s(ends_s))
        if target.scheme == "https":
            # From here the TLS socket owns the line; it must be known before the handshake drips.
            context = ssl.create_default_context()
            context.sslsocket_class = TlsSocket
            lines[0] = line = context.wrap_socket(
                line, server_hostname=target.host, do_handshake_on_connect=False
            )
            line.do_handshake()
        connection = http.client.HTTPConnection(target.host, target.port)
        connection.sock = line
        headers = {**call.headers, "Host": target.host_header, "Connection": "close"}
        connection.request("POST", target.path, call.body, headers)
        with connection.getresponse() as response:
            return response.status
    finally:
        watch.cancel()
        with suppress(OSError):
            lines[0].close()


def _left_s(ends_s: float) -> float:
    return max(0.1, ends_s - time.monotonic())


def _cut(lines: list[socket.socket]) -> None:
    """End a connection that drips: a byte a second would outlive any time-out of one read.

    The line below TLS is cut: TLS itself belongs to the thread that reads.
    """
    with suppress(OSError):
        socket.socket.shutdown(lines[0], socket.SHUT_RDWR)
