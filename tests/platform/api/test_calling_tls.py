"""Calls to a receiver over real TLS: its certificate counts, and it cannot hold a call for ever."""

import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.platform.api.receiver import Receiver
from tongbao.platform.api.calling import Call, send


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "receiver.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


@pytest.fixture
def receiver(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    made = Receiver(tls=context)
    yield made
    made.stop()


@pytest.fixture
def _trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def call(receiver, host="localhost", **options):
    url = f"https://{host}:{receiver.port}/hook"
    return send(Call(url, {"webhook-id": "evt_1"}, b'{"data": {}}'), sandbox=True, **options)


@pytest.mark.usefixtures("_trusted")
def test_a_receiver_with_a_certificate_for_its_name_takes_the_call(receiver):
    answer = call(receiver)
    assert (answer.response_code, answer.failure, answer.is_success) == (204, "", True)
    [(headers, body)] = receiver.calls
    assert (headers["host"], body) == (f"localhost:{receiver.port}", b'{"data": {}}')


def test_a_certificate_that_nobody_vouches_for_gets_nothing(receiver):
    answer = call(receiver)
    assert (answer.response_code, answer.failure) == (None, "tls")
    assert receiver.calls == []


@pytest.mark.usefixtures("_trusted")
def test_a_certificate_for_another_name_gets_nothing(receiver):
    answer = call(receiver, host="127.0.0.1")
    assert (answer.response_code, answer.failure) == (None, "tls")
    assert receiver.calls == []


@pytest.mark.usefixtures("_trusted")
def test_a_receiver_that_drips_over_tls_is_cut_at_the_deadline(receiver):
    receiver.answers = ["drip"]
    answer = call(receiver, deadline_s=0.8)
    assert (answer.response_code, answer.failure) == (None, "timeout")
    assert answer.took_ms < 5_000
