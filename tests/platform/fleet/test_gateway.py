"""The device gateway over real TLS on loopback: who may speak, and what is refused."""

import http.client
import json
import ssl
import zlib

import pytest

from tests.platform.conftest import django_on
from tests.platform.fleet import stage
from tests.platform.fleet.conftest import device, shipped
from tests.platform.fleet.real_device import activated_device, ended, running
from tests.platform.fleet.stage import (
    FLEET,
    MERCHANT_ID,
    OTHER_SERIAL,
    OWNER,
    SERIAL,
    Machine,
    beat,
)
from tongbao.app.setup import SetUpOptions, prepare
from tongbao.app.world import devices_part
from tongbao.platform.clock import now_us
from tongbao.wire.device import paths
from tongbao.wire.device.activation import (
    ActivationAnswer,
    ActivationPoll,
    ActivationState,
    DeviceStanding,
    HelloAnswer,
)
from tongbao.wire.device.codec import decode, encode
from tongbao.wire.device.health import ActKind, HeartbeatAnswer, Refusal, RefusalAnswer
from tongbao.wire.device.settings import (
    ReportOutcome,
    SettingsDocument,
    SettingsReport,
    SignedReport,
)
from tongbao.wire.device.signing import SIGNATURE_HEADER, document_digest, report_signing_input


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A set-up with its gateway running and two merchants."""
    made = prepare(tmp_path_factory.mktemp("devices") / "var", SetUpOptions(port_base=None))
    with django_on(made.settings.database_url):
        stage.add_merchants()
    part = devices_part(made)
    part.start()
    yield made, int(part.ready["address"].rsplit(":", 1)[1])
    part.stop()


@pytest.fixture
def gateway(world):
    """The port; the platform's own services work on the same database with the same key."""
    from django.test import override_settings

    made, port = world
    secret = made.settings.platform.secret_key_file.read_text().strip()
    with django_on(made.settings.database_url), override_settings(SECRET_KEY=secret):
        yield port


class Line:
    """A terminal's side of the connection."""

    def __init__(self, machine, port, folder):
        self.machine, self.port, self.folder = machine, port, folder
        self.certificate = None

    def ask(self, method, path, message=None, **headers):
        body = message if isinstance(message, bytes) else encode(message) if message else b""
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=20, context=self._tls()
        )
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def signed(self, path, message, at_ms=None):
        body = encode(message)
        at_ms = now_us() // 1000 if at_ms is None else at_ms
        header = self.machine.signature("POST", path, body, at_ms)
        return self.ask("POST", path, body, **{SIGNATURE_HEADER: header})

    def _tls(self):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if self.certificate:
            pem = self.folder / f"{self.machine.serial}.pem"
            pem.write_bytes(self.machine.private_pem() + self.certificate.encode())
            context.load_cert_chain(pem)
        return context

    def activate(self):
        from tongbao.platform.fleet import activation
        from tongbao.platform.fleet.activation_rules import Method

        status, body = self.signed(paths.HELLO, self.machine.hello())
        answer = decode(HelloAnswer, body)
        assert (status, answer.standing) == (200, DeviceStanding.ASSIGNED)
        claim = activation.Claim(
            merchant_id=MERCHANT_ID,
            serial_number=self.machine.serial,
            terminal_id=answer.terminal_id,
            code=answer.invitation.code,
            method=Method.APP,
        )
        activation.confirm(OWNER, claim, now_us=now_us())
        poll = ActivationPoll(serial_number=self.machine.serial, csr_pem=self.machine.csr())
        status, body = self.signed(paths.ACTIVATION, poll)
        certified = decode(ActivationAnswer, body)
        assert (status, certified.state) == (200, ActivationState.CERTIFIED)
        self.certificate = certified.certificate_pem
        return certified


@pytest.fixture
def line(gateway, tmp_path):
    return Line(Machine(), gateway, tmp_path)


def refusal(answer):
    status, body = answer
    return status, decode(RefusalAnswer, body).code


