"""The platform's door for devices, small: real TLS with client certificates, real messages."""

from __future__ import annotations

import contextlib
import datetime as dt
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tongbao.app.certificates import ensure_certificates
from tongbao.crypto.tls_socket import TlsSocket
from tongbao.wire.device import paths
from tongbao.wire.device.activation import (
    ActivationAnswer,
    ActivationFailure,
    ActivationPoll,
    ActivationState,
    DeviceStanding,
    Hello,
    HelloAnswer,
    HostAddress,
    Invitation,
)
from tongbao.wire.device.codec import decode, encode
from tongbao.wire.device.health import (
    Accepted,
    Act,
    ActResult,
    Heartbeat,
    HeartbeatAnswer,
    Progress,
    Refusal,
    RefusalAnswer,
    SelfTestReport,
)
from tongbao.wire.device.operators import OperatorAnswer, OperatorChange, OperatorOutcome
from tongbao.wire.device.settings import (
    Language,
    Limits,
    Lock,
    MerchantFacts,
    Operator,
    OperatorRole,
    SettingsDocument,
    SignedReport,
    SignInPolicy,
    SlipTexts,
    Tender,
    TrainingSettings,
)
from tongbao.wire.device.signing import (
    SIGNATURE_HEADER,
    RequestSignature,
    report_signing_input,
    request_signing_input,
)

