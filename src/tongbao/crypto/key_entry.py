"""One key in memory with what has been made from it: cipher, MAC and hash contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from tongbao.crypto.ciphers import BlockCipher, KeyAlgorithm, block_cipher, check_key_length
from tongbao.crypto.errors import KeyUseError
from tongbao.crypto.kcv import key_check_value
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.mac import MacAlgorithm, compile_mac, mac_key_algorithm
from tongbao.crypto.rsa_transport import load_private_key
from tongbao.domain.secrets import Purpose

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_CIPHER_ALGORITHMS: Final = (KeyAlgorithm.TDES, KeyAlgorithm.AES, KeyAlgorithm.SM4)
_PIN_ALGORITHMS: Final = (KeyAlgorithm.TDES, KeyAlgorithm.SM4)


class KeyEntry:
    """One key in memory with the contexts made from it so far; never shows it."""

    __slots__ = (
        "_macs",
        "algorithm",
        "block",
        "hash",
        "key",
        "mac",
        "mac_algorithm",
        "name",
        "pin",
        "private",
        "siv",
    )

    def __init__(self, item: NamedKey) -> None:
        self.private: RSAPrivateKey | None = None
        if item.algorithm is KeyAlgorithm.RSA:
            self.private = load_private_key(item.key.reveal(Purpose.CRYPTO))
        else:
            check_key_length(item.algorithm, item.key.reveal(Purpose.CRYPTO))
        self.name = item.name
        self.algorithm = item.algorithm
        self.key = item.key
        # The last MAC function used stands ready: hashing an enum costs as much as a small MAC.
        self.mac_algorithm: MacAlgorithm | None = None
        self.mac: Callable[[bytes], bytes] = _no_mac
        self._macs: dict[MacAlgorithm, Callable[[bytes], bytes]] = {}
        self.block: BlockCipher | None = None
        self.pin: BlockCipher | None = None
        self.hash: Callable[[bytes], bytes] | None = None
        self.siv: AESSIV | None = None

    def named(self) -> NamedKey:
        """Return the key with its name."""
        return NamedKey(self.name, self.key, self.algorithm)

    def kcv(self) -> bytes:
        """Return the check value."""
        return key_check_value(self.algorithm, self.key.reveal(Purpose.CRYPTO))

    def cipher(self) -> BlockCipher:
        """Return the block cipher, made on first use."""
        if self.block is None:
            if self.algorithm not in _CIPHER_ALGORITHMS:
                raise KeyUseError(f"the key {self.name} is {self.algorithm.value}: no cipher")
            self.block = block_cipher(self.algorithm, self.key.reveal(Purpose.CRYPTO))
        return self.block

    def pin_cipher(self) -> BlockCipher:
        """Return the block cipher of a key that PIN blocks are encrypted with."""
        if self.pin is None:
            if self.algorithm not in _PIN_ALGORITHMS:
                raise KeyUseError(f"the key {self.name} is {self.algorithm.value}: no PIN key")
            self.pin = self.cipher()
        return self.pin

    def select_mac(self, algorithm: MacAlgorithm) -> Callable[[bytes], bytes]:
        """Make this MAC function the ready one."""
        if algorithm not in self._macs:
            if mac_key_algorithm(algorithm) is not self.algorithm:
                raise KeyUseError(
                    f"the key {self.name} is {self.algorithm.value}: no {algorithm.value} MAC"
                )
            self._macs[algorithm] = compile_mac(algorithm, self.key.reveal(Purpose.CRYPTO))
        self.mac_algorithm = algorithm
        self.mac = self._macs[algorithm]
        return self.mac

    def keyed_hash(self) -> Callable[[bytes], bytes]:
        """Return HMAC-SHA-256 under the key, which is prepared once."""
        if self.hash is None:
            if self.algorithm is not KeyAlgorithm.HMAC:
                raise KeyUseError(f"the key {self.name} is {self.algorithm.value}: no HMAC key")
            self.hash = _prepare_hmac(self.key.reveal(Purpose.CRYPTO))
        return self.hash

    def sealing_cipher(self) -> AESSIV:
        """Return the cipher of a key that card numbers are sealed with."""
        if self.siv is None:
            if self.algorithm is not KeyAlgorithm.AES_SIV:
                raise KeyUseError(f"the key {self.name} is {self.algorithm.value}: seals nothing")
            self.siv = AESSIV(self.key.reveal(Purpose.CRYPTO))
        return self.siv

    def private_key(self) -> RSAPrivateKey:
        """Return the RSA key."""
        if self.private is None:
            raise KeyUseError(f"the key {self.name} is {self.algorithm.value}: no RSA key")
        return self.private

    def __repr__(self) -> str:
        return f"KeyEntry({self.name}, ***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written anywhere but into the key file")


def _no_mac(_data: bytes) -> bytes:
    raise KeyUseError("no MAC was selected")


def _prepare_hmac(key: bytes) -> Callable[[bytes], bytes]:
    copy = HMAC(key, SHA256()).copy

    def keyed_hash(data: bytes) -> bytes:
        context = copy()
        context.update(data)
        return context.finalize()

    return keyed_hash