def test_a_terminal_from_hello_to_service_over_the_line(line):
    if device().state == "stock":
        shipped()
    line.activate()
    status, body = line.ask("POST", paths.HEARTBEAT, beat(now_us()))
    answer = decode(HeartbeatAnswer, body)
    assert (status, answer.acts, answer.wanted_version) == (200, (), 1)
    status, document = line.ask("GET", paths.wanted_path(0))
    settings = decode(SettingsDocument, document)
    assert (settings.terminal_id, settings.shop.shop_id) == (device().terminal_id, stage.SHOP)
    assert settings.host.ca_pem.startswith("-----BEGIN CERTIFICATE-----")
    assert line.ask("GET", paths.wanted_path(1)) == (204, b"")
    report = SettingsReport(
        serial_number=SERIAL,
        terminal_id=settings.terminal_id,
        version=1,
        document_sha256=document_digest(document),
        outcome=ReportOutcome.APPLIED,
        at_ms=now_us() // 1000,
        detail="",
        drift=(),
    )
    signature = line.machine.key.sign(report_signing_input(encode(report)))
    said = SignedReport(report=report, signature=signature)
    assert line.ask("POST", paths.REPORT, said)[0] == 200
    forged = SignedReport(report=report, signature=bytes(64))
    assert refusal(line.ask("POST", paths.REPORT, forged)) == (409, Refusal.CONFLICT)
    assert device().reports.get().is_true_copy
    assert line.ask("POST", paths.SELF_TEST, stage.self_test(now_us()))[0] == 200
    assert (device().state, device().activations.latest("created_at_us").state) == (
        "active",
        "done",
    )
    _revoked_and_foreign_certificates_are_refused(line)


def _revoked_and_foreign_certificates_are_refused(line):
    """Ends the terminal's service, so it comes last."""
    from tongbao.platform.fleet import certificates
    from tongbao.platform.fleet.authority import DeviceAuthority  # noqa: F401 - the type of a foreign one

    certificates.revoke(stage.FLEET, SERIAL, reason="stolen", now_us=now_us())
    answer = line.ask("POST", paths.HEARTBEAT, beat(now_us()))
    assert refusal(answer) == (403, Refusal.CERTIFICATE_REVOKED)
    issued = stage.new_authority().issue(
        line.machine.csr(), SERIAL, line.machine.public_key, now_us=now_us()
    )
    line.certificate = issued.pem
    with pytest.raises(OSError):  # noqa: PT011 - TLS ends the connection, in one of several ways
        line.ask("POST", paths.HEARTBEAT, beat(now_us()))


@pytest.mark.parametrize(
    "path", [paths.HEARTBEAT, paths.REPORT, paths.SELF_TEST, paths.act_path("a")]
)
def test_without_a_certificate_nothing_but_hello_is_answered(line, path):
    assert refusal(line.ask("POST", path, b"{}")) == (401, Refusal.CERTIFICATE_MISSING)


