"""The terminal's line to the platform: HTTPS, its own certificate, a time limit on everything.

Every call blocks and belongs on a thread of its own, never on the event loop. The gateway's
certificate must come from the authority in the settings and carry its name.

Spec: our own, docs/device-protocol.md.
"""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tongbao.crypto.tls_socket import TlsSocket
from tongbao.domain.errors import ProtocolError
from tongbao.wire.device import paths
from tongbao.wire.device.activation import (
    ActivationAnswer,
    ActivationPoll,
    Hello,
    HelloAnswer,
    RenewalAnswer,
    RenewalRequest,
)
from tongbao.wire.device.codec import decode, encode
from tongbao.wire.device.document import BODY_BYTES_MAX
from tongbao.wire.device.health import Heartbeat, HeartbeatAnswer, Refusal, RefusalAnswer
from tongbao.wire.device.operators import OperatorAnswer, OperatorChange
from tongbao.wire.device.settings import SettingsDocument
from tongbao.wire.device.signing import SIGNATURE_HEADER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tongbao.terminal.device.identity import DeviceIdentity
    from tongbao.terminal.device.settings import DeviceSettings
    from tongbao.terminal.device.store import DeviceStore

_Answer = TypeVar("_Answer")
_OK: Final = 200
# What is refused so will be refused again: the report makes room for those behind it.
_FINAL: Final = frozenset(
    {Refusal.MALFORMED, Refusal.TOO_LARGE, Refusal.CONFLICT, Refusal.NOT_FOUND}
)
_NOTHING_NEW: Final = frozenset({204, 304})


class Trouble(Enum):
    """Why the platform could not be asked; each has words in `tongbao.terminal.device.wording`."""

    NO_NETWORK = "no_network"
    NO_ANSWER = "no_answer"
    GATEWAY_UNTRUSTED = "gateway_untrusted"
    CERTIFICATE_REFUSED = "certificate_refused"
    BAD_ANSWER = "bad_answer"
    REFUSED = "refused"


class GatewayError(Exception):
    """A request came to nothing; `refusal` is the platform's own answer, when there is one."""

    def __init__(self, trouble: Trouble, refusal: RefusalAnswer | None = None) -> None:
        super().__init__(trouble.value if refusal is None else refusal.code.value)
        self.trouble = trouble
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Quality:
    """How the last requests went: median round trip, and how many of a thousand failed."""

    rtt_ms: int | None
    loss_permille: int


