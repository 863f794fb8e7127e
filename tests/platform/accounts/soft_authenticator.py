"""An authenticator made of software: what a phone or a security key does, byte for byte."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor

_PRESENT, _VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40
ID = b"\x07" * 16


def text_of(content: bytes) -> str:
    """Return bytes as WebAuthn writes them."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class SoftAuthenticator:
    """One resident ES256 key for one site, whose owner is always present and verified."""

    def __init__(self, origin: str = "http://localhost", *, is_verified: bool = True) -> None:
        self.origin = origin
        self.site = "localhost"
        self.user_handle = ""
        self._flags = _PRESENT | (_VERIFIED if is_verified else 0)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._uses = 0

    def make(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the key and return what the browser sends."""
        asked = options["publicKey"]
        self.user_handle = asked["user"]["id"]
        numbers = self._key.public_key().public_numbers()
        key = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        made = b"\0" * 16 + struct.pack(">H", len(ID)) + ID + cbor.encode(key)
        data = self._data(_HAS_KEY) + made
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return self._credential(
            {
                "clientDataJSON": text_of(self._client("webauthn.create", asked["challenge"])),
                "attestationObject": text_of(attestation),
                "transports": ["internal"],
            }
        )

    def sign(self, options: dict[str, Any]) -> dict[str, Any]:
        """Sign the challenge and return what the browser sends."""
        self._uses += 1
        client = self._client("webauthn.get", options["publicKey"]["challenge"])
        data = self._data()
        signature = self._key.sign(
            data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        return self._credential(
            {
                "clientDataJSON": text_of(client),
                "authenticatorData": text_of(data),
                "signature": text_of(signature),
                "userHandle": self.user_handle,
            }
        )

    def _data(self, more_flags: int = 0) -> bytes:
        site = hashlib.sha256(self.site.encode()).digest()
        return site + struct.pack(">BI", self._flags | more_flags, self._uses)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": text_of(ID),
            "rawId": text_of(ID),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {"credProps": {"rk": True}},
            "response": response,
        }
