import datetime as dt
import socket
import ssl
import stat
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tongbao.app.certificates import certificate_files, ensure_certificates

NOW = dt.datetime(2026, 11, 21, 2, 0, tzinfo=dt.UTC)


def load(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def contents(files):
    return [
        path.read_bytes()
        for path in (
            files.authority_certificate,
            files.authority_key,
            files.host_certificate,
            files.host_key,
        )
    ]


def test_all_files_are_private(tmp_path):
    files = ensure_certificates(tmp_path / "tls", NOW)
    assert files == certificate_files(tmp_path / "tls")
    names = sorted(path.name for path in (tmp_path / "tls").iterdir())
    assert names == ["ca-key.pem", "ca.pem", "host-key.pem", "host.pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "tls").iterdir()} == {0o600}


def test_a_second_run_changes_nothing(tmp_path):
    before = contents(ensure_certificates(tmp_path, NOW))
    assert contents(ensure_certificates(tmp_path, NOW + dt.timedelta(days=300))) == before


def test_the_host_certificate_is_renewed_near_its_end(tmp_path):
    files = ensure_certificates(tmp_path, NOW)
    authority = files.authority_certificate.read_bytes()
    later = NOW + dt.timedelta(days=370)
    ensure_certificates(tmp_path, later)
    assert files.authority_certificate.read_bytes() == authority
    assert load(files.host_certificate).not_valid_after_utc == later + dt.timedelta(days=397)


def test_an_authority_that_would_end_before_its_certificates_is_replaced_with_them(tmp_path):
    files = ensure_certificates(tmp_path, NOW)
    before = contents(files)
    ensure_certificates(tmp_path, NOW + dt.timedelta(days=3500))
    after = contents(files)
    assert all(old != new for old, new in zip(before, after, strict=True))
    load(files.host_certificate).verify_directly_issued_by(load(files.authority_certificate))


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem", "host.pem", "host-key.pem"])
@pytest.mark.parametrize("damage", ["missing", "garbage", "cut"])
def test_what_is_missing_or_damaged_is_made_again(tmp_path, name, damage):
    files = ensure_certificates(tmp_path, NOW)
    path = tmp_path / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"garbage" if damage == "garbage" else path.read_bytes()[:100])
    ensure_certificates(tmp_path, NOW)
    load(files.host_certificate).verify_directly_issued_by(load(files.authority_certificate))


def test_the_keys_are_p_256_and_the_authority_signs_loopback_names_only(tmp_path):
    files = ensure_certificates(tmp_path, NOW)
    for path in (files.authority_certificate, files.host_certificate):
        public_key = load(path).public_key()
        assert isinstance(public_key, ec.EllipticCurvePublicKey)
        assert public_key.curve.name == "secp256r1"
    constraints = load(files.authority_certificate).extensions.get_extension_for_class(
        x509.NameConstraints
    )
    assert constraints.critical
    assert [str(item.value) for item in constraints.value.permitted_subtrees or []] == [
        "localhost",
        "127.0.0.0/8",
        "::1/128",
    ]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_tls_stands_up_for_loopback_names(tmp_path, name):
    assert handshake(tmp_path, name) == "TLSv1.3"


def test_tls_does_not_stand_up_for_another_name(tmp_path):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, "host.example")


def handshake(folder, name):
    files = ensure_certificates(folder)
    server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_context.load_cert_chain(files.host_certificate, files.host_key)
    client_context = ssl.create_default_context(cafile=files.authority_certificate)
    client_context.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()

    def serve():
        try:
            with server_context.wrap_socket(far, server_side=True) as connection:
                connection.recv(1)
        except OSError:
            far.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with client_context.wrap_socket(near, server_hostname=name) as connection:
            return connection.version()
    finally:
        near.close()
        thread.join()
