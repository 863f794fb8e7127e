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
    from tongbao.domain.secrets import KeyBytes, Pan, Pin, PinBlock

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

    def kcv(self, name: KeyName) -> bytes:
        """Return the 4-byte check value of a key.

        Spec: UnionPay terminal dialect, 5.1.
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

    def unwrap_working_keys(self, tmk: KeyName, field62: bytes, prefix: str) -> WorkingKeySet:
        """Check and load the working keys of a sign-in reply as `{prefix}/pik`, `/mak`, `/tdk`.

        What was loaded under the prefix before is replaced as a whole. On any error nothing is.

        Raises: WorkingKeyError on an unknown length; KeyCheckError on a wrong check value.
        Spec: UnionPay terminal dialect, 3.1.
        """

    def make_working_keys(
        self,
        tmk: KeyName,
        layout: WorkingKeyLayout,
        prefix: str,
        random_bytes: Callable[[int], bytes],
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

    def import_key(self, name: KeyName, key: KeyBytes, algorithm: KeyAlgorithm) -> None:
        """Keep a key for good under a name; a key of that name is replaced.

        Raises: KeyLengthError.
        Spec: UnionPay terminal dialect, 3.13 (keys arrive by component or device).
        """

    def forget(self, prefix: str) -> None:
        """Drop the key of this name and every key whose name begins with `{prefix}/`."""
