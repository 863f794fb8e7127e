"""The device authority: signs a terminal's key so that TLS can tell who it is.

Imports no Django. The authority's own key is ECDSA P-256; the keys it signs are Ed25519.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

CERTIFICATE_DAYS: Final = 365
RENEW_WITHIN_DAYS: Final = 60
_BACKDATE: Final = dt.timedelta(hours=1)


class RequestRefusedError(ValueError):
    """The certificate request is malformed, not signed by its key, or of another device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new certificate; times in microseconds since 1970."""

    pem: str
    fingerprint: str
    certificate_number: str
    issued_at_us: int
    not_after_us: int


class DeviceAuthority:
    """Signs certificates for devices; shows nothing of its key."""

    __slots__ = ("_certificate", "_key", "chain_pem")

    def __init__(self, certificate_pem: bytes, key_pem: bytes) -> None:
        key = load_pem_private_key(key_pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the device authority's key is not an EC key")  # noqa: TRY004 - a wrong file, not a wrong call
        self._certificate = x509.load_pem_x509_certificate(certificate_pem)
        if self._certificate.public_key() != key.public_key():
            raise ValueError("the device authority's key and certificate do not belong together")
        self._key = key
        self.chain_pem = certificate_pem.decode("ascii")

    @classmethod
    def open(cls, certificate_file: Path, key_file: Path) -> DeviceAuthority:
        """Read an authority; raises OSError, ValueError."""
        return cls(certificate_file.read_bytes(), key_file.read_bytes())

    def issue(self, csr_pem: str, serial_number: str, public_key: bytes, *, now_us: int) -> Issued:
        """Sign a request of this device for this key; raises RequestRefusedError."""
        request = self._checked(csr_pem, serial_number, public_key)
        now = dt.datetime.fromtimestamp(now_us / 1e6, dt.UTC).replace(microsecond=0)
        issuer = self._certificate
        not_after = min(now + dt.timedelta(days=CERTIFICATE_DAYS), issuer.not_valid_after_utc)
        authority_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial_number)]))
            .issuer_name(issuer.subject)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _BACKDATE)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_SIGNS_ONLY, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority_id),
                critical=False,
            )
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return Issued(
            pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            certificate_number=f"{certificate.serial_number:x}",
            issued_at_us=now_us,
            not_after_us=int(not_after.timestamp()) * 1_000_000,
        )

    def _checked(
        self, csr_pem: str, serial_number: str, public_key: bytes
    ) -> x509.CertificateSigningRequest:
        try:
            request = x509.load_pem_x509_csr(csr_pem.encode("ascii"))
            names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            key = request.public_key()
            is_signed = request.is_signature_valid
        except (ValueError, InvalidSignature, UnicodeEncodeError):
            raise RequestRefusedError("it is not a certificate request") from None
        if not is_signed or not isinstance(key, Ed25519PublicKey):
            raise RequestRefusedError("it is not signed by an Ed25519 key of its own")
        if key.public_bytes(Encoding.Raw, PublicFormat.Raw) != public_key:
            raise RequestRefusedError("it is for another key than the device said hello with")
        if [name.value for name in names] != [serial_number]:
            raise RequestRefusedError("it names another serial number")
        return request


_SIGNS_ONLY: Final = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def fingerprint_of(der: bytes) -> str:
    """Return the SHA-256 of a certificate in DER form, 64 hex digits."""
    return x509.load_der_x509_certificate(der).fingerprint(hashes.SHA256()).hex()
