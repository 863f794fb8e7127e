"""A key store in software: a MODEL of a hardware security module, not a replacement for one.

Keys lie encrypted under a master key in a file, but the process that uses them holds them in clear
in its memory, where a debugger or a core dump finds them, and Python cannot wipe them. That is fine
for development, tests and the sandbox. A live host puts an HSM behind the same port.

A store belongs to one thread (see `key_store`); a key file may be shared (see `key_table`).
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.components import combine
from tongbao.crypto.errors import (
    KeyCheckError,
    KeyLengthError,
    KeyUseError,
    PinBlockError,
    TrackError,
    TransportError,
    WorkingKeyError,
)
from tongbao.crypto.key_entry import KeyEntry
from tongbao.crypto.key_store import KeyName, WorkingKeySet
from tongbao.crypto.key_table import KeyTable, unknown_key
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.pin_block import decode_pin_block, encode_pin_block
from tongbao.crypto.rsa_transport import decrypt as rsa_decrypt
from tongbao.crypto.rsa_transport import encrypt as rsa_encrypt
from tongbao.crypto.rsa_transport import public_parts
from tongbao.crypto.sealed_pan import open_pan, seal_pan
from tongbao.crypto.track import decrypt_track, encrypt_track
from tongbao.crypto.working_keys import WorkingKeys, build_working_keys, parse_working_keys
from tongbao.domain.secrets import KeyBytes, Pan, Pin, PinBlock, Purpose, SecretText, Track2

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tongbao.crypto.working_keys import WorkingKeyLayout

TOKEN_BYTES: Final = 16
PIN_REFERENCE_BYTES: Final = 16
_TRANSPORT_KEY_BYTES: Final = 16
_TRANSPORT_ALGORITHMS: Final = (KeyAlgorithm.TDES, KeyAlgorithm.SM4)


class SoftwareKeyStore(KeyTable):
    """`KeyStore` in this process: a model of an HSM (see the module's text for what it is not)."""

    __slots__ = ()

    def kcv(self, name: KeyName) -> bytes:
        """Return the 4-byte check value of a key; raises UnknownKeyError.

        Spec: UnionPay terminal dialect, 5.1.
        """
        return self._fresh_entry(name).kcv()

    def key_algorithm(self, name: KeyName) -> KeyAlgorithm:
        """Return what a key is used with; raises UnknownKeyError.

        Spec: our own.
        """
        return self._fresh_entry(name).algorithm

    def mac(self, name: KeyName, algorithm: MacAlgorithm, data: bytes) -> bytes:
        """Compute the 8-byte MAC of the data; raises UnknownKeyError, KeyUseError, KeyLengthError.

        Spec: UnionPay terminal dialect, 5.2 to 5.4.
        """
        try:
            entry = self._entries[name]
        except KeyError:
            raise unknown_key(name) from None
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
            raise unknown_key(name) from None
        if entry.mac_algorithm is algorithm:
            return compare_digest(entry.mac(data), mac)
        return compare_digest(entry.select_mac(algorithm)(data), mac)

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
            raise unknown_key(error.args[0]) from None
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
        return compare_digest(self._reference(pvk, pan, pin), reference)

    def token(self, name: KeyName, pan: Pan) -> bytes:
        """Return the 16-byte token of a card number; raises UnknownKeyError, KeyUseError.

        Spec: our own, the first 16 bytes of HMAC-SHA-256 over the digits.
        """
        try:
            entry = self._entries[name]
        except KeyError:
            raise unknown_key(name) from None
        keyed_hash = entry.hash or entry.keyed_hash()
        return keyed_hash(pan.reveal(Purpose.TOKEN).encode())[:TOKEN_BYTES]

    def seal_pan(self, name: KeyName, pan: Pan, context: bytes) -> bytes:
        """Seal a card number, 26 bytes; raises UnknownKeyError, KeyUseError.

        Spec: RFC 5297.
        """
        return seal_pan(self._entry(name).sealing_cipher(), pan, context)

    def open_pan(self, name: KeyName, sealed: bytes, context: bytes) -> Pan:
        """Open a sealed card number; raises UnknownKeyError, KeyUseError, SealedPanError.

        Spec: RFC 5297.
        """
        return open_pan(self._entry(name).sealing_cipher(), sealed, context)

    def encrypt_track(self, name: KeyName, track: Track2) -> SecretText:
        """Return field 35 with its block encrypted; raises UnknownKeyError, TrackError.

        Spec: UnionPay terminal dialect, 5.6.
        """
        text = track.reveal(Purpose.CRYPTO).replace("=", "D")
        return SecretText(encrypt_track(self._entry(name).cipher(), text))

    def decrypt_track(self, name: KeyName, field35: SecretText) -> Track2:
        """Return the track of an encrypted field 35; raises UnknownKeyError, TrackError.

        Spec: UnionPay terminal dialect, 5.6.
        """
        clear = decrypt_track(self._entry(name).cipher(), field35.reveal(Purpose.CRYPTO))
        try:
            return Track2(clear)
        except ValueError:
            raise TrackError("what was decrypted is no track 2") from None

    def rsa_public(self, name: KeyName) -> tuple[bytes, bytes]:
        """Return modulus and exponent of an RSA key; raises UnknownKeyError, KeyUseError.

        Spec: RFC 8017, 3.1.
        """
        return public_parts(self._entry(name).private_key())

    def make_transport_key(
        self,
        modulus: bytes,
        exponent: bytes,
        name: KeyName,
        random_bytes: Callable[[int], bytes],
        algorithm: KeyAlgorithm = KeyAlgorithm.TDES,
    ) -> tuple[bytes, bytes]:
        """Make a transport key in memory; raises TransportError, KeyLengthError.

        Spec: UnionPay terminal dialect, 3.13.
        """
        if algorithm not in _TRANSPORT_ALGORITHMS:
            raise KeyLengthError(f"no transport key is of {algorithm.value}")
        key = random_bytes(_TRANSPORT_KEY_BYTES)
        ciphertext = rsa_encrypt(modulus, exponent, key, random_bytes)
        entry = KeyEntry(NamedKey(name, KeyBytes(key), algorithm))
        self._entries[name] = entry
        return ciphertext, entry.kcv()

    def receive_transport_key(
        self, rsa_name: KeyName, ciphertext: bytes, kcv: bytes, name: KeyName
    ) -> None:
        """Open and check a transport key; raises TransportError, KeyCheckError, UnknownKeyError.

        Spec: UnionPay terminal dialect, 3.13.
        """
        key = rsa_decrypt(self._entry(rsa_name).private_key(), ciphertext)
        if len(key) != _TRANSPORT_KEY_BYTES:
            raise TransportError("the key under the RSA key has not 16 bytes")
        for algorithm in _TRANSPORT_ALGORITHMS:
            entry = KeyEntry(NamedKey(name, KeyBytes(key), algorithm))
            if compare_digest(entry.kcv(), kcv):
                self._entries[name] = entry
                return
        raise KeyCheckError("the check value of the transport key does not fit the key")

    def wrap_master_key(self, transport: KeyName, tmk: KeyName) -> tuple[bytes, bytes]:
        """Return a master key under a transport key; raises UnknownKeyError, KeyUseError.

        Spec: UnionPay terminal dialect, 3.13.
        """
        carrier, master = self._entry(transport), self._entry(tmk)
        if carrier.algorithm is not master.algorithm:
            raise KeyUseError(f"the key {transport} does not carry a {master.algorithm.value} key")
        return carrier.cipher().encrypt(master.key.reveal(Purpose.CRYPTO)), master.kcv()

    def combined(
        self, components: Sequence[KeyName], name: KeyName, algorithm: KeyAlgorithm, kcv: bytes
    ) -> NamedKey:
        """Return the key that kept components make, under the name it is to have.

        Raises: UnknownKeyError; KeyCheckError; KeyLengthError; KeyUseError.
        Spec: ISO 11568, key components.
        """
        parts = [self._fresh_entry(one).key for one in components]
        held = [KeyBytes(part.reveal(Purpose.CRYPTO)) for part in parts]
        return NamedKey(name, combine(algorithm, held, kcv), algorithm)

    def load_master_key(
        self, transport: KeyName, wrapped: bytes, kcv: bytes, name: KeyName
    ) -> None:
        """Check and keep a master key, and drop the transport key; on any error nothing is kept.

        Raises: UnknownKeyError; TransportError; KeyCheckError; KeyStoreError.
        Spec: UnionPay terminal dialect, 3.13.
        """
        carrier = self._entry(transport)
        if len(wrapped) != _TRANSPORT_KEY_BYTES:
            raise TransportError(f"a wrapped master key has 16 bytes, not {len(wrapped)}")
        item = NamedKey(name, KeyBytes(carrier.cipher().decrypt(wrapped)), carrier.algorithm)
        if not compare_digest(KeyEntry(item).kcv(), kcv):
            raise KeyCheckError("the check value of the master key does not fit the key")
        self.import_keys([item])
        self._entries.pop(transport, None)

    def unwrap_working_keys(
        self, tmk: KeyName, field62: bytes, prefix: str, *, mak_check_value_offset: int = 36
    ) -> WorkingKeySet:
        """Check and load the working keys of a sign-in reply; on any error nothing is loaded.

        Raises: UnknownKeyError; WorkingKeyError; KeyCheckError.
        Spec: UnionPay terminal dialect, 3.1.
        """
        master = self._fresh_entry(tmk)
        offset = mak_check_value_offset
        keys = parse_working_keys(
            master.cipher(), master.algorithm, field62, mak_check_value_offset=offset
        )
        return self._load_working_keys(prefix, keys)

    def make_working_keys(
        self,
        tmk: KeyName,
        layout: WorkingKeyLayout,
        prefix: str,
        random_bytes: Callable[[int], bytes],
        *,
        mak_check_value_offset: int = 36,
    ) -> bytes:
        """Make working keys, load them under the prefix and return F62 of the reply.

        Raises: UnknownKeyError; WorkingKeyError.
        Spec: UnionPay terminal dialect, 3.1.
        """
        master = self._fresh_entry(tmk)
        if master.algorithm is not layout.algorithm:
            raise WorkingKeyError(f"the master key is not a {layout.algorithm.value} key")
        keys = WorkingKeys(
            layout.algorithm,
            pik=KeyBytes(random_bytes(layout.pik_bytes)),
            mak=KeyBytes(random_bytes(layout.mak_bytes)),
            tdk=KeyBytes(random_bytes(layout.pik_bytes)) if layout.has_track_key else None,
        )
        offset = mak_check_value_offset
        field62 = build_working_keys(master.cipher(), layout, keys, mak_check_value_offset=offset)
        self._load_working_keys(prefix, keys)
        return field62

    def _load_working_keys(self, prefix: str, keys: WorkingKeys) -> WorkingKeySet:
        pik = KeyEntry(NamedKey(f"{prefix}/pik", keys.pik, keys.algorithm))
        mak = KeyEntry(NamedKey(f"{prefix}/mak", keys.mak, keys.algorithm))
        tdk = keys.tdk and KeyEntry(NamedKey(f"{prefix}/tdk", keys.tdk, keys.algorithm))
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
