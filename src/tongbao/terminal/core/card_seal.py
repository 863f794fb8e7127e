"""Card numbers that the batch needs again, sealed under a storage key of its own.

The key of a batch is made before its first card number is sealed, is on the disk before a record
holds what it sealed, and is destroyed after the record is on the disk by which nobody needs these
numbers any more (`storage_keys`): then nobody can open them. A track, a PIN or a CVV is never kept,
not even sealed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tongbao.crypto.key_store import KeyStore
    from tongbao.domain.secrets import Pan
    from tongbao.terminal.core.records import PaymentIntended

_PREFIX: Final = "batch"


class CardSeal:
    """Seals and opens card numbers with the storage keys of batches."""

    def __init__(self, keys: KeyStore, random_bytes: Callable[[int], bytes]) -> None:
        self._keys = keys
        self._random_bytes = random_bytes

    def seal(self, batch: int, trace: int, pan: Pan) -> str:
        """Return a sealed card number as hex text; the batch's key is made when it has none.

        Raises: CryptoError when the key cannot be made and kept.
        """
        name = storage_key(batch)
        if not self._keys.has(name):
            self._keys.make_key(name, KeyAlgorithm.AES_SIV, self._random_bytes)
        return self._keys.seal_pan(name, pan, _context(batch, trace)).hex().upper()

    def open(self, intent: PaymentIntended) -> Pan | None:
        """Return the card number of a payment; None when it was not kept or its key is gone."""
        return self.open_from(intent.batch, intent.trace, intent.sealed_card)

    def open_from(self, batch: int, trace: int, sealed: str) -> Pan | None:
        """Return the card number that was sealed for this batch and trace, or None."""
        if not sealed:
            return None
        try:
            return self._keys.open_pan(
                storage_key(batch), bytes.fromhex(sealed), _context(batch, trace)
            )
        except (CryptoError, ValueError):
            return None

    def keep_only(self, batches: Collection[int]) -> None:
        """Destroy every storage key but those of these batches.

        Raises: CryptoError when the key file cannot be written.
        """
        needed = {storage_key(batch) for batch in batches}
        for name in self._keys.names():
            if name.startswith(f"{_PREFIX}/") and name not in needed:
                self._keys.destroy(name)


def storage_key(batch: int) -> KeyName:
    """Return the name of a batch's storage key."""
    return KeyName(f"{_PREFIX}/{batch:06d}")


def _context(batch: int, trace: int) -> bytes:
    return b"%06d%06d" % (batch, trace)