SERIAL = "TB26110001"
TERMINAL = "00000001"
MERCHANT = "100000000000001"
CODE = "24681357"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class DeviceAuthority:
    """A certificate authority for devices."""

    def __init__(self, folder: Path) -> None:
        self._key = Ed25519PrivateKey.generate()
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test device CA")])
        certificate = self._build(self._name, self._key.public_key(), is_ca=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "device-ca.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def certify(self, csr_pem: str, name: str | None = None, days: int = 365) -> str:
        """Sign a request; `name` puts another common name in."""
        request = x509.load_pem_x509_csr(csr_pem.encode())
        assert request.is_signature_valid
        subject = request.subject
        if name is not None:
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        public = request.public_key()
        assert isinstance(public, Ed25519PublicKey)
        made = self._build(subject, public, is_ca=False, days=days)
        return made.public_bytes(Encoding.PEM).decode()

    def issue(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Make a key and a certificate for a name; return certificate file and key file."""
        key = Ed25519PrivateKey.generate()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = self._build(subject, key.public_key(), is_ca=False)
        files = folder / f"{name}.pem", folder / f"{name}-key.pem"
        files[0].write_bytes(made.public_bytes(Encoding.PEM))
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files[1].write_bytes(pem)
        return files

    def _build(
        self, subject: x509.Name, public: Ed25519PublicKey, *, is_ca: bool, days: int = 365
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        return builder.sign(self._key, None)


def make_document(version: int = 1, **changes: Any) -> SettingsDocument:
    """The wanted state of the one terminal of these tests."""
    values: dict[str, Any] = {
        "version": version,
        "issued_at_ms": now_ms(),
        "serial_number": SERIAL,
        "terminal_id": TERMINAL,
        "merchant": MerchantFacts(
            merchant_id=MERCHANT,
            name="通宝便利店",
            name_en="Tongbao Corner Shop",
            mcc="5411",
            city="上海",
            mail_order_allowed=False,
        ),
        "shop": None,
        "tenders": (Tender.CARD,),
        "kinds": ("sale", "void", "refund", "balance"),
        "function_codes": (),
        "operators": (
            make_operator("00", OperatorRole.SUPERVISOR, b"123456"),
            make_operator("01", OperatorRole.CASHIER, b"0000"),
        ),
        "sign_in_policy": SignInPolicy.PER_SHIFT,
        "auto_sign_in": False,
        "idle_lock_s": None,
        "limits": Limits(sale_minor=None, refund_minor=None, offline_minor=None, day_minor=None),
        "slip": SlipTexts(header=(), footer=()),
        "language": Language.CHINESE,
        "host": host_address(0),
        "training": TrainingSettings(is_allowed=True, needs_supervisor=True),
        "lock": Lock(is_locked=False, words=""),
        "quiet_hour": 3,
        "heartbeat_s": 60,
    }
    return SettingsDocument(**{**values, **changes})


def host_address(port: int, **changes: Any) -> HostAddress:
    values: dict[str, Any] = {
        "address": "127.0.0.1",
        "port": port or 1,
        "tls": False,
        "tls_name": None,
        "ca_pem": None,
        "profile": "unionpay",
    }
    return HostAddress(**{**values, **changes})


def make_operator(
    number: str, role: OperatorRole, pin: bytes, *, must_change: bool = False
) -> Operator:
    from tests.terminal.rig import hashed

    return Operator(
        number=number, name="", role=role, pin_hash=hashed(pin), must_change=must_change
    )


@dataclass
class FakeGateway:
    """What the platform knows of one device, and all it was told."""

    folder: Path
    standing: DeviceStanding = DeviceStanding.ASSIGNED
    state: ActivationState = ActivationState.WAITING
    cause: ActivationFailure | None = None
    document: SettingsDocument = field(default_factory=make_document)
    acts: list[Act] = field(default_factory=list)
    certificate_name: str | None = None
    certificate_days: int = 365
    refusal: Refusal | None = None
    clock_ahead_ms: int = 0
    public_key: bytes = b""
    hellos: list[Hello] = field(default_factory=list)
    heartbeats: list[Heartbeat] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    self_tests: list[SelfTestReport] = field(default_factory=list)
    reports: list[SignedReport] = field(default_factory=list)
    results: dict[str, ActResult] = field(default_factory=dict)
    operator_changes: list[OperatorChange] = field(default_factory=list)
    operator_outcome: OperatorOutcome = OperatorOutcome.KEPT
    names: list[str | None] = field(default_factory=list)
    bad_signatures: int = 0
    port: int = 0

    def __post_init__(self) -> None:
        self.files = ensure_certificates(self.folder / "tls")
        self.authority = DeviceAuthority(self.folder / "tls")
        self._news = threading.Condition()

    def wait(self, wanted: Any) -> None:
        """Wait until something is as wanted; it is looked at after each request."""
        with self._news:
            if not self._news.wait_for(lambda: wanted(self), timeout=20):
                raise TimeoutError("the device did not say so")

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeGateway]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self._serve("POST")

            def do_GET(self) -> None:
                self._serve("GET")

            def _serve(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = gateway.answer(
                    (method, self.path, body),
                    self.headers.get(SIGNATURE_HEADER),
                    _common_name(self.connection),
                )
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
                with gateway._news:
                    gateway._news.notify_all()

            def log_message(self, *_arguments: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.files.host_certificate, self.files.host_key)
        context.sslsocket_class = TlsSocket
        context.load_verify_locations(self.authority.file)
        context.verify_mode = ssl.CERT_OPTIONAL
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = server.server_address[1]
        thread = threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(
        self, request: tuple[str, str, bytes], header: str | None, name: str | None
    ) -> tuple[int, bytes]:
        method, path, body = request
        self.names.append(name)
        if self.refusal is not None and path not in paths.SIGNED:
            return 403, self._refused(self.refusal)
        if path in paths.SIGNED:
            return self._open(request, header)
        if name != SERIAL:
            return 401, self._refused(Refusal.CERTIFICATE_MISSING)
        return self._certified(method, path, body)

    def _open(self, request: tuple[str, str, bytes], header: str | None) -> tuple[int, bytes]:
        _, path, body = request
        if path == paths.HELLO:
            self.public_key = decode(Hello, body).public_key
        if not self._signed(request, header):
            return 401, self._refused(Refusal.SIGNATURE_WRONG)
        if path == paths.HELLO:
            self.hellos.append(decode(Hello, body))
            return 200, encode(self._hello_answer())
        return 200, encode(self._poll_answer(decode(ActivationPoll, body)))

    def _certified(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if method == "GET":
            since = int(path.rpartition("=")[2])
            if since >= self.document.version:
                return 204, b""
            return 200, encode(self.document)
        if path == paths.HEARTBEAT:
            self.heartbeats.append(decode(Heartbeat, body))
            acts, self.acts = tuple(self.acts), []
            answer = HeartbeatAnswer(
                acts=acts,
                wanted_version=self.document.version,
                next_in_s=1,
                server_time_ms=now_ms() + self.clock_ahead_ms,
            )
            return 200, encode(answer)
        if path == paths.PROGRESS:
            self.progress.append(decode(Progress, body))
        elif path == paths.SELF_TEST:
            self.self_tests.append(decode(SelfTestReport, body))
        elif path == paths.OPERATORS:
            self.operator_changes.append(decode(OperatorChange, body))
            refused = self.operator_outcome is OperatorOutcome.REFUSED
            answer = OperatorAnswer(
                outcome=self.operator_outcome,
                reason="number_taken" if refused else "",
                server_time_ms=now_ms(),
            )
            return 200, encode(answer)
        elif path == paths.REPORT:
            report = decode(SignedReport, body)
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(
                report.signature, report_signing_input(encode(report.report))
            )
            self.reports.append(report)
        elif path.startswith(paths.ACTS):
            self.results[path.rpartition("/")[2]] = decode(ActResult, body)
        else:
            return 404, self._refused(Refusal.NOT_FOUND)
        return 200, encode(Accepted(server_time_ms=now_ms()))

    def _hello_answer(self) -> HelloAnswer:
        assigned = self.standing is DeviceStanding.ASSIGNED
        known = self.standing in {DeviceStanding.ASSIGNED, DeviceStanding.ACTIVATED}
        invitation = Invitation(
            code=CODE,
            qr_text=f"tongbao-activate:{SERIAL}:{TERMINAL}:{CODE}",
            expires_at_ms=now_ms() + 600_000,
        )
        return HelloAnswer(
            standing=self.standing,
            terminal_id=TERMINAL if known else None,
            merchant_name="通宝便利店" if known else None,
            invitation=invitation if assigned else None,
            host=self.document.host if known else None,
            server_time_ms=now_ms() + self.clock_ahead_ms,
            next_in_s=1,
        )

    def _poll_answer(self, poll: ActivationPoll) -> ActivationAnswer:
        state, pem = self.state, None
        if state is ActivationState.CONFIRMED and poll.csr_pem is not None:
            state = ActivationState.CERTIFIED
            pem = self.authority.certify(poll.csr_pem, self.certificate_name, self.certificate_days)
        failed = state is ActivationState.FAILED
        return ActivationAnswer(
            state=state,
            terminal_id=TERMINAL,
            cause=self.cause if failed else None,
            words_zh="请重新输入激活码" if failed else None,
            words_en="Type the code again" if failed else None,
            certificate_pem=pem,
            chain_pem=None if pem is None else self.authority.file.read_text(),
            next_in_s=1,
        )

    def _signed(self, request: tuple[str, str, bytes], header: str | None) -> bool:
        method, path, body = request
        try:
            signature = RequestSignature.parse(header or "")
            signed = request_signing_input(method, path, signature.at_ms, signature.nonce, body)
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature.signature, signed)
        except Exception:  # noqa: BLE001 - a double counts what the platform would refuse
            self.bad_signatures += 1
            return False
        return True

    def _refused(self, code: Refusal) -> bytes:
        return encode(
            RefusalAnswer(
                code=code,
                field="",
                words_zh="平台的话",
                words_en="The platform's words",
                retry_after_s=None,
                server_time_ms=now_ms(),
            )
        )


def _common_name(connection: Any) -> str | None:
    certificate = connection.getpeercert()
    if not certificate:
        return None
    return dict(pair for part in certificate["subject"] for pair in part).get("commonName")