class Gateway:
    """Asks the platform in the name of one device."""

    def __init__(
        self,
        settings: DeviceSettings,
        identity: DeviceIdentity,
        certificate_file: Path,
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._certificate_file = certificate_file
        self._now_ms = now_ms
        self._clock_ahead_ms = 0
        self.has_asked = False
        self._times: list[int | None] = []

    @property
    def quality(self) -> Quality:
        """How the last twenty requests went."""
        good = sorted(ms for ms in self._times if ms is not None)
        lost = len(self._times) - len(good)
        loss = 1000 * lost // len(self._times) if self._times else 0
        return Quality(good[len(good) // 2] if good else None, loss)

    @property
    def clock_ahead_ms(self) -> int:
        """How far the platform's clock was ahead of ours when it last said hello."""
        return self._clock_ahead_ms

    def hello(self, message: Hello) -> HelloAnswer:
        """Say who we are; learn how we stand, and what time it is. Raises GatewayError."""
        answer = self._signed(HelloAnswer, paths.HELLO, encode(message))
        self._clock_ahead_ms = answer.server_time_ms - self._now_ms()
        self.has_asked = True
        return answer

    def activation(self, message: ActivationPoll) -> ActivationAnswer:
        """Ask how far the activation is. Raises GatewayError."""
        return self._signed(ActivationAnswer, paths.ACTIVATION, encode(message))

    def wanted(self, since: int) -> bytes | None:
        """Return the settings newer than a version, as received; None when there are none.

        Raises GatewayError, also for settings that are none.
        """
        body = self._ask("GET", paths.wanted_path(since), b"", certified=True)
        if not body:
            return None
        _decoded(SettingsDocument, body)
        return body

    def heartbeat(self, message: Heartbeat) -> HeartbeatAnswer:
        """Say how we are; learn what waits for us. Raises GatewayError."""
        body = self._ask("POST", paths.HEARTBEAT, encode(message), certified=True)
        answer = _decoded(HeartbeatAnswer, body)
        self._clock_ahead_ms = answer.server_time_ms - self._now_ms()
        self.has_asked = True
        return answer

    def tell(self, path: str, body: bytes) -> None:
        """Deliver a report. Raises GatewayError."""
        self._ask("POST", path, body, certified=True)

    def renewal(self, message: RenewalRequest) -> RenewalAnswer:
        """Ask for the next certificate with the present one. Raises GatewayError."""
        body = self._ask("POST", paths.RENEWAL, encode(message), certified=True)
        return _decoded(RenewalAnswer, body)

    def operator_change(self, message: OperatorChange) -> OperatorAnswer:
        """Tell what was done about an operator here. Raises GatewayError."""
        body = self._ask("POST", paths.OPERATORS, encode(message), certified=True)
        return _decoded(OperatorAnswer, body)

    def deliver(self, store: DeviceStore) -> None:
        """Deliver every report in line, oldest first; one that is refused for good is dropped.

        One over which the platform breaks stays in line and holds nothing up behind it.
        Raises GatewayError when the platform cannot be asked, KeyStoreError for the files.
        """
        for name in store.reports():
            path, body = store.report(name)
            try:
                self.tell(path, body)
            except GatewayError as error:
                if error.refusal is not None and error.refusal.code is Refusal.BROKEN:
                    continue
                if error.refusal is None or error.refusal.code not in _FINAL:
                    raise
            store.drop_report(name)

    def _signed(self, kind: type[_Answer], path: str, body: bytes) -> _Answer:
        try:
            return _decoded(kind, self._ask("POST", path, body, certified=False))
        except GatewayError as error:
            refusal = error.refusal
            if refusal is None or refusal.code is not Refusal.CLOCK_WRONG:
                raise
            # The signature carries the time: say it again with the platform's.
            self._clock_ahead_ms = refusal.server_time_ms - self._now_ms()
        return _decoded(kind, self._ask("POST", path, body, certified=False))

    def _ask(self, method: str, path: str, body: bytes, *, certified: bool) -> bytes:
        begun = time.monotonic()
        try:
            status, answer = self._exchange(method, path, body, certified=certified)
        except GatewayError:
            self._note(None)
            raise
        self._note(round((time.monotonic() - begun) * 1000))
        if status == _OK:
            return answer
        if status in _NOTHING_NEW:
            return b""
        try:
            refusal = decode(RefusalAnswer, answer)
        except ProtocolError:
            raise GatewayError(Trouble.BAD_ANSWER) from None
        raise GatewayError(Trouble.REFUSED, refusal)

    def _exchange(
        self, method: str, path: str, body: bytes, *, certified: bool
    ) -> tuple[int, bytes]:
        settings = self._settings
        try:
            connection = _NamedConnection(
                settings.gateway_address,
                settings.gateway_port,
                timeout=settings.connect_timeout_ms / 1000,
                context=self._context(certified=certified),
                name=settings.gateway_name,
            )
        except (OSError, ValueError):
            raise GatewayError(Trouble.CERTIFICATE_REFUSED) from None
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if not certified:
            at_ms = self._now_ms() + self._clock_ahead_ms
            headers[SIGNATURE_HEADER] = self._identity.sign_request((method, path, body), at_ms)
        try:
            connection.connect()
            connection.sock.settimeout(settings.answer_timeout_ms / 1000)
            connection.request(method, path, body=body or None, headers=headers)
            response = connection.getresponse()
            answer = response.read(BODY_BYTES_MAX + 1)
        except (OSError, http.client.HTTPException) as error:
            raise GatewayError(trouble_of(error)) from None
        finally:
            connection.close()
        if len(answer) > BODY_BYTES_MAX:
            raise GatewayError(Trouble.BAD_ANSWER)
        return response.status, answer

    def _context(self, *, certified: bool) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._settings.gateway_ca_file)
        context.sslsocket_class = TlsSocket
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if certified:
            context.load_cert_chain(self._certificate_file, self._identity.file)
        return context

    def _note(self, took_ms: int | None) -> None:
        self._times = [*self._times[-19:], took_ms]


class _NamedConnection(http.client.HTTPSConnection):
    """Connects to an address and expects a certificate for a name."""

    def __init__(self, address: str, port: int, *, name: str, **options: Any) -> None:
        super().__init__(address, port, **options)
        self._name = name

    def connect(self) -> None:
        """Connect and shake hands."""
        http.client.HTTPConnection.connect(self)
        context: ssl.SSLContext = self._context  # type: ignore[attr-defined]  # the parent's own
        self.sock = context.wrap_socket(self.sock, server_hostname=self._name)


def trouble_of(error: Exception) -> Trouble:
    """Sort a failure to be heard.

    With TLS 1.3 our certificate is refused only after our side of the handshake has ended, so that
    the refusal comes with the first read.
    """
    match error:
        case ssl.SSLCertVerificationError():
            return Trouble.GATEWAY_UNTRUSTED
        case ssl.SSLError() if "CERTIFICATE" in (error.reason or ""):
            return Trouble.CERTIFICATE_REFUSED
        case TimeoutError():
            return Trouble.NO_ANSWER
        case http.client.HTTPException():
            return Trouble.BAD_ANSWER
        case _:
            return Trouble.NO_NETWORK


def _decoded(kind: type[_Answer], body: bytes) -> _Answer:
    try:
        return decode(kind, body)
    except ProtocolError:
        raise GatewayError(Trouble.BAD_ANSWER) from None
