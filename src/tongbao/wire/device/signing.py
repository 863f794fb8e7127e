"""What a terminal signs with its device key, and the header that carries the signature.

Before a terminal has a certificate each of its requests is signed: over the method, the path with
its query, the time, a nonce that is never used twice, and the body. Later the certificate speaks
for the connection, and only reports that are kept as evidence are signed by themselves.

Spec: our own, docs/device-protocol.md; the key is Ed25519, RFC 8032.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Final, Self

from tongbao.domain.errors import ProtocolError

SIGNATURE_HEADER: Final = "Tongbao-Signature"
SIGNATURE_BYTES: Final = 64
PUBLIC_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 16
CLOCK_DIFFERENCE_MAX_MS: Final = 10 * 60 * 1000
"""How far a terminal's clock may be from the platform's; hello tells it the right time."""

_REQUEST_CONTEXT: Final = b"tongbao device request v1\n"
_REPORT_CONTEXT: Final = b"tongbao device report v1\n"
_HEADER: Final = re.compile(r"v1 t=([0-9]{1,16}),n=([0-9a-f]{32}),s=([A-Za-z0-9+/=]{88})")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSignature:
    """The header's content: `at_ms` since 1970, a nonce of 16 bytes, 64 bytes of signature."""

    at_ms: int
    nonce: bytes
    signature: bytes

    def header(self) -> str:
        """Return the value of the header."""
        signed = base64.b64encode(self.signature).decode()
        return f"v1 t={self.at_ms},n={self.nonce.hex()},s={signed}"

    @classmethod
    def parse(cls, header: str) -> Self:
        """Read the value of the header; ProtocolError when it is of another form."""
        found = _HEADER.fullmatch(header)
        if found is None:
            raise ProtocolError(SIGNATURE_HEADER, 0, "it is not of the form v1 t=…,n=…,s=…")
        try:
            signature = base64.b64decode(found[3], validate=True)
        except (binascii.Error, ValueError):
            raise ProtocolError(SIGNATURE_HEADER, 0, "the signature is not base64") from None
        if len(signature) != SIGNATURE_BYTES:
            raise ProtocolError(SIGNATURE_HEADER, 0, "the signature has not 64 bytes")
        return cls(at_ms=int(found[1]), nonce=bytes.fromhex(found[2]), signature=signature)


def request_signing_input(method: str, path: str, at_ms: int, nonce: bytes, body: bytes) -> bytes:
    """Return the bytes to sign for a request; `path` includes the query as it is sent."""
    lines = (method, path, str(at_ms), nonce.hex(), hashlib.sha256(body).hexdigest())
    return _REQUEST_CONTEXT + "\n".join(lines).encode()


def report_signing_input(document: bytes) -> bytes:
    """Return the bytes to sign for a report, whose canonical JSON is `document`."""
    return _REPORT_CONTEXT + document


def document_digest(document: bytes) -> str:
    """Return the SHA-256 of a settings document as it was sent, 64 hex digits."""
    return hashlib.sha256(document).hexdigest()
