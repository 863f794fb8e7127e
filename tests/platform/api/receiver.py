"""A real receiver of webhooks on this machine, which can be down, slow, doubled and forgetful."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """Keeps what it took; `answers` are the next response codes, then 204.

    A receiver as docs/webhooks.md asks for: checks the signature, drops what it has, and keeps of
    each payment what has the highest number.
    """

    def __init__(self, secret: str = "", tls: ssl.SSLContext | None = None) -> None:
        self.secret = secret
        self.answers: list[int | str] = []
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.seen: set[str] = set()
        self.state: dict[str, tuple[int, str]] = {}
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.take({k.lower(): v for k, v in self.headers.items()}, body)
                if answer == "drop":
                    self.connection.close()
                    return
                if answer == "drip":
                    receiver.release.wait(20)
                    return
                self.send_response(int(answer))
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.release = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a peer that leaves is no news
        if tls is not None:
            listening = self._server.socket
            self._server.socket = tls.wrap_socket(
                listening, server_side=True, do_handshake_on_connect=False
            )
        scheme = "http" if tls is None else "https"
        self.port = self._server.server_port
        self.url = f"{scheme}://127.0.0.1:{self.port}/hook?shop=1"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, headers: dict[str, str], body: bytes) -> int | str:
        self.calls.append((headers, body))
        answer = self.answers.pop(0) if self.answers else 204
        if answer in (204, "drop"):  # it was taken, and then perhaps the answer was lost
            self.apply(headers, body)
        return answer

    def apply(self, headers: dict[str, str], body: bytes) -> None:
        if self.secret:
            assert self.is_signed(headers, body)
        event = json.loads(body)
        if headers["webhook-id"] in self.seen or "rrn" not in event["data"]:
            return
        self.seen.add(headers["webhook-id"])
        rrn = event["data"]["rrn"]
        if event["number"] > self.state.get(rrn, (0, ""))[0]:
            self.state[rrn] = (event["number"], event["data"]["status"])

    def is_signed(self, headers: dict[str, str], body: bytes, secret: str = "") -> bool:
        """Check as the standard tells receivers to; written apart from our own code."""
        key = base64.b64decode((secret or self.secret).split("_", 1)[1])
        signed = b".".join(
            [headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body]
        )
        wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{wanted}" in headers["webhook-signature"].split(" ")