def test_hello_without_or_with_another_signature_is_refused(line):
    body = encode(line.machine.hello())
    assert refusal(line.ask("POST", paths.HELLO, body)) == (401, Refusal.SIGNATURE_MISSING)
    other = Machine().signature("POST", paths.HELLO, body, now_us() // 1000)
    answer = line.ask("POST", paths.HELLO, body, **{SIGNATURE_HEADER: other})
    assert refusal(answer) == (401, Refusal.SIGNATURE_WRONG)


def test_a_signature_is_good_once_and_for_one_address(line):
    machine = line.machine = Machine("TB26110007")
    body = encode(machine.hello())
    header = {SIGNATURE_HEADER: machine.signature("POST", paths.HELLO, body, now_us() // 1000)}
    assert line.ask("POST", paths.HELLO, body, **header)[0] == 200
    assert refusal(line.ask("POST", paths.HELLO, body, **header)) == (409, Refusal.REPEATED)
    elsewhere = {SIGNATURE_HEADER: machine.signature("POST", "/x", body, now_us() // 1000)}
    answer = line.ask("POST", paths.HELLO, body, **elsewhere)
    assert refusal(answer) == (401, Refusal.SIGNATURE_WRONG)


def test_a_wrong_clock_is_told_the_time(line):
    line.machine = Machine("TB26110008")
    status, body = line.signed(paths.HELLO, line.machine.hello(), at_ms=1)
    answer = decode(RefusalAnswer, body)
    assert (status, answer.code) == (401, Refusal.CLOCK_WRONG)
    assert abs(answer.server_time_ms - now_us() // 1000) < 60_000


def test_a_terminal_that_says_hello_too_often_must_wait(line):
    line.machine = Machine("TB26110009")
    answers = [line.signed(paths.HELLO, line.machine.hello()) for _ in range(8)]
    assert [status for status, _ in answers[:6]] == [200] * 6
    status, body = answers[7]
    refused = decode(RefusalAnswer, body)
    assert (status, refused.code) == (429, Refusal.TOO_MANY)
    assert 1 <= refused.retry_after_s <= 20


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("GET", "/", b"", (404, Refusal.UNKNOWN_PATH)),
        ("GET", paths.HELLO, b"", (405, Refusal.WRONG_METHOD)),
        ("POST", paths.WANTED, b"", (405, Refusal.WRONG_METHOD)),
        ("POST", paths.HELLO, b"[", (400, Refusal.MALFORMED)),
        ("POST", paths.HELLO, b"x" * 300_000, (413, Refusal.TOO_LARGE)),
        ("GET", f"{paths.WANTED}?since={'9' * 400}", b"", (404, Refusal.UNKNOWN_PATH)),
    ],
)
def test_what_is_no_message_of_ours_is_refused_with_its_kind(line, method, path, body, expected):
    assert refusal(line.ask(method, path, body)) == expected


def test_a_refusal_speaks_both_languages_and_names_the_field(line):
    body = json.dumps(json.loads(encode(line.machine.hello())) | {"nonce": "?"}).encode()
    _, answered = line.ask("POST", paths.HELLO, body)
    answer = decode(RefusalAnswer, answered)
    assert (answer.field, answer.words_zh) == ("nonce: it is not base64", "终端发来的内容有误。")


ACTS = (
    (ActKind.MESSAGE, {"words": "请更换纸卷"}),
    (ActKind.LOCK, {"words": "盘点"}),
    (ActKind.UNLOCK, {}),
    (ActKind.LOG_PULL, {}),
    (ActKind.PARAMETER_PUSH, {}),
    (ActKind.SELF_TEST, {}),
    (ActKind.RESTART, {}),
)


def test_every_remote_act_is_done_by_a_real_terminal_and_known_on_the_platform(
    world, gateway, tmp_path
):
    from tongbao.platform.fleet import acts

    authority = world[0].folder / "tls" / "ca.pem"
    terminal = activated_device(OTHER_SERIAL, gateway, authority, tmp_path / "device-data")
    assert device(OTHER_SERIAL).state == "active"
    asked = [acts.ask(FLEET, OTHER_SERIAL, kind, body, now_us=now_us()) for kind, body in ACTS]
    with running(terminal):
        assert ended(*asked) == {kind.value: "done" for kind, _ in ACTS}
    log = next(act for act in asked if act.kind == "log_pull").log
    assert b'"version"' in zlib.decompress(bytes(log))
    report = device(OTHER_SERIAL).reports.get()
    assert (report.outcome, report.is_true_copy, report.drift) == ("applied", True, [])

    body = {"reason": "被盗", "as_lost": "true"}
    wipe = acts.ask(FLEET, OTHER_SERIAL, ActKind.WIPE, body, now_us=now_us())
    key = (terminal.data_folder / "device" / "key.pem").read_bytes()
    with running(terminal):
        assert ended(wipe) == {"wipe": "done"}
    assert wipe.detail.startswith("lost with 0 reversals")
    assert device(OTHER_SERIAL).state == "lost"
    left = [path for path in terminal.data_folder.rglob("*") if path.is_file()]
    assert all(path.read_bytes() != key for path in left)
    assert "settings.json" not in {path.name for path in left}
