"""Keys encrypted under the master key: one record a key in the key file, one blob a session.

AES-256-GCM with a random nonce; the name and algorithm of a key are authenticated with it, so that
a record moved to another name does not open. The key file as a whole carries a seal, so that a
record taken out is noticed too. (An older file put back as a whole is not.)
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tongbao.crypto.ciphers import KeyAlgorithm, check_key_length
from tongbao.crypto.errors import KeyFileDamagedError, KeyLengthError, WrongMasterKeyError
from tongbao.crypto.kcv import key_check_value
from tongbao.crypto.master_key import check_master_key
from tongbao.crypto.rsa_transport import load_private_key
from tongbao.domain.secrets import KeyBytes, PrivateKeyBytes, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FORMAT: Final = "tongbao key file 1"
_BLOB_VERSION: Final = b"\x01"
_CHECK_BYTES: Final = 4
_NONCE_BYTES: Final = 12


class NamedKey(NamedTuple):
    """A key with its name, on its way into or out of a store."""

    name: str
    key: KeyBytes | PrivateKeyBytes
    algorithm: KeyAlgorithm


class KeyWrapper:
    """Seals and opens keys under one master key; shows nothing of it."""

    __slots__ = ("_aead", "_check", "_random_bytes", "_seal_key")

    def __init__(self, master_key: KeyBytes, random_bytes: Callable[[int], bytes]) -> None:
        master = check_master_key(master_key)
        self._aead = AESGCM(_derive(master, b"wrap", 32))
        self._seal_key = KeyBytes(_derive(master, b"seal", 32))
        self._check = _derive(master, b"check", _CHECK_BYTES)
        self._random_bytes = random_bytes

    def file_content(self, keys: Iterable[NamedKey]) -> bytes:
        """Return the key file: JSON, one record a key, and the seal over all of them.

        Spec: our own.
        """
        records = {item.name: self._record(item) for item in keys}
        document = {
            "format": FORMAT,
            "master_key_check": self._check.hex(),
            "keys": records,
            "seal": self._seal(records).hex(),
        }
        return json.dumps(document, indent=1).encode() + b"\n"

    def read_file(self, content: bytes) -> list[NamedKey]:
        """Open a key file; all of its keys, or an error.

        Raises: WrongMasterKeyError; KeyFileDamagedError.
        Spec: our own.
        """
        try:
            document = json.loads(content)
            check = bytes.fromhex(document["master_key_check"])
            seal = bytes.fromhex(document["seal"])
            records: dict[str, dict[str, str]] = document["keys"]
            known = document["format"] == FORMAT and isinstance(records, dict)
        except (ValueError, KeyError, TypeError):
            raise KeyFileDamagedError("the key file is not a key file") from None
        if not known:
            raise KeyFileDamagedError("the key file has an unknown format")
        self._compare_check(check)
        if not hmac.compare_digest(seal, self._seal(records)):
            raise KeyFileDamagedError("the seal of the key file does not fit its content")
        return [self._open_record(name, record) for name, record in records.items()]

    def blob(self, keys: Iterable[NamedKey]) -> bytes:
        """Return keys and their names as one sealed value.

        Spec: our own.
        """
        rows = [
            [item.name, item.algorithm.value, item.key.reveal(Purpose.CRYPTO).hex()]
            for item in keys
        ]
        head = _BLOB_VERSION + self._check
        nonce = self._random_bytes(_NONCE_BYTES)
        return head + nonce + self._aead.encrypt(nonce, json.dumps(rows).encode(), head)

    def read_blob(self, blob: bytes) -> list[NamedKey]:
        """Open a sealed value of `blob`.

        Raises: WrongMasterKeyError; KeyFileDamagedError.
        Spec: our own.
        """
        start = len(_BLOB_VERSION) + _CHECK_BYTES
        head, nonce = blob[:start], blob[start : start + _NONCE_BYTES]
        if blob[:1] != _BLOB_VERSION or len(nonce) != _NONCE_BYTES:
            raise KeyFileDamagedError("this is not a wrapped key")
        self._compare_check(head[1:])
        try:
            rows = json.loads(self._aead.decrypt(nonce, blob[start + _NONCE_BYTES :], head))
        except InvalidTag:
            raise KeyFileDamagedError("the wrapped key is not what was written") from None
        return [
            _named_key(name, KeyAlgorithm(algorithm), bytes.fromhex(key))
            for name, algorithm, key in rows
        ]

    def _record(self, item: NamedKey) -> dict[str, str]:
        key = item.key.reveal(Purpose.CRYPTO)
        nonce = self._random_bytes(_NONCE_BYTES)
        sealed = self._aead.encrypt(nonce, key, _bound(item.name, item.algorithm.value))
        return {
            "algorithm": item.algorithm.value,
            "kcv": key_check_value(item.algorithm, key).hex().upper(),
            "wrapped": (nonce + sealed).hex(),
        }

    def _open_record(self, name: str, record: dict[str, str]) -> NamedKey:
        try:
            sealed = bytes.fromhex(record["wrapped"])
            bound = _bound(name, record["algorithm"])
            key = self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
            return _named_key(name, KeyAlgorithm(record["algorithm"]), key)
        except (ValueError, KeyError, TypeError, InvalidTag, KeyLengthError):
            raise KeyFileDamagedError(f"the record of key {name} is damaged") from None

    def _seal(self, records: Mapping[str, Any]) -> bytes:
        canonical = json.dumps(records, sort_keys=True, separators=(",", ":")).encode()
        return hmac.digest(self._seal_key.reveal(Purpose.CRYPTO), canonical, hashlib.sha256)

    def _compare_check(self, check: bytes) -> None:
        if check != self._check:
            raise WrongMasterKeyError("the keys were written under another master key")

    def __repr__(self) -> str:
        return "KeyWrapper(***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a KeyWrapper holds keys and is not written anywhere")


def _named_key(name: str, algorithm: KeyAlgorithm, key: bytes) -> NamedKey:
    """Make the secret of a key; raises KeyLengthError, ValueError."""
    if algorithm is KeyAlgorithm.RSA:
        load_private_key(key)
        return NamedKey(name, PrivateKeyBytes(key), algorithm)
    check_key_length(algorithm, key)
    return NamedKey(name, KeyBytes(key), algorithm)


def _derive(master: bytes, use: bytes, length: int) -> bytes:
    info = b"tongbao key store/" + use
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(master)


def _bound(name: str, algorithm: str) -> bytes:
    return json.dumps([name, algorithm]).encode()
