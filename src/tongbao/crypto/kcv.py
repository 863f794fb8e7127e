"""Key check values: four bytes that tell two keys apart without showing either."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from tongbao.crypto.ciphers import KeyAlgorithm, block_cipher, check_key_length
from tongbao.crypto.rsa_transport import load_private_key, public_parts

KCV_BYTES: Final = 4


def key_check_value(algorithm: KeyAlgorithm, key: bytes) -> bytes:
    """Return the first 4 bytes of a zero block encrypted under the key.

    An 8-byte key is single DES. The block is 8 zero bytes for DES, 16 for AES and SM4. Where no
    standard has one it is ours: an HMAC key authenticates 16 zero bytes, an AES-SIV key is taken
    for two AES keys, of which the second encrypts, an RSA key has the SHA-256 of its modulus.

    Raises: KeyLengthError.
    Spec: UnionPay terminal dialect, 3.1 and 5.1.
    """
    if algorithm is KeyAlgorithm.HMAC:
        check_key_length(algorithm, key)
        return hmac.digest(key, bytes(16), hashlib.sha256)[:KCV_BYTES]
    if algorithm is KeyAlgorithm.RSA:
        modulus, _ = public_parts(load_private_key(key))
        return hashlib.sha256(modulus).digest()[:KCV_BYTES]
    if algorithm is KeyAlgorithm.AES_SIV:
        check_key_length(algorithm, key)
        return key_check_value(KeyAlgorithm.AES, key[len(key) // 2 :])
    cipher = block_cipher(algorithm, key)
    return cipher.encrypt(bytes(cipher.block_bytes))[:KCV_BYTES]
