"""A key store in software: a MODEL of a hardware security module, not a replacement for one.

Keys lie encrypted under a master key in a file, but the process that uses them holds them in clear
in its memory, where a debugger or a core dump finds them, and Python cannot wipe them. That is fine
for development, tests and the sandbox. A live host puts an HSM behind the same port.

A store belongs to one thread (see `key_store`), and a key file to one process that writes it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import TYPE_CHECKING, Final, NoReturn, Self

from tongbao.crypto.ciphers import BlockCipher, KeyAlgorithm, block_cipher, check_key_length
from tongbao.crypto.errors import (
    KeyStoreError,
    KeyUseError,
    PinBlockError,
    UnknownKeyError,
    WorkingKeyError,
)
from tongbao.crypto.kcv import key_check_value
from tongbao.crypto.key_store import KeyName, WorkingKeySet
from tongbao.crypto.key_wrapping import KeyWrapper, NamedKey
from tongbao.crypto.mac import MacAlgorithm, compile_mac, mac_key_algorithm
from tongbao.crypto.master_key import check_owner_only, write_owner_only
from tongbao.crypto.pin_block import decode_pin_block, encode_pin_block
from tongbao.crypto.working_keys import WorkingKeys, build_working_keys, parse_working_keys
from tongbao.domain.secrets import KeyBytes, Pan, Pin, PinBlock, Purpose

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tongbao.crypto.working_keys import WorkingKeyLayout

TOKEN_BYTES: Final = 16
PIN_REFERENCE_BYTES: Final = 16
_MAX_NAME_LENGTH: Final = 80
_SHA256_BLOCK_BYTES: Final = 64
_PIN_ALGORITHMS: Final = (KeyAlgorithm.TDES, KeyAlgorithm.SM4)


class _Entry:
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
    )

    def __init__(self, item: NamedKey) -> None:
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

    def named(self) -> NamedKey:
        """Return the key with its name."""
        return NamedKey(self.name, self.key, self.algorithm)

    def kcv(self) -> bytes:
        """Return the check value."""
        return key_check_value(self.algorithm, self.key.reveal(Purpose.CRYPTO))

    def cipher(self) -> BlockCipher:
        """Return the block cipher, made on first use."""
        if self.block is None:
            if self.algorithm is KeyAlgorithm.HMAC:
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
        """Return HMAC-SHA-256 under the key, its two first blocks hashed in advance."""
        if self.hash is None:
            if self.algorithm is not KeyAlgorithm.HMAC:
                raise KeyUseError(f"the key {self.name} is {self.algorithm.value}: no HMAC key")
            self.hash = _prepare_hmac(self.key.reveal(Purpose.CRYPTO))
        return self.hash

    def __repr__(self) -> str:
        return f"_Entry({self.name}, ***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not written anywhere but into the key file")


class SoftwareKeyStore:
    """`KeyStore` in this process: a model of an HSM (see the module's text for what it is not)."""

    __slots__ = ("_entries", "_kept", "_path", "_wrapper")

    def __init__(
        self, master_key: KeyBytes, path: Path | None, random_bytes: Callable[[int], bytes]
    ) -> None:
        self._wrapper = KeyWrapper(master_key, random_bytes)
        self._path = path
        self._entries: dict[str, _Entry] = {}
        self._kept: dict[str, NamedKey] = {}

    @classmethod
    def open(
        cls, path: Path, master_key: KeyBytes, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> Self:
        """Open the store of a key file; a file that is not there yet is made at the first import.

        Raises: WrongMasterKeyError; KeyFileDamagedError; KeyFilePermissionError; KeyStoreError.
        Spec: our own.
        """
        store = cls(master_key, path, random_bytes)
        try:
            with path.open("rb") as stream:
                check_owner_only(stream.fileno(), path)
                content = stream.read()
        except FileNotFoundError:
            return store
        except OSError as error:
            raise KeyStoreError(f"the key file {path}: {error.strerror}") from None
        items = store._wrapper.read_file(content)
        store._kept = {item.name: item for item in items}
        store._load(items)
        return store

    @classmethod
    def in_memory(
        cls, master_key: KeyBytes, random_bytes: Callable[[int], bytes] = os.urandom
    ) -> Self:
        """Make an empty store that writes no file.

        Spec: our own.
        """
        return cls(master_key, None, random_bytes)

    def has(self, name: KeyName) -> bool:
        """Tell whether the store holds a key of this name.

        Spec: our own.
        """
        return name in self._entries

    def names(self) -> tuple[KeyName, ...]:
        """Return the names of all keys.

        Spec: our own.
        """
        return tuple(KeyName(name) for name in self._entries)

    def kcv(self, name: KeyName) -> bytes:
        """Return the 4-byte check value of a key; raises UnknownKeyError.

        Spec: UnionPay terminal dialect, 5.1.
        """
        return self._entry(name).kcv()

    def mac(self, name: KeyName, algorithm: MacAlgorithm, data: bytes) -> bytes:
        """Compute the 8-byte MAC of the data; raises UnknownKeyError, KeyUseError, KeyLengthError.

        Spec: UnionPay terminal dialect, 5.2 to 5.4.
        """
        try:
            entry = self._entries[name]
        except KeyError:
            raise _unknown(name) from None
        if entry.mac_algorithm is algorithm:
            return entry.mac(data)
        return entry.select_mac(algorithm)(data)

    def verify_mac(self, name: KeyName, algorithm: MacAlgorithm, data: bytes, mac: bytes) -> bool:
        """Tell whether the MAC belongs to the data, in constant time; raises as `mac` does.

        Spec: UnionPay terminal dialect, 5.2 to 5.4.
        """
        try:
            entry = self._entries[name]
        except KeyError:
            raise _unknown(name) from None
        if entry.mac_algorithm is algorithm:
            return hmac.compare_digest(entry.mac(data), mac)
        return hmac.compare_digest(entry.select_mac(algorithm)(data), mac)

    def encrypt_pin(self, name: KeyName, pin: Pin, pan: Pan) -> PinBlock:
        """Return the encrypted format 0 block; raises UnknownKeyError, KeyUseError, PinBlockError.

        Spec: ISO 9564-1 format 0; UnionPay terminal dialect, 5.5.
        """
        cipher = self._entry(name).pin_cipher()
        clear = encode_pin_block(
            pin.reveal(Purpose.CRYPTO), pan.reveal(Purpose.CRYPTO), block_bytes=cipher.block_bytes
        )
        return PinBlock(cipher.encrypt_blocks(clear))

    def translate_pin(
        self, source: KeyName, target: KeyName, block: bytes, pan: Pan | None
    ) -> bytes:
        """Re-encrypt a PIN block; raises UnknownKeyError, KeyUseError, PinBlockError.

        Spec: ISO 9564-1 format 0.
        """
        try:
            old_entry = self._entries[source]
            new_entry = self._entries[target]
        except KeyError as error:
            raise _unknown(error.args[0]) from None
        old = old_entry.pin or old_entry.pin_cipher()
        new = new_entry.pin or new_entry.pin_cipher()
        size = old.block_bytes
        if len(block) != size:
            raise PinBlockError(f"the PIN block has {len(block)} bytes, the key wants {size}")
        clear = old.decrypt_blocks(block)
        if new.block_bytes != size:
            if pan is None:
                raise PinBlockError("the card number is needed to change the length of a PIN block")
            digits = pan.reveal(Purpose.CRYPTO)
            pin = decode_pin_block(clear, digits)
            clear = encode_pin_block(pin, digits, block_bytes=new.block_bytes)
        return new.encrypt_blocks(clear)

    def pin_reference(self, pvk: KeyName, pan: Pan, pin: Pin) -> bytes:
        """Return the 16-byte PIN reference value; raises UnknownKeyError, KeyUseError.

        Spec: our own, HMAC-SHA-256 over card number and PIN.
        """
        return self._reference(pvk, pan, pin.reveal(Purpose.CRYPTO))

    def verify_pin(
        self, pin_key: KeyName, pvk: KeyName, block: bytes, pan: Pan, reference: bytes
    ) -> bool:
        """Tell whether the block holds the PIN of the reference; raises PinBlockError and others.

        Spec: ISO 9564-1 format 0.
        """
        cipher = self._entry(pin_key).pin_cipher()
        if len(block) != cipher.block_bytes:
            raise PinBlockError(
                f"the PIN block has {len(block)} bytes, the key wants {cipher.block_bytes}"
            )
        pin = decode_pin_block(cipher.decrypt_blocks(block), pan.reveal(Purpose.CRYPTO))
        return hmac.compare_digest(self._reference(pvk, pan, pin), reference)

    def token(self, name: KeyName, pan: Pan) -> bytes:
        """Return the 16-byte token of a card number; raises UnknownKeyError, KeyUseError.

        Spec: our own, the first 16 bytes of HMAC-SHA-256 over the digits.
        """
        try:
            entry = self._entries[name]
        except KeyError:
            raise _unknown(name) from None
        keyed_hash = entry.hash or entry.keyed_hash()
        return keyed_hash(pan.reveal(Purpose.TOKEN).encode())[:TOKEN_BYTES]

    def unwrap_working_keys(self, tmk: KeyName, field62: bytes, prefix: str) -> WorkingKeySet:
        """Check and load the working keys of a sign-in reply; on any error nothing is loaded.

        Raises: UnknownKeyError; WorkingKeyError; KeyCheckError.
        Spec: UnionPay terminal dialect, 3.1.
        """
        master = self._entry(tmk)
        keys = parse_working_keys(master.cipher(), master.algorithm, field62)
        return self._load_working_keys(prefix, keys)

    def make_working_keys(
        self,
        tmk: KeyName,
        layout: WorkingKeyLayout,
        prefix: str,
        random_bytes: Callable[[int], bytes],
    ) -> bytes:
        """Make working keys, load them under the prefix and return F62 of the reply.

        Raises: UnknownKeyError; WorkingKeyError.
        Spec: UnionPay terminal dialect, 3.1.
        """
        master = self._entry(tmk)
        if master.algorithm is not layout.algorithm:
            raise WorkingKeyError(f"the master key is not a {layout.algorithm.value} key")
        keys = WorkingKeys(
            layout.algorithm,
            pik=KeyBytes(random_bytes(layout.pik_bytes)),
            mak=KeyBytes(random_bytes(layout.mak_bytes)),
            tdk=KeyBytes(random_bytes(layout.pik_bytes)) if layout.has_track_key else None,
        )
        field62 = build_working_keys(master.cipher(), layout, keys)
        self._load_working_keys(prefix, keys)
        return field62

    def wrap(self, *names: KeyName) -> bytes:
        """Return the keys sealed under the master key; raises UnknownKeyError.

        Spec: our own, AES-256-GCM (NIST SP 800-38D).
        """
        return self._wrapper.blob([self._entry(name).named() for name in names])

    def unwrap(self, blob: bytes) -> tuple[KeyName, ...]:
        """Load what `wrap` returned, in memory only.

        Raises: WrongMasterKeyError; KeyFileDamagedError.
        Spec: our own, AES-256-GCM (NIST SP 800-38D).
        """
        items = self._wrapper.read_blob(blob)
        self._load(items)
        return tuple(KeyName(item.name) for item in items)

    def import_key(self, name: KeyName, key: KeyBytes, algorithm: KeyAlgorithm) -> None:
        """Keep a key for good; raises KeyLengthError, and KeyStoreError when it cannot be written.

        Spec: UnionPay terminal dialect, 3.13.
        """
        self.import_keys([NamedKey(name, key, algorithm)])

    def import_keys(self, items: Iterable[NamedKey]) -> None:
        """Keep many keys for good with one write of the file; all of them or none.

        Raises: KeyLengthError; ValueError on a bad name; KeyStoreError.
        Spec: UnionPay terminal dialect, 3.13.
        """
        added = {item.name: item for item in items}
        entries = [_Entry(item) for item in added.values()]
        if not all(name.isprintable() and 0 < len(name) <= _MAX_NAME_LENGTH for name in added):
            raise ValueError(f"a key name has 1 to {_MAX_NAME_LENGTH} printable characters")
        self._keep({**self._kept, **added})
        self._entries.update((entry.name, entry) for entry in entries)

    def forget(self, prefix: str) -> None:
        """Drop the key of this name and every key below it; raises KeyStoreError.

        Spec: our own.
        """

        def stays(name: str) -> bool:
            return name != prefix and not name.startswith(prefix + "/")

        kept = {name: item for name, item in self._kept.items() if stays(name)}
        if len(kept) != len(self._kept):
            self._keep(kept)
        for name in [name for name in self._entries if not stays(name)]:
            del self._entries[name]

    def _entry(self, name: str) -> _Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise _unknown(name) from None

    def _load(self, items: Iterable[NamedKey]) -> None:
        # Built in full first, so that an error loads nothing.
        entries = [_Entry(item) for item in items]
        self._entries.update((entry.name, entry) for entry in entries)

    def _keep(self, kept: dict[str, NamedKey]) -> None:
        if self._path is not None:
            write_owner_only(self._path, self._wrapper.file_content(kept.values()))
        self._kept = kept

    def _load_working_keys(self, prefix: str, keys: WorkingKeys) -> WorkingKeySet:
        pik = _Entry(NamedKey(f"{prefix}/pik", keys.pik, keys.algorithm))
        mak = _Entry(NamedKey(f"{prefix}/mak", keys.mak, keys.algorithm))
        tdk = keys.tdk and _Entry(NamedKey(f"{prefix}/tdk", keys.tdk, keys.algorithm))
        self._entries[pik.name] = pik
        self._entries[mak.name] = mak
        self._entries.pop(f"{prefix}/tdk", None)
        if tdk:
            self._entries[tdk.name] = tdk
        wide = keys.algorithm is KeyAlgorithm.SM4
        return WorkingKeySet(
            pik=KeyName(pik.name),
            mak=KeyName(mak.name),
            tdk=KeyName(tdk.name) if tdk else None,
            mac_algorithm=MacAlgorithm.UNIONPAY_ECB_SM4 if wide else MacAlgorithm.UNIONPAY_ECB,
            pik_kcv=pik.kcv(),
            mak_kcv=mak.kcv(),
            tdk_kcv=tdk.kcv() if tdk else None,
        )

    def _reference(self, pvk: KeyName, pan: Pan, pin: str) -> bytes:
        text = f"{pan.reveal(Purpose.CRYPTO)}/{pin}"
        return self._entry(pvk).keyed_hash()(text.encode())[:PIN_REFERENCE_BYTES]

    def __repr__(self) -> str:
        return f"SoftwareKeyStore({len(self._entries)} keys, ***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key store is not written anywhere but into its key file")


def _unknown(name: str) -> UnknownKeyError:
    return UnknownKeyError(f"the store holds no key {name}")


def _no_mac(_data: bytes) -> bytes:
    raise KeyUseError("no MAC was selected")


def _prepare_hmac(key: bytes) -> Callable[[bytes], bytes]:
    # HMAC written out: both padded keys are hashed once instead of at every call. Keys here are
    # never longer than the hash's block, so the standard's first step falls away.
    padded = key.ljust(_SHA256_BLOCK_BYTES, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded)).copy
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded)).copy

    def keyed_hash(data: bytes) -> bytes:
        first = inner()
        first.update(data)
        second = outer()
        second.update(first.digest())
        return second.digest()

    return keyed_hash
