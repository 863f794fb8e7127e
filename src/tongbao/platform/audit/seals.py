"""Seals over the chain: what is signed, and the platform's audit key. Pure: imports no Django.

Spec: RFC 8032 Ed25519; docs/audit.md
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tongbao.platform.audit.chain import canonical

KEY_LENGTH: Final = 32
_PURPOSE: Final = "tongbao-audit-seal"


@dataclass(frozen=True, slots=True, repr=False)
class AuditKey:
    """The platform's Ed25519 key for seals, a seed of 32 bytes; it never shows itself."""

    seed: bytes

    def __post_init__(self) -> None:
        """Refuse a seed of another length."""
        if len(self.seed) != KEY_LENGTH:
            raise ValueError(f"the audit key has {KEY_LENGTH} bytes")

    def __repr__(self) -> str:
        return f"AuditKey({self.name})"

    @property
    def public(self) -> bytes:
        """The public key, 32 bytes."""
        return self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def name(self) -> str:
        """Sixteen hex digits of the public key's SHA-256, which tell keys apart."""
        return hashlib.sha256(self.public).hexdigest()[:16]

    @property
    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def sign(self, seal: SealedState) -> str:
        """Return the signature over a state, 128 hex digits."""
        return self._private.sign(seal.signed_bytes).hex()

    def is_ours(self, seal: SealedState, signature: str) -> bool:
        """Return whether this key signed that state."""
        try:
            self._private.public_key().verify(bytes.fromhex(signature), seal.signed_bytes)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedState:
    """The chain at one moment: its last entry and that entry's hash (0 and zeros when empty)."""

    seal_id: int
    day: str
    last_entry_id: int
    root: str
    sealed_at_us: int

    @property
    def signed_bytes(self) -> bytes:
        """The canonical form that is signed."""
        return canonical({"purpose": _PURPOSE, **asdict(self)})


def audit_key_of(text: str) -> AuditKey:
    """Read a key from its file's text, 64 hex digits; ValueError, which never repeats the text."""
    try:
        return AuditKey(bytes.fromhex(text.strip()))
    except ValueError:
        raise ValueError("the audit key must be 64 hex digits") from None
