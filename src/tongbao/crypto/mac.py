"""Message authentication codes: the UnionPay ECB MAC, X9.9, X9.19 and CMAC; pure functions.

`compile_mac` prepares a key once and returns a function of the data; the key store keeps those.
"""

from __future__ import annotations

from binascii import hexlify
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES as _TripleDesAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

from tongbao.crypto.ciphers import (
    DES_BLOCK_BYTES,
    WIDE_BLOCK_BYTES,
    KeyAlgorithm,
    Sm4,
    TripleDes,
    block_cipher,
    check_key_length,
    expand_des_key,
)
from tongbao.crypto.errors import KeyLengthError

if TYPE_CHECKING:
    from collections.abc import Callable

MAC_BYTES: Final = 8


class MacAlgorithm(Enum):
    """The MAC algorithms in use; the value is the word on the command line."""

    UNIONPAY_ECB = "unionpay-ecb"
    UNIONPAY_ECB_SM4 = "unionpay-ecb-sm4"
    X9_9 = "x9.9"
    X9_19 = "x9.19"
    CMAC_AES = "cmac-aes"
    CMAC_TDES = "cmac-tdes"


def compute_mac(algorithm: MacAlgorithm, key: bytes, data: bytes) -> bytes:
    """Compute the 8-byte MAC of the data; the UnionPay ones are 8 ASCII hex characters.

    Raises: KeyLengthError.
    Spec: UnionPay terminal dialect, 5.2 to 5.4; NIST SP 800-38B.
    """
    return compile_mac(algorithm, key)(data)


def compile_mac(algorithm: MacAlgorithm, key: bytes) -> Callable[[bytes], bytes]:
    """Prepare a key: the function returned computes the 8-byte MAC of its data.

    It belongs to one thread, as the cipher contexts in it do.

    Raises: KeyLengthError.
    Spec: UnionPay terminal dialect, 5.2 to 5.4; NIST SP 800-38B.
    """
    return _COMPILERS[algorithm](key)


def mac_key_algorithm(algorithm: MacAlgorithm) -> KeyAlgorithm:
    """Return which kind of key a MAC algorithm takes.

    Spec: UnionPay terminal dialect, 5.2 to 5.4.
    """
    match algorithm:
        case MacAlgorithm.UNIONPAY_ECB_SM4:
            return KeyAlgorithm.SM4
        case MacAlgorithm.CMAC_AES:
            return KeyAlgorithm.AES
        case _:
            return KeyAlgorithm.TDES


_BY_WORD: Final = {
    ("unionpay_ecb", KeyAlgorithm.TDES): MacAlgorithm.UNIONPAY_ECB,
    ("unionpay_ecb", KeyAlgorithm.SM4): MacAlgorithm.UNIONPAY_ECB_SM4,
    ("x9_9", KeyAlgorithm.TDES): MacAlgorithm.X9_9,
    ("x9_19", KeyAlgorithm.TDES): MacAlgorithm.X9_19,
}


def terminal_mac_algorithm(word: str, key_algorithm: KeyAlgorithm) -> MacAlgorithm:
    """Return the algorithm of F64 by a host profile's word and the kind of the MAK.

    The words are unionpay_ecb, x9_9 and x9_19; an SM4 key works with the first one only.

    Raises: ValueError.
    Spec: UnionPay terminal dialect, 5.2 to 5.4.
    """
    try:
        return _BY_WORD[word, key_algorithm]
    except KeyError:
        raise ValueError(f"there is no {word} MAC under a {key_algorithm.value} key") from None


class EcbMacSteps(NamedTuple):
    """The values on the way to a UnionPay ECB MAC, each one block long, for finding differences.

    `folded` is the XOR of all blocks (R), `first` its first half encrypted (E1), `mixed` that XOR
    the second half (T), `last` the second encryption (E2); F64 is the first 8 hex digits of it.
    """

    folded: bytes
    first: bytes
    mixed: bytes
    last: bytes


def explain_unionpay_ecb(algorithm: MacAlgorithm, key: bytes, data: bytes) -> EcbMacSteps:
    """Compute the UnionPay ECB MAC (3DES or SM4) step by step; slow, for people and tests.

    Raises: KeyLengthError; ValueError for an algorithm without such steps.
    Spec: UnionPay terminal dialect, 5.2 and 5.4.
    """
    if algorithm not in (MacAlgorithm.UNIONPAY_ECB, MacAlgorithm.UNIONPAY_ECB_SM4):
        raise ValueError(f"{algorithm.value} has no such steps")
    cipher = block_cipher(mac_key_algorithm(algorithm), key)
    size = cipher.block_bytes
    folded = fold_blocks(data, size).to_bytes(size, "big")
    text = folded.hex().upper().encode()
    first = cipher.encrypt(text[:size])
    mixed = bytes(a ^ b for a, b in zip(first, text[size:], strict=True))
    return EcbMacSteps(folded, first, mixed, cipher.encrypt(mixed))


def fold_blocks(data: bytes, block_bytes: int) -> int:
    """XOR all blocks of the zero-padded data into one, as a big-endian number.

    Folding a big integer by halves takes 1 µs for 256 bytes; a loop over bytes takes 17.

    Spec: UnionPay terminal dialect, 5.2 steps 1 and 2.
    """
    pad_bits, steps = _folding(len(data), block_bytes)
    value = int.from_bytes(data, "big") << pad_bits
    for bits, mask in steps:
        value = (value >> bits) ^ (value & mask)
    return value


