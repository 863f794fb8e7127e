"""The port to wherever keys live: callers name a key and never see it.

A store belongs to one thread: cipher contexts inside are kept and reused, and a shared one may be
caught in the middle of a call. Each process or thread opens its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NewType, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.ciphers import KeyAlgorithm
    from tongbao.crypto.mac import MacAlgorithm
    from tongbao.crypto.working_keys import WorkingKeyLayout
    from tongbao.domain.secrets import (
        KeyBytes,
        Pan,
        Pin,
        PinBlock,
        PrivateKeyBytes,
        SecretText,
        Track2,
    )

KeyName = NewType("KeyName", str)


@dataclass(frozen=True, slots=True)
class WorkingKeySet:
    """What was loaded at a sign-in: names and check values, no key.

    `mac_algorithm` is the UnionPay ECB MAC that the MAK works with (3DES or SM4).
    """

    pik: KeyName
    mak: KeyName
    tdk: KeyName | None
    mac_algorithm: MacAlgorithm
    pik_kcv: bytes
    mak_kcv: bytes
    tdk_kcv: bytes | None


class KeyStore(Protocol):
    """Keys by name, and all that is done with them; every method may raise `UnknownKeyError`."""

    def has(self, name: KeyName) -> bool:
        """Tell whether the store holds a key of this name."""

    def names(self) -> tuple[KeyName, ...]:
        """Return the names of all keys."""

    def kcv(self, name: KeyName) -> bytes:
        """Return the 4-byte check value of a key.

        Spec: UnionPay terminal dialect, 5.1.
        """

    def key_algorithm(self, name: KeyName) -> KeyAlgorithm:
        """Return what a key is used with.

        Spec: our own.
        """

    def mac(self, name: KeyName, algorithm: MacAlgorithm, data: bytes) -> bytes:
        """Compute the 8-byte MAC of the data.

        Spec: UnionPay terminal dialect, 5.2 to 5.4.
        """

    def verify_mac(self, name: KeyName, algorithm: MacAlgorithm, data: bytes, mac: bytes) -> bool:
        """Tell whether the MAC belongs to the data, in constant time.

        Spec: UnionPay terminal dialect, 5.2 to 5.4.
        """

    def encrypt_pin(self, name: KeyName, pin: Pin, pan: Pan) -> PinBlock:
        """Return the format 0 block of a PIN, encrypted: 8 bytes (3DES) or 16 (SM4).

        Raises: PinBlockError when the card number has fewer than 13 digits.
        Spec: ISO 9564-1 format 0; UnionPay terminal dialect, 5.5.
        """

    def translate_pin(
        self, source: KeyName, target: KeyName, block: bytes, pan: Pan | None
    ) -> bytes:
        """Re-encrypt a PIN block from one PIN key to another, the format unchanged.

        Between keys of one block length nothing is looked at, as nothing needs to be; between an
        SM4 and a 3DES key the block is rebuilt, and then the card number is needed.

        Raises: PinBlockError when the block has not the length of the source key's cipher.
        Spec: ISO 9564-1 format 0.
        """

    def pin_reference(self, pvk: KeyName, pan: Pan, pin: Pin) -> bytes:
        """Return the 16-byte value an issuer keeps in place of a PIN.

        Spec: our own, HMAC-SHA-256 over card number and PIN.
        """

    def verify_pin(
        self, pin_key: KeyName, pvk: KeyName, block: bytes, pan: Pan, reference: bytes
    ) -> bool:
        """Tell whether an encrypted PIN block holds the PIN of this reference value.

        Raises: PinBlockError when the block is not a format 0 block for this card number.
        Spec: ISO 9564-1 format 0.
        """

    def token(self, name: KeyName, pan: Pan) -> bytes:
        """Return the 16-byte token of a card number: the same card, the same token.

        Spec: our own, the first 16 bytes of HMAC-SHA-256 over the digits.
        """

    def seal_pan(self, name: KeyName, pan: Pan, context: bytes) -> bytes:
        """Seal a card number for one context (batch and trace), 26 bytes, always the same ones.

        The key is an AES-SIV key (`make_key`), destroyed when the batch is closed.

        Raises: KeyUseError.
        Spec: RFC 5297.
        """

    def open_pan(self, name: KeyName, sealed: bytes, context: bytes) -> Pan:
        """Open a sealed card number.

        Raises: SealedPanError when key or context differ or a byte was changed; KeyUseError.
        Spec: RFC 5297.
        """

    def encrypt_track(self, name: KeyName, track: Track2) -> SecretText:
        """Return field 35 with 8 bytes (3DES) or 16 (SM4) of the track encrypted, its length kept.

        Raises: TrackError when the track is too short.
        Spec: UnionPay terminal dialect, 5.6.
        """

    def decrypt_track(self, name: KeyName, field35: SecretText) -> Track2:
        """Return the track of an encrypted field 35.

        Raises: TrackError when it is too short, or what was decrypted is no track 2.
        Spec: UnionPay terminal dialect, 5.6.
        """

    def rsa_public(self, name: KeyName) -> tuple[bytes, bytes]:
        """Return modulus and exponent of an RSA key, big-endian.

        Raises: KeyUseError.
        Spec: RFC 8017, 3.1.
        """

    def make_transport_key(
        self,
        modulus: bytes,
        exponent: bytes,
        name: KeyName,
        random_bytes: Callable[[int], bytes],
        algorithm: KeyAlgorithm = ...,
    ) -> tuple[bytes, bytes]:
        """Make a 16-byte transport key (3DES unless said otherwise, or SM4) and keep it in memory.

        Returns it under the RSA key, as long as the modulus, and its 4-byte check value.

        Raises: TransportError when modulus and exponent are those of no RSA key; KeyLengthError.
        Spec: UnionPay terminal dialect, 3.13; RFC 8017, 7.1 (our choice of padding).
        """

    def receive_transport_key(
        self, rsa_name: KeyName, ciphertext: bytes, kcv: bytes, name: KeyName
    ) -> None:
        """Open a transport key with our RSA key and keep it in memory.

        The check value also tells whether it is a 3DES or an SM4 key.

        Raises: TransportError; KeyCheckError; KeyUseError. Nothing is kept then.
        Spec: UnionPay terminal dialect, 3.13.
        """

    def wrap_master_key(self, transport: KeyName, tmk: KeyName) -> tuple[bytes, bytes]:
        """Return a master key under a transport key of the same cipher, and its 4-byte check value.

        Raises: KeyUseError when the ciphers differ.
        Spec: UnionPay terminal dialect, 3.13.
        """

    def load_master_key(
        self, transport: KeyName, wrapped: bytes, kcv: bytes, name: KeyName
    ) -> None:
        """Open a master key, check it and keep it for good; the transport key is dropped.

        Raises: TransportError; KeyCheckError; KeyStoreError. Nothing is kept or dropped then.
        Spec: UnionPay terminal dialect, 3.13.
        """

    def unwrap_working_keys(
        self, tmk: KeyName, field62: bytes, prefix: str, *, mak_check_value_offset: int = ...
    ) -> WorkingKeySet:
        """Check and load the working keys of a sign-in reply as `{prefix}/pik`, `/mak`, `/tdk`.

        What was loaded under the prefix before is replaced as a whole. On any error nothing is.
        The offset, 36 (unless said otherwise) or 28, is where the host puts the check value of an
        8-byte MAK.

        Raises: WorkingKeyError on an unknown length; KeyCheckError on a wrong check value.
        Spec: UnionPay terminal dialect, 3.1.
        """

    def make_working_keys(
        self,
        tmk: KeyName,
        layout: WorkingKeyLayout,
        prefix: str,
        random_bytes: Callable[[int], bytes],
        *,
        mak_check_value_offset: int = ...,
    ) -> bytes:
        """Make new working keys, load them under the prefix and return F62 of the reply.

        Raises: WorkingKeyError when the master key is not of the layout's algorithm.
        Spec: UnionPay terminal dialect, 3.1.
        """

    def wrap(self, *names: KeyName) -> bytes:
        """Return the keys, encrypted and sealed under the store's master key, with their names.

        Spec: our own, AES-256-GCM (NIST SP 800-38D).
        """

    def unwrap(self, blob: bytes) -> tuple[KeyName, ...]:
        """Load what `wrap` returned, under the names in it; on any error nothing is loaded.

        Raises: WrongMasterKeyError; KeyFileDamagedError.
        Spec: our own, AES-256-GCM (NIST SP 800-38D).
        """

    def import_key(
        self, name: KeyName, key: KeyBytes | PrivateKeyBytes, algorithm: KeyAlgorithm
    ) -> None:
        """Keep a key for good under a name; a key of that name is replaced.

        Raises: KeyLengthError.
        Spec: UnionPay terminal dialect, 3.13 (keys arrive by component or device).
        """

    def make_key(
        self, name: KeyName, algorithm: KeyAlgorithm, random_bytes: Callable[[int], bytes]
    ) -> None:
        """Make a key and keep it for good, flushed before this returns.

        A key of that name is never replaced: what it sealed would be lost.

        Raises: KeyUseError when the name is taken; KeyStoreError.
        Spec: our own.
        """

    def rename(self, name: KeyName, new_name: KeyName) -> None:
        """Give a kept key another name for good; a key of the new name is replaced.

        Raises: KeyStoreError.
        Spec: our own.
        """

    def destroy(self, name: KeyName) -> None:
        """Drop one key for good, flushed before this returns; a missing one is no error.

        Raises: KeyStoreError; then the key is still there.
        Spec: our own.
        """

    def forget(self, prefix: str) -> None:
        """Drop the key of this name and every key whose name begins with `{prefix}/`."""
