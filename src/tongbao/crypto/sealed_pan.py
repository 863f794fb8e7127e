"""A card number sealed for the records of an open batch: AES-SIV, bound to where it belongs.

It is deterministic (a repeat of a write gives the same bytes), needs no randomness and hides how
many digits the number has. Whoever has the key and the context opens it, so the key is destroyed
when the batch is closed; then nobody does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag

from tongbao.crypto.errors import SealedPanError
from tongbao.domain.secrets import Pan, Purpose

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

_PACKED_DIGITS: Final = 20
SEALED_PAN_BYTES: Final = 26


def seal_pan(cipher: AESSIV, pan: Pan, context: bytes) -> bytes:
    """Seal a card number for a context; 26 bytes, 16 of them the synthetic nonce.

    Spec: RFC 5297.
    """
    packed = bytes.fromhex(pan.reveal(Purpose.CRYPTO).ljust(_PACKED_DIGITS, "F"))
    return cipher.encrypt(packed, [context])


def open_pan(cipher: AESSIV, sealed: bytes, context: bytes) -> Pan:
    """Undo `seal_pan`.

    Raises: SealedPanError.
    Spec: RFC 5297.
    """
    if len(sealed) != SEALED_PAN_BYTES:
        raise SealedPanError(f"a sealed card number has {SEALED_PAN_BYTES} bytes")
    try:
        digits = cipher.decrypt(sealed, [context]).hex().upper().rstrip("F")
        return Pan(digits)
    except (InvalidTag, ValueError):
        raise SealedPanError("the sealed card number is not what was sealed here") from None
