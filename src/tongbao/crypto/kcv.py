"""Key check values: four bytes that tell two keys apart without showing either."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from tongbao.crypto.ciphers import KeyAlgorithm, block_cipher, check_key_length

KCV_BYTES: Final = 4


def key_check_value(algorithm: KeyAlgorithm, key: bytes) -> bytes:
    """Return the first 4 bytes of a zero block encrypted under the key.

    An 8-byte key is single DES. The block is 8 zero bytes for DES, 16 for AES and SM4; an HMAC key,
    which cannot encrypt, authenticates 16 zero bytes instead (ours, no standard has one).

    Raises: KeyLengthError.
    Spec: UnionPay terminal dialect, 3.1 and 5.1.
    """
    if algorithm is KeyAlgorithm.HMAC:
        check_key_length(algorithm, key)
        return hmac.digest(key, bytes(16), hashlib.sha256)[:KCV_BYTES]
    cipher = block_cipher(algorithm, key)
    return cipher.encrypt(bytes(cipher.block_bytes))[:KCV_BYTES]
