"""A private certificate authority and a host certificate for loopback names, made at set-up.

They let terminal and host speak TLS on one machine without a contract with anybody. The authority
may only sign loopback names (name constraints), so that trusting it elsewhere opens nothing.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tongbao.crypto.master_key import write_owner_only

if TYPE_CHECKING:
    from pathlib import Path

LOOPBACK_NAMES: Final = ("localhost",)
LOOPBACK_ADDRESSES: Final = ("127.0.0.1", "::1")
_AUTHORITY_DAYS: Final = 3650
_HOST_DAYS: Final = 397
_RENEW_BEFORE_DAYS: Final = 30
# A clock that is a little behind must not refuse a certificate made a moment ago.
_BACKDATE: Final = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the PEM files are; all have mode 0600."""

    authority_certificate: Path
    authority_key: Path
    host_certificate: Path
    host_key: Path


@dataclass(frozen=True, slots=True)
class _Pair:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def certificate_files(folder: Path) -> CertificateFiles:
    """Return the names of the files in a `tls` folder, whether they exist or not."""
    return CertificateFiles(
        folder / "ca.pem", folder / "ca-key.pem", folder / "host.pem", folder / "host-key.pem"
    )


def ensure_certificates(folder: Path, now: dt.datetime | None = None) -> CertificateFiles:
    """Make what is missing, unusable or within 30 days of its end; leave the rest as it is.

    `now` carries a time zone and is the machine's clock when not given. The keys are ECDSA P-256.
    A new authority always brings a new host certificate.
    """
    now = now or dt.datetime.now(dt.UTC)
    files = certificate_files(folder)
    authority = _load(files.authority_certificate, files.authority_key)
    # The authority must outlive every certificate that it signs.
    if authority is None or _ends_within(authority, now, _HOST_DAYS):
        authority = _make_authority(now)
        _save(authority, files.authority_certificate, files.authority_key)
    host = _load(files.host_certificate, files.host_key)
    if (
        host is None
        or _ends_within(host, now, _RENEW_BEFORE_DAYS)
        or not _signed_by(host.certificate, authority.certificate)
    ):
        host = _make_host(authority, now)
        _save(host, files.host_certificate, files.host_key)
    return files


def ensure_device_authority(folder: Path, now: dt.datetime | None = None) -> None:
    """Make the authority that signs terminals' certificates, if it is missing or unusable.

    It is another one than the host's: whoever may be a terminal may not be the host.
    """
    now = now or dt.datetime.now(dt.UTC)
    files = (folder / "device-ca.pem", folder / "device-ca-key.pem")
    if _load(*files) is not None:
        return
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Tongbao device CA")
    builder = (
        _builder(name, name, key.public_key(), now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
    )
    _save(_Pair(builder.sign(key, hashes.SHA256()), key), *files)


def _make_authority(now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Tongbao private CA")
    constraints = x509.NameConstraints(
        permitted_subtrees=[
            *(x509.DNSName(name) for name in LOOPBACK_NAMES),
            x509.IPAddress(ipaddress.ip_network("127.0.0.0/8")),
            x509.IPAddress(ipaddress.ip_network("::1/128")),
        ],
        excluded_subtrees=None,
    )
    builder = (
        _builder(name, name, key.public_key(), now, _AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(constraints, critical=True)
    )
    return _Pair(builder.sign(key, hashes.SHA256()), key)


def _make_host(authority: _Pair, now: dt.datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    names = x509.SubjectAlternativeName(
        [
            *(x509.DNSName(name) for name in LOOPBACK_NAMES),
            *(x509.IPAddress(ipaddress.ip_address(address)) for address in LOOPBACK_ADDRESSES),
        ]
    )
    issuer = authority.certificate
    issuer_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(_name("Tongbao host"), issuer.subject, key.public_key(), now, _HOST_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id),
            critical=False,
        )
        .add_extension(names, critical=False)
    )
    return _Pair(builder.sign(authority.key, hashes.SHA256()), key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: dt.datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _ends_within(pair: _Pair, now: dt.datetime, days: int) -> bool:
    return pair.certificate.not_valid_after_utc < now + dt.timedelta(days=days)


def _signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:  # noqa: BLE001 - three unrelated types, and all of them mean "make a new one"
        return False
    return True


def _load(certificate_file: Path, key_file: Path) -> _Pair | None:
    """Return a pair that can be read and belongs together, else None."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    # A stop between writing the key and writing the certificate leaves two that do not fit.
    return _Pair(certificate, key) if key.public_key() == certificate.public_key() else None


def _save(pair: _Pair, certificate_file: Path, key_file: Path) -> None:
    write_owner_only(
        key_file, pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    write_owner_only(certificate_file, pair.certificate.public_bytes(Encoding.PEM))