# Messages come in few lengths; a plan has masks of the message's size, so old ones must go.
@lru_cache(maxsize=256)
def _folding(length: int, block_bytes: int) -> tuple[int, tuple[tuple[int, int], ...]]:
    blocks = -(-length // block_bytes)
    pad_bits = (blocks * block_bytes - length) * 8
    steps = []
    while blocks > 1:
        blocks = (blocks + 1) // 2
        bits = blocks * block_bytes * 8
        steps.append((bits, (1 << bits) - 1))
    return pad_bits, tuple(steps)


def _compile_unionpay_ecb(key: bytes) -> Callable[[bytes], bytes]:
    encrypt = TripleDes(key).encrypt_blocks

    def unionpay_ecb_mac(data: bytes) -> bytes:
        text = b"%016X" % fold_blocks(data, DES_BLOCK_BYTES)
        mixed = int.from_bytes(encrypt(text[:8]), "big") ^ int.from_bytes(text[8:], "big")
        return hexlify(encrypt(mixed.to_bytes(8, "big"))[:4]).upper()

    return unionpay_ecb_mac


def _compile_unionpay_ecb_sm4(key: bytes) -> Callable[[bytes], bytes]:
    encrypt = Sm4(key).encrypt_blocks

    def unionpay_ecb_sm4_mac(data: bytes) -> bytes:
        text = b"%032X" % fold_blocks(data, WIDE_BLOCK_BYTES)
        mixed = int.from_bytes(encrypt(text[:16]), "big") ^ int.from_bytes(text[16:], "big")
        return hexlify(encrypt(mixed.to_bytes(16, "big"))[:4]).upper()

    return unionpay_ecb_sm4_mac


def _pad_zeros(data: bytes) -> bytes:
    # An empty message still has one block, as in ISO 9797-1 padding method 1.
    return data + bytes(-len(data) % DES_BLOCK_BYTES) if data else bytes(DES_BLOCK_BYTES)


def _last_cbc_block(key: bytes, data: bytes) -> bytes:
    algorithm = _TripleDesAlgorithm(expand_des_key(key))
    context = Cipher(algorithm, modes.CBC(bytes(DES_BLOCK_BYTES))).encryptor()
    return context.update(data)[-DES_BLOCK_BYTES:]


def _compile_x9_9(key: bytes) -> Callable[[bytes], bytes]:
    check_key_length(KeyAlgorithm.TDES, key)

    def x9_9_mac(data: bytes) -> bytes:
        return _last_cbc_block(key, _pad_zeros(data))

    return x9_9_mac


def _compile_x9_19(key: bytes) -> Callable[[bytes], bytes]:
    if len(key) != 16:
        raise KeyLengthError(f"the X9.19 MAC takes a key of 16 bytes, not {len(key)}")
    left = key[:8]
    whole = TripleDes(key).encrypt_blocks

    def x9_19_mac(data: bytes) -> bytes:
        # Single-DES CBC up to the last block, then one 3DES block: the same bytes as "decrypt with
        # the right half, encrypt with the left" on the last one, in fewer calls.
        padded = _pad_zeros(data)
        last = padded[-DES_BLOCK_BYTES:]
        if len(padded) == DES_BLOCK_BYTES:
            return whole(last)
        chained = int.from_bytes(_last_cbc_block(left, padded[:-DES_BLOCK_BYTES]), "big")
        return whole((chained ^ int.from_bytes(last, "big")).to_bytes(8, "big"))

    return x9_19_mac


def compile_cmac_aes(key: bytes) -> Callable[[bytes], bytes]:
    """Prepare an AES key: the function returned computes the whole 16-byte AES-CMAC.

    Raises: KeyLengthError.
    Spec: NIST SP 800-38B; RFC 4493.
    """
    check_key_length(KeyAlgorithm.AES, key)
    prepared = CMAC(algorithms.AES(key))

    def cmac_aes(data: bytes) -> bytes:
        context = prepared.copy()
        context.update(data)
        return context.finalize()

    return cmac_aes


def _compile_cmac_aes_short(key: bytes) -> Callable[[bytes], bytes]:
    check_key_length(KeyAlgorithm.AES, key)
    copy = CMAC(algorithms.AES(key)).copy

    def cmac_aes_mac(data: bytes) -> bytes:
        context = copy()
        context.update(data)
        return context.finalize()[:MAC_BYTES]

    return cmac_aes_mac


def _compile_cmac_tdes(key: bytes) -> Callable[[bytes], bytes]:
    copy = CMAC(_TripleDesAlgorithm(expand_des_key(key))).copy

    def cmac_tdes_mac(data: bytes) -> bytes:
        context = copy()
        context.update(data)
        return context.finalize()

    return cmac_tdes_mac


_COMPILERS: Final[dict[MacAlgorithm, Callable[[bytes], Callable[[bytes], bytes]]]] = {
    MacAlgorithm.UNIONPAY_ECB: _compile_unionpay_ecb,
    MacAlgorithm.UNIONPAY_ECB_SM4: _compile_unionpay_ecb_sm4,
    MacAlgorithm.X9_9: _compile_x9_9,
    MacAlgorithm.X9_19: _compile_x9_19,
    MacAlgorithm.CMAC_AES: _compile_cmac_aes_short,
    MacAlgorithm.CMAC_TDES: _compile_cmac_tdes,
}
