"""A key on its way under an RSA key: what carries a terminal master key over the line.

The public half is two numbers in a message, and who encrypts gets its randomness as an argument, so
OAEP is written out here; who decrypts has the private key in the library. The dialect leaves the
padding open; OAEP with SHA-256 is our choice.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from tongbao.crypto.errors import KeyLengthError, TransportError
from tongbao.domain.secrets import PrivateKeyBytes

if TYPE_CHECKING:
    from collections.abc import Callable

MODULUS_BYTES_MIN: Final = 128
MODULUS_BYTES_MAX: Final = 512
NEW_MODULUS_BITS: Final = 2048
_EXPONENT: Final = 65_537
_EXPONENT_BYTES_MAX: Final = 4
_HASH_BYTES: Final = 32
_NO_LABEL: Final = hashlib.sha256(b"").digest()
_OAEP: Final = padding.OAEP(mgf=padding.MGF1(SHA256()), algorithm=SHA256(), label=None)


def new_private_key() -> PrivateKeyBytes:
    """Make a 2048-bit RSA key with the library's own randomness; PKCS #8 in DER.

    Spec: RFC 8017, 3.2.
    """
    key = rsa.generate_private_key(_EXPONENT, NEW_MODULUS_BITS)
    return PrivateKeyBytes(
        key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def load_private_key(content: bytes) -> rsa.RSAPrivateKey:
    """Read an RSA key of 1024 to 4096 bits from PKCS #8 in DER.

    Raises: KeyLengthError.
    Spec: RFC 8017, A.1.2; RFC 5958.
    """
    try:
        key = serialization.load_der_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyLengthError("this is not an RSA key") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyLengthError("this is not an RSA key")
    if not MODULUS_BYTES_MIN * 8 <= key.key_size <= MODULUS_BYTES_MAX * 8:
        raise KeyLengthError(f"an rsa key of {key.key_size} bits does not exist here")
    return key


def public_parts(key: rsa.RSAPrivateKey) -> tuple[bytes, bytes]:
    """Return modulus and exponent, big-endian, as a message carries them.

    Spec: RFC 8017, 3.1.
    """
    numbers = key.public_key().public_numbers()
    exponent_bytes = (numbers.e.bit_length() + 7) // 8
    return numbers.n.to_bytes(key.key_size // 8, "big"), numbers.e.to_bytes(exponent_bytes, "big")


def encrypt(
    modulus: bytes, exponent: bytes, message: bytes, random_bytes: Callable[[int], bytes]
) -> bytes:
    """Encrypt a message of at most the modulus's length less 66 bytes; as long as the modulus.

    Raises: TransportError when modulus or exponent cannot be those of an RSA key.
    Spec: RFC 8017, 7.1.1 (RSAES-OAEP with SHA-256 and an empty label).
    """
    size = len(modulus)
    number, power = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
    if not MODULUS_BYTES_MIN <= size <= MODULUS_BYTES_MAX or modulus[0] < 0x80 or number % 2 == 0:
        raise TransportError("this is not the modulus of an RSA key of 1024 to 4096 bits")
    if len(exponent) > _EXPONENT_BYTES_MAX or power < 3 or power % 2 == 0:
        raise TransportError("this is not the exponent of an RSA key")
    room = size - 2 * _HASH_BYTES - 2
    if len(message) > room:
        raise TransportError(f"the message has {len(message)} bytes, the RSA key takes {room}")
    block = _NO_LABEL + bytes(room - len(message)) + b"\x01" + message
    seed = random_bytes(_HASH_BYTES)
    masked = _xor(block, _mask(seed, len(block)))
    head = _xor(seed, _mask(masked, _HASH_BYTES))
    encoded = int.from_bytes(b"\x00" + head + masked, "big")
    return pow(encoded, power, number).to_bytes(size, "big")


def decrypt(key: rsa.RSAPrivateKey, ciphertext: bytes) -> bytes:
    """Undo `encrypt` with the private key.

    Raises: TransportError; it does not tell what was wrong.
    Spec: RFC 8017, 7.1.2.
    """
    try:
        return key.decrypt(ciphertext, _OAEP)
    except ValueError:
        raise TransportError("the key under the RSA key cannot be opened") from None


def _mask(seed: bytes, length: int) -> bytes:
    blocks = -(-length // _HASH_BYTES)
    parts = (hashlib.sha256(seed + count.to_bytes(4, "big")).digest() for count in range(blocks))
    return b"".join(parts)[:length]


def _xor(first: bytes, second: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(first, second, strict=True))
