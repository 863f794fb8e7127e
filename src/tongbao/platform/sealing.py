"""Seals what must not lie about in the database: papers, resident ids, account numbers.

AES-256-GCM under a key derived for its purpose from the data key, which is made at set-up and never
enters the database. A sealed value is bound to its context (which row, which column): moved to
another row, it does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tongbao.domain.secrets import KeyBytes, Purpose

if TYPE_CHECKING:
    from pathlib import Path

KEY_BYTES: Final = 32
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


class SealError(ValueError):
    """A sealed value does not open: another key, another row, or changed bytes."""


class DataKeyMissingError(RuntimeError):
    """There is no data key, so nothing may be sealed or opened; the text says what to do."""

    def __init__(self) -> None:
        super().__init__(
            "the data key is missing: `tongbao up` makes the file that [platform] data_key_file "
            "names"
        )


class DataKey:
    """Seals, opens and makes tokens; shows nothing of the key."""

    __slots__ = ("_aead", "_token_key")

    def __init__(self, key: KeyBytes) -> None:
        secret = key.reveal(Purpose.CRYPTO)
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes")
        self._aead = AESGCM(_derive(secret, b"seal"))
        self._token_key = KeyBytes(_derive(secret, b"token"))

    def seal(self, plain: bytes, context: str) -> bytes:
        """Return the sealed form, 29 bytes longer; `context` names table, row and column."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _VERSION + nonce + self._aead.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Undo `seal`.

        Raises: SealError.
        """
        sealed = bytes(sealed)
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION or len(nonce) != _NONCE_BYTES:
            raise SealError("this is not a sealed value")
        try:
            return self._aead.decrypt(nonce, body, context.encode())
        except InvalidTag:
            raise SealError("the sealed value is not what was sealed here") from None

    def token(self, text: str, purpose: str) -> str:
        """Return 32 hex digits by which equal texts are found and from which none is read back."""
        key = self._token_key.reveal(Purpose.CRYPTO)
        message = f"{purpose}\0{text}".encode()
        return hmac.new(key, message, hashlib.sha256).hexdigest()[:32]


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"tongbao data " + purpose).derive(
        secret
    )


def read_data_key(file: Path) -> DataKey:
    """Read a key file: 64 hex digits.

    Raises: OSError when it cannot be read, ValueError when it is not a key.
    """
    try:
        key = bytes.fromhex(file.read_text(encoding="ascii").strip())
    except ValueError:
        raise ValueError(f"{file} must hold {2 * KEY_BYTES} hex digits") from None
    return DataKey(KeyBytes(key))


def data_key() -> DataKey:
    """Return the key of this process.

    Raises: DataKeyMissingError.
    """
    from django.conf import settings  # noqa: PLC0415 - the module is of use without Django, too

    key = settings.TONGBAO_DATA_KEY
    if not isinstance(key, DataKey):
        raise DataKeyMissingError
    return key
