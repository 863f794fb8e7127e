"""The device's own key: Ed25519, made on the device, never leaving it; and what it signs.

The private key lies in a file that only its owner may read. A real device keeps it in its secure
part, behind the same few methods.

Spec: RFC 8032 (Ed25519), RFC 8410 (its certificates), PKCS#10.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from tongbao.crypto.errors import KeyStoreError
from tongbao.crypto.master_key import check_owner_only, write_owner_only
from tongbao.wire.device.signing import (
    NONCE_BYTES,
    RequestSignature,
    report_signing_input,
    request_signing_input,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class DeviceIdentity:
    """Signs in the name of one device."""

    def __init__(self, key: Ed25519PrivateKey, serial_number: str, file: Path) -> None:
        self._key = key
        self.serial_number = serial_number
        self.file = file

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def certificate_request(self) -> str:
        """Return a PKCS#10 request whose common name is the serial number, as PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.serial_number)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._key, None)
        return request.public_bytes(Encoding.PEM).decode("ascii")

    def sign_request(
        self,
        request: tuple[str, str, bytes],
        at_ms: int,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> str:
        """Return the signature header of a request (method, path with query, body)."""
        method, path, body = request
        nonce = random_bytes(NONCE_BYTES)
        signature = self._key.sign(request_signing_input(method, path, at_ms, nonce, body))
        return RequestSignature(at_ms=at_ms, nonce=nonce, signature=signature).header()

    def sign_report(self, document: bytes) -> bytes:
        """Return the 64-byte signature of a report in canonical JSON."""
        return self._key.sign(report_signing_input(document))

    def fits(self, certificate_pem: str) -> bool:
        """Whether a certificate is for this key and serial number; False for no certificate."""
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem.encode())
        except ValueError:
            return False
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        public = certificate.public_key().public_bytes(
            Encoding.DER, PublicFormat.SubjectPublicKeyInfo
        )
        own = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return [str(name.value) for name in names] == [self.serial_number] and public == own


def open_identity(file: Path, serial_number: str) -> DeviceIdentity:
    """Open the device's key, made at the first start and flushed before anything is signed.

    Raises: KeyStoreError when the file cannot be read or is no Ed25519 key; KeyFilePermissionError
    when others could read it.
    """
    if not file.exists():
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_owner_only(file, pem)
    try:
        with file.open("rb") as stream:
            check_owner_only(stream.fileno(), file)
            key = load_pem_private_key(stream.read(), password=None)
    except OSError as error:
        raise KeyStoreError(f"the device key {file}: {error.strerror}") from None
    except ValueError:
        raise KeyStoreError(f"the device key {file} is damaged") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyStoreError(f"the device key {file} is not an Ed25519 key")
    return DeviceIdentity(key, serial_number, file)
